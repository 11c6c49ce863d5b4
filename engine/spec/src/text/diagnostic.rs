//! What is said about a file: an error or a warning, with its place, its code and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Place, Position};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The spec can't be used.
    Error,
    /// It can, but probably says something else than was meant.
    Warning,
}

/// What is said about a place in a file. It never repeats a value that stands where a secret belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable: `camroll explain CODE`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: u32,
    /// Characters, counted from 1.
    pub column: u32,
    /// The first character after it.
    pub end: Position,
    /// What is wrong, and what was expected.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(severity: Severity, code: &'static str, file: &Path, place: Place, message: String) -> Self {
        Self {
            code,
            severity,
            file: file.to_owned(),
            line: place.start.line,
            column: place.start.column,
            end: place.end,
            message,
            help: None,
        }
    }

    pub(crate) fn error(code: &'static str, file: &Path, place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, file, place, message.into())
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The stretch it is about.
    pub fn place(&self) -> Place {
        let start = Position {
            line: self.line,
            column: self.column,
        };
        Place { start, end: self.end }
    }

    /// Whether it keeps the spec from being used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// One line, as compilers write it, and a second one for the help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (file, line, column) = (self.file.display(), self.line, self.column);
        write!(
            f,
            "{file}:{line}:{column}: {severity}: {} [{}]",
            self.message, self.code
        )?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

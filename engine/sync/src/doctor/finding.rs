use camroll_model::ConnectorError;
use serde::Serialize;

use crate::exit::Exit;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Well,
    /// Works, with a limit that a person should know.
    Limit,
    /// Doesn't work.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// "state", "source", "destination nas", "connector local".
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// Stable: `camroll explain CODE`; none where all is well.
    pub code: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do.
    pub mend: Option<String>,
    /// What it means for a script.
    #[serde(skip)]
    pub exit: Exit,
}

impl Finding {
    /// As it should be.
    pub fn well(subject: &str, message: impl Into<String>) -> Self {
        Self {
            subject: subject.to_owned(),
            verdict: Verdict::Well,
            code: None,
            message: message.into(),
            mend: None,
            exit: Exit::Done,
        }
    }

    /// Works, with a limit.
    pub fn limit(subject: &str, code: &str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Limit,
            code: Some(code.to_owned()),
            mend: Some(mend.into()),
            ..Self::well(subject, message)
        }
    }

    /// Doesn't work.
    pub fn wrong(subject: &str, code: &str, message: impl Into<String>, mend: impl Into<String>, exit: Exit) -> Self {
        Self {
            verdict: Verdict::Wrong,
            exit,
            ..Self::limit(subject, code, message, mend)
        }
    }

    /// What a connector said went wrong.
    pub(super) fn failed(subject: &str, doing: &str, error: &ConnectorError, exit: Exit) -> Self {
        Self::wrong(
            subject,
            &error.code,
            format!("{doing}: {}", error.message),
            format!("camroll explain {}", error.code),
            exit,
        )
    }
}

//! What went wrong, told to a person: what, where, and what to do. Its exit code is for scripts.

use camroll_sync::Exit;

/// An error that ends a command.
#[derive(Debug)]
pub struct Story {
    /// For scripts.
    pub exit: Exit,
    /// One sentence: what went wrong, and where.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Story {
    /// An error without a next step.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// The same, with a next step.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Something that a person should not meet.
    pub fn unexpected(error: impl std::fmt::Display) -> Self {
        Self::new(Exit::Unexpected, error.to_string())
    }

    /// Why a run or a part of it ended.
    pub fn of_failure(failure: &camroll_sync::Failure) -> Self {
        let story = Self::new(failure.exit(), failure.to_string());
        match failure.problem() {
            Some(problem) => story.hint(format!("camroll explain {}", problem.code)),
            None => story,
        }
    }

    /// Tells it on standard error.
    pub fn tell(&self) {
        eprintln!("error: {}", self.message);
        if let Some(hint) = &self.hint {
            eprintln!("  try: {hint}");
        }
    }
}

/// What a command ends with.
pub type Outcome = Result<Exit, Story>;

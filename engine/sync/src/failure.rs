//! What ends a run before its end.

use camroll_model::{ConnectorError, Problem, Retry};

use crate::exit::Exit;

/// What ends a run, or a destination's part of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The source can't go on.
    #[error("{0}")]
    Source(ConnectorError),
    /// A destination can't go on.
    #[error("{1}")]
    Destination(String, ConnectorError),
    /// A guard says no: what it is, and what a person can do.
    #[error("{message}")]
    Guard {
        /// Stable, for scripts.
        code: &'static str,
        /// What, where, what to do.
        message: String,
        /// The destination's name, where it is about one.
        destination: Option<String>,
    },
    /// The state can't be used.
    #[error(transparent)]
    State(#[from] camroll_state::StateError),
    /// The person stopped it.
    #[error("The run was stopped; the next one goes on where it was.")]
    Interrupted,
}

impl Failure {
    /// What it means for a script.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Source(error) => Exit::of_source(error),
            Self::Destination(_, error) => Exit::of_destination(error),
            Self::Guard { .. } => Exit::Guard,
            Self::State(_) => Exit::Unexpected,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// As the receipt tells it; none where a person asked for it.
    pub fn problem(&self) -> Option<Problem> {
        let (code, destination) = match self {
            Self::Source(error) => (error.code.clone(), None),
            Self::Destination(name, error) => (error.code.clone(), Some(name.clone())),
            Self::Guard { code, destination, .. } => ((*code).to_owned(), destination.clone()),
            Self::State(_) => ("state/unusable".to_owned(), None),
            Self::Interrupted => return None,
        };
        // The code has a place of its own.
        let message = match self {
            Self::Source(error) | Self::Destination(_, error) => error.message.clone(),
            Self::Guard { .. } | Self::State(_) | Self::Interrupted => self.to_string(),
        };
        Some(Problem {
            asset: None,
            name: None,
            resource: None,
            destination,
            code,
            message,
            retry: match self.exit() {
                Exit::Temporary => Retry::NextRun,
                _ => Retry::Person,
            },
        })
    }
}

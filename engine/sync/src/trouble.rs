//! What kept a file from being brought, and on whose side.

use camroll_model::ConnectorError;

/// Whose word a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The source's, or the way from it.
    Source,
    /// The destination's.
    Destination,
}

/// A failure, and whose it is: a key that a destination refuses in mid-run must not send a person to the source's sign-in.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub side: Side,
    pub error: ConnectorError,
}

impl Trouble {
    pub(crate) fn source(error: ConnectorError) -> Self {
        Self {
            side: Side::Source,
            error,
        }
    }

    pub(crate) fn destination(error: ConnectorError) -> Self {
        Self {
            side: Side::Destination,
            error,
        }
    }
}

//! What kept a file from being brought, and on whose side.

use camroll_model::{ConnectorError, ErrorClass};

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

/// Whether a failure concerns the whole place, and not one file. A folder that isn't mounted any more has no file, and none of them is gone.
pub(crate) fn is_the_places(error: &ConnectorError) -> bool {
    matches!(
        error.class,
        ErrorClass::Cancelled | ErrorClass::Unauthenticated | ErrorClass::Unsupported
    ) || matches!(
        error.code.as_str(),
        "files/vanished" | "files/no-folder" | "state/unusable" | crate::link::BREAKER_OPEN
    )
}

use camroll_model::{ConnectorError, ErrorClass};

/// How a run ends for a script. The numbers are a contract: docs/exit-codes.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something camroll doesn't understand.
    Unexpected = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A spec is invalid, or a secret is missing.
    InvalidSpec = 3,
    /// `plan --exit-code`: there is something to do.
    HasChanges = 4,
    /// Temporary: try again.
    Temporary = 5,
    /// Some assets failed; the next run tries them again.
    SomeFailed = 6,
    /// A person must sign in, or do something in the account.
    SignInNeeded = 7,
    /// A guard stopped it: the brake, space, a folder that isn't there.
    Guard = 8,
    /// Bytes are not what the journal says.
    Mismatch = 9,
    /// Interrupted; the next run goes on.
    Interrupted = 10,
    /// Another engine holds the state.
    Held = 11,
}

impl Exit {
    /// The worst first, as the contract orders them for several specs in one command.
    const BY_SEVERITY: [Self; 9] = [
        Self::InvalidSpec,
        Self::Unexpected,
        Self::Held,
        Self::Mismatch,
        Self::Guard,
        Self::SignInNeeded,
        Self::SomeFailed,
        Self::Temporary,
        Self::Interrupted,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The one of two that a command with several specs ends with.
    pub fn worst(self, other: Self) -> Self {
        Self::BY_SEVERITY
            .into_iter()
            .find(|exit| *exit == self || *exit == other)
            .unwrap_or(if self == Self::Done { other } else { self })
    }

    /// What a source's failure means for the run that it ended.
    pub fn of_source(error: &ConnectorError) -> Self {
        match error.class {
            ErrorClass::Unauthenticated | ErrorClass::PermissionDenied => Self::SignInNeeded,
            ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Expired => Self::Temporary,
            ErrorClass::Quota => Self::Guard,
            ErrorClass::InvalidSetting => Self::InvalidSpec,
            ErrorClass::Cancelled => Self::Interrupted,
            ErrorClass::NotFound
            | ErrorClass::Conflict
            | ErrorClass::Unsupported
            | ErrorClass::Corrupt
            | ErrorClass::Unexpected => Self::Unexpected,
        }
    }

    /// What a destination's failure means for the run that it ended.
    pub fn of_destination(error: &ConnectorError) -> Self {
        match error.class {
            ErrorClass::Unauthenticated => Self::SignInNeeded,
            // A folder that is missing, another one than before, full or read-only.
            ErrorClass::PermissionDenied | ErrorClass::NotFound | ErrorClass::Quota | ErrorClass::Conflict => {
                Self::Guard
            }
            _ => Self::of_source(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_two_wins_in_either_order() {
        for (left, right, worst) in [
            (Exit::Done, Exit::Interrupted, Exit::Interrupted),
            (Exit::SomeFailed, Exit::Temporary, Exit::SomeFailed),
            (Exit::Guard, Exit::SignInNeeded, Exit::Guard),
            (Exit::InvalidSpec, Exit::Unexpected, Exit::InvalidSpec),
            (Exit::Done, Exit::Done, Exit::Done),
        ] {
            assert_eq!(left.worst(right), worst);
            assert_eq!(right.worst(left), worst);
        }
    }
}

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a failure means for whoever called. The interface's `types.error-class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Worth trying again as it is.
    Transient,
    /// The service asks for less.
    RateLimited,
    /// The session or a consent is gone.
    Unauthenticated,
    /// Signed in, and still not allowed.
    PermissionDenied,
    /// Not there.
    NotFound,
    /// What is there is not what the call expected.
    Conflict,
    /// No space, or a limit of the plan.
    Quota,
    /// This service can't do that.
    Unsupported,
    /// A setting is wrong.
    InvalidSetting,
    /// The bytes are not the ones that were promised.
    Corrupt,
    /// The cursor, locator or checkpoint is too old.
    Expired,
    /// The host asked the call to stop.
    Cancelled,
    /// The connector met what it doesn't understand.
    Unexpected,
}

/// What a connector, or the host in its place, says went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub struct ConnectorError {
    /// What it means for the caller.
    pub class: ErrorClass,
    /// Stable and lower-case: "apple/adp-on", "host/not-granted".
    pub code: String,
    /// One sentence for a person, without secrets.
    pub message: String,
    /// Seconds to leave the service alone.
    pub retry_after: Option<u32>,
    /// Facts beside the message.
    pub details: Vec<(String, String)>,
}

/// What the code begins with of what a body's source said, where it shows at whoever takes the body.
const IN_BODY: &str = "host/body: ";

/// The code as whoever failed gave it, also where it showed at whoever took their bytes.
pub fn own_code(code: &str) -> &str {
    code.strip_prefix(IN_BODY).unwrap_or(code)
}

impl ConnectorError {
    /// An error without a pause or details.
    pub fn new(class: ErrorClass, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.to_owned(),
            message: message.into(),
            retry_after: None,
            details: Vec::new(),
        }
    }

    /// The same as it shows at whoever takes the bytes that this one failed to give.
    #[must_use]
    pub fn in_body(self) -> Self {
        Self {
            code: format!("{IN_BODY}{}", self.code),
            ..self
        }
    }

    /// Whether it isn't of whoever says it, but of the bytes that they were given.
    pub fn is_in_body(&self) -> bool {
        self.code.starts_with(IN_BODY)
    }

    /// The code as whoever failed gave it.
    pub fn own_code(&self) -> &str {
        own_code(&self.code)
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

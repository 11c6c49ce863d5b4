//! What servers of which version understand. From the vendor's own SDKs of 1.135.3, 1.138.1, 2.2.3, 2.4.0, 2.7.5, 3.0.0 and 3.2.2, and the API of 1.134.0 and 2.7.4.

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};

/// A server's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// 3 of 3.2.2.
    pub major: u32,
    /// The first 2.
    pub minor: u32,
    /// The other one.
    pub patch: u32,
}

/// The first one that knows `visibility`, without which the moving half of a Live Photo lies in the timeline beside its still.
const OLDEST: (u32, u32) = (1, 133);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    /// It, if it isn't too old.
    pub fn supported(self) -> Result<Self, Error> {
        if self.at_least(OLDEST) {
            return Ok(self);
        }
        Err(error(
            ErrorClass::Unsupported,
            "immich/too-old",
            format!(
                "The server is Immich {self}; camroll needs {}.{} at least. Update the server.",
                OLDEST.0, OLDEST.1
            ),
        ))
    }

    fn at_least(self, (major, minor): (u32, u32)) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Whether an upload must say which device's which asset it is. Gone from 3 on.
    pub fn wants_device(self) -> bool {
        !self.at_least((3, 0))
    }

    /// Whether the form has a field `filename`; before, the name is that of the form's file.
    pub fn names_files(self) -> bool {
        self.at_least((1, 135))
    }

    /// Whether an asset keeps values under keys of anybody's own. 2.2 to 2.4 know one key, their app's.
    pub fn keeps_metadata(self) -> bool {
        self.at_least((2, 7))
    }

    /// Whether durations are milliseconds; before, texts as "0:00:02.500000".
    pub fn counts_milliseconds(self) -> bool {
        self.at_least((3, 0))
    }

    /// Whether reading an album gives all of its assets unless it is asked not to.
    pub fn lists_album_assets(self) -> bool {
        !self.at_least((3, 0))
    }

    /// Whether a key can be asked what it may do.
    pub fn tells_permissions(self) -> bool {
        self.at_least((2, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(major: u32, minor: u32, patch: u32) -> Version {
        Version { major, minor, patch }
    }

    #[test]
    fn what_changed_changed_with_a_version() {
        let (one, two, three) = (of(1, 134, 0), of(2, 7, 5), of(3, 2, 2));
        assert!(one.wants_device() && two.wants_device() && !three.wants_device());
        assert!(!one.names_files() && two.names_files() && three.names_files());
        assert!(!one.keeps_metadata() && !of(2, 4, 0).keeps_metadata() && two.keeps_metadata());
        assert!(!two.counts_milliseconds() && of(3, 0, 0).counts_milliseconds());
        assert!(two.lists_album_assets() && !three.lists_album_assets());
        assert!(!of(1, 138, 1).tells_permissions() && of(2, 0, 0).tells_permissions());
    }

    #[test]
    fn one_that_is_too_old_is_named() {
        let refused = of(1, 132, 9).supported().expect_err("too old");
        assert_eq!(refused.code, "immich/too-old");
        assert!(refused.message.contains("1.132.9"), "{}", refused.message);
        assert!(of(1, 133, 0).supported().is_ok() && of(10, 0, 0).supported().is_ok());
    }
}

//! Immich's ids. They go into addresses, so nothing else may be taken for one.

use serde::{Deserialize, Serialize};

/// A UUID, as every id of Immich is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(String);

/// It isn't a UUID.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnId;

impl std::fmt::Display for NotAnId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an id that is no UUID")
    }
}

impl TryFrom<String> for Id {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text).ok_or(NotAnId)
    }
}

impl Id {
    /// Takes a text that is a UUID.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let digits = parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        (lengths == [8, 4, 4, 4, 12] && digits).then(|| Self(text.to_owned()))
    }

    /// As the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_uuids_are_ids() {
        assert!(Id::parse("3f2b8c1e-6a4d-4e0f-9b77-0123456789ab").is_some());
        for text in [
            "",
            "../users/me",
            "3f2b8c1e-6a4d-4e0f-9b77-0123456789a",
            "3f2b8c1e-6a4d-4e0f-9b77-0123456789ag",
            "3f2b8c1e-6a4d-4e0f-9b77-0123456789ab/x",
        ] {
            assert_eq!(Id::parse(text), None, "{text:?}");
        }
        assert!(serde_json::from_str::<Id>("\"../x\"").is_err());
    }
}

use camroll_model::{ConnectorError, ErrorClass};

/// Where camroll's own files are in a folder.
pub(crate) const OWN: &str = ".camroll";

/// A relative path whose every part is a plain name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelativePath(String);

impl RelativePath {
    /// Checks it: no empty part, ".", "..", NUL or other control character; not camroll's own in another spelling.
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectorError> {
        let refuse = |what: &str| {
            Err(ConnectorError::new(
                ErrorClass::PermissionDenied,
                "files/bad-path",
                format!("The path {text:?} {what}."),
            ))
        };
        if text.len() > 4096 {
            return refuse("is longer than 4096 bytes");
        }
        for part in text.split('/') {
            if part.is_empty() || part == "." || part == ".." {
                return refuse("has a part that isn't a name");
            }
            if part.len() > 255 {
                return refuse("has a name longer than 255 bytes");
            }
            if part.chars().any(char::is_control) {
                return refuse("has a control character");
            }
        }
        let first = text.split('/').next().unwrap_or_default();
        if first != OWN && first.to_lowercase() == OWN {
            return refuse("would be camroll's own folder where case doesn't count");
        }
        let drafts = text
            .strip_prefix(OWN)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.split('/').next());
        if drafts == Some("drafts") {
            return refuse("is among the drafts, which have no path");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds it, "" for the root, and its name there.
    pub(crate) fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_is_a_path() {
        for bad in [
            "",
            "/etc",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a/",
            "a\0b",
            "a\nb",
            ".Camroll/id",
            ".CAMROLL",
            ".camroll/drafts/x",
        ] {
            assert!(RelativePath::parse(bad).is_err(), "{bad:?}");
        }
        for good in [
            "a",
            "2014/06/IMG_0001.HEIC",
            ".camroll/id",
            "日本/é.jpg",
            "..a/b..",
            "...",
        ] {
            assert!(RelativePath::parse(good).is_ok(), "{good:?}");
        }
    }
}

//! Newtypes for what people name: specs, destinations, connectors, slots.

use std::fmt;

use serde::Serialize;

/// Why a text can't be such a name. The message says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{allowed}")]
pub struct BadName {
    allowed: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $rule:path, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What is allowed, in words.
            pub const ALLOWED: &'static str = $allowed;

            /// Takes the text if it can be such a name.
            pub fn parse(text: &str) -> Result<Self, BadName> {
                if $rule(text) { Ok(Self(text.to_owned())) } else { Err(BadName { allowed: $allowed }) }
            }

            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

name!(
    /// The name of a spec, unique in what is read together. State, receipts and commands speak of it.
    SpecName,
    is_name,
    "1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
);
name!(
    /// The name of a destination, unique in its spec. `destination:` is one called "default".
    DestinationName,
    is_name,
    "1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
);
name!(
    /// The name of a connection, unique in its folder.
    ConnectionName,
    is_name,
    "1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
);
name!(
    /// A connector's id, as its manifest says it.
    ConnectorId,
    is_connector_id,
    "1 to 40 of a-z, 0-9 and '-'"
);
name!(
    /// The name of a place for a secret, as a connector's manifest declares it.
    SlotName,
    is_slot,
    "1 to 63 of a-z, A-Z, 0-9, '.', '_' and '-'"
);

impl DestinationName {
    /// What `destination:` is called.
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.starts_with(plain)
        && text.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

fn is_connector_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_slot(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_file_names() {
        for good in ["family-archive", "a", "2024.trips_x"] {
            assert!(SpecName::parse(good).is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", ".hidden", "-x", "Family", "a/b", "a b", "ä", long.as_str()] {
            assert!(SpecName::parse(bad).is_err(), "{bad}");
        }
    }
}

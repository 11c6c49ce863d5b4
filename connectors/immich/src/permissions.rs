//! What a key may do, and what camroll needs.

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};

/// Without these nothing can be brought or seen to have arrived.
const NEEDED: [&str; 3] = ["user.read", "asset.upload", "asset.read"];

/// What else is used, and for what.
const USED: [(&str, &str); 9] = [
    ("asset.download", "reading files back"),
    (
        "asset.update",
        "Live Photos whose halves come apart, captions, favourites",
    ),
    ("asset.delete", "taking out of the bin, and into it"),
    ("stack.create", "stacks of edits and of RAW and JPEG"),
    ("album.create", "albums"),
    ("album.read", "albums"),
    ("album.update", "albums that got another name"),
    ("albumAsset.create", "albums"),
    ("albumAsset.delete", "albums"),
];

/// A key's permissions, looked through.
#[derive(Debug, PartialEq, Eq)]
pub struct Granted {
    /// What is used and isn't there, with what it is for.
    pub missing: Vec<(&'static str, &'static str)>,
}

/// Looks through what a key may do. Fails where nothing works without what it lacks.
pub fn granted(permissions: &[String]) -> Result<Granted, Error> {
    let has = |wanted: &str| permissions.iter().any(|known| known == "all" || known == wanted);
    let lacks: Vec<&str> = NEEDED.into_iter().filter(|wanted| !has(wanted)).collect();
    if !lacks.is_empty() {
        return Err(missing(&lacks.join(", ")));
    }
    Ok(Granted {
        missing: USED.into_iter().filter(|(wanted, _)| !has(wanted)).collect(),
    })
}

/// The key lacks a permission.
pub fn missing(permission: &str) -> Error {
    error(
        ErrorClass::PermissionDenied,
        "immich/permission",
        format!(
            "The API key lacks the permission {permission}. Add it to the key at Immich: Account Settings, API Keys."
        ),
    )
}

/// The permission that a server says is missing, if it is a word that can be shown.
pub fn named(message: &str) -> Option<&str> {
    let permission = message.strip_prefix("Missing required permission: ")?.trim();
    let plain = permission
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    (plain && (1..=60).contains(&permission.len())).then_some(permission)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_the_server_names_is_shown_if_it_is_a_word() {
        assert_eq!(named("Missing required permission: stack.create"), Some("stack.create"));
        assert_eq!(named("Missing required permission: <b>x"), None);
        assert_eq!(named("Forbidden"), None);
    }

    #[test]
    fn all_is_all_and_what_lacks_is_named() {
        assert_eq!(granted(&texts(&["all"])).expect("it is enough").missing, []);
        let refused = granted(&texts(&["asset.read"])).expect_err("too little");
        assert_eq!(refused.code, "immich/permission");
        assert!(
            refused.message.contains("user.read, asset.upload"),
            "{}",
            refused.message
        );
        let few =
            granted(&texts(&["user.read", "asset.upload", "asset.read", "asset.update"])).expect("enough to bring");
        assert!(few.missing.iter().any(|(name, _)| *name == "albumAsset.create"));
        assert!(few.missing.iter().all(|(name, _)| *name != "asset.update"));
    }
}

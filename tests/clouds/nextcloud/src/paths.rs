//! Addresses and the paths that they stand for.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::refusal::Refusal;

/// What stands before everything.
pub(crate) const BASE: &str = "/remote.php/dav";

/// SabreDAV leaves these as they are (sabre-io/http, lib/functions.php, `encodePathSegment`).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b'@');

/// What an address is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path in the user's files; the folder itself is "".
    File(String),
    /// The folder of all uploads.
    Uploads,
    /// The folder of one.
    Upload(String),
    /// Something in it.
    Chunk(String, String),
}

/// The place of an address behind [`BASE`], or of a Destination header, which may be a whole one.
pub(crate) fn place(address: &str, user: &str) -> Result<Place, Refusal> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => address,
    };
    let Some(inside) = path.strip_prefix(BASE) else {
        return Err(Refusal::forbidden(format!(
            "Requested uri ({path}) is out of base uri ({BASE}/)"
        )));
    };
    let decoded = percent_decode_str(inside)
        .decode_utf8()
        .map_err(|_| Refusal::bad_request("The path isn't UTF-8"))?;
    let parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["files", owner, rest @ ..] if *owner == user => Ok(Place::File(rest.join("/"))),
        ["uploads", owner] if *owner == user => Ok(Place::Uploads),
        ["uploads", owner, id] if *owner == user => Ok(Place::Upload((*id).to_owned())),
        ["uploads", owner, id, name] if *owner == user => Ok(Place::Chunk((*id).to_owned(), (*name).to_owned())),
        _ => Err(Refusal::not_found(&parts.join("/"))),
    }
}

/// The address of a path, as an answer writes it.
pub(crate) fn href(tree: &str, user: &str, path: &str) -> String {
    let mut href = format!("{BASE}/{tree}");
    for part in std::iter::once(user).chain(path.split('/').filter(|part| !part.is_empty())) {
        href.push('/');
        href.extend(utf8_percent_encode(part, SEGMENT));
    }
    href
}

/// The folder that holds a path; none of the top.
pub(crate) fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((parent, _)) => Some(parent),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

/// The name at its end.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths() {
        assert_eq!(
            place("http://127.0.0.1:80/remote.php/dav/files/alice/a%20b/c%25.jpg", "alice"),
            Ok(Place::File("a b/c%.jpg".into()))
        );
        assert_eq!(
            place("/remote.php/dav/uploads/alice/x/00001", "alice"),
            Ok(Place::Chunk("x".into(), "00001".into()))
        );
        assert_eq!(place("/remote.php/dav/files/bob/a", "alice").unwrap_err().status, 404);
        assert_eq!(place("https://elsewhere.org/a", "alice").unwrap_err().status, 403);
        assert_eq!(
            href("files", "alice", "ä (1)/x"),
            "/remote.php/dav/files/alice/%C3%A4%20(1)/x"
        );
        assert_eq!((parent("a/b"), parent("a"), parent("")), (Some("a"), Some(""), None));
    }
}

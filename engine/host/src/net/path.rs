//! How a request's path is compared with what the manifest says of paths: one comparison for grants, places, captures and learns.

/// What of a path is below a prefix. Prefixes end on a segment's border: `/setup/ws/1` is no prefix of `/setup/ws/10`.
pub(crate) fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Whether a path fits a pattern: "*" is one segment, "**" at the end the rest.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    let path = path.strip_prefix('/').unwrap_or(path);
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (Some("**"), _) => return true,
            (Some("*"), Some(_)) => {}
            // A letter written as %41 is that letter to the server, so it is here.
            (Some(wanted), Some(part)) if decoded(wanted) == decoded(part) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// What makes a path mean one thing here and another one at a server that decodes or tidies it before it looks.
pub(crate) fn ambiguity(path: &str) -> Option<&'static str> {
    let lower = path.to_ascii_lowercase();
    if lower.contains("%2f") {
        return Some("an encoded slash");
    }
    if lower.contains("%5c") || path.contains('\\') {
        return Some("a backslash");
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if matches!(decoded(segment).as_slice(), b"." | b"..") {
            return Some("a dot segment");
        }
        if segment.is_empty() && segments.peek().is_some() {
            return Some("an empty segment");
        }
    }
    None
}

/// A segment's bytes without percent-encoding.
fn decoded(segment: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_on_a_segments_border() {
        assert_eq!(below("/setup/ws/1", "/setup/ws/1/validate"), Some("/validate"));
        assert_eq!(below("/setup/ws/1", "/setup/ws/1"), Some(""));
        assert_eq!(below("/setup/ws/1", "/setup/ws/10/validate"), None);
        assert_eq!(below("/setup/ws/1", "/setup/ws/1%2f"), None);
        assert_eq!(below("", "/anything"), Some("/anything"));
    }

    #[test]
    fn a_pattern_fits_whole_segments() {
        for (pattern, path) in [
            ("/accountLogin", "/accountLogin"),
            ("/accountLogin", "/account%4Cogin"),
            ("/records/*/lookup", "/records/one/lookup"),
            ("/**", ""),
            ("/database/**", "/database/1/x"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/accountLogin", "/accountLogin2"),
            ("/accountLogin", "//accountLogin"),
            ("/records/*/lookup", "/records/one/two/lookup"),
            ("/database/**", "/databases"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn what_a_server_may_read_otherwise_is_ambiguous() {
        for path in ["/a%2fb", "/a%2Fb", "/a%5cb", "/a/%2e%2E/b", "/a/.%2e", "/a//b", "//a"] {
            assert!(ambiguity(path).is_some(), "{path}");
        }
        for path in [
            "/",
            "/a/b/",
            "/a/b.c",
            "/a/..b",
            "/a/%20b",
            "/database/1/com.apple.photos.cloud/x",
        ] {
            assert!(ambiguity(path).is_none(), "{path}");
        }
    }
}

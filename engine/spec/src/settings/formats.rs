//! The formats of texts in settings: uri, hostname, path.

/// What a text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// http or https, with a host and without a user or password.
    Uri,
    /// A name or an address, without a port.
    Hostname,
    /// A path of this machine; a relative one begins at the folder of the spec's file.
    Path,
}

impl Format {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "uri" => Some(Self::Uri),
            "hostname" => Some(Self::Hostname),
            "path" => Some(Self::Path),
            _ => None,
        }
    }

    /// What is wrong with the text, in words that hold none of it.
    pub fn fault(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Uri => uri(text),
            Self::Hostname => (!is_host(text))
                .then_some("expected a host's name such as nas.example.com, without https:// and without a port"),
            Self::Path => path(text),
        }
    }
}

fn uri(text: &str) -> Option<&'static str> {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return Some("expected an address that begins with https://");
    };
    if text.contains(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    }) {
        return Some("an address has no blanks and none of \" < > \\ ^ ` { | } in it");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        return Some("an address has no user or password in it; they have settings of their own");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => match v6.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':').or((port.is_empty()).then_some("0"))),
            None => return Some("the \"[\" of an address has no \"]\""),
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("0")),
        },
    };
    if port.is_none_or(|port| port.parse::<u16>().is_err()) {
        return Some("a port is a number up to 65535");
    }
    let v6 = authority.starts_with('[');
    let known = if v6 {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        is_host(host)
    };
    (!known).then_some("expected an address with a host's name, such as https://cloud.example.com")
}

fn is_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    (1..=253).contains(&text.len()) && text.split('.').all(label)
}

fn path(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("expected a path such as /mnt/nas/photos");
    }
    if text.contains(['\0', '\n', '\r']) {
        return Some("a path has no line breaks and no NUL in it");
    }
    if text == "~" || text.starts_with("~/") {
        return Some("\"~\" is not expanded here: write the whole path, /home/…");
    }
    if text.starts_with("file://") {
        return Some("expected a path, not an address: /mnt/nas/photos");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in [
            "https://a.example",
            "http://127.0.0.1:8080/x?y",
            "https://[::1]:8443/",
            "https://[2001:db8::1]",
            "https://bücher.example/ä",
        ] {
            assert_eq!(Format::Uri.fault(good), None, "{good}");
        }
        for bad in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https:///x",
            "https://u:p@a.example",
            "https://a b",
            "https://a:99999",
            "https://[::1",
            "https://-a.example",
            "https://a..b",
            "https://a:x",
        ] {
            assert!(Format::Uri.fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn hosts_and_paths() {
        assert_eq!(Format::Hostname.fault("nas.example.com"), None);
        assert_eq!(Format::Hostname.fault("192.0.2.1"), None);
        assert!(Format::Hostname.fault("https://nas").is_some());
        assert_eq!(Format::Path.fault("/mnt/nas"), None);
        assert_eq!(Format::Path.fault("./here"), None);
        for bad in ["", " ", "~", "~/x", "a\0b", "file:///x"] {
            assert!(Format::Path.fault(bad).is_some(), "{bad:?}");
        }
    }
}

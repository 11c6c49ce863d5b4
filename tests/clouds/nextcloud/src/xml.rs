//! The XML of requests and answers.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::refusal::Refusal;

/// A property's namespace and name.
pub(crate) type Name = (String, String);

/// Text as an element holds it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The properties that a PROPFIND or PROPPATCH names, with what stands in them.
pub(crate) fn properties(body: &[u8]) -> Result<Vec<(Name, String)>, Refusal> {
    let malformed = |why: String| Refusal::bad_request(why);
    let text = std::str::from_utf8(body).map_err(|error| malformed(error.to_string()))?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut found, mut inside) = (Vec::<String>::new(), Vec::new(), String::new());
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|error| malformed(error.to_string()))?;
        match event {
            Event::Start(start) => {
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.0.to_owned(),
                    _ => String::new(),
                };
                let local = start.local_name().as_ref().to_owned();
                if open.last().is_some_and(|last| last == "prop") {
                    found.push(((namespace, local.clone()), String::new()));
                }
                inside.clear();
                open.push(local);
            }
            Event::Text(piece) => inside.push_str(&piece.xml10_content()),
            Event::End(_) => {
                open.pop();
                if open.last().is_some_and(|last| last == "prop")
                    && let Some((_, text)) = found.last_mut()
                {
                    text.push_str(inside.trim());
                }
            }
            Event::Eof if open.is_empty() => return Ok(found),
            Event::Eof => return Err(malformed("The document breaks off".to_owned())),
            _ => {}
        }
    }
}

/// One response of a multistatus.
pub(crate) struct Told {
    pub href: String,
    /// Name, and the XML inside its element; by status.
    pub found: Vec<(Name, String)>,
    pub missing: Vec<Name>,
    pub refused: Vec<Name>,
}

fn element(name: &Name, inside: &str) -> String {
    let (namespace, local) = name;
    let prefix = match namespace.as_str() {
        "DAV:" => "d",
        "http://owncloud.org/ns" => "oc",
        "http://nextcloud.org/ns" => "nc",
        other => {
            let declared = format!("<x1:{local} xmlns:x1=\"{}\"", escaped(other));
            return match inside {
                "" => format!("{declared}/>"),
                inside => format!("{declared}>{inside}</x1:{local}>"),
            };
        }
    };
    match inside {
        "" => format!("<{prefix}:{local}/>"),
        inside => format!("<{prefix}:{local}>{inside}</{prefix}:{local}>"),
    }
}

/// Status 207's document, as SabreDAV writes it: on one line, what isn't there under a 404 of its own.
pub(crate) fn multistatus(all: &[Told]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<d:multistatus xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\" xmlns:oc=\"http://owncloud.org/ns\" xmlns:nc=\"http://nextcloud.org/ns\">",
    );
    for told in all {
        text.push_str(&format!("<d:response><d:href>{}</d:href>", escaped(&told.href)));
        let named = |names: &[Name]| -> String { names.iter().map(|name| element(name, "")).collect() };
        let found: String = told.found.iter().map(|(name, inside)| element(name, inside)).collect();
        for (properties, status) in [
            (found, "200 OK"),
            (named(&told.missing), "404 Not Found"),
            (named(&told.refused), "403 Forbidden"),
        ] {
            if !properties.is_empty() {
                text.push_str(&format!(
                    "<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>"
                ));
            }
        }
        text.push_str("</d:response>");
    }
    text.push_str("</d:multistatus>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let body = br#"<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><checksums xmlns="http://owncloud.org/ns"/></D:prop></D:propfind>"#;
        let names: Vec<Name> = properties(body)
            .expect("a request")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            names,
            [
                ("DAV:".to_owned(), "getetag".to_owned()),
                ("http://owncloud.org/ns".to_owned(), "checksums".to_owned())
            ]
        );
        let set = br#"<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:lastmodified>12</d:lastmodified></d:prop></d:set></d:propertyupdate>"#;
        assert_eq!(properties(set).expect("a request")[0].1, "12");
        assert_eq!(properties(b"<a>").unwrap_err().status, 400);
    }
}

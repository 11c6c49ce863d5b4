//! Answers of status 207, read as they arrive: a folder of a hundred thousand photos is never whole in memory as text.

use std::io::BufRead;

use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::properties::Properties;

/// Deeper answers, and longer values, aren't WebDAV's.
const DEPTH: usize = 64;
const VALUE: usize = 64 << 10;

/// One `response` of the answer.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// As the server wrote it.
    pub href: String,
    /// Of the whole, where it was told.
    pub status: Option<u16>,
    /// What was told with success.
    pub properties: Properties,
    /// Statuses of properties that were not.
    pub refused: Vec<u16>,
}

impl Item {
    /// The first status that is a failure.
    pub fn failure(&self) -> Option<u16> {
        self.status
            .into_iter()
            .chain(self.refused.iter().copied())
            .find(|status| *status >= 400)
    }
}

/// The answer isn't one of WebDAV's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

fn status(line: &str) -> Option<u16> {
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Reads an answer to its end.
///
/// # Errors
/// If it isn't a whole multistatus.
pub fn read(input: impl BufRead, mut each: impl FnMut(Item)) -> Result<(), Malformed> {
    let mut reader = NsReader::from_reader(input);
    reader.config_mut().expand_empty_elements = true;
    let malformed = |error: quick_xml::Error| Malformed(error.to_string());
    // WebDAV's own elements by their names; others with a mark before them, so that they aren't taken for those.
    let mut open: Vec<String> = Vec::new();
    let (mut item, mut part, mut part_status) = (Item::default(), Properties::default(), None);
    let (mut text, mut buffer, mut seen) = (String::new(), Vec::new(), false);
    loop {
        buffer.clear();
        let (namespace, event) = reader.read_resolved_event_into(&mut buffer).map_err(malformed)?;
        match event {
            Event::Start(start) => {
                let dav = matches!(namespace, ResolveResult::Bound(Namespace("DAV:")));
                let local = start.local_name();
                let name = if dav {
                    local.as_ref().to_owned()
                } else {
                    format!("*{}", local.as_ref())
                };
                if open.is_empty() && name != "multistatus" {
                    return Err(Malformed(format!("it begins with {name:?}")));
                }
                if open.len() >= DEPTH {
                    return Err(Malformed("it is nested too deeply".to_owned()));
                }
                seen = true;
                text.clear();
                match name.as_str() {
                    "response" => item = Item::default(),
                    "propstat" => (part, part_status) = (Properties::default(), None),
                    "collection" if open.last().is_some_and(|last| last == "resourcetype") => part.folder = true,
                    _ => {}
                }
                open.push(name);
            }
            Event::Text(piece) => take(&mut text, &piece.xml10_content()),
            Event::CData(piece) => take(&mut text, &piece.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => text.push(character),
                Ok(None) => take(
                    &mut text,
                    match reference.as_ref() {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        "apos" => "'",
                        _ => "",
                    },
                ),
                Err(error) => return Err(malformed(error)),
            },
            Event::End(_) => {
                let Some(name) = open.pop() else {
                    return Err(Malformed("it closes what it didn't open".to_owned()));
                };
                let within = |ancestor: &str| open.iter().any(|open| open == ancestor);
                match name.as_str() {
                    "href" if open.last().is_some_and(|last| last == "response") => item.href = text.trim().to_owned(),
                    "status" if within("propstat") => part_status = status(&text),
                    "status" => item.status = status(&text),
                    "propstat" => match part_status {
                        Some(status) if status >= 300 => item.refused.push(status),
                        _ => item.properties.merge(std::mem::take(&mut part)),
                    },
                    "response" => each(std::mem::take(&mut item)),
                    name if within("prop") => part.take(name.trim_start_matches('*'), &text),
                    _ => {}
                }
                text.clear();
            }
            Event::Eof if seen && open.is_empty() => return Ok(()),
            Event::Eof => return Err(Malformed("it breaks off".to_owned())),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn take(text: &mut String, piece: &str) {
    if text.len() + piece.len() <= VALUE {
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Result<Vec<Item>, Malformed> {
        let mut items = Vec::new();
        read(text.as_bytes(), |item| items.push(item))?;
        Ok(items)
    }

    #[test]
    fn apaches_prefixes_and_nextclouds_properties() {
        let told = items(concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">
<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>/a%20b/</D:href>
<D:propstat><D:prop><lp1:resourcetype><D:collection/></lp1:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
<D:propstat><D:prop><quota-used-bytes xmlns="DAV:"/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>
</D:response>
<D:response><D:href>/a%20b/c&amp;d&#x20;e</D:href><D:propstat><D:prop>"#,
            "<D:resourcetype/><D:getcontentlength>7</D:getcontentlength><D:getetag><![CDATA[\"x\"]]></D:getetag>",
            r#"<oc:checksums xmlns:oc="http://owncloud.org/ns"><oc:checksum>SHA1:da39a3ee5e6b4b0d3255bfef95601890afd80709</oc:checksum></oc:checksums>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"#
        ))
        .expect("a multistatus");
        assert_eq!(told.len(), 2);
        assert!(told[0].properties.folder && told[0].properties.used.is_none());
        assert_eq!(
            (told[0].href.as_str(), told[0].refused.as_slice()),
            ("/a%20b/", &[404][..])
        );
        assert_eq!(told[1].href, "/a%20b/c&d e");
        assert_eq!(
            (told[1].properties.size, told[1].properties.tag.as_deref()),
            (Some(7), Some("\"x\""))
        );
        assert!(told[1].properties.sha1.is_some() && !told[1].properties.folder);
    }

    #[test]
    fn failures_inside_are_seen() {
        let told = items(
            r#"<multistatus xmlns="DAV:"><response><href>/x</href><status>HTTP/1.1 423 Locked</status></response>
<response><href>/y</href><propstat><prop><getlastmodified/></prop><status>HTTP/1.1 403 Forbidden</status></propstat></response></multistatus>"#,
        )
        .expect("a multistatus");
        assert_eq!(
            told.iter().map(Item::failure).collect::<Vec<_>>(),
            [Some(423), Some(403)]
        );
    }

    #[test]
    fn what_isnt_whole_isnt_an_answer() {
        for text in [
            "",
            "<html><body>Sign in</body></html>",
            r#"<multistatus xmlns="DAV:"><response><href>/x</href>"#,
            r#"<multistatus xmlns="urn:other"></multistatus>"#,
            "not xml",
        ] {
            assert!(items(text).is_err(), "{text}");
        }
        let deep = format!("<multistatus xmlns=\"DAV:\">{}", "<a>".repeat(100));
        assert!(items(&deep).is_err());
        assert!(items(r#"<multistatus xmlns="DAV:"/>"#)
            .expect("a multistatus")
            .is_empty());
    }

    #[test]
    fn elements_of_others_arent_webdavs() {
        let told = items(
            r#"<d:multistatus xmlns:d="DAV:" xmlns:x="urn:x"><d:response><d:href>/f</d:href><d:propstat><d:prop>
<x:href>/elsewhere</x:href><d:resourcetype><x:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"#,
        )
        .expect("a multistatus");
        assert_eq!((told[0].href.as_str(), told[0].properties.folder), ("/f", false));
    }
}

//! The answers' XML. Read without regard to namespaces: servers differ in them.

use roxmltree::{Document, Node};
use serde::{Deserialize, Serialize};

/// What a service says of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// NoSuchKey …
    pub code: String,
    /// For people.
    pub message: String,
    /// The bucket's region, where that was what was wrong.
    pub region: Option<String>,
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// As it stands there.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// With its quotes.
    pub etag: String,
}

/// How keys stand in a listing. Some servers don't do as they are asked, and say so by leaving the word out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// As `encoding-type=url` asks.
    Encoded,
    /// As they are.
    #[default]
    Plain,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<Object>,
    /// How their keys are written.
    pub keys: Keys,
    /// Where it goes on.
    pub next: Option<String>,
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children()
        .find(|child| child.tag_name().name() == name)
        .and_then(|child| child.text())
}

fn all<'a, 'i>(document: &'a Document<'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    document
        .descendants()
        .filter(move |node| node.tag_name().name() == name)
}

fn parsed(text: &str) -> Option<Document<'_>> {
    // Without a document type: its entities are a way to make a short text long.
    Document::parse(text).ok()
}

/// The failure that an answer tells; none where it tells none.
pub fn failure(text: &str) -> Option<Failure> {
    let document = parsed(text)?;
    let error = all(&document, "Error").next()?;
    Some(Failure {
        code: child(error, "Code").unwrap_or_default().to_owned(),
        message: child(error, "Message").unwrap_or_default().to_owned(),
        region: child(error, "Region").map(str::to_owned),
    })
}

/// A page of ListObjectsV2; none where it isn't one.
pub fn listing(text: &str) -> Option<Listing> {
    let document = parsed(text)?;
    let root = document.root_element();
    (root.tag_name().name() == "ListBucketResult").then_some(())?;
    // One that isn't understood is no listing: what it leaves out would count as gone.
    let objects = all(&document, "Contents")
        .map(|node| {
            Some(Object {
                key: child(node, "Key")?.to_owned(),
                size: child(node, "Size")?.trim().parse().ok()?,
                etag: child(node, "ETag").unwrap_or_default().to_owned(),
            })
        })
        .collect::<Option<Vec<Object>>>()?;
    let more = child(root, "IsTruncated").is_some_and(|text| text.trim() == "true");
    let next = child(root, "NextContinuationToken").filter(|_| more);
    // The same of one that says that it isn't all, and not how it goes on.
    (next.is_some() || !more).then_some(())?;
    let encoded = child(root, "EncodingType").is_some_and(|text| text.trim() == "url");
    Some(Listing {
        objects,
        keys: if encoded { Keys::Encoded } else { Keys::Plain },
        next: next.map(str::to_owned),
    })
}

/// The id of an upload that was begun.
pub fn upload_id(text: &str) -> Option<String> {
    let document = parsed(text)?;
    child(document.root_element(), "UploadId").map(str::to_owned)
}

/// A part that is there: its number, its ETag, its bytes.
pub type Part = (u64, String, u64);

/// The parts that are there, and the number after which the list goes on.
pub fn parts(text: &str) -> Option<(Vec<Part>, Option<u64>)> {
    let document = parsed(text)?;
    let root = document.root_element();
    let parts = all(&document, "Part")
        .filter_map(|node| {
            Some((
                child(node, "PartNumber")?.trim().parse().ok()?,
                child(node, "ETag")?.to_owned(),
                child(node, "Size")?.trim().parse().ok()?,
            ))
        })
        .collect();
    let more = child(root, "IsTruncated").is_some_and(|text| text.trim() == "true");
    let next = child(root, "NextPartNumberMarker")
        .filter(|_| more)
        .and_then(|text| text.trim().parse().ok());
    Some((parts, next))
}

/// Ids of uploads of exactly this key that were begun and not ended.
pub fn uploads(text: &str, key: &str) -> Vec<String> {
    let Some(document) = parsed(text) else {
        return Vec::new();
    };
    let found = all(&document, "Upload")
        .filter(|node| child(*node, "Key") == Some(key))
        .filter_map(|node| child(node, "UploadId").map(str::to_owned))
        .collect();
    found
}

/// Whether a bucket locks what it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectLock {
    /// It does.
    On,
    /// It locks all that comes, asked or not.
    ByDefault,
    /// It was made without.
    Off,
}

/// What a bucket's configuration says of Object Lock; none where it is something else.
pub fn object_lock(text: &str) -> Option<ObjectLock> {
    let document = parsed(text)?;
    let root = document.root_element();
    (root.tag_name().name() == "ObjectLockConfiguration").then_some(())?;
    Some(match child(root, "ObjectLockEnabled").map(str::trim) {
        Some("Enabled") if all(&document, "DefaultRetention").next().is_some() => ObjectLock::ByDefault,
        Some("Enabled") => ObjectLock::On,
        _ => ObjectLock::Off,
    })
}

/// Mode and end of an object's retention; none where it is something else.
pub fn retention(text: &str) -> Option<(String, String)> {
    let document = parsed(text)?;
    let root = document.root_element();
    (root.tag_name().name() == "Retention").then_some(())?;
    Some((
        child(root, "Mode")?.trim().to_owned(),
        child(root, "RetainUntilDate")?.trim().to_owned(),
    ))
}

/// Whether that says that an object is held.
pub fn has_legal_hold(text: &str) -> bool {
    parsed(text).is_some_and(|document| {
        let root = document.root_element();
        root.tag_name().name() == "LegalHold" && child(root, "Status").map(str::trim) == Some("ON")
    })
}

/// The ETag of an object that was put together or copied.
pub fn etag(text: &str) -> Option<String> {
    let document = parsed(text)?;
    let found = all(&document, "ETag").next()?.text().map(str::to_owned);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_listing() {
        let text = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated>
            <Contents><Key>a%20b</Key><Size>5</Size><ETag>"0"</ETag></Contents><NextContinuationToken>x</NextContinuationToken></ListBucketResult>"#;
        let listing = listing(text).unwrap();
        assert_eq!(listing.next.as_deref(), Some("x"));
        assert_eq!((listing.objects[0].key.as_str(), listing.keys), ("a%20b", Keys::Plain));
        let encoded = text.replace("<IsTr", "<EncodingType>url</EncodingType><IsTr");
        assert_eq!(super::listing(&encoded).unwrap().keys, Keys::Encoded);
        assert_eq!(super::listing(&text.replace("<Size>5", "<Size>five")), None);
        let cut_off = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
        assert_eq!(super::listing(cut_off), None);
    }

    #[test]
    fn whether_a_bucket_locks() {
        let on = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
        assert_eq!(object_lock(on), Some(ObjectLock::On));
        let by_default = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
        assert_eq!(object_lock(by_default), Some(ObjectLock::ByDefault));
        assert_eq!(object_lock("<ObjectLockConfiguration/>"), Some(ObjectLock::Off));
        let held =
            "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2027-01-01T00:00:00Z</RetainUntilDate></Retention>";
        assert_eq!(
            retention(held),
            Some(("GOVERNANCE".into(), "2027-01-01T00:00:00Z".into()))
        );
        assert_eq!(retention("the object itself"), None);
        assert!(has_legal_hold("<LegalHold><Status>ON</Status></LegalHold>"));
        assert!(!has_legal_hold("<LegalHold><Status>OFF</Status></LegalHold>"));
        // A server that takes the question for a listing.
        assert_eq!(object_lock("<ListBucketResult/>"), None);
    }

    #[test]
    fn an_error_with_status_200_is_an_error() {
        let text = "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>";
        assert_eq!(failure(text).unwrap().code, "InternalError");
        assert_eq!(failure("<CompleteMultipartUploadResult/>"), None);
        assert_eq!(failure("<!DOCTYPE a [<!ENTITY b 'c'>]><Error>&b;</Error>"), None);
    }
}

//! Objects that are there: listed, looked at, read, renamed, removed.

use base64::prelude::{Engine as _, BASE64_STANDARD};
use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::{Answer, Builder};
use camroll_connector::types::{Digest, Entry, Instant, Target};
use camroll_connector::{bodies, Error, ErrorClass};

use crate::bucket::{answer, settings, success, to};
use crate::failures::{already_there, failure, not_there};
use crate::keys::decoded;
use crate::providers::{Conditions, Etag};
use crate::{keys, lock, xml};

/// When it was taken, seconds since 1970: the key and the form that rclone reads and writes.
pub const MODIFIED: &str = "x-amz-meta-mtime";

/// Under which key it was staged: tells our own object, whose answer was lost, from another one.
pub const STAGED: &str = "x-amz-meta-camroll-key";

/// The digest that an ETag is; none where it is something else.
fn md5(etag: &str) -> Option<Digest> {
    let hex = etag.trim_matches('"');
    if hex.len() != 32 || settings().ok()?.provider().etag == Etag::Opaque {
        return None;
    }
    let value = (0..16)
        .map(|index| u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    Some(Digest {
        algorithm: "md5".into(),
        value,
    })
}

/// Whether the ETag of what an answer is about is an MD5, as far as anything says.
pub fn tells_md5(answer: &Answer) -> Result<bool, Error> {
    let settings = settings()?;
    let by_its_own_key = |encryption: &str| encryption.starts_with("aws:kms");
    let encrypted = settings.encryption.as_deref().is_some_and(by_its_own_key)
        || answer
            .header("x-amz-server-side-encryption")
            .is_some_and(by_its_own_key);
    Ok(settings.provider().etag == Etag::Md5 && !encrypted)
}

/// An entry of what the headers of an answer tell of an object.
pub fn told(path: &str, size: Option<u64>, answer: &Answer) -> Entry {
    let mut entry = entry(path, size, answer.header("etag").unwrap_or_default());
    // The bucket's own setting may be to encrypt so.
    if answer
        .header("x-amz-server-side-encryption")
        .is_some_and(|encryption| encryption.starts_with("aws:kms"))
    {
        entry.digests.clear();
    }
    entry.modified = answer
        .header(MODIFIED)
        .and_then(|time| time.split('.').next()?.parse().ok())
        .map(|seconds| Instant {
            seconds,
            nanoseconds: 0,
        });
    entry
}

/// An entry of what is known of an object.
pub fn entry(path: &str, size: Option<u64>, etag: &str) -> Entry {
    let encrypted = settings().is_ok_and(|settings| settings.encryption.as_deref() == Some("aws:kms"));
    Entry {
        target: Target {
            path: Some(path.to_owned()),
            id: None,
        },
        folder: false,
        size,
        modified: None,
        version: (!etag.is_empty()).then(|| etag.to_owned()),
        // Under a key of the service's own an ETag is no digest.
        digests: if encrypted {
            Vec::new()
        } else {
            md5(etag).into_iter().collect()
        },
        attributes: Vec::new(),
    }
}

/// The path that a target must have.
pub fn path(target: Target) -> Result<String, Error> {
    target.path.ok_or_else(|| {
        error(
            ErrorClass::Unsupported,
            "s3/no-path",
            "Objects in a bucket are found by their key.",
        )
    })
}

/// A page of what is below a prefix.
pub fn list(prefix: &str, next: Option<&str>) -> Result<(Vec<Entry>, Option<String>), Error> {
    page(prefix, next, "1000")
}

/// The bucket is there and may be listed.
pub fn is_there() -> Result<(), Error> {
    page("", None, "1").map(drop)
}

fn page(prefix: &str, next: Option<&str>, most: &str) -> Result<(Vec<Entry>, Option<String>), Error> {
    let settings = settings()?;
    let below = match (settings.key(prefix), prefix) {
        (key, "") if key.is_empty() => String::new(),
        (key, _) => format!("{}/", key.trim_end_matches('/')),
    };
    let mut query = vec![
        ("list-type", "2"),
        ("encoding-type", "url"),
        ("max-keys", most),
        ("prefix", below.as_str()),
    ];
    if let Some(next) = next {
        query.push(("continuation-token", next));
    }
    let answer = success(answer(to("GET", "", &query)?)?, "listing")?;
    let listing = xml::listing(&String::from_utf8_lossy(&answer.body))
        .ok_or_else(|| unexpected("s3/bad-listing", "The service's listing isn't understood."))?;
    let entries = listing
        .objects
        .iter()
        .filter_map(|object| {
            let key = match listing.keys {
                xml::Keys::Encoded => decoded(&object.key),
                xml::Keys::Plain => object.key.clone(),
            };
            // What ends with a slash stands for a folder in a service's own pages.
            let path = settings
                .path(&key)
                .filter(|path| !path.is_empty() && !path.ends_with('/'))?;
            Some(entry(path, Some(object.size), &object.etag))
        })
        .collect();
    Ok((entries, listing.next))
}

/// What is at a path.
pub fn stat(path: &str) -> Result<Option<Entry>, Error> {
    let Some(there) = head(path)? else { return Ok(None) };
    lock::look_at_found(path, &there)?;
    Ok(Some(of_head(path, &there)))
}

/// What is at a path, and the key under which it was staged if it was by us.
pub fn look(path: &str) -> Result<Option<(Entry, Option<String>)>, Error> {
    let there = head(path)?;
    Ok(there.map(|there| (of_head(path, &there), there.header(STAGED).map(str::to_owned))))
}

fn head(path: &str) -> Result<Option<Answer>, Error> {
    let answer = answer(to("HEAD", &settings()?.key(path), &[])?)?;
    match answer.status {
        404 => Ok(None),
        _ => success(answer, "looking at an object").map(Some),
    }
}

fn of_head(path: &str, there: &Answer) -> Entry {
    let size = there.header("content-length").and_then(|text| text.parse().ok());
    told(path, size, there)
}

/// The bytes.
pub fn read(path: &str, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
    let mut request = to("GET", &settings()?.key(path), &[])?;
    if offset > 0 {
        request = request.header("range", format!("bytes={offset}-"));
    }
    let response = request.send()?;
    if !matches!(response.status, 200 | 206) {
        return Err(failure(&Answer::read(response)?, "reading an object"));
    }
    let range = response
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-range"));
    // Not by the status: there are servers that give a range with 200.
    match range.map(|(_, range)| begin(range)) {
        Some(Some(begin)) if begin == offset => into.append(&response.body),
        None if response.status == 200 || offset == 0 => {
            response.body.seek(offset)?;
            into.append(&response.body)
        }
        _ => Err(unexpected(
            "s3/another-range",
            "The service gave another part of the object than it was asked for.",
        )),
    }
}

/// Where a range begins: "bytes 5-19/20".
fn begin(range: &str) -> Option<u64> {
    range
        .trim()
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .trim()
        .parse()
        .ok()
}

/// The object that is expected there is there, and under no lock. `gone` is what it means that nothing is.
pub fn expect(expected: &Entry, gone: impl FnOnce() -> Error) -> Result<String, Error> {
    let path = path(expected.target.clone())?;
    let answered = head(&path)?.ok_or_else(gone)?;
    lock::refuse_held(&path, &answered)?;
    let there = of_head(&path, &answered);
    let same = match (&expected.version, &there.version) {
        (Some(known), Some(found)) => known == found,
        _ => expected.size == there.size,
    };
    if same {
        Ok(path)
    } else {
        Err(already_there())
    }
}

/// Takes an object away.
pub fn remove(expected: &Entry) -> Result<(), Error> {
    if lock::is_on_all()? {
        return Err(error(
            ErrorClass::Unsupported,
            "s3/locked",
            "Objects under a lock stay: removing one would only hide it.",
        ));
    }
    let path = expect(expected, not_there)?;
    success(
        answer(to("DELETE", &settings()?.key(&path), &[])?)?,
        "removing an object",
    )
    .map(drop)
}

/// Copies it to another key and takes the old one away: there is no other way here.
pub fn rename(expected: &Entry, new: &str) -> Result<Entry, Error> {
    if lock::is_on_all()? {
        return Err(error(
            ErrorClass::Unsupported,
            "s3/locked",
            "Objects under a lock can't be renamed.",
        ));
    }
    let old = expect(expected, already_there)?;
    match stat(new)? {
        None if expected.size.is_some_and(|size| size > LARGEST_COPY) => {
            return Err(error(
                ErrorClass::Unsupported,
                "s3/copy-too-large",
                "A bucket has no rename, and its service copies no object above 5 GiB in one request. The object stays where it is.",
            ))
        }
        None => copy(&old, new, expected)?,
        // Also where it is a copy that a run was cut off after: some servers answer to two keys for one object, and to take the old key away would be to lose it.
        Some(_) => return Err(already_there()),
    }
    let there = stat(new)?.filter(|there| there.size == expected.size).ok_or_else(|| {
        unexpected(
            "s3/copy-differs",
            "The copy isn't what was copied. The object stays where it was.",
        )
    })?;
    remove(expected)?;
    Ok(there)
}

/// The largest object that is copied by one request, bytes (docs.aws.amazon.com/AmazonS3, CopyObject).
const LARGEST_COPY: u64 = 5 << 30;

/// The service takes the metadata and the tags along by itself; class and encryption would be the bucket's own.
fn copy(old: &str, new: &str, expected: &Entry) -> Result<(), Error> {
    let settings = settings()?;
    let source = format!("/{}/{}", settings.bucket, keys::path(&settings.key(old)));
    let mut request = kept(to("PUT", &settings.key(new), &[])?)?.header("x-amz-copy-source", source);
    if let Some(version) = &expected.version {
        request = request.header("x-amz-copy-source-if-match", version.clone());
    }
    if settings.provider().conditions == Conditions::Kept {
        request = request.header("if-none-match", "*");
    }
    let copied = success(answer(request)?, "renaming an object")?;
    let text = String::from_utf8_lossy(&copied.body);
    if xml::failure(&text).is_some() {
        return Err(failure(&copied, "renaming an object"));
    }
    Ok(())
}

/// A request that says how an object is kept: its class and its encryption.
pub fn kept(mut request: Builder<'_>) -> Result<Builder<'_>, Error> {
    let settings = settings()?;
    if let Some(class) = &settings.storage_class {
        request = request.header("x-amz-storage-class", class.clone());
    }
    if let Some(encryption) = &settings.encryption {
        request = request.header("x-amz-server-side-encryption", encryption.clone());
    }
    Ok(request)
}

/// Raw bytes as a header has them.
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

//! Bringing a large file: in parts that nobody sees before they are put together.

use camroll_connector::bindings::camroll::connector::bodies::Body;
use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::{Answer, Pending};
use camroll_connector::types::Entry;
use camroll_connector::{staging, token, Error, ErrorClass};

use crate::bucket::{answer, settings, success, to};
use crate::condition::{condition, Look};
use crate::failures::failure;
use crate::objects::{base64, entry, stat, tells_md5};
use crate::parts::{part, part_size, Checksums, Upload, UNDER_WAY};
use crate::put::checked;
use crate::wanted::{hex, Stored, Wanted};
use crate::{lock, server, trailer, xml};

/// Brings all parts; `commit` puts them together.
pub fn parts(wanted: &Wanted<'_>, checkpoint: Option<Vec<u8>>) -> Result<Upload, Error> {
    drop(condition(&wanted.path, wanted.replaces.as_ref(), Look::UnlessSaid)?);
    let mut upload = match checkpoint.and_then(|saved| token::read::<Upload>(&saved).ok()) {
        Some(saved) => taken_up(wanted, saved)?,
        None => begun(wanted)?,
    };
    let id = upload.id.clone().unwrap_or_default();
    let key = settings()?.key(&wanted.path);
    let count = wanted.size.div_ceil(upload.part_size);
    let mut under_way: Vec<(Pending, Option<Vec<u8>>)> = Vec::new();
    let mut next = upload.etags.len() as u64 + 1;
    while next <= count || !under_way.is_empty() {
        if next <= count && (under_way.len() as u64) < UNDER_WAY {
            let (offset, length) = part(next, upload.part_size, wanted.size);
            let number = next.to_string();
            let request = to("PUT", &key, &[("partNumber", &number), ("uploadId", &id)])?;
            let (request, md5) = match upload.checksums {
                Checksums::Behind => (trailer::behind_range(request, wanted.body, offset, length), None),
                Checksums::Before => {
                    let md5 = digest(wanted.body, offset, length)?;
                    let request = request.header("content-md5", base64(&md5));
                    (request.range(wanted.body, offset, Some(length)), Some(md5))
                }
            };
            under_way.push((request.start()?, md5));
            next += 1;
            continue;
        }
        // In order, so that what is saved is always a beginning.
        let (pending, md5) = under_way.remove(0);
        let answer = success(Answer::read(Pending::wait(pending)?)?, "bringing a part")?;
        let etag = answer.header("etag").unwrap_or_default().to_owned();
        let plain = etag.trim_matches('"');
        let tells_md5 = tells_md5(&answer)?;
        if md5.is_some_and(|md5| tells_md5 && plain.len() == 32 && plain != hex(&md5)) {
            return Err(error(
                ErrorClass::Transient,
                "s3/part-differs",
                "The service says that a part isn't what was sent.",
            ));
        }
        upload.etags.push(plain.to_owned());
        staging::save(&token::write(&upload), upload.etags.len() as u64 * upload.part_size)?;
    }
    if upload.checksums == Checksums::Behind {
        upload.whole = wanted.body.digest("crc32c", None)?.map(|crc| base64(&crc));
    }
    Ok(upload)
}

fn digest(body: &Body, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
    body.digest("md5", Some((offset, length)))?
        .ok_or_else(|| unexpected("s3/no-digest", "The host can't tell a part's digest before it is sent."))
}

fn begun(wanted: &Wanted<'_>) -> Result<Upload, Error> {
    let settings = settings()?;
    let mut upload = Upload {
        path: wanted.path.clone(),
        id: None,
        part_size: part_size(wanted.size, settings.provider()),
        size: wanted.size,
        etags: Vec::new(),
        replaces: wanted.replaces.as_ref().and_then(|entry| entry.version.clone()),
        checksums: server::checksums_of_parts()?,
        whole: None,
    };
    // Before the service begins what doesn't end by itself: the key finds it again.
    staging::save(&token::write(&upload), 0)?;
    let create = || wanted.described(to("POST", &settings.key(&wanted.path), &[("uploads", "")])?);
    let mut answered = match upload.checksums {
        Checksums::Before => answer(create()?)?,
        Checksums::Behind => {
            let mut request = create()?;
            for (name, value) in trailer::WHOLE {
                request = request.header(name, value);
            }
            answer(request)?
        }
    };
    if upload.checksums == Checksums::Behind && matches!(answered.status, 400 | 501) {
        // It compares trailers, and not the whole of an upload.
        upload.checksums = Checksums::Before;
        answered = answer(create()?)?;
    }
    let answer = success(answered, "beginning an upload")?;
    let id = xml::upload_id(&String::from_utf8_lossy(&answer.body))
        .ok_or_else(|| unexpected("s3/bad-upload", "The service began an upload without an id."))?;
    upload.id = Some(id);
    staging::save(&token::write(&upload), 0)?;
    Ok(upload)
}

/// Goes on where it was cut off: with the parts that the service has and whose digest is ours.
fn taken_up(wanted: &Wanted<'_>, saved: Upload) -> Result<Upload, Error> {
    let Some(id) = saved
        .id
        .clone()
        .filter(|_| saved.size == wanted.size && saved.path == wanted.path)
    else {
        abort_all(&saved.path)?;
        return begun(wanted);
    };
    let key = settings()?.key(&wanted.path);
    let mut there = Vec::new();
    let mut after = 0u64;
    loop {
        let marker = after.to_string();
        let answer = answer(to("GET", &key, &[("uploadId", &id), ("part-number-marker", &marker)])?)?;
        if answer.status == 404 {
            return begun(wanted);
        }
        let answer = success(answer, "looking at an upload")?;
        let (parts, next) = xml::parts(&String::from_utf8_lossy(&answer.body))
            .ok_or_else(|| unexpected("s3/bad-upload", "The service's list of parts isn't understood."))?;
        there.extend(parts);
        match next {
            Some(next) if next > after => after = next,
            _ => break,
        }
    }
    let mut upload = Upload {
        etags: Vec::new(),
        ..saved
    };
    let count = wanted.size.div_ceil(upload.part_size);
    for number in 1..=count {
        let (offset, length) = part(number, upload.part_size, wanted.size);
        let Some((_, etag, _)) = there
            .iter()
            .find(|(known, _, size)| (*known, *size) == (number, length))
        else {
            break;
        };
        // The source's bytes go by once more in any case: its digest is checked from the first on.
        if etag.trim_matches('"') != hex(&digest(wanted.body, offset, length)?) {
            break;
        }
        upload.etags.push(etag.trim_matches('"').to_owned());
    }
    Ok(upload)
}

/// Puts the parts together. Called again when that was done: `expired`, whatever stands there.
pub fn complete(upload: &Upload) -> Result<Stored, Error> {
    match complete_once(upload) {
        Err(failed) if failed.class == ErrorClass::Conflict && !is_held(upload)? => {
            // It may have been put together, and not looked at.
            if settings()?.lock.is_some() && stat(&upload.path)?.is_some_and(|there| there.size == Some(upload.size)) {
                lock::look(&upload.path)?;
            }
            Err(error(
                ErrorClass::Expired,
                "s3/NoSuchUpload",
                "Nothing is held under that upload any more.",
            ))
        }
        done => done,
    }
}

fn is_held(upload: &Upload) -> Result<bool, Error> {
    let id = upload.id.clone().unwrap_or_default();
    let query = [("uploadId", id.as_str()), ("max-parts", "1")];
    let answer = answer(to("GET", &settings()?.key(&upload.path), &query)?)?;
    match answer.status {
        404 => Ok(false),
        _ => success(answer, "looking at an upload").map(|_| true),
    }
}

fn complete_once(upload: &Upload) -> Result<Stored, Error> {
    let settings = settings()?;
    let id = upload.id.clone().unwrap_or_default();
    let there = upload.replaces.as_ref().map(|version| Entry {
        version: Some(version.clone()),
        ..entry(&upload.path, None, version)
    });
    let condition = condition(&upload.path, there.as_ref(), Look::UnlessSaid)?;
    let mut list = String::from("<CompleteMultipartUpload>");
    for (index, etag) in upload.etags.iter().enumerate() {
        list.push_str(&format!(
            "<Part><PartNumber>{}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>",
            index + 1
        ));
    }
    list.push_str("</CompleteMultipartUpload>");
    let mut request = to("POST", &settings.key(&upload.path), &[("uploadId", &id)])?
        .header("content-type", "application/xml")
        .text(&list);
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    if let Some(whole) = &upload.whole {
        request = request
            .header(trailer::NAME, whole.clone())
            .header("x-amz-checksum-type", "FULL_OBJECT");
    }
    let answer = success(answer(request)?, "putting an upload together")?;
    let text = String::from_utf8_lossy(&answer.body);
    // Status 200 may hold an error: the service began to answer before it was done.
    if xml::failure(&text).is_some() {
        return Err(failure(&answer, "putting an upload together"));
    }
    let etag = xml::etag(&text).unwrap_or_default();
    lock::look_once(&upload.path)?;
    Ok(Stored {
        entry: entry(&upload.path, Some(upload.size), &etag),
        // Every part was sent with its digest.
        checked: match upload.checksums {
            Checksums::Behind => vec!["crc32c".to_owned()],
            Checksums::Before => checked()?,
        },
    })
}

/// Gives up an upload.
pub fn abort(path: &str, id: &str) -> Result<(), Error> {
    let answer = answer(to("DELETE", &settings()?.key(path), &[("uploadId", id)])?)?;
    match answer.status {
        404 => Ok(()),
        _ => success(answer, "giving up an upload").map(drop),
    }
}

/// Gives up every upload of a key: its id isn't known.
pub fn abort_all(path: &str) -> Result<(), Error> {
    let key = settings()?.key(path);
    let answer = answer(to("GET", "", &[("uploads", ""), ("prefix", &key)])?)?;
    // A server that doesn't know such uploads has none.
    if matches!(answer.status, 404 | 405 | 501) {
        return Ok(());
    }
    let answer = success(answer, "looking for uploads")?;
    for id in xml::uploads(&String::from_utf8_lossy(&answer.body), &key) {
        abort(path, &id)?;
    }
    Ok(())
}

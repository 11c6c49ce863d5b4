//! The form of an upload: fields first, because the server looks at them when the file begins; then the file, whose bytes the host puts in.

use std::fmt::Write as _;

use camroll_connector::types::Instant;
use serde_json::json;

use crate::answers::Visibility;
use crate::dates;
use crate::ids::Id;
use crate::version::Version;

/// Who uploads, as servers before 3 ask.
pub const DEVICE: &str = "camroll";
/// The key under which an asset keeps where it came from.
pub const METADATA_KEY: &str = "camroll";

/// What is said of a file that goes up.
pub struct Described<'a> {
    /// The name to show.
    pub name: &'a str,
    /// IANA media type.
    pub media_type: &'a str,
    /// When it was taken.
    pub created: Instant,
    /// When the file was last changed.
    pub modified: Instant,
    /// The person marked it.
    pub favorite: bool,
    /// Where it is shown.
    pub visibility: Visibility,
    /// Its moving half, which is there.
    pub live_video: Option<&'a Id>,
    /// Seconds, of a film.
    pub duration: Option<f64>,
    /// What the source tells of its picture, as XMP.
    pub sidecar: Option<&'a str>,
    /// The source's id of the asset.
    pub asset: &'a str,
    /// Which of its files.
    pub role: &'a str,
    /// The engine's key of this staging.
    pub key: &'a str,
}

/// A form around a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Value of Content-Type.
    pub content_type: String,
    /// What stands before the file's bytes.
    pub head: Vec<u8>,
    /// What stands behind them.
    pub tail: Vec<u8>,
}

/// Puts a form together for a server of that version. `boundary` is in no file: random. None where a time is out of the calendar.
pub fn form(file: &Described<'_>, version: Version, boundary: &str) -> Option<Form> {
    let mut head = String::new();
    let mut field = |name: &str, value: &str| {
        // Writing to a text can't fail.
        let _ = write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    };
    if version.wants_device() {
        field("deviceAssetId", &device_asset_id(file.asset, file.key));
        field("deviceId", DEVICE);
    }
    field("fileCreatedAt", &dates::utc(file.created)?);
    field("fileModifiedAt", &dates::utc(file.modified)?);
    if version.names_files() {
        field("filename", file.name);
    }
    if file.favorite {
        field("isFavorite", "true");
    }
    if file.visibility != Visibility::Timeline {
        field("visibility", file.visibility.name());
    }
    if let Some(video) = file.live_video {
        field("livePhotoVideoId", video.as_str());
    }
    if let Some(seconds) = file.duration {
        match version.counts_milliseconds() {
            true => field("duration", &format!("{:.0}", (seconds * 1000.0).clamp(0.0, 1e12))),
            false => field("duration", &dates::duration_text(seconds)),
        }
    }
    if version.keeps_metadata() {
        let value = json!({"asset": file.asset, "role": file.role, "key": file.key});
        field("metadata", &json!([{"key": METADATA_KEY, "value": value}]).to_string());
    }
    if let Some(sidecar) = file.sidecar {
        let _ = write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"sidecarData\"; filename=\"{}.xmp\"\r\nContent-Type: application/rdf+xml\r\n\r\n{sidecar}\r\n",
            quoted(file.name),
        );
    }
    let _ = write!(
        head,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"assetData\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        quoted(file.name),
        plain(file.media_type)
    );
    Some(Form {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        head: head.into_bytes(),
        tail: format!("\r\n--{boundary}--\r\n").into_bytes(),
    })
}

/// The name of an asset among a device's: where it came from, and the key of its staging.
fn device_asset_id(asset: &str, key: &str) -> String {
    format!("{asset}/{key}")
}

/// Whether a device's asset was brought by the staging of that key.
pub fn is_staged_by(device_asset_id: &str, key: &str) -> bool {
    device_asset_id.rsplit('/').next() == Some(key)
}

/// A name in a header of a form, as browsers write it (WHATWG HTML, multipart/form-data encoding algorithm).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A media type that can stand in a header.
fn plain(media_type: &str) -> &str {
    let fine = media_type
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte));
    if fine && !media_type.is_empty() {
        media_type
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described<'a>(name: &'a str, video: Option<&'a Id>) -> Described<'a> {
        let taken = Instant {
            seconds: 1_600_000_000,
            nanoseconds: 0,
        };
        Described {
            name,
            media_type: "image/heic",
            created: taken,
            modified: taken,
            favorite: true,
            visibility: Visibility::Archive,
            live_video: video,
            duration: Some(2.5),
            sidecar: None,
            asset: "source-1",
            role: "original",
            key: "k1",
        }
    }

    fn of(version: (u32, u32), file: &Described<'_>) -> String {
        let version = Version {
            major: version.0,
            minor: version.1,
            patch: 0,
        };
        String::from_utf8(form(file, version, "bound").expect("a form").head).expect("text")
    }

    fn has(text: &str, field: &str, value: &str) -> bool {
        text.contains(&format!("name=\"{field}\"\r\n\r\n{value}\r\n"))
    }

    #[test]
    fn each_version_gets_its_own_fields() {
        let video = Id::parse("3f2b8c1e-6a4d-4e0f-9b77-0123456789ab").expect("an id");
        let file = described("IMG_1.HEIC", Some(&video));
        let (one, two, three) = (of((1, 134), &file), of((2, 7), &file), of((3, 2), &file));
        for text in [&one, &two, &three] {
            assert!(has(text, "fileCreatedAt", "2020-09-13T12:26:40.000Z"), "{text}");
            assert!(has(text, "isFavorite", "true") && has(text, "visibility", "archive"));
            assert!(has(text, "livePhotoVideoId", video.as_str()));
            assert!(text.ends_with("filename=\"IMG_1.HEIC\"\r\nContent-Type: image/heic\r\n\r\n"));
        }
        for text in [&one, &two] {
            assert!(has(text, "deviceAssetId", "source-1/k1") && has(text, "deviceId", "camroll"));
            assert!(has(text, "duration", "0:00:02.500000"));
        }
        assert!(!three.contains("deviceId") && has(&three, "duration", "2500"));
        assert!(!one.contains("\"filename\"") && has(&two, "filename", "IMG_1.HEIC"));
        assert!(
            !one.contains("metadata")
                && three.contains(r#"[{"key":"camroll","value":{"asset":"source-1","key":"k1","role":"original"}}]"#)
        );
    }

    #[test]
    fn a_name_cant_leave_its_header() {
        let text = of((1, 134), &described("a\"\r\nX: y.jpg", None));
        assert!(text.contains("filename=\"a%22%0D%0AX: y.jpg\"\r\n"), "{text}");
        let mut file = described("休暇.jpg", None);
        file.media_type = "image/jpeg\r\nX: y";
        let text = of((3, 2), &file);
        assert!(text.contains("filename=\"休暇.jpg\"\r\nContent-Type: application/octet-stream\r\n\r\n"));
    }

    #[test]
    fn a_sidecar_stands_before_its_file() {
        let mut file = described("IMG_1.HEIC", None);
        assert!(!of((3, 2), &file).contains("sidecarData"));
        file.sidecar = Some("<x:xmpmeta/>");
        let text = of((3, 2), &file);
        let sidecar = "name=\"sidecarData\"; filename=\"IMG_1.HEIC.xmp\"\r\nContent-Type: application/rdf+xml\r\n\r\n<x:xmpmeta/>\r\n--bound\r\n";
        assert!(text.contains(sidecar), "{text}");
        assert!(text.ends_with("filename=\"IMG_1.HEIC\"\r\nContent-Type: image/heic\r\n\r\n"));
    }

    #[test]
    fn a_staging_knows_its_own() {
        assert!(is_staged_by(&device_asset_id("a/b", "k"), "k"));
        assert!(!is_staged_by("a/other", "k") && !is_staged_by("", "k"));
    }
}

//! Media types and the file extensions that go with them.

/// A media type's extensions, its own one first.
const EXTENSIONS: &[(&str, &[&str])] = &[
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/heic", &["heic", "heif", "hif"]),
    ("image/heif", &["heif", "heic", "hif"]),
    ("image/heic-sequence", &["heics", "heic"]),
    ("image/heif-sequence", &["heifs", "heif"]),
    ("image/png", &["png", "apng"]),
    ("image/apng", &["apng", "png"]),
    ("image/gif", &["gif"]),
    ("image/tiff", &["tiff", "tif"]),
    ("image/webp", &["webp"]),
    ("image/avif", &["avif"]),
    ("image/bmp", &["bmp", "dib"]),
    ("image/jxl", &["jxl"]),
    ("image/jp2", &["jp2", "j2k"]),
    ("image/svg+xml", &["svg"]),
    ("image/vnd.adobe.photoshop", &["psd", "psb"]),
    ("image/x-adobe-dng", &["dng"]),
    ("image/x-canon-cr2", &["cr2"]),
    ("image/x-canon-cr3", &["cr3"]),
    ("image/x-canon-crw", &["crw"]),
    ("image/x-sony-arw", &["arw", "srf", "sr2"]),
    ("image/x-nikon-nef", &["nef"]),
    ("image/x-nikon-nrw", &["nrw"]),
    ("image/x-fuji-raf", &["raf"]),
    ("image/x-panasonic-rw2", &["rw2", "raw"]),
    ("image/x-olympus-orf", &["orf"]),
    ("image/x-pentax-pef", &["pef", "dng"]),
    ("image/x-samsung-srw", &["srw"]),
    ("image/x-hasselblad-3fr", &["3fr"]),
    (
        "image/x-raw",
        &["raw", "rwl", "3fr", "iiq", "srw", "x3f", "mrw", "kdc", "erf", "dcr"],
    ),
    ("video/quicktime", &["mov", "qt"]),
    ("video/mp4", &["mp4", "m4v"]),
    ("video/x-m4v", &["m4v", "mp4"]),
    ("video/x-msvideo", &["avi"]),
    ("video/mpeg", &["mpg", "mpeg", "m2v", "mpe"]),
    ("video/mp2t", &["mts", "m2ts", "ts"]),
    ("video/3gpp", &["3gp"]),
    ("video/3gpp2", &["3g2"]),
    ("video/x-matroska", &["mkv"]),
    ("video/webm", &["webm"]),
    ("video/x-ms-wmv", &["wmv"]),
    ("application/pdf", &["pdf"]),
    ("application/x-apple-aae", &["aae"]),
    ("application/rdf+xml", &["xmp"]),
];

/// Types that hold what a camera's sensor saw.
const RAW: &[&str] = &[
    "image/x-adobe-dng",
    "image/x-canon-cr2",
    "image/x-canon-cr3",
    "image/x-canon-crw",
    "image/x-sony-arw",
    "image/x-nikon-nef",
    "image/x-nikon-nrw",
    "image/x-fuji-raf",
    "image/x-panasonic-rw2",
    "image/x-olympus-orf",
    "image/x-pentax-pef",
    "image/x-samsung-srw",
    "image/x-hasselblad-3fr",
    "image/x-raw",
];

fn extensions(media_type: &str) -> Option<&'static [&'static str]> {
    EXTENSIONS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(media_type))
        .map(|(_, extensions)| *extensions)
}

/// Whether files of that type can end so: as a known type says, and anything for an unknown one.
pub(crate) fn agrees(extension: &str, media_type: &str) -> bool {
    extensions(media_type).is_none_or(|known| known.iter().any(|one| one.eq_ignore_ascii_case(extension)))
}

/// The type's own extension.
pub(super) fn own_extension(media_type: &str) -> Option<&'static str> {
    extensions(media_type)?.first().copied()
}

/// Whether some known type ends so.
fn is_known(extension: &str) -> bool {
    EXTENSIONS
        .iter()
        .any(|(_, known)| known.iter().any(|one| one.eq_ignore_ascii_case(extension)))
}

/// Whether it holds what a camera's sensor saw.
pub(crate) fn is_raw(media_type: &str) -> bool {
    RAW.iter().any(|raw| raw.eq_ignore_ascii_case(media_type))
}

/// Whether it is a picture or a film.
pub(crate) fn is_media(media_type: &str) -> bool {
    let is = |prefix: &str| {
        media_type
            .get(..prefix.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    is("image/") || is("video/")
}

/// A name without its extension, and the extension. What stands behind the last dot is one if it goes with the type or some known type; of a
/// file whose type isn't known, if it looks like one. "At 10.30" has none.
pub(super) fn split<'a>(name: &'a str, media_type: Option<&str>) -> (&'a str, Option<&'a str>) {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return (name, None);
    };
    let looks = (1..=10).contains(&extension.len()) && extension.bytes().all(|c| c.is_ascii_alphanumeric());
    let unknown = media_type.is_none_or(|media_type| extensions(media_type).is_none());
    let lettered = extension.bytes().any(|c| c.is_ascii_alphabetic());
    if !stem.is_empty() && looks && (is_known(extension) || (unknown && lettered)) {
        (stem, Some(extension))
    } else {
        (name, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_what_is_an_extension() {
        let jpeg = Some("image/jpeg");
        for (name, media_type, expected) in [
            ("IMG_1.JPG", jpeg, ("IMG_1", Some("JPG"))),
            ("IMG_1.PNG", jpeg, ("IMG_1", Some("PNG"))),
            ("a.b.jpeg", jpeg, ("a.b", Some("jpeg"))),
            ("At 10.30", jpeg, ("At 10.30", None)),
            ("Mr. Smith", jpeg, ("Mr. Smith", None)),
            ("x.abc", None, ("x", Some("abc"))),
            ("x.abc", Some("application/octet-stream"), ("x", Some("abc"))),
            ("x.123", None, ("x.123", None)),
            (".jpg", jpeg, (".jpg", None)),
            ("x.", jpeg, ("x.", None)),
            ("", jpeg, ("", None)),
        ] {
            assert_eq!(split(name, media_type), expected, "{name}");
        }
    }

    #[test]
    fn every_own_extension_agrees_and_every_raw_type_is_known() {
        for (media_type, _) in EXTENSIONS {
            assert!(own_extension(media_type).is_some_and(|own| agrees(own, media_type)));
        }
        assert!(RAW.iter().all(|raw| own_extension(raw).is_some()));
        assert!(!agrees("png", "image/jpeg") && agrees("HEIF", "IMAGE/HEIC") && agrees("x", "no/type"));
    }
}

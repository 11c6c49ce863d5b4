//! The server says which extensions it takes; the engine asks for media types. Every name that a type of such a file goes by.

/// Extension and the media types of such files. Names from IANA's registry, and those that services and cameras' makers use besides.
const TYPES: &[(&str, &[&str])] = &[
    ("jpg", &["image/jpeg", "image/jpg", "image/pjpeg"]),
    ("jpeg", &["image/jpeg"]),
    ("heic", &["image/heic", "image/heic-sequence"]),
    ("heif", &["image/heif", "image/heif-sequence"]),
    ("hif", &["image/heif", "image/hif"]),
    ("png", &["image/png"]),
    ("apng", &["image/apng"]),
    ("gif", &["image/gif"]),
    ("tif", &["image/tiff"]),
    ("tiff", &["image/tiff"]),
    ("webp", &["image/webp"]),
    ("avif", &["image/avif"]),
    ("bmp", &["image/bmp", "image/x-ms-bmp"]),
    ("jxl", &["image/jxl"]),
    ("jp2", &["image/jp2"]),
    ("svg", &["image/svg+xml"]),
    ("psd", &["image/vnd.adobe.photoshop", "image/psd"]),
    ("dng", &["image/x-adobe-dng", "image/dng"]),
    ("cr2", &["image/x-canon-cr2"]),
    ("cr3", &["image/x-canon-cr3"]),
    ("crw", &["image/x-canon-crw"]),
    ("arw", &["image/x-sony-arw"]),
    ("sr2", &["image/x-sony-sr2"]),
    ("srf", &["image/x-sony-srf"]),
    ("nef", &["image/x-nikon-nef"]),
    ("nrw", &["image/x-nikon-nrw"]),
    ("raf", &["image/x-fuji-raf"]),
    ("rw2", &["image/x-panasonic-rw2"]),
    ("raw", &["image/x-panasonic-raw", "image/x-raw"]),
    ("orf", &["image/x-olympus-orf"]),
    ("pef", &["image/x-pentax-pef"]),
    ("srw", &["image/x-samsung-srw"]),
    ("3fr", &["image/x-hasselblad-3fr"]),
    ("fff", &["image/x-hasselblad-fff"]),
    ("rwl", &["image/x-leica-rwl"]),
    ("iiq", &["image/x-phaseone-iiq"]),
    ("x3f", &["image/x-sigma-x3f"]),
    ("mov", &["video/quicktime"]),
    ("mp4", &["video/mp4"]),
    ("m4v", &["video/x-m4v", "video/m4v"]),
    ("avi", &["video/x-msvideo", "video/vnd.avi", "video/avi"]),
    ("mpg", &["video/mpeg"]),
    ("mpeg", &["video/mpeg"]),
    ("mts", &["video/mp2t"]),
    ("m2ts", &["video/mp2t"]),
    ("3gp", &["video/3gpp"]),
    ("mkv", &["video/x-matroska", "video/matroska"]),
    ("webm", &["video/webm"]),
    ("wmv", &["video/x-ms-wmv"]),
    ("flv", &["video/x-flv"]),
];

/// The media types of files with these extensions (".heic"). Empty where none is known, which says that nothing is taken.
pub fn media_types(extensions: &[String]) -> Vec<String> {
    let mut types: Vec<String> = TYPES
        .iter()
        .filter(|(known, _)| {
            extensions
                .iter()
                .any(|extension| extension.trim_start_matches('.').eq_ignore_ascii_case(known))
        })
        .flat_map(|(_, types)| types.iter().map(|one| (*one).to_owned()))
        .collect();
    types.sort();
    types.dedup();
    types
}

/// Whether a film, by its media type.
pub fn is_film(media_type: &str) -> bool {
    media_type.starts_with("video/")
}

/// Whether it holds what a camera's sensor saw: what Immich shows no better than the JPEG beside it.
pub fn is_raw(media_type: &str) -> bool {
    const PLAIN: [&str; 2] = ["image/x-ms-bmp", "image/x-icon"];
    media_type == "image/dng" || (media_type.starts_with("image/x-") && !PLAIN.contains(&media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_takes_is_told_by_every_name() {
        let types = media_types(&[".HEIC".into(), ".dng".into(), ".mov".into(), ".never".into()]);
        assert_eq!(
            types,
            [
                "image/dng",
                "image/heic",
                "image/heic-sequence",
                "image/x-adobe-dng",
                "video/quicktime"
            ]
        );
        assert!(media_types(&[]).is_empty());
    }

    #[test]
    fn raw_is_told_from_pictures() {
        assert!(is_raw("image/x-adobe-dng") && is_raw("image/dng") && is_raw("image/x-raw"));
        assert!(!is_raw("image/jpeg") && !is_raw("image/x-ms-bmp") && !is_raw("video/x-m4v"));
        assert!(is_film("video/quicktime") && !is_film("image/heic"));
    }
}

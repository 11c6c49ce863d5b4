//! What files a server takes, by their names' ends.

pub(crate) const IMAGES: &[&str] = &[
    ".3fr", ".ari", ".arw", ".avif", ".bmp", ".cap", ".cin", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff",
    ".gif", ".heic", ".heif", ".hif", ".iiq", ".insp", ".jp2", ".jpe", ".jpeg", ".jpg", ".jxl", ".k25", ".kdc", ".mrw",
    ".nef", ".nrw", ".orf", ".ori", ".pef", ".png", ".psd", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw",
    ".svg", ".tif", ".tiff", ".webp", ".x3f",
];
pub(crate) const VIDEOS: &[&str] = &[
    ".3gp", ".3gpp", ".avi", ".flv", ".insv", ".m2t", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg",
    ".mts", ".mxf", ".vob", ".webm", ".wmv",
];
pub(crate) const SIDECARS: &[&str] = &[".xmp"];

/// What sort of asset a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Option<Self> {
        let end = end_of(name)?;
        match (IMAGES.contains(&end.as_str()), VIDEOS.contains(&end.as_str())) {
            (true, _) => Some(Self::Image),
            (_, true) => Some(Self::Video),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
        }
    }
}

pub(crate) fn is_sidecar(name: &str) -> bool {
    end_of(name).is_some_and(|end| SIDECARS.contains(&end.as_str()))
}

/// The type that a file is given by its name.
pub(crate) fn mime_type(name: &str) -> &'static str {
    match end_of(name).as_deref() {
        Some(".jpg" | ".jpeg" | ".jpe") => "image/jpeg",
        Some(".heic") => "image/heic",
        Some(".png") => "image/png",
        Some(".dng") => "image/dng",
        Some(".mov") => "video/quicktime",
        Some(".mp4") => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn end_of(name: &str) -> Option<String> {
    let (stem, end) = name.rsplit_once('.')?;
    (!stem.is_empty()).then(|| format!(".{}", end.to_ascii_lowercase()))
}

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Digest, Instant};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as the service writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

text_id!(
    /// Names an asset within its library, over renames, edits and moves between albums.
    AssetId
);
text_id!(
    /// Names a stored file within its asset; the same in every listing.
    ResourceId
);
text_id!(
    /// Names a library within its account.
    LibraryId
);

/// What sort of item it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// A still.
    Photo,
    /// A film.
    Video,
    /// Neither, such as a PDF that somebody put into the library.
    Other,
}

/// Which file of an asset it is. The interface's `types.role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// As the camera or the person made it.
    Original,
    /// The moving half of a Live Photo.
    PairedVideo,
    /// The other original of a RAW and JPEG pair.
    Alternate,
    /// What the person made of it.
    Edited,
    /// The moving half of an edited Live Photo.
    EditedPairedVideo,
    /// Instructions of an edit.
    Adjustment,
    /// Metadata beside the file.
    Sidecar,
    /// Smaller, made by a service.
    Preview,
    /// Made by the engine.
    Rendition,
    /// Named in the attribute "role".
    Other,
}

impl Role {
    /// Its name in receipts, journals and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::PairedVideo => "paired-video",
            Self::Alternate => "alternate",
            Self::Edited => "edited",
            Self::EditedPairedVideo => "edited-paired-video",
            Self::Adjustment => "adjustment",
            Self::Sidecar => "sidecar",
            Self::Preview => "preview",
            Self::Rendition => "rendition",
            Self::Other => "other",
        }
    }
}

/// A value of an attribute. The interface's `types.value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A time.
    Time(Instant),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What may grow without a new version of the interface.
pub type Attributes = Vec<(String, Value)>;

/// The value of that name.
pub fn attribute<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// One stored file of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Names it within its asset.
    pub id: ResourceId,
    /// Which file it is.
    pub role: Role,
    /// Changes whenever the bytes may have changed.
    pub version: String,
    /// The file's name where it differs from the asset's.
    pub name: Option<String>,
    /// IANA media type.
    pub media_type: String,
    /// Bytes.
    pub size: Option<u64>,
    /// What the service itself says of the bytes, as far as the engine can compute it.
    pub digests: Vec<Digest>,
    /// False while the service holds the entry but not yet the bytes.
    pub available: bool,
    /// Given back to the connector; opaque.
    pub pointer: Vec<u8>,
    /// "width", "height" (pixels), "duration" (seconds).
    pub attributes: Attributes,
}

/// One item of a library as its owner sees it: a Live Photo is one asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Stable within its library.
    pub id: AssetId,
    /// Other names under which a change may speak of it. Several assets may share one.
    pub keys: Vec<String>,
    /// Changes with any change of the asset.
    pub version: String,
    /// What sort of item it is.
    pub kind: AssetKind,
    /// live, raw, burst, screenshot, panorama, portrait, slo-mo, time-lapse, animated, spatial, hdr, selfie, wall-clock.
    pub traits: Vec<String>,
    /// As it was called when it came into the library.
    pub name: Option<String>,
    /// When it was taken.
    pub taken: Option<Instant>,
    /// Seconds east of UTC where it was taken.
    pub taken_offset: Option<i32>,
    /// When it came into the library.
    pub added: Option<Instant>,
    /// The person marked it.
    pub favorite: bool,
    /// The person hid it.
    pub hidden: bool,
    /// Its files.
    pub resources: Vec<Resource>,
    /// "title", "caption", "keywords", "latitude", "longitude", "camera", "burst", "width", "height", "duration" …
    pub attributes: Attributes,
}

impl Asset {
    /// The resource of that id.
    pub fn resource(&self, id: &ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|resource| &resource.id == id)
    }

    /// The first resource of that role.
    pub fn role(&self, role: Role) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.role == role)
    }

    /// Whether it has that trait.
    pub fn has_trait(&self, name: &str) -> bool {
        self.traits.iter().any(|known| known == name)
    }
}

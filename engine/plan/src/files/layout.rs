//! Fills a layout in for one file, before any rule of a destination is applied.

use camroll_model::{AlbumPath, Asset, AssetKind, Library, Resource, Role, Value, attribute};
use camroll_spec::{Field, Layout, Segment};
use jiff::tz::TimeZone;
use unicode_normalization::UnicodeNormalization as _;

use super::media::{agrees, own_extension, split};
use crate::moment;
use crate::name::{Tag, TagLength};
use crate::sidecar::beside;

/// What stands where an asset has no value for a field.
pub(crate) const UNKNOWN: &str = "unknown";
const UNDATED: &str = "undated";
/// What stands where an asset is in no album.
const UNSORTED: &str = "unsorted";
/// Longest value of a field, characters: a text from a source is cut there before anything is done with it.
const VALUE_CAP: usize = 1_024;

/// A filled layout: folders, and the file's name torn where suffixes go in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// From the top.
    pub folders: Vec<String>,
    /// Up to the suffixes.
    pub head: String,
    /// After the suffixes: the extension with its dot, and what the layout has behind it.
    pub tail: String,
}

/// What a layout can ask of an asset.
pub(crate) struct Facts<'a> {
    asset: &'a Asset,
    album: Option<&'a AlbumPath>,
    library: &'a Library,
    zone: &'a TimeZone,
    tag: &'a Tag,
    stem: String,
    extension: Option<String>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(
        asset: &'a Asset,
        albums: &'a [AlbumPath],
        library: &'a Library,
        zone: &'a TimeZone,
        tag: &'a Tag,
    ) -> Self {
        let original = asset.role(Role::Original);
        let told = asset
            .name
            .as_deref()
            .or_else(|| original.and_then(|original| original.name.as_deref()));
        let name = value(told.unwrap_or_default());
        let (stem, extension) = split(&name, original.map(|original| original.media_type.as_str()));
        let nothing = stem.chars().all(|c| c == '.' || c.is_whitespace() || c.is_control());
        Self {
            asset,
            album: first_by_name(albums),
            library,
            zone,
            tag,
            stem: if nothing { tag.text(TagLength::Eight) } else { stem }.to_owned(),
            extension: extension.map(str::to_owned),
        }
    }

    pub(crate) fn asset(&self) -> &'a Asset {
        self.asset
    }

    pub(crate) fn tag(&self) -> &'a Tag {
        self.tag
    }

    /// The extension of one of its files: the one in its name where that goes with its type, else the type's own in the case that the asset's
    /// name is written in.
    pub(crate) fn extension(&self, resource: &Resource) -> Option<String> {
        let named = resource.name.as_deref().map(value);
        let named = named
            .as_deref()
            .and_then(|name| split(name, Some(&resource.media_type)).1)
            .filter(|extension| agrees(extension, &resource.media_type));
        if let Some(extension) = named {
            return Some(extension.to_owned());
        }
        if let Some(beside) = beside(self.asset, resource) {
            // IMG_0001.HEIC.xmp: a sidecar goes with one file, whatever others have its stem.
            return Some(
                self.extension(beside)
                    .map_or_else(|| "xmp".to_owned(), |end| format!("{end}.xmp")),
            );
        }
        if resource.role == Role::Adjustment {
            return Some("AAE".to_owned());
        }
        let own = own_extension(&resource.media_type);
        let of_asset = self.extension.as_deref().filter(|extension| match own {
            Some(_) => agrees(extension, &resource.media_type),
            None => resource.role == Role::Original,
        });
        let own = own.or(match resource.role {
            Role::PairedVideo | Role::EditedPairedVideo => Some("mov"),
            _ => None,
        });
        of_asset
            .map(str::to_owned)
            .or_else(|| own.map(|own| self.in_its_case(own)))
    }

    fn in_its_case(&self, extension: &str) -> String {
        let shouts = self.extension.as_deref().is_some_and(|own| {
            own.bytes().any(|c| c.is_ascii_uppercase()) && !own.bytes().any(|c| c.is_ascii_lowercase())
        });
        if shouts {
            extension.to_ascii_uppercase()
        } else {
            extension.to_owned()
        }
    }

    /// The layout, filled in for a file with that extension.
    pub(crate) fn fill(&self, layout: &Layout, extension: Option<&str>) -> Shape {
        let mut parts: Vec<&[Segment]> = layout.parts.split(|part| *part == Segment::Separator).collect();
        let file = parts.pop().unwrap_or_default();
        let text = |segments: &[Segment]| -> String {
            segments
                .iter()
                .map(|segment| self.segment(segment, extension))
                .collect()
        };
        let folders = parts
            .into_iter()
            .flat_map(|part| match (part, self.album) {
                // The album's folders become folders.
                ([Segment::Field(Field::Album)], Some(album)) => album.parts().iter().map(|name| named(name)).collect(),
                _ => vec![text(part)],
            })
            .collect();
        let name = file.iter().rposition(|part| *part == Segment::Field(Field::Name));
        let (head, tail) = match (name, file) {
            (Some(at), _) => {
                let (before, after) = file.split_at(at);
                let head = text(before) + &self.stem;
                (head, dotted(extension) + &text(after.get(1..).unwrap_or_default()))
            }
            (None, [before @ .., Segment::Text(dot), ext @ Segment::Field(Field::Ext)]) if dot.ends_with('.') => {
                let head = text(before) + dot.strip_suffix('.').unwrap_or(dot);
                (head, format!(".{}", self.segment(ext, extension)))
            }
            (None, all) => (text(all), String::new()),
        };
        Shape { folders, head, tail }
    }

    fn segment(&self, segment: &Segment, extension: Option<&str>) -> String {
        match segment {
            Segment::Text(text) => text.clone(),
            Segment::Separator => String::new(),
            Segment::Field(field) => self.field(field, extension),
        }
    }

    /// Never empty.
    fn field(&self, field: &Field, extension: Option<&str>) -> String {
        let text = match field {
            Field::Taken(format) => moment::taken(self.asset, self.zone).and_then(|time| format.format(&time).ok()),
            Field::Added(format) => moment::added(self.asset, self.zone).and_then(|time| format.format(&time).ok()),
            Field::Name => Some(self.stem.clone() + &dotted(extension)),
            Field::Stem => Some(self.stem.clone()),
            Field::Ext => extension.map(str::to_owned),
            Field::Album => self.album.map(|album| value(&album.to_string())),
            Field::Kind => Some(self.kind().to_owned()),
            Field::Library => Some(value(&self.library.name)),
            Field::Favorite => Some(
                if self.asset.favorite {
                    "favorite"
                } else {
                    "not-favorite"
                }
                .to_owned(),
            ),
            Field::Camera => match attribute(&self.asset.attributes, "camera") {
                Some(Value::Text(camera)) => Some(value(camera)),
                _ => None,
            },
            Field::Id => Some(value(self.asset.id.as_str())),
            Field::Id8 => Some(self.tag.text(TagLength::Eight).to_owned()),
        };
        let fallback = match field {
            Field::Taken(_) | Field::Added(_) => UNDATED,
            Field::Album if self.album.is_none() => UNSORTED,
            _ => UNKNOWN,
        };
        text.filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| fallback.to_owned())
    }

    fn kind(&self) -> &'static str {
        match self.asset.kind {
            AssetKind::Photo if crate::scope::is_live(self.asset) => "live-photo",
            AssetKind::Photo => "photo",
            AssetKind::Video => "video",
            AssetKind::Other => "other",
        }
    }
}

/// Of several albums the first, as people order names: letters' case and the way in which accents are written come after the letters themselves.
fn first_by_name(albums: &[AlbumPath]) -> Option<&AlbumPath> {
    albums.iter().min_by_key(|album| {
        let name = album.to_string();
        let folded: String = name.nfc().flat_map(char::to_lowercase).collect();
        (folded, name)
    })
}

/// A name of an album or folder, which may be empty.
fn named(name: &str) -> String {
    Some(value(name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

fn dotted(extension: Option<&str>) -> String {
    extension.map_or_else(String::new, |extension| format!(".{extension}"))
}

fn value(text: &str) -> String {
    text.trim().chars().take(VALUE_CAP).collect()
}

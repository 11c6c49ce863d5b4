//! Which assets a spec takes.
//!
//! A condition that can't be decided (no date, no name, no known size) doesn't hold, so `not` of it does: a filter takes what it knows to
//! match, an exclusion excludes what it knows to match, and what is in doubt is kept.

use std::fmt;

use camroll_model::{AlbumPath, Asset, AssetKind, Library, Resource, Role};
use camroll_spec::{DateBound, Favorite, Filter, HiddenFilter, KindFilter, NameGlob, SizeRange, Span, Spec};
use jiff::Zoned;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::files::is_raw;
use crate::moment;

/// Whether a spec takes an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// It does.
    In,
    /// It doesn't, and why.
    Out(OutReason),
    /// It left its library.
    Gone,
}

/// Why a spec doesn't take an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutReason {
    /// The person hid it, and the spec doesn't ask for hidden items.
    Hidden,
    /// A filter on when it was taken, and it has no date.
    NoDate,
    /// A filter, in words.
    Filtered(String),
}

impl OutReason {
    /// Short and stable, for state and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::NoDate => "no-date",
            Self::Filtered(_) => "filtered",
        }
    }

    /// For people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Hidden => "It is hidden, and the spec doesn't say `hidden: true`.".to_owned(),
            Self::NoDate => "It has no date, and `filters.taken` asks for one.".to_owned(),
            Self::Filtered(filter) => format!("A filter doesn't take it: {filter}."),
        }
    }
}

/// Whether a spec takes an asset that is in the library and in these albums, by its filters. `albums` are all that it is in: who knows of some alone must not ask.
pub fn scope(asset: &Asset, albums: &[AlbumPath], library: &Library, spec: &Spec) -> Scope {
    let seen = Seen {
        asset,
        albums,
        library,
        zone: &spec.schedule.timezone,
    };
    seen.failing(&spec.filters).map_or(Scope::In, Scope::Out)
}

/// Patterns of filters that no album fits, in the order in which they are written: mistyped, or the album is gone. What they should have taken isn't, and what they should have kept out is taken.
pub fn unknown_albums(filters: &Filter, albums: &[AlbumPath]) -> Vec<String> {
    match filters {
        Filter::All(filters) | Filter::Any(filters) => filters
            .iter()
            .flat_map(|filter| unknown_albums(filter, albums))
            .collect(),
        Filter::Not(filter) => unknown_albums(filter, albums),
        Filter::Album(globs) => globs
            .iter()
            .filter(|glob| !albums.iter().any(|album| is_called(album, std::slice::from_ref(glob))))
            .map(|glob| glob.as_str().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether it is a still with a moving half.
pub(crate) fn is_live(asset: &Asset) -> bool {
    asset.kind == AssetKind::Photo && (asset.has_trait("live") || asset.role(Role::PairedVideo).is_some())
}

struct Seen<'a> {
    asset: &'a Asset,
    albums: &'a [AlbumPath],
    library: &'a Library,
    zone: &'a TimeZone,
}

impl Seen<'_> {
    /// Why a filter doesn't hold; none where it does. Of several reasons the first.
    fn failing(&self, filter: &Filter) -> Option<OutReason> {
        match filter {
            Filter::All(filters) => filters.iter().find_map(|filter| self.failing(filter)),
            Filter::Any(filters) => {
                let mut reasons = Vec::with_capacity(filters.len());
                for one in filters {
                    reasons.push(self.failing(one)?);
                }
                match reasons.split_first() {
                    Some((first, others)) if others.iter().all(|other| other == first) => Some(first.clone()),
                    _ => Some(filtered(filter)),
                }
            }
            Filter::Not(inner) => {
                if self.failing(inner).is_some() {
                    return None;
                }
                Some(match **inner {
                    Filter::Hidden(HiddenFilter::Only) => OutReason::Hidden,
                    _ => filtered(filter),
                })
            }
            Filter::Taken(span) => match moment::taken(self.asset, self.zone) {
                None => Some(OutReason::NoDate),
                Some(time) => (!within(span, &time)).then(|| filtered(filter)),
            },
            Filter::Hidden(HiddenFilter::Exclude) => self.asset.hidden.then_some(OutReason::Hidden),
            other => (!self.holds(other)).then(|| filtered(other)),
        }
    }

    fn holds(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(_) | Filter::Any(_) | Filter::Not(_) | Filter::Taken(_) => self.failing(filter).is_none(),
            Filter::Added(span) => moment::added(self.asset, self.zone).is_some_and(|time| within(span, &time)),
            Filter::Kind(kinds) => kinds.iter().any(|kind| self.is(*kind)),
            Filter::Name(globs) => {
                let name = self.asset.name.as_deref();
                name.is_some_and(|name| globs.iter().any(|glob| glob.matches(name)))
            }
            Filter::Size(range) => {
                let size = self.asset.role(Role::Original).and_then(|original| original.size);
                size.is_some_and(|size| range.contains(size))
            }
            Filter::Favorite(favorite) => self.asset.favorite == (*favorite == Favorite::Yes),
            Filter::Hidden(hidden) => match hidden {
                HiddenFilter::Include => true,
                HiddenFilter::Only => self.asset.hidden,
                HiddenFilter::Exclude => !self.asset.hidden,
            },
            Filter::Library(names) => names.iter().any(|name| self.is_library(name)),
            Filter::Album(globs) => self.albums.iter().any(|album| is_called(album, globs)),
        }
    }

    fn is_library(&self, name: &str) -> bool {
        self.library.kind == name || self.library.name.nfc().eq(name.nfc())
    }

    fn is(&self, kind: KindFilter) -> bool {
        let asset = self.asset;
        match kind {
            KindFilter::Photo => asset.kind == AssetKind::Photo,
            KindFilter::LivePhoto => is_live(asset),
            KindFilter::Video => asset.kind == AssetKind::Video,
            KindFilter::Other => asset.kind == AssetKind::Other,
            KindFilter::Raw => asset.has_trait("raw") || asset.resources.iter().any(is_raw_original),
            KindFilter::Screenshot
            | KindFilter::Panorama
            | KindFilter::Portrait
            | KindFilter::Burst
            | KindFilter::SloMo
            | KindFilter::TimeLapse
            | KindFilter::Animated
            | KindFilter::Spatial => asset.has_trait(kind.word()),
        }
    }
}

fn is_raw_original(resource: &Resource) -> bool {
    matches!(resource.role, Role::Original | Role::Alternate) && is_raw(&resource.media_type)
}

/// Letters with accents are one character in what people type, and may be two in what a service tells.
fn is_called(album: &AlbumPath, globs: &[NameGlob]) -> bool {
    let told = album.to_string();
    let composed: String = told.nfc().collect();
    globs.iter().any(|glob| glob.matches(&told) || glob.matches(&composed))
}

/// Civil bounds are compared with the clock where it was taken, points in time with the point in time.
fn within(span: &Span, time: &Zoned) -> bool {
    let reached = |bound: DateBound| match bound {
        DateBound::Civil(bound) => time.datetime() >= bound,
        DateBound::Instant(bound) => time.timestamp() >= bound,
    };
    span.from.is_none_or(reached) && !span.to.is_some_and(reached)
}

fn filtered(filter: &Filter) -> OutReason {
    /// Longest text, characters.
    const LONGEST: usize = 300;
    let words = Words(filter).to_string();
    OutReason::Filtered(if words.chars().count() > LONGEST {
        words.chars().take(LONGEST - 1).chain(['…']).collect()
    } else {
        words
    })
}

/// A filter in words close to how it is written.
struct Words<'a>(&'a Filter);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Filter::All(filters) => several(f, "all", filters),
            Filter::Any(filters) => several(f, "any", filters),
            Filter::Not(filter) => write!(f, "not ({})", Words(filter)),
            Filter::Taken(span) => write!(f, "taken {}", SpanWords(span)),
            Filter::Added(span) => write!(f, "added {}", SpanWords(span)),
            Filter::Kind(kinds) => list(f, "kind", kinds.iter().map(|kind| kind.word())),
            Filter::Name(globs) => list(f, "name", globs.iter().map(|glob| glob.as_str())),
            Filter::Size(SizeRange { min, max }) => {
                f.write_str("size")?;
                if let Some(min) = min {
                    write!(f, " from {min}")?;
                }
                if let Some(max) = max {
                    write!(f, " up to {max}")?;
                }
                f.write_str(" bytes")
            }
            Filter::Favorite(Favorite::Yes) => f.write_str("favorite: true"),
            Filter::Favorite(Favorite::No) => f.write_str("favorite: false"),
            Filter::Hidden(HiddenFilter::Include) => f.write_str("hidden: true"),
            Filter::Hidden(HiddenFilter::Only) => f.write_str("hidden: only"),
            Filter::Hidden(HiddenFilter::Exclude) => f.write_str("hidden: false"),
            Filter::Library(names) => list(f, "library", names.iter().map(String::as_str)),
            Filter::Album(globs) => list(f, "album", globs.iter().map(|glob| glob.as_str())),
        }
    }
}

fn several(f: &mut fmt::Formatter<'_>, word: &str, filters: &[Filter]) -> fmt::Result {
    if let [one] = filters {
        return write!(f, "{}", Words(one));
    }
    write!(f, "{word} of (")?;
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            f.write_str("; ")?;
        }
        write!(f, "{}", Words(filter))?;
    }
    f.write_str(")")
}

fn list<'a>(f: &mut fmt::Formatter<'_>, word: &str, values: impl Iterator<Item = &'a str>) -> fmt::Result {
    write!(f, "{word}:")?;
    for (index, value) in values.enumerate() {
        write!(f, "{}{value}", if index > 0 { " or " } else { " " })?;
    }
    Ok(())
}

struct SpanWords<'a>(&'a Span);

impl fmt::Display for SpanWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = |bound: DateBound| match bound {
            DateBound::Civil(time) => time.to_string(),
            DateBound::Instant(time) => time.to_string(),
        };
        match (self.0.from, self.0.to) {
            (Some(from), Some(to)) => write!(f, "from {}, before {}", bound(from), bound(to)),
            (Some(from), None) => write!(f, "from {}", bound(from)),
            (None, Some(to)) => write!(f, "before {}", bound(to)),
            (None, None) => f.write_str("at any time"),
        }
    }
}

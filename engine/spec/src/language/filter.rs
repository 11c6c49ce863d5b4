//! Which assets are in scope: the tree that `filters:` is read into.

use std::fmt;

use crate::values::DateBound;

/// A condition on an asset.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every one holds; an empty list holds.
    All(Vec<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// Taken within; an asset without a date fails.
    Taken(Span),
    /// Came into the library within; an asset without that date fails.
    Added(Span),
    /// Is one of these.
    Kind(Vec<KindFilter>),
    /// Its name matches one of these.
    Name(Vec<NameGlob>),
    /// The size of its original, bytes.
    Size(SizeRange),
    /// The person's mark.
    Favorite(Favorite),
    /// The person hid it, or not.
    Hidden(HiddenFilter),
    /// In one of these libraries, by the name that the service shows, or "personal" or "shared".
    Library(Vec<String>),
    /// In an album whose whole name, its folders' before its own, matches one of these.
    Album(Vec<NameGlob>),
}

impl Filter {
    /// What holds without `filters:`: everything but hidden items.
    pub fn everything() -> Self {
        Self::All(vec![Self::Hidden(HiddenFilter::Exclude)])
    }

    /// Whether anything in it speaks of hidden items.
    pub(crate) fn speaks_of_hidden(&self) -> bool {
        self.has_line(&|line| matches!(line, Self::Hidden(_)))
    }

    /// Whether anything in it asks in which albums an asset is.
    pub fn asks_for_albums(&self) -> bool {
        self.has_line(&|line| matches!(line, Self::Album(_)))
    }

    fn has_line(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(|filter| filter.has_line(is)),
            Self::Not(filter) => filter.has_line(is),
            line => is(line),
        }
    }
}

/// A span of time. Civil bounds are compared in the photo's own zone, else the schedule's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first moment that is in.
    pub from: Option<DateBound>,
    /// The first moment that is out: what was written, widened to its whole unit.
    pub to: Option<DateBound>,
}

/// A range of sizes, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    /// The smallest that is in.
    pub min: Option<u64>,
    /// The largest that is in.
    pub max: Option<u64>,
}

impl SizeRange {
    /// Whether so many bytes are in it.
    pub fn contains(&self, bytes: u64) -> bool {
        self.min.is_none_or(|min| bytes >= min) && self.max.is_none_or(|max| bytes <= max)
    }
}

/// What sort of item a filter takes. An item may be several: a Live Photo that was shot as a portrait is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KindFilter {
    /// A still, Live Photos included.
    Photo,
    /// A still with a moving half.
    LivePhoto,
    /// A film.
    Video,
    /// Has a RAW file.
    Raw,
    /// Trait "screenshot".
    Screenshot,
    /// Trait "panorama".
    Panorama,
    /// Trait "portrait".
    Portrait,
    /// Trait "burst".
    Burst,
    /// Trait "slo-mo".
    SloMo,
    /// Trait "time-lapse".
    TimeLapse,
    /// Trait "animated".
    Animated,
    /// Trait "spatial".
    Spatial,
    /// Neither still nor film.
    Other,
}

impl KindFilter {
    /// All of them with the word for each, in the order in which the language lists them.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Photo, "photo"),
        (Self::LivePhoto, "live-photo"),
        (Self::Video, "video"),
        (Self::Raw, "raw"),
        (Self::Screenshot, "screenshot"),
        (Self::Panorama, "panorama"),
        (Self::Portrait, "portrait"),
        (Self::Burst, "burst"),
        (Self::SloMo, "slo-mo"),
        (Self::TimeLapse, "time-lapse"),
        (Self::Animated, "animated"),
        (Self::Spatial, "spatial"),
        (Self::Other, "other"),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("other", |(_, word)| word)
    }
}

/// The person's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Favorite {
    /// Marked.
    Yes,
    /// Not marked.
    No,
}

/// What becomes of hidden items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenFilter {
    /// They are in like all others: holds for every item.
    Include,
    /// Only they: holds for hidden items.
    Only,
    /// Not they: holds for items that aren't hidden.
    Exclude,
}

/// A pattern for names: `*`, `?`, `[…]`, `{a,b}`; letters' case doesn't matter.
#[derive(Clone)]
pub struct NameGlob {
    text: String,
    matcher: globset::GlobMatcher,
}

impl NameGlob {
    /// Longest pattern, characters.
    pub const MAX: usize = 256;

    /// Compiles the pattern; the error says in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().count() > Self::MAX {
            return Err(format!("a pattern has 1 to {} characters", Self::MAX));
        }
        let glob = globset::GlobBuilder::new(text)
            .case_insensitive(true)
            .literal_separator(false)
            .build()
            .map_err(|error| error.kind().to_string())?;
        Ok(Self {
            text: text.to_owned(),
            matcher: glob.compile_matcher(),
        })
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a name matches it.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }
}

impl PartialEq for NameGlob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for NameGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        let range = SizeRange {
            min: Some(10),
            max: Some(20),
        };
        let inside: Vec<u64> = [9, 10, 20, 21]
            .into_iter()
            .filter(|bytes| range.contains(*bytes))
            .collect();
        assert_eq!(inside, [10, 20]);
        assert!(SizeRange { min: None, max: None }.contains(u64::MAX));
    }

    #[test]
    fn patterns_fit_whole_names_in_any_case() {
        let fits = |pattern: &str, name: &str| NameGlob::parse(pattern).expect("a pattern").matches(name);
        assert!(fits("IMG_*", "img_0001.heic"));
        assert!(fits("*.{dng,DNG}", "A.DNG"));
        assert!(!fits("IMG_*", "xIMG_1"));
        assert!(NameGlob::parse("[").is_err() && NameGlob::parse("").is_err());
    }
}

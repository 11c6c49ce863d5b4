//! What a destination's plans depend on, in 32 bytes: another fingerprint means that every asset is planned again there.

use camroll_model::{Attributes, Features, LimitUnit, NameRules, UnicodeForm, Value, attribute};
use camroll_spec::{
    DateBound, Deletions, Destination, Favorite, Field, Filter, HiddenFilter, LibraryChoice, Segment, Sidecar, Span,
    Versions,
};
use sha2::{Digest, Sha256};

use crate::plan::Wish;

/// Changes when, and only when, something changes that can change a plan: filters, versions, sidecar, layout, what happens to what left, the proof that
/// is demanded, the libraries that the spec names, and the destination's names, sizes, types and whether it replaces; the time zone and the
/// library's name only where a filter or the layout uses them.
pub fn fingerprint(wish: &Wish<'_>) -> [u8; 32] {
    let Wish {
        spec,
        destination,
        features,
        library,
    } = *wish;
    let mut ink = Ink(Sha256::new());
    // The first byte is the version of planning itself: raised when a release plans otherwise than the one before.
    ink.tag(1);
    let uses = Uses::of(&spec.filters, destination);
    ink.filter(&spec.filters);
    ink.versions(spec.versions);
    match spec.sidecar {
        Sidecar::None => ink.tag(0),
        Sidecar::Xmp => ink.tag(1),
    }
    ink.text(&destination.layout.to_string());
    match destination.deletions {
        Deletions::Keep => ink.tag(0),
        Deletions::Trash => ink.tag(1),
        Deletions::Mirror => ink.tag(2),
    }
    ink.text(destination.require_proof.name());
    ink.features(features);
    ink.count(spec.source.libraries.len());
    spec.source.libraries.iter().for_each(|choice| ink.library(choice));
    if uses.dates {
        let zone = &spec.schedule.timezone;
        ink.text(&zone.iana_name().map_or_else(|| format!("{zone:?}"), str::to_owned));
    }
    if uses.library {
        ink.text(library.id.as_str());
        ink.text(&library.kind);
        ink.text(&library.name);
    }
    ink.0.finalize().into()
}

/// What of the surroundings filters and layout use.
#[derive(Default)]
struct Uses {
    dates: bool,
    library: bool,
}

impl Uses {
    fn of(filter: &Filter, destination: &Destination) -> Self {
        let mut uses = Self::default();
        uses.filter(filter);
        for part in &destination.layout.parts {
            match part {
                Segment::Field(Field::Taken(_) | Field::Added(_)) => uses.dates = true,
                Segment::Field(Field::Library) => uses.library = true,
                Segment::Field(_) | Segment::Text(_) | Segment::Separator => {}
            }
        }
        uses
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| self.filter(filter)),
            Filter::Not(filter) => self.filter(filter),
            Filter::Taken(_) | Filter::Added(_) => self.dates = true,
            Filter::Library(_) => self.library = true,
            Filter::Kind(_)
            | Filter::Name(_)
            | Filter::Size(_)
            | Filter::Favorite(_)
            | Filter::Hidden(_)
            | Filter::Album(_) => {}
        }
    }
}

/// Writes values so that two different ones never read alike: every value has a tag or a length before it.
struct Ink(Sha256);

impl Ink {
    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.tag(0),
            Some(value) => {
                self.tag(1);
                write(self, value);
            }
        }
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All(filters) => self.filters(1, filters),
            Filter::Any(filters) => self.filters(2, filters),
            Filter::Not(filter) => {
                self.tag(3);
                self.filter(filter);
            }
            Filter::Taken(span) => self.span(4, span),
            Filter::Added(span) => self.span(5, span),
            Filter::Kind(kinds) => {
                self.tag(6);
                self.texts(kinds.iter().map(|kind| kind.word()));
            }
            Filter::Name(globs) => {
                self.tag(7);
                self.texts(globs.iter().map(|glob| glob.as_str()));
            }
            Filter::Size(range) => {
                self.tag(8);
                self.maybe(range.min, Self::number);
                self.maybe(range.max, Self::number);
            }
            Filter::Favorite(Favorite::Yes) => self.tag(9),
            Filter::Favorite(Favorite::No) => self.tag(10),
            Filter::Hidden(HiddenFilter::Include) => self.tag(11),
            Filter::Hidden(HiddenFilter::Only) => self.tag(12),
            Filter::Hidden(HiddenFilter::Exclude) => self.tag(13),
            Filter::Library(names) => {
                self.tag(14);
                self.texts(names.iter().map(String::as_str));
            }
            Filter::Album(globs) => {
                self.tag(15);
                self.texts(globs.iter().map(|glob| glob.as_str()));
            }
        }
    }

    fn filters(&mut self, tag: u8, filters: &[Filter]) {
        self.tag(tag);
        self.count(filters.len());
        filters.iter().for_each(|filter| self.filter(filter));
    }

    fn span(&mut self, tag: u8, span: &Span) {
        self.tag(tag);
        for bound in [span.from, span.to] {
            self.maybe(bound, |ink, bound| match bound {
                DateBound::Civil(time) => ink.text(&time.to_string()),
                DateBound::Instant(time) => ink.text(&time.to_string()),
            });
        }
    }

    fn library(&mut self, choice: &LibraryChoice) {
        match choice {
            LibraryChoice::Personal => self.tag(0),
            LibraryChoice::Shared => self.tag(1),
            LibraryChoice::Named(name) => {
                self.tag(2);
                self.text(name);
            }
        }
    }

    fn versions(&mut self, versions: Versions) {
        for want in [versions.original, versions.edited, versions.adjustments] {
            self.tag(u8::from(want.is_yes()));
        }
    }

    fn features(&mut self, features: &Features) {
        self.maybe(features.names.as_ref(), Self::names);
        self.maybe(features.max_size, Self::number);
        for name in ["replace", "immutable", "trash", "takes-only-media", "sidecar-with-file"] {
            self.tag(u8::from(features.has_trait(name)));
        }
        self.maybe(media_types(&features.attributes), |ink, types| {
            ink.texts(types.iter().map(String::as_str));
        });
    }

    fn names(&mut self, names: &NameRules) {
        self.text(&names.forbidden);
        self.text(&names.forbidden_first);
        self.text(&names.forbidden_last);
        self.texts(names.reserved.iter().map(String::as_str));
        self.tag(u8::from(names.case_sensitive));
        self.tag(match names.unicode {
            UnicodeForm::Nfc => 0,
            UnicodeForm::Nfd => 1,
            UnicodeForm::Keep => 2,
        });
        self.number(names.name_limit.into());
        self.number(names.path_limit.into());
        self.tag(match names.limits_in {
            LimitUnit::Bytes => 0,
            LimitUnit::Utf16 => 1,
        });
    }
}

fn media_types(attributes: &Attributes) -> Option<&Vec<String>> {
    match attribute(attributes, "media-types") {
        Some(Value::Texts(types)) => Some(types),
        _ => None,
    }
}

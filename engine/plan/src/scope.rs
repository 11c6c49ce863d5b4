//! Which assets a spec takes.

use camroll_model::{Asset, AssetKind, Instant, Library, Role};
use camroll_spec::{DateBound, Favorite, Filter, HiddenFilter, KindFilter, Span, Spec};
use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

/// Whether a spec takes an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It does.
    In,
    /// It doesn't.
    Out(OutReason),
    /// It left the library.
    Gone,
}

/// Why a spec doesn't take an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutReason {
    /// It is hidden.
    Hidden,
    /// A filter speaks of a date that it doesn't have.
    NoDate,
    /// Another filter.
    Filtered,
}

impl OutReason {
    /// For state and scripts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::NoDate => "no-date",
            Self::Filtered => "filtered",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Hidden => "It is hidden, and the spec doesn't say `hidden: true`.",
            Self::NoDate => "It has no date, and a filter asks for one.",
            Self::Filtered => "The spec's filters don't take it.",
        }
    }
}

/// A moment in the photo's own zone, else the schedule's.
pub(crate) fn local(instant: Instant, offset: Option<i32>, schedule: &TimeZone) -> Option<Zoned> {
    let zone = offset
        .and_then(|seconds| Offset::from_seconds(seconds).ok())
        .map_or_else(|| schedule.clone(), TimeZone::fixed);
    Some(instant.to_timestamp()?.to_zoned(zone))
}

/// Whether the spec takes an asset that is in its library.
pub fn scope(asset: &Asset, library: &Library, spec: &Spec) -> Scope {
    let looker = Looker {
        asset,
        library,
        zone: &spec.schedule.timezone,
    };
    if looker.holds(&spec.filters) {
        return Scope::In;
    }
    // The same asset, not hidden and with a date: which of the two is the reason?
    if asset.hidden {
        let shown = Asset {
            hidden: false,
            ..asset.clone()
        };
        if (Looker {
            asset: &shown,
            ..looker
        })
        .holds(&spec.filters)
        {
            return Scope::Out(OutReason::Hidden);
        }
    }
    let undated = asset.taken.is_none() && speaks_of_taken(&spec.filters);
    Scope::Out(if undated {
        OutReason::NoDate
    } else {
        OutReason::Filtered
    })
}

fn speaks_of_taken(filter: &Filter) -> bool {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().any(speaks_of_taken),
        Filter::Not(filter) => speaks_of_taken(filter),
        Filter::Taken(_) => true,
        _ => false,
    }
}

#[derive(Clone, Copy)]
struct Looker<'a> {
    asset: &'a Asset,
    library: &'a Library,
    zone: &'a TimeZone,
}

impl Looker<'_> {
    fn holds(&self, filter: &Filter) -> bool {
        let asset = self.asset;
        match filter {
            Filter::All(filters) => filters.iter().all(|filter| self.holds(filter)),
            Filter::Any(filters) => filters.iter().any(|filter| self.holds(filter)),
            // What can't be said of an asset without a date isn't said by its opposite either.
            Filter::Not(filter) => {
                let undecided = asset.taken.is_none() && speaks_of_taken(filter);
                !undecided && !self.holds(filter)
            }
            Filter::Taken(span) => self.within(span, asset.taken),
            Filter::Added(span) => self.within(span, asset.added),
            Filter::Kind(kinds) => kinds.iter().any(|kind| self.is(*kind)),
            Filter::Name(globs) => asset
                .name
                .as_deref()
                .is_some_and(|name| globs.iter().any(|glob| glob.matches(name))),
            Filter::Size(range) => asset
                .role(Role::Original)
                .and_then(|original| original.size)
                .is_some_and(|size| range.contains(size)),
            Filter::Favorite(Favorite::Yes) => asset.favorite,
            Filter::Favorite(Favorite::No) => !asset.favorite,
            Filter::Hidden(HiddenFilter::Include) => true,
            Filter::Hidden(HiddenFilter::Only) => asset.hidden,
            Filter::Hidden(HiddenFilter::Exclude) => !asset.hidden,
            Filter::Library(names) => names
                .iter()
                .any(|name| *name == self.library.name || *name == self.library.kind),
        }
    }

    fn within(&self, span: &Span, instant: Option<Instant>) -> bool {
        let Some(time) = instant.and_then(|instant| local(instant, self.asset.taken_offset, self.zone)) else {
            return false;
        };
        let reached = |bound: &DateBound| match bound {
            DateBound::Civil(civil) => time.datetime() >= *civil,
            DateBound::Instant(instant) => time.timestamp() >= *instant,
        };
        span.from.as_ref().is_none_or(&reached) && span.to.as_ref().is_none_or(|to| !reached(to))
    }

    fn is(&self, kind: KindFilter) -> bool {
        let asset = self.asset;
        match kind {
            KindFilter::Photo => asset.kind == AssetKind::Photo,
            KindFilter::LivePhoto => asset.has_trait("live"),
            KindFilter::Video => asset.kind == AssetKind::Video,
            KindFilter::Other => asset.kind == AssetKind::Other,
            named => asset.has_trait(named.word()),
        }
    }
}

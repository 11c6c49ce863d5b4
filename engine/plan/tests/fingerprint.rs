//! Another fingerprint exactly where plans may come out otherwise.

mod support;

use std::collections::HashSet;

use camroll_model::*;
use camroll_plan::fingerprint;
use camroll_spec::{
    Deletions, Existing, Favorite, Filter, Layout, LibraryChoice, NameGlob, Sidecar, SizeRange, Span, Want, WrittenDate,
};
use support::*;

fn print(place: &Place) -> [u8; 32] {
    fingerprint(&place.wish())
}

fn place() -> Place {
    Place::new("{name}", rules())
}

#[test]
fn what_plans_depend_on_changes_it() {
    type Change = fn(&mut Place);
    let changes: [Change; 33] = [
        |place| place.destination.deletions = Deletions::Trash,
        |place| place.destination.deletions = Deletions::Mirror,
        |place| place.spec.sidecar = Sidecar::Xmp,
        |place| place.spec.source.libraries = vec![LibraryChoice::Shared],
        |place| place.spec.source.libraries.push(LibraryChoice::Named("x".to_owned())),
        |place| place.spec.versions.original = Want::No,
        |place| place.spec.versions.edited = Want::No,
        |place| place.spec.versions.adjustments = Want::Yes,
        |place| place.spec.filters = Filter::All(vec![]),
        |place| place.spec.filters = Filter::Any(vec![]),
        |place| place.spec.filters = Filter::Not(Box::new(Filter::Any(vec![]))),
        |place| place.spec.filters = Filter::Favorite(Favorite::Yes),
        |place| place.spec.filters = Filter::Favorite(Favorite::No),
        |place| {
            place.spec.filters = Filter::Size(SizeRange {
                min: Some(1),
                max: None,
            })
        },
        |place| {
            place.spec.filters = Filter::Size(SizeRange {
                min: None,
                max: Some(1),
            })
        },
        |place| place.spec.filters = Filter::Name(vec![NameGlob::parse("ab").unwrap()]),
        |place| place.spec.filters = Filter::Name(vec![NameGlob::parse("a").unwrap(), NameGlob::parse("b").unwrap()]),
        |place| place.spec.filters = Filter::Album(vec![NameGlob::parse("ab").unwrap()]),
        |place| place.destination.layout = Layout::parse("{album}/{name}").unwrap(),
        |place| place.spec.filters = Filter::Library(vec!["personal".to_owned()]),
        |place| place.spec.filters = Filter::Taken(Span { from: None, to: None }),
        |place| {
            let from = WrittenDate::parse("2020").map(|date| date.first());
            place.spec.filters = Filter::Taken(Span { from, to: None });
        },
        |place| {
            let from = WrittenDate::parse("2020").map(|date| date.first());
            place.spec.filters = Filter::Added(Span { from, to: None });
        },
        |place| place.destination.layout = Layout::parse("x/{name}").unwrap(),
        |place| place.destination.require_proof = Proof::ReadBack,
        |place| place.features.names = None,
        |place| place.features.max_size = Some(1),
        |place| place.features.traits.retain(|name| name != "replace"),
        |place| place.features.traits.push("immutable".to_owned()),
        |place| place.features.names.as_mut().unwrap().case_sensitive = false,
        |place| place.features.names.as_mut().unwrap().name_limit = 1,
        |place| place.features.names.as_mut().unwrap().forbidden.push(':'),
        |place| {
            place
                .features
                .attributes
                .push(("media-types".to_owned(), Value::Texts(vec![])))
        },
    ];
    let mut prints = HashSet::from([print(&place())]);
    for change in changes {
        let mut changed = place();
        change(&mut changed);
        prints.insert(print(&changed));
        assert_eq!(print(&changed), print(&changed));
    }
    assert_eq!(prints.len(), changes.len() + 1);
}

#[test]
fn what_plans_do_not_depend_on_leaves_it() {
    let before = print(&place());
    let mut other = place();
    other.spec.name = camroll_spec::SpecName::parse("other").expect("a name");
    other.spec.file = "other.yaml".into();
    other.spec.limits.destructive.max = 1;
    other.spec.schedule.timezone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    other.destination.existing = Existing::Ignore;
    other.features.commit_batch = 1;
    other.features.traits.reverse();
    other.features.checked_digests.push("sha256".to_owned());
    other.library.name = "Another name".to_owned();
    assert_eq!(print(&other), before);
}

#[test]
fn zone_and_libraries_count_only_where_they_are_used() {
    let berlin = || jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let changes: [fn(&mut Place); 2] = [
        |place| place.destination.layout = Layout::parse("{taken:%Y}/{name}").unwrap(),
        |place| place.spec.filters = Filter::Added(Span { from: None, to: None }),
    ];
    for change in changes {
        let mut place = place();
        change(&mut place);
        let before = print(&place);
        place.spec.schedule.timezone = berlin();
        assert_ne!(print(&place), before);
    }
    let mut place = place();
    place.destination.layout = Layout::parse("{library}/{name}").expect("a layout");
    let before = print(&place);
    place.library.name = "Another name".to_owned();
    assert_ne!(print(&place), before);
}

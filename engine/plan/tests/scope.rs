//! Which assets a spec takes.

mod support;

use camroll_model::*;
use camroll_plan::{OutReason, Scope, scope, unknown_albums};
use camroll_spec::{DateBound, Favorite, Filter, HiddenFilter, KindFilter, NameGlob, SizeRange, Span, WrittenDate};
use proptest::prelude::*;
use support::*;

fn look(asset: &Asset, filter: Filter) -> Scope {
    scope(asset, &[], &library(), &spec(filter))
}

fn takes(asset: &Asset, filter: Filter) -> bool {
    look(asset, filter) == Scope::In
}

fn span(from: Option<&str>, to: Option<&str>) -> Span {
    let date = |text: &str| WrittenDate::parse(text).expect("a date");
    Span {
        from: from.map(|text| date(text).first()),
        to: to.and_then(|text| date(text).after()),
    }
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

#[test]
fn a_date_is_compared_with_the_clock_of_the_place() {
    let mut asset = photo("a", "x.heic");
    asset.taken = Some(at("2020-12-31T23:30:00Z"));
    let in_2020 = || Filter::Taken(span(Some("2020"), Some("2020")));
    asset.taken_offset = Some(0);
    assert!(takes(&asset, in_2020()));
    asset.taken_offset = Some(3_600);
    assert!(!takes(&asset, in_2020()));
    asset.taken_offset = None;
    let mut spec = spec(in_2020());
    assert_eq!(scope(&asset, &[], &library(), &spec), Scope::In);
    spec.schedule.timezone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    assert!(matches!(
        scope(&asset, &[], &library(), &spec),
        Scope::Out(OutReason::Filtered(_))
    ));
    // With an offset it is a point in time, wherever it was taken.
    asset.taken_offset = Some(50_000);
    assert!(takes(&asset, Filter::Taken(span(None, Some("2020-12-31T23:30:00Z")))));
    assert!(!takes(&asset, Filter::Taken(span(None, Some("2020-12-31T23:29:59Z")))));
}

#[test]
fn the_first_moment_is_in_and_the_first_after_is_out() {
    let mut asset = photo("a", "x.heic");
    asset.taken_offset = Some(0);
    let taken = |time: &str, from: Option<&str>, to: Option<&str>| {
        let mut asset = asset.clone();
        asset.taken = Some(at(time));
        takes(&asset, Filter::Taken(span(from, to)))
    };
    assert!(taken("2020-01-01T00:00:00Z", Some("2020"), None));
    assert!(!taken("2019-12-31T23:59:59.999999999Z", Some("2020"), None));
    assert!(taken("2020-12-31T23:59:59.999999999Z", None, Some("2020")));
    assert!(!taken("2021-01-01T00:00:00Z", None, Some("2020")));
}

#[test]
fn a_photo_without_a_date_passes_no_taken_filter_and_every_exclusion_by_one() {
    let mut asset = photo("a", "x.heic");
    for taken in [
        None,
        Some(Instant {
            seconds: i64::MAX,
            nanoseconds: 0,
        }),
    ] {
        asset.taken = taken;
        let any_time = || Filter::Taken(Span { from: None, to: None });
        assert_eq!(look(&asset, any_time()), Scope::Out(OutReason::NoDate));
        assert_eq!(
            look(&asset, Filter::Any(vec![any_time(), any_time()])),
            Scope::Out(OutReason::NoDate)
        );
        assert_eq!(
            look(&asset, Filter::All(vec![any_time()])),
            Scope::Out(OutReason::NoDate)
        );
        assert!(takes(&asset, not(any_time())));
        let or_favorite = Filter::Any(vec![any_time(), Filter::Favorite(Favorite::Yes)]);
        assert!(matches!(look(&asset, or_favorite), Scope::Out(OutReason::Filtered(_))));
    }
}

#[test]
fn what_is_not_known_fails_its_filter() {
    let mut asset = photo("a", "x.heic");
    (asset.name, asset.added, asset.resources[0].size) = (None, None, None);
    for filter in [
        Filter::Name(vec![NameGlob::parse("*").expect("a pattern")]),
        Filter::Added(Span { from: None, to: None }),
        Filter::Size(SizeRange { min: None, max: None }),
    ] {
        assert!(!takes(&asset, filter.clone()), "{filter:?}");
        assert!(takes(&asset, not(filter)));
    }
}

#[test]
fn size_is_that_of_the_original() {
    let mut asset = edited(photo("a", "x.heic"), "brighter");
    asset.resources[0].size = Some(100);
    asset.resources[1].size = Some(5);
    let between = |min, max| Filter::Size(SizeRange { min, max });
    assert!(takes(&asset, between(Some(100), Some(100))));
    assert!(!takes(&asset, between(Some(101), None)));
    assert!(!takes(&asset, between(None, Some(99))));
}

#[test]
fn hidden_items_are_out_unless_the_spec_says_otherwise() {
    let mut asset = photo("a", "x.heic");
    assert!(takes(&asset, Filter::everything()));
    assert!(!takes(&asset, Filter::Hidden(HiddenFilter::Only)));
    asset.hidden = true;
    assert_eq!(look(&asset, Filter::everything()), Scope::Out(OutReason::Hidden));
    assert_eq!(
        look(&asset, not(Filter::Hidden(HiddenFilter::Only))),
        Scope::Out(OutReason::Hidden)
    );
    assert!(takes(&asset, Filter::Hidden(HiddenFilter::Include)));
    assert!(takes(&asset, Filter::Hidden(HiddenFilter::Only)));
}

#[test]
fn kinds_are_what_kind_traits_and_files_say() {
    let mut asset = photo("a", "x.heic");
    let kinds = |asset: &Asset| -> Vec<&'static str> {
        let all = KindFilter::ALL.iter();
        all.filter(|(kind, _)| takes(asset, Filter::Kind(vec![*kind])))
            .map(|(_, word)| *word)
            .collect()
    };
    assert_eq!(kinds(&asset), ["photo"]);
    assert_eq!(kinds(&live_photo("a", "x.heic")), ["photo", "live-photo"]);
    asset.kind = AssetKind::Video;
    asset.traits = ["slo-mo", "live"].map(str::to_owned).to_vec();
    assert_eq!(kinds(&asset), ["video", "slo-mo"]);
    asset.kind = AssetKind::Other;
    asset.traits.clear();
    assert_eq!(kinds(&asset), ["other"]);
    asset.kind = AssetKind::Photo;
    asset
        .resources
        .push(resource("r", Role::Alternate, "image/x-adobe-dng", "raw"));
    assert_eq!(kinds(&asset), ["photo", "raw"]);
    asset.resources[1].role = Role::Preview;
    assert_eq!(kinds(&asset), ["photo"]);
    for word in [
        "raw",
        "screenshot",
        "panorama",
        "portrait",
        "burst",
        "time-lapse",
        "animated",
        "spatial",
    ] {
        asset.traits = vec![word.to_owned()];
        assert_eq!(kinds(&asset), ["photo", word]);
    }
    assert!(takes(&asset, Filter::Kind(vec![KindFilter::Video, KindFilter::Photo])));
}

#[test]
fn libraries_by_kind_or_by_shown_name() {
    let asset = photo("a", "x.heic");
    let one_of = |names: &[&str]| Filter::Library(names.iter().map(|name| (*name).to_owned()).collect());
    assert!(takes(&asset, one_of(&["personal"])));
    assert!(takes(&asset, one_of(&["shared", "Personal Library"])));
    assert!(!takes(&asset, one_of(&["shared"])));
}

#[test]
fn the_reason_names_the_filter() {
    let asset = photo("a", "x.heic");
    let filter = Filter::All(vec![
        Filter::Kind(vec![KindFilter::Photo]),
        not(Filter::Name(vec![NameGlob::parse("x.*").expect("a pattern")])),
    ]);
    let Scope::Out(reason) = look(&asset, filter) else {
        panic!("taken")
    };
    assert_eq!(reason.sentence(), "A filter doesn't take it: not (name: x.*).");
    let Scope::Out(reason) = look(&asset, Filter::Taken(span(Some("2014"), Some("2020-12-31")))) else {
        panic!("taken")
    };
    assert_eq!(
        reason.sentence(),
        "A filter doesn't take it: taken from 2014-01-01T00:00:00, before 2021-01-01T00:00:00."
    );
    let long = Filter::Library(vec!["é".repeat(50); 50]);
    let Scope::Out(OutReason::Filtered(words)) = look(&asset, long) else {
        panic!("taken")
    };
    assert_eq!(words.chars().count(), 300);
}

#[test]
fn no_list_holds_nothing_and_no_condition_holds_all() {
    let asset = photo("a", "x.heic");
    assert!(takes(&asset, Filter::All(Vec::new())));
    assert!(!takes(&asset, Filter::Any(Vec::new())));
}

fn bound() -> impl Strategy<Value = Option<DateBound>> {
    proptest::option::of(
        (-3_000_000_000..3_000_000_000_i64, any::<bool>()).prop_map(|(seconds, civil)| {
            let time = jiff::Timestamp::from_second(seconds).expect("in the calendar");
            if civil {
                DateBound::Civil(jiff::tz::Offset::UTC.to_datetime(time))
            } else {
                DateBound::Instant(time)
            }
        }),
    )
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let span = || (bound(), bound()).prop_map(|(from, to)| Span { from, to });
    let leaf = prop_oneof![
        span().prop_map(Filter::Taken),
        span().prop_map(Filter::Added),
        proptest::sample::subsequence(KindFilter::ALL.map(|(kind, _)| kind).to_vec(), 0..4).prop_map(Filter::Kind),
        "[ab*?]{1,3}".prop_map(|glob| Filter::Name(vec![NameGlob::parse(&glob).expect("a pattern")])),
        (proptest::option::of(0..9_u64), proptest::option::of(0..9_u64))
            .prop_map(|(min, max)| Filter::Size(SizeRange { min, max })),
        any::<bool>().prop_map(|yes| Filter::Favorite(if yes { Favorite::Yes } else { Favorite::No })),
        (0..3_usize).prop_map(|which| {
            Filter::Hidden([HiddenFilter::Include, HiddenFilter::Only, HiddenFilter::Exclude][which])
        }),
        proptest::sample::subsequence(vec!["personal".to_owned(), "shared".to_owned()], 0..3).prop_map(Filter::Library),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::All),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::Any),
            inner.prop_map(not),
        ]
    })
}

prop_compose! {
    fn any_asset()(
        taken in proptest::option::of(any::<(i64, u32)>()),
        near in any::<bool>(),
        offset in proptest::option::of(any::<i32>()),
        added in proptest::option::of(-3_000_000_000..3_000_000_000_i64),
        kind in 0..3_usize,
        traits in proptest::sample::subsequence(vec!["live", "raw", "burst", "spatial"], 0..3),
        name in proptest::option::of("[ab]{0,3}"),
        size in proptest::option::of(0..9_u64),
        (favorite, hidden) in any::<(bool, bool)>(),
    ) -> Asset {
        let mut asset = photo("a", "x");
        asset.taken = taken.map(|(seconds, nanoseconds)| match near {
            true => Instant { seconds: seconds % 3_000_000_000, nanoseconds: nanoseconds % 1_000_000_000 },
            false => Instant { seconds, nanoseconds },
        });
        asset.taken_offset = offset.map(|offset| if near { offset % 50_000 } else { offset });
        asset.added = added.map(|seconds| Instant { seconds, nanoseconds: 0 });
        asset.kind = [AssetKind::Photo, AssetKind::Video, AssetKind::Other][kind];
        asset.traits = traits.into_iter().map(str::to_owned).collect();
        asset.name = name;
        asset.resources[0].size = size;
        (asset.favorite, asset.hidden) = (favorite, hidden);
        asset
    }
}

proptest! {
    #[test]
    fn not_turns_every_filter_round(asset in any_asset(), filter in any_filter()) {
        prop_assert_eq!(takes(&asset, not(filter.clone())), !takes(&asset, filter.clone()));
        prop_assert_eq!(takes(&asset, not(not(filter.clone()))), takes(&asset, filter));
    }

    #[test]
    fn all_and_any_are_what_they_say(asset in any_asset(), filters in proptest::collection::vec(any_filter(), 0..5)) {
        let each: Vec<bool> = filters.iter().map(|filter| takes(&asset, filter.clone())).collect();
        prop_assert_eq!(takes(&asset, Filter::All(filters.clone())), each.iter().all(|holds| *holds));
        prop_assert_eq!(takes(&asset, Filter::Any(filters.clone())), each.iter().any(|holds| *holds));
        let turned = |filters: &[Filter]| filters.iter().cloned().map(not).collect::<Vec<_>>();
        prop_assert_eq!(
            takes(&asset, not(Filter::All(filters.clone()))),
            takes(&asset, Filter::Any(turned(&filters)))
        );
    }

    #[test]
    fn the_reason_is_the_same_each_time_and_bounded(asset in any_asset(), filter in any_filter()) {
        let first = look(&asset, filter.clone());
        prop_assert_eq!(&first, &look(&asset, filter));
        if let Scope::Out(OutReason::Filtered(words)) = first {
            prop_assert!(words.chars().count() <= 300);
        }
    }
}

#[test]
fn albums_go_by_their_whole_names() {
    let asset = photo("a", "x.heic");
    let takes = |albums: &[AlbumPath], patterns: &[&str]| {
        let globs = patterns.iter().map(|text| NameGlob::parse(text).expect("a pattern"));
        let spec = spec(Filter::Album(globs.collect()));
        scope(&asset, albums, &library(), &spec) == Scope::In
    };
    let rome = [AlbumPath::within(&["Trips", "Italy"], "Roma / été")];
    for pattern in [
        "Trips/Italy/Roma / été",
        "trips/*",
        "Trips/Italy/*",
        "*été",
        "Trips/{Italy,France}/*",
    ] {
        assert!(takes(&rome, &[pattern]), "{pattern}");
    }
    // An album in a folder isn't called by its own name alone, nor is the folder an album.
    for pattern in ["Roma / été", "Trips", "Trips/Italy", "Italy/*", "Tri"] {
        assert!(!takes(&rome, &[pattern]), "{pattern}");
    }
    let two = [album("Selects"), album("Other")];
    assert!(takes(&two, &["nothing", "selects"]));
    assert!(!takes(&[], &["*"]));
    // As a service may tell it, with the accent as a character of its own.
    assert!(takes(&[album("e\u{301}te\u{301}")], &["été"]));
    let out = scope(
        &asset,
        &two,
        &library(),
        &spec(not(Filter::Album(vec![NameGlob::parse("Sel*").expect("a pattern")]))),
    );
    assert_eq!(out, Scope::Out(OutReason::Filtered("not (album: Sel*)".to_owned())));
}

#[test]
fn a_pattern_that_no_album_fits_is_named() {
    let pattern = |texts: &[&str]| {
        let globs = texts.iter().map(|text| NameGlob::parse(text).expect("a pattern"));
        Filter::Album(globs.collect())
    };
    let filters = Filter::All(vec![
        pattern(&["Selcets", "Trips/*"]),
        not(Filter::Any(vec![pattern(&["Privat"]), pattern(&["Work"])])),
    ]);
    let albums = [AlbumPath::within(&["Trips"], "Rome"), album("Selects"), album("Work")];
    assert_eq!(unknown_albums(&filters, &albums), ["Selcets", "Privat"]);
}

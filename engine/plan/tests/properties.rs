//! What holds for every plan, whatever the source tells and whatever a place can hold.

mod support;

use std::collections::{BTreeMap, HashSet};

use camroll_model::*;
use camroll_plan::{AssetPlan, FoldedPath, Holder, Presence, Scope, Shelf, fold, plan_asset, relayout, scope};
use camroll_spec::{Deletions, Filter, Layout, NameGlob};
use proptest::prelude::*;
use support::*;

const LAYOUTS: [&str; 11] = [
    "{taken:%Y}/{taken:%m}/{name}",
    "{name}",
    "{stem}.{ext}",
    "{taken:%Y%m%d}",
    "{camera}/{kind}/{stem}_{taken:%H:%M}.{ext}",
    "{ext}/{name}",
    "{album}/{name}",
    "{kind}/{album}/{album}-{stem}.{ext}",
    "{id8}.{ext}",
    "{name}.bak",
    ".{stem}/{library}/{favorite}-{id}",
];

const TYPES: [&str; 6] = [
    "image/heic",
    "image/jpeg",
    "video/quicktime",
    "image/x-adobe-dng",
    "application/octet-stream",
    "application/x-apple-aae",
];

const ROLES: [Role; 8] = [
    Role::Original,
    Role::PairedVideo,
    Role::Alternate,
    Role::Edited,
    Role::EditedPairedVideo,
    Role::Adjustment,
    Role::Preview,
    Role::Sidecar,
];

/// Names that clash, names of every script, names that mean harm.
fn any_name() -> impl Strategy<Value = Option<String>> {
    let odd = [
        "IMG_1.HEIC",
        "img_1.heic",
        "IMG_1.MOV",
        "IMG_1-edited.HEIC",
        "IMG_1",
        ".",
        "..",
        "",
        " ",
        "../../etc/passwd",
        "/abs.jpg",
        ".camroll",
        ".CamRoll/manifest",
        "con.jpg",
        "NUL",
        "a\0b.jpg",
        "a\nb.jpg",
        "x\u{202e}gpj.exe",
        "é.jpg",
        "e\u{301}.jpg",
        "👨‍👩‍👧.heic",
        "写真.HEIC",
        "фото.MOV",
        "صورة.jpg",
        "תמונה.jpg",
        "\u{e01}\u{e31}.png",
        "a:b?.jpg",
        "trail. ",
        "...",
        "a.b.c",
        "\u{200b}",
        "\u{1e911}.jpg",
        "x.",
        "-x.jpg",
        "~x.jpg",
    ];
    let any_long = ("\\PC{1,4}", 1..120_usize).prop_map(|(text, times)| text.repeat(times) + ".HEIC");
    proptest::option::weighted(
        0.95,
        prop_oneof![
            6 => proptest::sample::select(odd.to_vec()).prop_map(str::to_owned),
            2 => any::<String>(),
            1 => any_long,
        ],
    )
}

fn any_rules() -> impl Strategy<Value = Option<NameRules>> {
    let rules = (
        proptest::sample::select(vec!["", "<>:\"\\|?*", "_", "／_-", "ab1"]),
        proptest::sample::select(vec!["", "-~", "."]),
        proptest::sample::select(vec!["", ". ", "CV"]),
        any::<bool>(),
        0..3_usize,
        prop_oneof![Just(0_u32), Just(255), 1..60_u32, 60..140_u32],
        prop_oneof![Just(0_u32), Just(3_800), 1..90_u32, 90..200_u32],
        any::<bool>(),
    );
    let rules = rules.prop_map(
        |(forbidden, first, last, case_sensitive, form, name_limit, path_limit, bytes)| NameRules {
            forbidden: forbidden.to_owned(),
            forbidden_first: first.to_owned(),
            forbidden_last: last.to_owned(),
            reserved: ["CON", "NUL", "IMG_1"].map(str::to_owned).to_vec(),
            case_sensitive,
            unicode: [UnicodeForm::Nfc, UnicodeForm::Nfd, UnicodeForm::Keep][form],
            name_limit,
            path_limit,
            limits_in: if bytes { LimitUnit::Bytes } else { LimitUnit::Utf16 },
            duplicates: false,
        },
    );
    prop_oneof![1 => Just(None), 5 => Just(Some(support::rules())), 5 => Just(Some(windows())), 9 => rules.prop_map(Some)]
}

fn any_resource() -> impl Strategy<Value = Resource> {
    (
        0..6_u8,
        proptest::sample::select(ROLES.to_vec()),
        proptest::sample::select(TYPES.to_vec()),
        0..4_u8,
        proptest::option::weighted(0.2, any_name()),
        proptest::bool::weighted(0.85),
        any::<bool>(),
    )
        .prop_map(|(id, role, media_type, content, name, available, digested)| {
            let mut resource = resource(&format!("r{id}"), role, media_type, &format!("content {content}"));
            resource.name = name.flatten();
            resource.available = available;
            if !digested {
                resource.digests.clear();
            }
            resource
        })
}

fn any_asset(id: usize) -> impl Strategy<Value = Asset> {
    (
        any_name(),
        proptest::collection::vec(any_resource(), 0..6),
        proptest::option::of(prop_oneof![3 => 0..2_000_000_000_i64, 1 => any::<i64>()]),
        proptest::option::of(prop_oneof![3 => -50_000..50_000_i32, 1 => any::<i32>()]),
        proptest::option::weighted(0.3, any_name()),
        any::<(bool, bool)>(),
    )
        .prop_map(
            move |(name, resources, taken, taken_offset, camera, (live, favorite))| {
                let mut asset = photo(&format!("asset {id}"), "x");
                (asset.name, asset.resources, asset.taken_offset, asset.favorite) =
                    (name, resources, taken_offset, favorite);
                asset.taken = taken.map(|seconds| Instant {
                    seconds,
                    nanoseconds: 0,
                });
                if live {
                    asset.traits.push("live".to_owned());
                }
                if let Some(camera) = camera.flatten() {
                    asset.attributes.push(("camera".to_owned(), Value::Text(camera)));
                }
                asset
            },
        )
}

fn any_assets() -> impl Strategy<Value = Vec<Asset>> {
    (any_asset(0), any_asset(1), any_asset(2), any_asset(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

/// What albums and their folders are called is as odd as what photos are.
fn any_albums() -> impl Strategy<Value = Vec<AlbumPath>> {
    let name = || any_name().prop_map(Option::unwrap_or_default);
    let album = (proptest::collection::vec(name(), 0..4), name()).prop_map(|(folders, name)| {
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        AlbumPath::within(&folders, &name)
    });
    proptest::collection::vec(album, 0..4)
}

fn any_place() -> impl Strategy<Value = Place> {
    (
        proptest::sample::select(LAYOUTS.to_vec()),
        any_rules(),
        any::<bool>(),
        proptest::bool::weighted(0.8),
        proptest::option::weighted(0.1, 0..12_u64),
        any_albums(),
    )
        .prop_map(|(layout, names, adjustments, replaces, max_size, albums)| {
            let mut place = Place::new(layout, rules());
            place.albums = albums;
            place.features = features(names);
            place.features.max_size = max_size;
            if adjustments {
                place.spec = with_adjustments(place.spec);
            }
            if !replaces {
                place.features.traits.clear();
            }
            place
        })
}

fn wanted(place: &Place, asset: &Asset) -> HashSet<ResourceId> {
    let versions = &place.spec.versions;
    let mut seen = HashSet::new();
    let first = asset.resources.iter().filter(|resource| seen.insert(&resource.id));
    first
        .filter(|resource| match resource.role {
            Role::Original | Role::PairedVideo | Role::Alternate => versions.original.is_yes(),
            Role::Edited | Role::EditedPairedVideo => versions.edited.is_yes(),
            Role::Adjustment => versions.adjustments.is_yes(),
            _ => false,
        })
        .map(|resource| resource.id.clone())
        .collect()
}

/// What every plan keeps to.
fn check(place: &Place, asset: &Asset, plan: &AssetPlan) -> Result<(), TestCaseError> {
    let of = place.of(asset);
    let rules = place.features.names.as_ref();
    let mut there: HashSet<FoldedPath> = HashSet::new();
    let mut told: Vec<ResourceId> = Vec::new();
    for action in &plan.actions {
        let file = match action {
            Action::Put { file, .. } => {
                if let Some(rules) = rules {
                    let taken = of
                        .iter()
                        .filter_map(Placement::path)
                        .any(|path| fold(path, rules) == fold(&file.path, rules));
                    prop_assert!(!taken, "{} is there", file.path);
                }
                file
            }
            Action::Replace { file, placed, .. } => {
                prop_assert!(matches!(
                    file.role,
                    Role::Edited | Role::EditedPairedVideo | Role::Adjustment
                ));
                prop_assert!(placed.ownership != Ownership::Found && of.contains(placed));
                prop_assert_eq!(placed.role, file.role);
                prop_assert!(place.features.has_trait("replace"));
                if let Some(path) = placed.path() {
                    prop_assert_eq!(path, &file.path);
                }
                file
            }
            Action::Remove { .. } => return Err(TestCaseError::fail("nothing is removed yet")),
        };
        told.push(file.resource.clone());
        prop_assert!(
            asset
                .resource(&file.resource)
                .is_some_and(|resource| resource.available)
        );
        for (depth, part) in file.path.split('/').enumerate() {
            prop_assert!(!part.is_empty() && part != "." && part != "..", "{:?}", file.path);
            prop_assert!(!part.contains(char::is_control), "{:?}", file.path);
            prop_assert!(depth > 0 || !part.to_lowercase().starts_with(".camroll") || part.len() > ".camroll".len());
            if let Some(rules) = rules {
                prop_assert!(!part.contains(|c| rules.forbidden.contains(c)), "{:?}", part);
                prop_assert!(!part.starts_with(|c| rules.forbidden_first.contains(c)), "{:?}", part);
                prop_assert!(!part.ends_with(|c| rules.forbidden_last.contains(c)), "{:?}", part);
                prop_assert!(
                    rules.name_limit == 0 || length(part, rules) <= rules.name_limit as usize,
                    "{:?}",
                    part
                );
            }
        }
        if let Some(rules) = rules {
            prop_assert!(rules.path_limit == 0 || length(&file.path, rules) <= rules.path_limit as usize);
            let folded = fold(&file.path, rules);
            let holder = place.holder(&folded);
            let us = Holder::Asset {
                source: source(),
                asset: asset.id.clone(),
            };
            prop_assert!(holder.is_none_or(|holder| holder == us), "{} is another's", file.path);
            prop_assert!(there.insert(folded), "{} twice", file.path);
        }
    }
    told.extend(plan.satisfied.iter().cloned());
    prop_assert_eq!(plan.satisfied.len(), plan.already.len());
    told.extend(plan.waiting.iter().map(|waiting| waiting.resource.clone()));
    told.extend(plan.skipped.iter().map(|skipped| skipped.resource.clone()));
    let once: HashSet<ResourceId> = told.iter().cloned().collect();
    prop_assert_eq!(once.len(), told.len());
    prop_assert_eq!(told.len(), plan.wanted());
    prop_assert_eq!(once, wanted(place, asset));

    // Every placement is used, replaced or kept, and that once.
    let mut indices: Vec<usize> = plan.already.clone();
    indices.extend(plan.kept.iter().map(|kept| kept.placement));
    for action in &plan.actions {
        if let Action::Replace { placed, .. } = action {
            indices.extend(of.iter().position(|known| known == &**placed));
        }
    }
    indices.sort_unstable();
    prop_assert_eq!(indices, (0..of.len()).collect::<Vec<_>>());
    Ok(())
}

fn length(text: &str, rules: &NameRules) -> usize {
    match rules.limits_in {
        LimitUnit::Bytes => text.len(),
        LimitUnit::Utf16 => text.encode_utf16().count(),
    }
}

fn sync_all(place: &mut Place, assets: &[Asset]) -> Result<(), TestCaseError> {
    for asset in assets {
        let plan = place.plan(asset);
        check(place, asset, &plan)?;
        prop_assert_eq!(&place.plan(asset), &plan, "not the same twice");
        place.carry_out(asset, &plan);
    }
    // Nothing is left to do, and nothing was moved by those who came later.
    for asset in assets {
        let again = place.plan(asset);
        prop_assert_eq!(&again.actions, &vec![]);
        check(place, asset, &again)?;
    }
    let rules = place.features.names.clone();
    if let Some(rules) = rules {
        let folded: HashSet<FoldedPath> = place.paths().into_iter().map(|path| fold(path, &rules)).collect();
        prop_assert_eq!(folded.len(), place.placements.len());
    }
    Ok(())
}

fn own(place: &mut Place, ownerships: &[Ownership]) {
    for (placement, ownership) in place.placements.iter_mut().zip(ownerships.iter().cycle()) {
        placement.ownership = *ownership;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn plans_keep_to_the_rules_and_come_to_an_end(place in any_place(), assets in any_assets()) {
        let mut place = place;
        sync_all(&mut place, &assets)?;
    }

    #[test]
    fn so_they_do_after_every_change(
        place in any_place(), first in any_assets(), second in any_assets(), third in any_assets(),
        layout in proptest::sample::select(LAYOUTS.to_vec()),
        ownerships in proptest::collection::vec(proptest::sample::select(vec![Ownership::Ours, Ownership::Adopted, Ownership::Found]), 1..5),
    ) {
        let mut place = place;
        sync_all(&mut place, &first)?;
        own(&mut place, &ownerships);
        let before: BTreeMap<String, Placement> = originals(&place);
        sync_all(&mut place, &second)?;
        own(&mut place, &ownerships);
        place.destination.layout = Layout::parse(layout).expect("a layout");
        sync_all(&mut place, &third)?;
        // Originals are as they were, where they were.
        let after = originals(&place);
        for (path, placement) in &before {
            prop_assert_eq!(after.get(path).map(|now| &now.version), Some(&placement.version));
        }
    }

    #[test]
    fn what_moves_between_albums_stays_where_it_is(place in any_place(), assets in any_assets(), then in any_albums()) {
        let mut place = place;
        sync_all(&mut place, &assets)?;
        let before = place.placements.clone();
        place.albums = then;
        // What had no name that fits may have one now. Nothing else is sent, or sent once more.
        sync_all(&mut place, &assets)?;
        prop_assert_eq!(&place.placements[..before.len()], &before[..]);
        let files = place.placements.iter().map(|placement| (&placement.asset, &placement.resource));
        let once: HashSet<_> = files.collect();
        prop_assert_eq!(once.len(), place.placements.len());
        let there = place.placements.len();
        // Moved because a person asked, it is where a first sync would have put it, and stays there.
        for asset in &assets {
            for moved in moves(&place, asset) {
                let index = place.placements.iter().position(|known| *known == moved.0).expect("it is there");
                place.placements[index].entry.target = Target::at(moved.1);
            }
            prop_assert_eq!(moves(&place, asset), vec![]);
        }
        prop_assert_eq!(place.placements.len(), there);
        for asset in &assets {
            prop_assert_eq!(&place.plan(asset).actions, &vec![]);
        }
    }

    #[test]
    fn a_photo_is_in_an_album_or_it_is_not(asset in any_asset(0), albums in any_albums(), pattern in proptest::sample::select(vec!["*", "NUL", "IMG*", "*/*", "é.jpg"])) {
        let line = || Filter::Album(vec![NameGlob::parse(pattern).expect("a pattern")]);
        let takes = |albums: &[AlbumPath], filter: Filter| scope(&asset, albums, &library(), &spec(filter)) == Scope::In;
        let taken = takes(&albums, line());
        prop_assert!(taken != takes(&albums, Filter::Not(Box::new(line()))));
        // The order in which they are told means nothing, and each counts by itself.
        let turned: Vec<AlbumPath> = albums.iter().rev().cloned().collect();
        prop_assert_eq!(taken, takes(&turned, line()));
        prop_assert_eq!(taken, albums.iter().any(|album| takes(std::slice::from_ref(album), line())));
    }

    #[test]
    fn the_order_in_which_files_are_told_does_not_matter(place in any_place(), asset in any_asset(0)) {
        let mut ids = HashSet::new();
        let mut asset = asset;
        asset.resources.retain(|resource| ids.insert(resource.id.clone()));
        let mut turned = asset.clone();
        turned.resources.reverse();
        // The asset's name is the first original's where it has none of its own.
        prop_assume!(asset.resources.iter().filter(|resource| resource.role == Role::Original).count() <= 1);
        prop_assert_eq!(place.plan(&asset), place.plan(&turned));
    }

    #[test]
    fn what_left_keeps_all_and_does_nothing(place in any_place(), assets in any_assets()) {
        let mut place = place;
        sync_all(&mut place, &assets)?;
        for asset in &assets {
            let of = place.of(asset);
            let plan = plan_asset(Presence::Gone(Departure::Trashed), asset, &place.albums, &source(), &place.wish(), &of, &place);
            prop_assert!(plan.scope == Scope::Gone);
            prop_assert_eq!((plan.wanted(), plan.kept.len()), (0, of.len()));
        }
    }

    #[test]
    fn what_was_deleted_goes_or_stays_and_only_what_is_ours_goes(place in any_place(), assets in any_assets(), found in proptest::collection::vec(any::<bool>(), 1..4), departure in prop::sample::select(vec![Departure::Trashed, Departure::Expunged, Departure::Moved, Departure::Unknown])) {
        let mut place = place;
        place.destination.deletions = Deletions::Mirror;
        sync_all(&mut place, &assets)?;
        for (placement, found) in place.placements.iter_mut().zip(found.iter().cycle()) {
            if *found {
                placement.ownership = Ownership::Found;
            }
        }
        for asset in &assets {
            let of = place.of(asset);
            let plan = plan_asset(Presence::Gone(departure), asset, &place.albums, &source(), &place.wish(), &of, &place);
            prop_assert_eq!(plan.actions.len() + plan.kept.len(), of.len());
            prop_assert!(plan.kept.iter().all(|kept| kept.placement < of.len()));
            for action in &plan.actions {
                let Action::Remove { placed, .. } = action else { panic!("{action:?}") };
                prop_assert!(placed.ownership != Ownership::Found && of.contains(placed));
                prop_assert!(matches!(departure, Departure::Trashed | Departure::Expunged));
                prop_assert!(of.iter().enumerate().filter(|(_, one)| *one == &**placed).all(|(index, _)| plan.kept.iter().all(|kept| kept.placement != index)));
            }
        }
    }

    #[test]
    fn a_destination_that_tells_wrong_paths_leads_nowhere(place in any_place(), assets in any_assets(), then in any_assets(), paths in proptest::collection::vec(any_name(), 1..4)) {
        let mut place = place;
        sync_all(&mut place, &assets)?;
        for (placement, path) in place.placements.iter_mut().zip(paths.iter().cycle()) {
            placement.entry.target.path.clone_from(path);
        }
        for asset in &then {
            let plan = place.plan(asset);
            for action in &plan.actions {
                let (Action::Put { file, .. } | Action::Replace { file, .. }) = action else { continue };
                let first = file.path.split('/').next().unwrap_or_default();
                if place.features.names.is_some() {
                    prop_assert!(!first.to_lowercase().trim_end_matches(['.', ' ']).eq(".camroll"), "{:?}", file.path);
                    prop_assert!(file.path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(char::is_control)), "{:?}", file.path);
                }
            }
        }
    }

    #[test]
    fn a_shelf_that_is_full_ends_too(asset in any_asset(0), place in any_place()) {
        struct Full;
        impl Shelf for Full {
            fn holder(&self, _: &FoldedPath) -> Option<Holder> {
                Some(Holder::Foreign)
            }
        }
        let plan = plan_asset(Presence::Here, &asset, &[], &source(), &place.wish(), &[], &Full);
        if place.features.names.is_some() {
            prop_assert_eq!(&plan.actions, &vec![]);
        }
        prop_assert_eq!(plan.wanted(), wanted(&place, &asset).len());
    }
}

/// What would be moved, and where to.
fn moves(place: &Place, asset: &Asset) -> Vec<(Placement, String)> {
    let of = place.of(asset);
    relayout(
        Presence::Here,
        asset,
        &place.albums,
        &source(),
        &place.wish(),
        &of,
        place,
    )
    .into_iter()
    .map(|one| (of[one.placement].clone(), one.path))
    .collect()
}

/// Files of originals by where they are.
fn originals(place: &Place) -> BTreeMap<String, Placement> {
    place
        .placements
        .iter()
        .filter(|placement| matches!(placement.role, Role::Original | Role::PairedVideo | Role::Alternate))
        .filter_map(|placement| Some((placement.path()?.to_owned(), placement.clone())))
        .collect()
}

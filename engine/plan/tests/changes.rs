//! What happens when the source changes after files were placed.

mod support;

use camroll_model::*;
use camroll_plan::{
    FoldedPath, Holder, KeptWhy, NoteCode, Presence, RemovesNothing, Scope, Shelf, plan_asset, removes_nothing,
};
use camroll_spec::{Deletions, Favorite, Filter, Layout, NameGlob, Want};
use support::*;

fn place_with(asset: &Asset) -> Place {
    let mut place = Place::new("{taken:%Y}/{name}", rules());
    place.sync(asset);
    place
}

#[test]
fn what_is_there_is_not_planned_again() {
    let asset = edited(live_photo("a", "IMG_1.HEIC"), "brighter");
    let plan = place_with(&asset).plan(&asset);
    assert_eq!((plan.actions.len(), plan.already.len(), plan.wanted()), (0, 3, 3));
    assert_eq!((plan.kept, plan.noted), (vec![], vec![]));
}

#[test]
fn a_new_version_of_equal_bytes_is_satisfied() {
    let mut asset = photo("a", "IMG_1.HEIC");
    let place = place_with(&asset);
    asset.resources[0].version = "told anew".to_owned();
    assert_eq!(place.plan(&asset).actions, []);

    // A checksum that anything could have is not enough.
    let weak = Digest {
        algorithm: Algorithm::Crc32,
        value: vec![1, 2, 3, 4],
    };
    asset.resources[0].digests = vec![weak.clone()];
    let mut weakly = place.clone();
    weakly.placements[0].digests = vec![weak];
    assert_eq!(weakly.plan(&asset).actions.len(), 1);

    // Nor is an equal digest where another one differs.
    asset.resources[0].digests = place.placements[0].digests.clone();
    let other = |value| Digest {
        algorithm: Algorithm::Sha256,
        value: vec![value],
    };
    asset.resources[0].digests.push(other(1));
    let mut differs = place.clone();
    differs.placements[0].digests.push(other(2));
    assert_eq!(differs.plan(&asset).actions.len(), 1);
}

#[test]
fn a_re_edit_replaces_ours_in_its_place() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let mut place = place_with(&asset);
    let asset = edited(asset, "darker");
    let plan = place.sync(&asset);
    let [Action::Replace { file, placed, reason }] = &plan.actions[..] else {
        panic!("{:?}", plan.actions)
    };
    assert_eq!(
        (file.path.as_str(), reason),
        ("2024/IMG_1-edited.JPG", &Reason::Reedited)
    );
    assert_eq!(placed.version, "brighter");
    assert_eq!(place.plan(&asset).actions, []);
    assert_eq!(place.placements.len(), 2);
}

#[test]
fn a_re_edit_goes_beside_what_is_not_ours_to_replace() {
    let first = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let second = edited(first.clone(), "darker");

    let mut found = place_with(&first);
    found.placements[1].ownership = Ownership::Found;
    let mut fixed = place_with(&first);
    fixed.features.traits.push("immutable".to_owned());
    let mut unable = place_with(&first);
    unable.features.traits.clear();
    for mut place in [found, fixed, unable] {
        let plan = place.sync(&second);
        let [
            Action::Put {
                file,
                reason: Reason::Reedited,
            },
        ] = &plan.actions[..]
        else {
            panic!("{:?}", plan.actions)
        };
        assert!(
            file.path.starts_with("2024/IMG_1-edited-") && file.path.ends_with(".JPG"),
            "{}",
            file.path
        );
        assert_eq!(plan.noted[0].code, NoteCode::StoredBeside);
        let again = place.plan(&second);
        assert_eq!(again.actions, []);
        assert_eq!(
            again.kept.iter().map(|kept| kept.why).collect::<Vec<_>>(),
            [KeptWhy::Superseded]
        );
    }

    let mut adopted = place_with(&first);
    adopted.placements[1].ownership = Ownership::Adopted;
    assert!(adopted.plan(&second).actions[0].is_destructive());
}

#[test]
fn a_re_edit_of_another_type_gets_a_name_that_goes_with_it() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let place = place_with(&asset);
    let mut asset = edited(asset, "darker");
    asset.resources[1].media_type = "image/heic".to_owned();
    let plan = place.plan(&asset);
    assert_eq!(paths(&plan), ["2024/IMG_1-edited.HEIC"]);
    assert!(!plan.actions[0].is_destructive());
}

#[test]
fn what_another_asset_holds_is_not_replaced() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let mut place = place_with(&asset);
    // Equal content of another asset was found at that path, and the index tells of that one.
    let mut shared = place.placements[1].clone();
    (shared.asset, shared.ownership) = ("b".into(), Ownership::Found);
    place.placements.insert(0, shared);
    let plan = place.plan(&edited(asset, "darker"));
    assert!(!plan.actions[0].is_destructive(), "{:?}", plan.actions);
    assert!(!paths(&plan).contains(&"2024/IMG_1-edited.JPG"));
}

#[test]
fn an_id_that_becomes_an_edit_does_not_take_the_originals_place() {
    let mut asset = photo("a", "IMG_1.JPG");
    asset.resources[0].media_type = "image/jpeg".to_owned();
    let place = place_with(&asset);
    change(&mut asset, Role::Original, "brighter");
    asset.resources[0].role = Role::Edited;
    let plan = place.plan(&asset);
    assert!(!plan.actions[0].is_destructive(), "{:?}", plan.actions);
    assert_ne!(paths(&plan), ["2024/IMG_1.JPG"]);
}

#[test]
fn what_nobody_knows_is_stepped_aside_from() {
    struct Seen;
    impl Shelf for Seen {
        fn holder(&self, path: &FoldedPath) -> Option<Holder> {
            (path.as_str() == "2024/IMG_1.MOV").then_some(Holder::Foreign)
        }
    }
    let live = live_photo("a", "IMG_1.HEIC");
    let place = Place::new("{taken:%Y}/{name}", rules());
    let plan = plan_asset(Presence::Here, &live, &[], &source(), &place.wish(), &[], &Seen);
    let tag = camroll_plan::id8(&source(), &live.id);
    assert_eq!(
        paths(&plan),
        [format!("2024/IMG_1-{tag}.HEIC"), format!("2024/IMG_1-{tag}.MOV")]
    );
}

#[test]
fn receipts_are_told_what_was_skipped_what_waits_and_what_changed() {
    let mut asset = edited(live_photo("a", "IMG_1.HEIC"), "brighter");
    let mut place = place_with(&photo("a", "IMG_1.HEIC"));
    place.features.max_size = Some(10);
    change(&mut asset, Role::Original, "changed");
    asset.resources[2].available = false;
    let notes = place.plan(&asset).notes(&asset, "nas");
    let told: Vec<_> = notes
        .iter()
        .map(|note| (note.resource.as_deref(), note.code.as_str(), note.retry))
        .collect();
    assert_eq!(
        told,
        [
            (Some("paired-video"), "plan/too-large", Retry::Person),
            (Some("edited"), "source/no-bytes-yet", Retry::NextRun),
            (Some("original"), "source/original-changed", Retry::Never),
        ]
    );
}

#[test]
fn an_original_is_never_overwritten() {
    let mut asset = live_photo("a", "IMG_1.HEIC");
    let mut place = place_with(&asset);
    change(&mut asset, Role::Original, "other bytes");
    change(&mut asset, Role::PairedVideo, "other film");
    let plan = place.sync(&asset);
    let [Action::Put { file: still, reason }, Action::Put { file: film, .. }] = &plan.actions[..] else {
        panic!("{:?}", plan.actions)
    };
    assert_eq!(reason, &Reason::OriginalChanged);
    let stem = still.path.strip_suffix(".HEIC").expect("its extension");
    assert!(
        stem.starts_with("2024/IMG_1-") && stem.len() == "2024/IMG_1-12345678".len(),
        "{stem}"
    );
    assert_eq!(film.path, format!("{stem}.MOV"));
    assert_eq!(plan.noted[0].code, NoteCode::OriginalChanged);
    assert!(
        plan.noted[0].message.contains("2024/IMG_1.HEIC"),
        "{}",
        plan.noted[0].message
    );

    let again = place.plan(&asset);
    assert_eq!((again.actions.len(), again.already.len()), (0, 2));
    assert!(again.kept.iter().all(|kept| kept.why == KeptWhy::OriginalChanged));
    assert_eq!(again.kept.len(), 2);

    // Back to what it was: that is there.
    let back = live_photo("a", "IMG_1.HEIC");
    let plan = place.plan(&back);
    assert_eq!((plan.actions.len(), plan.already.len(), plan.kept.len()), (0, 2, 2));
}

#[test]
fn a_half_that_changes_after_its_still_joins_the_changed_still() {
    let mut asset = live_photo("a", "IMG_1.HEIC");
    let mut place = place_with(&asset);
    change(&mut asset, Role::Original, "other bytes");
    let still = paths(&place.sync(&asset))[0].to_owned();
    change(&mut asset, Role::PairedVideo, "other film");
    let film = paths(&place.sync(&asset))[0].to_owned();
    assert_eq!(still.strip_suffix(".HEIC"), film.strip_suffix(".MOV"));
    change(&mut asset, Role::PairedVideo, "third film");
    place.sync(&asset);
    assert_eq!(place.plan(&asset).actions, []);
    assert_eq!(place.placements.len(), 5);
}

#[test]
fn an_edit_that_was_taken_back_is_kept_and_listed() {
    let asset = photo("a", "IMG_1.HEIC");
    let place = place_with(&edited(asset.clone(), "brighter"));
    let plan = place.plan(&asset);
    assert_eq!(plan.actions, []);
    assert_eq!(plan.kept[0].why, KeptWhy::EditReverted);
    assert_eq!(place.of(&asset)[plan.kept[0].placement].role, Role::Edited);
}

#[test]
fn an_edit_under_a_new_id_takes_the_place_of_the_old_one() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let place = place_with(&asset);
    let mut asset = edited(asset, "darker");
    asset.resources[1].id = "e2".into();
    assert_eq!(paths(&place.plan(&asset)), ["2024/IMG_1-edited.JPG"]);
    assert!(place.plan(&asset).actions[0].is_destructive());
    // The same bytes under another id are there.
    change(&mut asset, Role::Edited, "brighter");
    assert_eq!(place.plan(&asset).actions, []);
    // The same word for a version says nothing where size or digest differ.
    let edit = &mut asset.resources[1];
    (edit.version, edit.size, edit.digests) = ("brighter".to_owned(), Some(9_999), Vec::new());
    assert_eq!(place.plan(&asset).actions.len(), 1);
}

#[test]
fn late_files_join_the_stem_though_the_layout_changed() {
    let mut live = live_photo("a", "IMG_1.HEIC");
    let film = live.resources.pop().expect("the film");
    let mut place = place_with(&live);
    place.destination.layout = Layout::parse("all/{id8}.{ext}").expect("a layout");
    assert_eq!(place.plan(&live).actions, []);
    live.resources.push(film);
    let live = edited(live, "brighter");
    assert_eq!(paths(&place.sync(&live)), ["2024/IMG_1.MOV", "2024/IMG_1-edited.JPG"]);
    // The edit is the only one left of it: its stem is still that of all.
    place.placements.retain(|placement| placement.role == Role::Edited);
    assert_eq!(paths(&place.plan(&live)), ["2024/IMG_1.HEIC", "2024/IMG_1.MOV"]);
    // What is new goes by the new layout.
    assert!(paths(&place.plan(&photo("b", "IMG_2.HEIC")))[0].starts_with("all/"));
}

#[test]
fn late_files_join_what_was_found_under_another_name() {
    let mut live = live_photo("a", "IMG_1.HEIC");
    let film = live.resources.pop().expect("the film");
    let mut place = place_with(&live);
    place.placements[0].entry.target = Target::at("Holidays/Beach 1.heic");
    place.placements[0].ownership = Ownership::Found;
    live.resources.push(film);
    assert_eq!(paths(&place.plan(&live)), ["Holidays/Beach 1.MOV"]);
    // A destination that tells a path outside of itself isn't followed there.
    for outside in [
        "../x.heic",
        "/x.heic",
        ".camroll/manifest/x.heic",
        "a//x.heic",
        "a/../x.heic",
    ] {
        place.placements[0].entry.target = Target::at(outside);
        assert_eq!(paths(&place.plan(&live)), ["2024/IMG_1.MOV"], "{outside}");
    }
}

#[test]
fn a_late_film_whose_name_another_asset_took_gets_a_suffix() {
    let mut live = live_photo("a", "IMG_1.HEIC");
    let film = live.resources.pop().expect("the film");
    let mut place = place_with(&live);
    place.sync(&asset(
        "b",
        "IMG_1.MOV",
        vec![resource("o", Role::Original, "video/quicktime", "film")],
    ));
    live.resources.push(film);
    let tag = camroll_plan::id8(&source(), &live.id);
    assert_eq!(paths(&place.sync(&live)), [format!("2024/IMG_1-{tag}.MOV")]);
    assert_eq!(place.plan(&live).actions, []);
}

#[test]
fn what_left_scope_or_library_stays_and_is_listed() {
    let mut asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let mut place = place_with(&asset);
    for departure in [
        Departure::Trashed,
        Departure::Expunged,
        Departure::Moved,
        Departure::Unknown,
    ] {
        let plan = plan_asset(
            Presence::Gone(departure),
            &asset,
            &[],
            &source(),
            &place.wish(),
            &place.of(&asset),
            &place,
        );
        assert_eq!((plan.actions.len(), plan.wanted(), plan.kept.len()), (0, 0, 2));
        assert_eq!(
            (plan.scope.clone(), plan.kept_gone(), plan.kept_left_scope()),
            (Scope::Gone, 2, 0)
        );
        assert!(
            plan.kept
                .iter()
                .all(|kept| kept.why == KeptWhy::GoneAtSource(departure))
        );
    }
    place.spec.versions.edited = Want::No;
    let plan = place.plan(&asset);
    assert_eq!((plan.actions.len(), plan.already.len()), (0, 1));
    assert_eq!(plan.kept[0].why, KeptWhy::LeftScope);
    asset.hidden = true;
    let plan = place.plan(&asset);
    assert!(matches!(plan.scope, Scope::Out(_)));
    assert!(plan.kept.len() == 2 && plan.kept.iter().all(|kept| kept.why == KeptWhy::LeftScope));
}

/// Which files go, which stay, and which of those are told.
fn departed(place: &Place, asset: &Asset, departure: Departure) -> (Vec<String>, usize, usize) {
    let placements = place.of(asset);
    let plan = plan_asset(
        Presence::Gone(departure),
        asset,
        &place.albums,
        &source(),
        &place.wish(),
        &placements,
        place,
    );
    assert_eq!((plan.scope.clone(), plan.wanted()), (Scope::Gone, 0));
    let going = plan
        .actions
        .iter()
        .map(|action| match action {
            Action::Remove { placed, reason } => {
                assert_eq!(*reason, Reason::Departed);
                placed.path().unwrap_or_default().to_owned()
            }
            other => panic!("what left isn't sent: {other:?}"),
        })
        .collect();
    (going, plan.kept.len(), plan.noted.len())
}

#[test]
fn what_was_deleted_goes_where_the_spec_says_so_and_nothing_else_does() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let mut place = place_with(&asset);
    let files = vec!["2024/IMG_1.HEIC".to_owned(), "2024/IMG_1-edited.JPG".to_owned()];
    place.destination.deletions = Deletions::Mirror;
    for deleted in [Departure::Trashed, Departure::Expunged] {
        assert_eq!(departed(&place, &asset, deleted), (files.clone(), 0, 0));
    }
    for other in [Departure::Moved, Departure::Unknown] {
        assert_eq!(departed(&place, &asset, other), (vec![], 2, 0), "{other:?}");
    }
    // What lay there before is somebody's.
    place.placements[1].ownership = Ownership::Found;
    assert_eq!(
        departed(&place, &asset, Departure::Trashed),
        (files[..1].to_vec(), 1, 0)
    );
    place.placements[1].ownership = Ownership::Adopted;
    assert_eq!(departed(&place, &asset, Departure::Trashed), (files.clone(), 0, 0));
    // What the filters never took isn't this spec's to remove.
    place.spec.filters = Filter::Favorite(Favorite::Yes);
    assert_eq!(departed(&place, &asset, Departure::Trashed), (vec![], 2, 0));
    place.spec.filters = Filter::everything();
    // Whether filters by album took it isn't known any more.
    place.spec.filters = Filter::Not(Box::new(Filter::Album(vec![NameGlob::parse("Archive").unwrap()])));
    assert_eq!(departed(&place, &asset, Departure::Trashed), (vec![], 2, 2));
    place.spec.filters = Filter::everything();
    // Objects that are locked stay, and that is told.
    place.features.traits.push("immutable".to_owned());
    assert_eq!(
        removes_nothing(&place.spec, &place.destination, &place.features),
        Some(RemovesNothing::Locked)
    );
    assert_eq!(departed(&place, &asset, Departure::Trashed), (vec![], 2, 2));
    assert_eq!(departed(&place, &asset, Departure::Moved), (vec![], 2, 0));
    place.features.traits.pop();
    // So does what is to go into a bin where there is none.
    place.destination.deletions = Deletions::Trash;
    assert_eq!(departed(&place, &asset, Departure::Trashed), (vec![], 2, 2));
    place.features.traits.push("trash".to_owned());
    assert_eq!(removes_nothing(&place.spec, &place.destination, &place.features), None);
    assert_eq!(departed(&place, &asset, Departure::Trashed), (files, 0, 0));
}

#[test]
fn files_without_bytes_wait_and_are_missing_until_they_are_placed() {
    let mut asset = edited(live_photo("a", "IMG_1.HEIC"), "brighter");
    let placed = place_with(&asset);
    for resource in &mut asset.resources {
        resource.available = false;
    }
    let plan = Place::new("{name}", rules()).plan(&asset);
    assert_eq!((plan.actions.len(), plan.waiting.len()), (0, 3));
    let all = MissingVersions {
        original: 1,
        edited: 1,
        paired_video: 1,
    };
    assert_eq!(plan.missing, all);
    let plan = placed.plan(&asset);
    assert_eq!((plan.already.len(), plan.missing), (3, MissingVersions::default()));
    asset.resources.clear();
    let plan = Place::new("{name}", rules()).plan(&asset);
    assert_eq!(
        plan.missing,
        MissingVersions {
            original: 1,
            edited: 0,
            paired_video: 1
        }
    );
}

#[test]
fn a_re_edit_without_bytes_waits_and_keeps_the_old_one() {
    let asset = edited(photo("a", "IMG_1.HEIC"), "brighter");
    let place = place_with(&asset);
    let mut asset = edited(asset, "darker");
    asset.resources[1].available = false;
    let plan = place.plan(&asset);
    assert_eq!(
        (plan.actions.len(), plan.waiting.len(), plan.waiting[0].path.as_deref()),
        (0, 1, None)
    );
    assert_eq!(plan.missing.edited, 1);
}

#[test]
fn what_a_place_cannot_take_is_skipped() {
    let asset = live_photo("a", "IMG_1.HEIC");
    let mut place = Place::new("{name}", rules());
    // The still has ten bytes, the film eleven.
    place.features.max_size = Some(10);
    let plan = place.plan(&asset);
    assert_eq!(paths(&plan), ["IMG_1.HEIC"]);
    assert_eq!((plan.skipped.len(), plan.skipped[0].code.code()), (1, "plan/too-large"));
    assert!(
        plan.skipped[0].message.contains("11 bytes"),
        "{}",
        plan.skipped[0].message
    );

    let mut place = Place::new("{name}", rules());
    let types = Value::Texts(vec!["image/heic".to_owned()]);
    place.features.attributes.push(("media-types".to_owned(), types));
    let plan = place.plan(&asset);
    assert_eq!(
        (plan.actions.len(), plan.skipped[0].code.code()),
        (1, "plan/media-type")
    );
}

#[test]
fn resources_told_twice_count_once_and_previews_never() {
    let mut asset = photo("a", "IMG_1.HEIC");
    let mut twin = asset.resources[0].clone();
    twin.version = "another".to_owned();
    asset.resources.push(twin);
    asset
        .resources
        .push(resource("p", Role::Preview, "image/jpeg", "small"));
    let mut place = Place::new("{name}", rules());
    assert_eq!(paths(&place.sync(&asset)), ["IMG_1.HEIC"]);
    assert_eq!(place.plan(&asset).actions, []);
}

#[test]
fn placements_of_others_are_passed_over() {
    let asset = photo("a", "IMG_1.HEIC");
    let mut place = place_with(&asset);
    place.placements[0].source.account = "2".to_owned();
    let plan = place.plan(&asset);
    assert_eq!((plan.actions.len(), plan.already.len(), plan.kept.len()), (1, 0, 0));
    assert_ne!(paths(&plan), ["2024/IMG_1.HEIC"]);
}

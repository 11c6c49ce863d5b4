//! What was looked for and is gone: no longer placed, after the index is made anew as well, and no act of ours.

mod support;

use std::sync::Arc;

use camroll_model::Instant;
use camroll_state::{Loss, Placed, State};
use support::{asset, destination, placement, source};

const AT: Instant = Instant {
    seconds: 1000,
    nanoseconds: 0,
};

fn placed(number: u8) -> Placed {
    let path = format!("IMG_{number}.JPG");
    Placed {
        intent: None,
        folded: path.to_lowercase(),
        placement: placement(number, &path, 1),
    }
}

#[test]
fn it_is_no_longer_placed_and_the_brake_counts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(folder.path()).unwrap().state;
    assert_eq!(state.known_destination(&destination(1)).unwrap(), None);
    let id = state.destination(&destination(1)).unwrap();
    assert_eq!(state.known_destination(&destination(1)).unwrap(), Some(id));
    state.record_placed(id, (0..5).map(placed).collect()).unwrap();
    let page = state.standing_page(id, 0, 3).unwrap();
    assert_eq!(page.len(), 3);
    let rest = state.standing_page(id, page[2].number + 1, 10).unwrap();
    assert_eq!(rest.len(), 2);
    assert_eq!(state.standing(id, "img_4.jpg").unwrap().as_ref(), rest.last());
    state
        .record_vanished(id, vec!["img_1.jpg".into(), "img_4.jpg".into()], AT)
        .unwrap();
    state.record_lost(id, "img_0.jpg".into(), Loss::Removed, AT).unwrap();
    let check = |state: &State| {
        assert_eq!(state.placements_at(id).unwrap(), 2);
        assert!(state.placements(id, &source(), &asset(1, 1).id).unwrap().is_empty());
        assert_eq!(state.standing(id, "img_4.jpg").unwrap(), None);
        let since = Instant {
            seconds: 0,
            nanoseconds: 0,
        };
        assert_eq!(state.destructive_since(id, since).unwrap(), 1, "only what was removed");
    };
    check(&state);
    check(&state.rebuild().unwrap().state);
}

#[test]
fn the_lanes_of_a_place_are_those_of_all_specs_that_write_there() {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(folder.path()).unwrap().state);
    let mut ids = Vec::new();
    for (spec, name, place) in [("a", "nas", 1), ("a", "disk", 2), ("b", "default", 1)] {
        let lane = state.lane(spec, name, &destination(place), [0; 32]).unwrap();
        if place == 1 {
            ids.push(lane.id());
        }
    }
    let mut found: Vec<_> = state
        .lanes_at(&destination(1))
        .unwrap()
        .iter()
        .map(|lane| lane.id())
        .collect();
    found.sort();
    assert_eq!(found, ids);
}

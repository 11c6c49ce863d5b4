//! Lanes: the counters that are kept are those that counting one by one gives, and the dirty set is what isn't settled.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camroll_model::{Change, MissingVersions};
use camroll_state::{AssetStatus, Lane, LaneTotals, Seq, SourceId, SpecTotals, State, StatusScope, StatusState};
use proptest::prelude::*;
use support::{asset, destination, page, source};

const LANES: u8 = 3;
const ASSETS: u8 = 5;

#[derive(Clone, Debug)]
enum Step {
    Record {
        lane: u8,
        found: Vec<(u8, AssetStatus)>,
        mark: Option<u64>,
    },
    /// The spec has these destinations from now on.
    SetLanes(BTreeSet<u8>),
    /// The filters changed.
    Another { lane: u8, fingerprint: u8 },
}

fn status() -> impl Strategy<Value = AssetStatus> {
    let scope = prop_oneof![
        4 => Just(StatusScope::In),
        1 => Just(StatusScope::Out("filtered".into())),
        1 => Just(StatusScope::Gone),
    ];
    let state = prop_oneof![
        Just(StatusState::Settled),
        Just(StatusState::Pending),
        Just(StatusState::Failed)
    ];
    (
        scope,
        state,
        prop::array::uniform4(0..4u32),
        0..4u32,
        0..4u32,
        0..4u32,
        0..4u64,
    )
        .prop_map(
            |(scope, state, placed, pending, failed, skipped, original)| AssetStatus {
                scope,
                state,
                wanted: placed.iter().sum::<u32>() + pending + failed + skipped,
                placed,
                pending,
                failed,
                skipped,
                missing: MissingVersions {
                    original,
                    edited: 0,
                    paired_video: 1,
                },
                kept_left_scope: failed,
                kept_gone: pending,
                problems: vec![],
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    // One asset more than the catalogue has: what nobody heard of isn't counted.
    let found = prop::collection::vec((0..=ASSETS, status()), 0..5);
    prop_oneof![
        6 => (0..LANES, found, prop::option::of(0..9u64)).prop_map(|(lane, found, mark)| Step::Record { lane, found, mark }),
        2 => prop::collection::btree_set(0..LANES, 0..=LANES as usize).prop_map(Step::SetLanes),
        1 => (0..LANES, 0..2u8).prop_map(|(lane, fingerprint)| Step::Another { lane, fingerprint }),
    ]
}

/// What a plain map says.
#[derive(Default)]
struct Model {
    found: BTreeMap<(u8, u8), AssetStatus>,
    lanes: Vec<u8>,
    marks: BTreeMap<u8, u64>,
    fingerprints: BTreeMap<u8, u8>,
}

impl Model {
    fn lane_totals(&self, lane: u8) -> LaneTotals {
        let mut totals = LaneTotals::default();
        for ((of, _), status) in &self.found {
            if *of == lane {
                totals.wanted += u64::from(status.wanted);
                for (count, by) in totals.placed.iter_mut().zip(status.placed) {
                    *count += u64::from(by);
                }
                totals.pending += u64::from(status.pending);
                totals.failed += u64::from(status.failed);
                totals.skipped += u64::from(status.skipped);
                totals.missing.original += status.missing.original;
                totals.missing.paired_video += status.missing.paired_video;
                totals.kept_left_scope += u64::from(status.kept_left_scope);
                totals.kept_gone += u64::from(status.kept_gone);
            }
        }
        totals
    }

    fn spec_totals(&self) -> SpecTotals {
        let mut totals = SpecTotals::default();
        for number in 0..ASSETS {
            let all: Vec<Option<&AssetStatus>> =
                self.lanes.iter().map(|lane| self.found.get(&(*lane, number))).collect();
            let Some(first) = all.iter().flatten().next() else {
                continue;
            };
            let any = |state| all.iter().flatten().any(|status| status.state == state);
            match first.scope {
                StatusScope::Gone => continue,
                StatusScope::Out(_) => {
                    totals.out_of_scope += 1;
                    continue;
                }
                StatusScope::In => totals.in_scope += 1,
            }
            if any(StatusState::Failed) {
                totals.failed += 1;
            } else if any(StatusState::Pending) || all.contains(&None) {
                totals.pending += 1;
            } else {
                totals.settled += 1;
            }
        }
        totals
    }
}

fn lane(state: &Arc<State>, number: u8, fingerprint: u8) -> Lane {
    state
        .lane(
            "family",
            &format!("lane-{number}"),
            &destination(number),
            [fingerprint; 32],
        )
        .expect("a lane")
}

#[track_caller]
fn same(state: &Arc<State>, id: SourceId, model: &Model) {
    let totals = state.spec_totals("family").expect("they are kept");
    assert_eq!(totals, model.spec_totals());
    assert_eq!(totals.in_scope, totals.settled + totals.pending + totals.failed);
    for number in 0..LANES {
        let lane = lane(
            state,
            number,
            model.fingerprints.get(&number).copied().unwrap_or_default(),
        );
        let totals = lane.totals().expect("they are kept");
        assert_eq!(totals, model.lane_totals(number));
        assert_eq!(
            totals.wanted,
            totals.placed.iter().sum::<u64>() + totals.pending + totals.failed + totals.skipped
        );
        assert_eq!(
            lane.mark(id).expect("it is known"),
            Seq(model.marks.get(&number).copied().unwrap_or_default())
        );
        // The dirty set, in pages of any size.
        for size in [1, 3, 100] {
            let mut dirty = Vec::new();
            let mut after = None;
            loop {
                let some = lane.dirty(after.as_ref(), size).expect("they are there");
                let Some(last) = some.last() else { break };
                after = Some(last.clone());
                dirty.extend(some);
            }
            let named: Vec<String> = dirty
                .iter()
                .map(|entry| {
                    state
                        .asset_at(entry.source, entry.ordinal)
                        .expect("it is looked up")
                        .expect("it is known")
                        .asset
                        .id
                        .to_string()
                })
                .collect();
            let wanted: Vec<String> = model
                .found
                .iter()
                .filter(|((of, _), status)| *of == number && status.state != StatusState::Settled)
                .map(|((_, number), _)| asset(*number, 0).id.to_string())
                .collect();
            assert_eq!(named, wanted, "in pages of {size}");
        }
        for of in 0..ASSETS {
            let status = lane.status(id, &asset(of, 0).id).expect("it is looked up");
            assert_eq!(status.as_ref(), model.found.get(&(number, of)));
        }
    }
    for of in 0..ASSETS {
        let statuses = state
            .statuses_of("family", id, &asset(of, 0).id)
            .expect("they are there");
        let wanted: Vec<Option<AssetStatus>> = model
            .lanes
            .iter()
            .map(|lane| model.found.get(&(*lane, of)).cloned())
            .collect();
        assert_eq!(statuses, wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_counting_gives(steps in prop::collection::vec(step(), 0..30)) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = Arc::new(State::open(folder.path()).expect("it opens").state);
        let id = state.source(&source()).expect("a number");
        let told = (0..ASSETS).map(|number| Change::Asset(Box::new(asset(number, 0)))).collect();
        state.apply_page(id, &page(told)).expect("applied");
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Record { lane: number, found, mark } => {
                    let lane = lane(&state, number, model.fingerprints.get(&number).copied().unwrap_or_default());
                    let statuses = found.iter().map(|(of, status)| (id, asset(*of, 0).id, status.clone())).collect();
                    let marks: Vec<(SourceId, Seq)> = mark.map(|mark| (id, Seq(mark))).into_iter().collect();
                    lane.record(statuses, &marks).expect("recorded");
                    for (of, status) in found {
                        if of < ASSETS {
                            model.found.insert((number, of), status);
                        }
                    }
                    if let Some(mark) = mark {
                        model.marks.insert(number, mark);
                    }
                }
                Step::SetLanes(numbers) => {
                    let lanes: Vec<Lane> = numbers.iter().map(|number| lane(&state, *number, model.fingerprints.get(number).copied().unwrap_or_default())).collect();
                    state.set_lanes("family", &lanes.iter().collect::<Vec<_>>()).expect("kept");
                    model.lanes = numbers.into_iter().collect();
                }
                Step::Another { lane: number, fingerprint } => {
                    lane(&state, number, fingerprint);
                    if model.fingerprints.insert(number, fingerprint).unwrap_or_default() != fingerprint {
                        // Everything is looked at again, and nothing is forgotten.
                        model.marks.remove(&number);
                    }
                }
            }
        }
        same(&state, id, &model);
        drop(state);
        let state = Arc::new(State::open(folder.path()).expect("it opens").state);
        same(&state, id, &model);
    }
}

#[test]
fn lanes_of_two_specs_are_two_even_where_all_else_is_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = Arc::new(State::open(folder.path()).expect("it opens").state);
    let of = |spec: &str, name: &str, number| {
        state
            .lane(spec, name, &destination(number), [0; 32])
            .expect("a lane")
            .id()
    };
    // Names that would run into each other if they were only put one behind the other.
    let all = [of("a", "bc", 0), of("ab", "c", 0), of("a", "bc", 1), of("b", "bc", 0)];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(of("a", "bc", 0), all[0]);
}

#[test]
fn a_lane_that_follows_albums_looks_again_when_they_changed_and_only_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = Arc::new(State::open(folder.path()).expect("it opens").state);
    let id = state.source(&source()).expect("a number");
    let lane = state.lane("family", "nas", &destination(0), [0; 32]).expect("a lane");
    let look = |version: u64| {
        lane.follow_albums(id, version).expect("it is kept");
        let mark = lane.mark(id).expect("it is known");
        lane.record(vec![], &[(id, Seq(7))]).expect("recorded");
        mark
    };
    assert_eq!([look(0), look(0), look(3), look(3)].map(|mark| mark.0), [0, 7, 0, 7]);
}

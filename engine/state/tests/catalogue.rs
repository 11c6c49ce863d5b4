//! The catalogue: what a plain map says, whatever the pages; each asset once in the order of arrival.

mod support;

use std::collections::BTreeMap;

use camroll_model::{Asset, AssetId, Change, ConnectorError, Departure, ErrorClass};
use camroll_state::{Applied, Catalogued, Ordinal, Presence, Seq, SourceId, State};
use proptest::prelude::*;
use support::{asset, page, source};

const ASSETS: u8 = 6;

fn change() -> impl Strategy<Value = Change> {
    let number = 0..ASSETS;
    let departure = prop_oneof![Just(Departure::Trashed), Just(Departure::Expunged)];
    prop_oneof![
        6 => (number.clone(), 0..3u8).prop_map(|(number, version)| Change::Asset(Box::new(asset(number, version)))),
        2 => (number.clone(), departure.clone()).prop_map(|(number, departure)| Change::Tombstone { key: asset(number, 0).id.to_string(), departure }),
        1 => (number.clone(), departure).prop_map(|(number, departure)| Change::Tombstone { key: asset(number, 0).keys[0].clone(), departure }),
        2 => (number, 0..3u8).prop_map(|(number, version)| Change::Touched { key: asset(number, 0).id.to_string(), version: Some(version.to_string()) }),
        1 => Just(unread()),
        2 => Just(Change::SnapshotBegin),
        2 => Just(Change::SnapshotEnd),
    ]
}

fn unread() -> Change {
    Change::Unread {
        what: "an item".into(),
        error: ConnectorError::new(ErrorClass::NotFound, "apple/no-master", "It isn't whole."),
    }
}

/// What a plain map says.
#[derive(Clone, Default)]
struct Model {
    known: BTreeMap<AssetId, Known>,
    seq: u64,
    snapshot: u64,
    /// Runs, and nothing in it was unreadable.
    whole: bool,
}

#[derive(Clone)]
struct Known {
    asset: Asset,
    presence: Presence,
    seq: u64,
    told: u64,
    unexplained: bool,
}

impl Model {
    fn take(&mut self, change: &Change) {
        match change {
            Change::Asset(asset) => {
                let before = self.known.get(&asset.id);
                let same = before.is_some_and(|known| known.asset == **asset && known.presence == Presence::Here);
                let seq = match before {
                    Some(known) if same => known.seq,
                    _ => {
                        self.seq += 1;
                        self.seq
                    }
                };
                let known = Known {
                    asset: (**asset).clone(),
                    presence: Presence::Here,
                    seq,
                    told: self.snapshot,
                    unexplained: false,
                };
                self.known.insert(asset.id.clone(), known);
            }
            Change::Tombstone { key, departure } => {
                if let Some(known) = self.known.get_mut(&AssetId(key.clone())) {
                    if known.presence != Presence::Gone(*departure) {
                        self.seq += 1;
                        known.seq = self.seq;
                        known.presence = Presence::Gone(*departure);
                    }
                    known.told = self.snapshot;
                    known.unexplained = false;
                }
            }
            Change::Touched { key, version } => {
                if let Some(known) = self.known.get_mut(&AssetId(key.clone()))
                    && Some(&known.asset.version) == version.as_ref()
                {
                    known.told = self.snapshot;
                    known.unexplained = false;
                }
            }
            Change::SnapshotBegin => {
                self.snapshot += 1;
                self.whole = true;
            }
            Change::Unread { .. } => self.whole = false,
            Change::SnapshotEnd => self.end(),
            _ => {}
        }
    }

    fn end(&mut self) {
        if !std::mem::take(&mut self.whole) {
            return;
        }
        for known in self.known.values_mut() {
            if known.told != self.snapshot && known.presence == Presence::Here {
                known.unexplained = true;
            }
        }
    }
}

fn opened() -> (tempfile::TempDir, State, SourceId) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("it opens").state;
    let id = state.source(&source()).expect("a number");
    (folder, state, id)
}

#[track_caller]
fn same(state: &State, id: SourceId, model: &Model) {
    let all = state.assets(id, Ordinal(0), usize::MAX).expect("they are there");
    let listed: Vec<(&AssetId, &Asset, Presence, u64, bool)> = {
        let mut listed: Vec<_> = all
            .iter()
            .map(|one| (&one.asset.id, &one.asset, one.presence, one.seq.0, one.unexplained))
            .collect();
        listed.sort_by_key(|one| one.0);
        listed
    };
    let wanted: Vec<_> = model
        .known
        .iter()
        .map(|(id, known)| (id, &known.asset, known.presence, known.seq, known.unexplained))
        .collect();
    assert_eq!(listed, wanted);
    assert!(all.windows(2).all(|pair| pair[0].ordinal < pair[1].ordinal));
    for one in &all {
        assert_eq!(
            state.asset(id, &one.asset.id).expect("it is looked up").as_ref(),
            Some(one)
        );
        assert_eq!(
            state.asset_at(id, one.ordinal).expect("it is looked up").as_ref(),
            Some(one)
        );
    }
    // Each once, oldest first; after any mark exactly what came later, in pages of any size.
    let mut by_arrival: Vec<Catalogued> = all;
    by_arrival.sort_by_key(|one| one.seq);
    assert_eq!(state.last_seq(id).expect("it is known"), Seq(model.seq));
    for mark in 0..=model.seq {
        let later: Vec<&Catalogued> = by_arrival.iter().filter(|one| one.seq.0 > mark).collect();
        let mut read = Vec::new();
        let mut after = Seq(mark);
        loop {
            let arrived = state.arrivals(id, after, 2).expect("they are there");
            let Some(last) = arrived.last() else { break };
            after = last.seq;
            read.extend(arrived);
        }
        assert!(read.iter().eq(later), "after {mark}");
    }
}

fn total(all: &[Applied]) -> (u64, u64, u64, u64) {
    let sum = |pick: fn(&Applied) -> u64| all.iter().map(pick).sum();
    (
        sum(|one| one.new),
        sum(|one| one.changed),
        sum(|one| one.unchanged),
        sum(|one| one.departed),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_was_told_wherever_the_pages_end(changes in prop::collection::vec(change(), 0..40), size in 1..41usize) {
        let (_folder, state, id) = opened();
        let (_other_folder, other, other_id) = opened();
        let mut model = Model::default();
        for change in &changes {
            model.take(change);
        }
        let large: Vec<Applied> = changes.chunks(size).map(|some| state.apply_page(id, &page(some.to_vec())).expect("applied")).collect();
        let small: Vec<Applied> = changes.iter().map(|one| other.apply_page(other_id, &page(vec![one.clone()])).expect("applied")).collect();
        same(&state, id, &model);
        same(&other, other_id, &model);
        prop_assert_eq!(total(&large), total(&small));
        prop_assert_eq!(state.cursor(id).expect("it opens").is_some(), !changes.is_empty());
    }

    #[test]
    fn a_page_applied_twice_is_applied_once(changes in prop::collection::vec(change(), 1..20)) {
        // What a crash between the page and what follows it does. Only without snapshots: their number counts on.
        let changes: Vec<Change> = changes.into_iter().filter(|one| matches!(one, Change::Asset(_))).collect();
        let mut last: BTreeMap<AssetId, Change> = BTreeMap::new();
        for change in changes {
            if let Change::Asset(asset) = &change {
                last.insert(asset.id.clone(), change);
            }
        }
        let once = page(last.into_values().collect());
        let (_folder, state, id) = opened();
        state.apply_page(id, &once).expect("applied");
        let before = state.assets(id, Ordinal(0), usize::MAX).expect("they are there");
        let again = state.apply_page(id, &once).expect("applied");
        prop_assert_eq!(again.unchanged, once.changes.len() as u64);
        prop_assert_eq!(state.assets(id, Ordinal(0), usize::MAX).expect("they are there"), before);
    }

    #[test]
    fn what_is_touched_on_is_described_where_it_must_be(told in prop::collection::vec((0..ASSETS, 0..3u8), 0..12), number in 0..ASSETS, version in 0..3u8) {
        let (_folder, state, id) = opened();
        let mut known: BTreeMap<AssetId, Asset> = BTreeMap::new();
        for (number, version) in told {
            let asset = asset(number, version);
            known.insert(asset.id.clone(), asset.clone());
            state.apply_page(id, &page(vec![Change::Asset(Box::new(asset))])).expect("applied");
        }
        let spoken = asset(number, version);
        let ask = |change: Change| state.undescribed(id, &[change]).expect("it is looked up");
        // At the version that is held it counts as told.
        let held = known.get(&spoken.id).is_some_and(|held| held.version == spoken.version);
        let touched = ask(Change::Touched { key: spoken.id.to_string(), version: Some(spoken.version.clone()) });
        prop_assert_eq!(touched.is_empty(), held);
        // Under a key: everybody who has it, and nobody else.
        let named: Vec<AssetId> = known.values().filter(|asset| asset.keys == spoken.keys).map(|asset| asset.id.clone()).collect();
        prop_assert_eq!(ask(Change::Touched { key: spoken.keys[0].clone(), version: None }), named.clone());
        prop_assert_eq!(ask(Change::Tombstone { key: spoken.keys[0].clone(), departure: Departure::Unknown }), named);
        // A tombstone of an id that is known is believed as it is.
        if known.contains_key(&spoken.id) {
            prop_assert_eq!(ask(Change::Tombstone { key: spoken.id.to_string(), departure: Departure::Unknown }), vec![]);
        }
    }
}

#[test]
fn a_key_that_an_asset_lost_no_longer_names_it() {
    let (_folder, state, id) = opened();
    let renamed = Asset {
        keys: vec!["another".into()],
        ..asset(0, 1)
    };
    for one in [asset(0, 0), renamed] {
        state
            .apply_page(id, &page(vec![Change::Asset(Box::new(one))]))
            .expect("applied");
    }
    let named = |key: &str| {
        let touched = Change::Touched {
            key: key.into(),
            version: None,
        };
        state.undescribed(id, &[touched]).expect("it is looked up")
    };
    assert_eq!(named("key-0"), []);
    assert_eq!(named("another"), [asset(0, 0).id]);
}

#[test]
fn what_was_unread_is_remembered_until_it_is_forgotten() {
    let (_folder, state, id) = opened();
    let unread = |what: &str| Change::Unread {
        what: what.into(),
        error: ConnectorError::new(ErrorClass::NotFound, "apple/no-master", ""),
    };
    let told = page(vec![unread("b"), unread("a"), unread("b")]);
    state.apply_page(id, &told).expect("applied");
    assert_eq!(state.unread(id).expect("it is looked up"), ["a", "b"]);
    state.forget_unread(id, &["a".to_owned()]).expect("forgotten");
    assert_eq!(state.unread(id).expect("it is looked up"), ["b"]);
}

#[test]
fn libraries_dont_see_each_other() {
    let (_folder, state, id) = opened();
    let mut shared = source();
    shared.library = "SharedSync".into();
    let other = state.source(&shared).expect("a number");
    assert_ne!(id, other);
    state
        .apply_page(id, &page(vec![Change::Asset(Box::new(asset(0, 0)))]))
        .expect("applied");
    assert_eq!(state.asset(other, &asset(0, 0).id).expect("it is looked up"), None);
    assert_eq!(state.arrivals(other, Seq(0), 10).expect("they are there"), []);
    assert_eq!(state.cursor(other).expect("it opens"), None);
    state.forget_cursor(id).expect("forgotten");
    assert_eq!(state.cursor(id).expect("it opens"), None);
}

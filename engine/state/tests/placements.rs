//! What is placed: the index that was kept live, the one that a crash left behind and was caught up, and the one that was made anew from the
//! journal say the same, and it is what a plain map says.

mod support;

use std::collections::BTreeMap;

use camroll_model::{Instant, Placement};
use camroll_state::{DestinationId, Intent, Loss, Placed, State};
use proptest::prelude::*;
use support::{asset, destination, placement, source};

const DESTINATIONS: u8 = 3;
const ASSETS: u8 = 5;
const PATHS: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    Intend {
        at: u8,
        key: u8,
    },
    Stage {
        at: u8,
        key: u8,
        held: Vec<u8>,
    },
    Place {
        at: u8,
        asset: u8,
        path: u8,
        version: u8,
        intent: Option<u8>,
    },
    Lose {
        at: u8,
        path: u8,
        why: Loss,
        seconds: i64,
    },
    Drop {
        at: u8,
        keys: Vec<u8>,
    },
    Checkpoint,
    /// The process dies: what the index wasn't told to keep may be lost.
    Reopen,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..DESTINATIONS;
    let key = 0..4u8;
    prop_oneof![
        3 => (at.clone(), key.clone()).prop_map(|(at, key)| Step::Intend { at, key }),
        2 => (at.clone(), key.clone(), prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(at, key, held)| Step::Stage { at, key, held }),
        6 => (at.clone(), 0..ASSETS, 0..PATHS, any::<u8>(), prop::option::of(key.clone()))
            .prop_map(|(at, asset, path, version, intent)| Step::Place { at, asset, path, version, intent }),
        2 => (at.clone(), 0..PATHS, prop_oneof![Just(Loss::Replaced), Just(Loss::Renamed), Just(Loss::Removed)], 0..1000i64)
            .prop_map(|(at, path, why, seconds)| Step::Lose { at, path, why, seconds }),
        1 => (at, prop::collection::vec(key, 0..3)).prop_map(|(at, keys)| Step::Drop { at, keys }),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Reopen),
        1 => Just(Step::Rebuild),
    ]
}

/// What an intent wants, and what `stage` gave for it.
type Wanted = (Placement, Option<Vec<u8>>);

/// What a plain map says.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    standing: BTreeMap<(u8, String), Placement>,
    intents: BTreeMap<(u8, String), Wanted>,
    losses: BTreeMap<(u8, i64, String), Loss>,
}

impl Model {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Intend { at, key } => {
                self.intents
                    .insert((*at, key.to_string()), (placement(*key, "wanted", 0), None));
            }
            Step::Stage { at, key, held } => {
                if let Some((_, known)) = self.intents.get_mut(&(*at, key.to_string())) {
                    *known = (!held.is_empty()).then(|| held.clone());
                }
            }
            Step::Place {
                at,
                asset,
                path,
                version,
                intent,
            } => {
                let path = path.to_string();
                let stands = placement(*asset, &path, *version);
                self.standing.insert((*at, path), stands);
                if let Some(key) = intent {
                    self.intents.remove(&(*at, key.to_string()));
                }
            }
            Step::Lose { at, path, why, seconds } => {
                if matches!(why, Loss::Removed | Loss::Renamed) {
                    self.standing.remove(&(*at, path.to_string()));
                }
                self.losses.insert((*at, *seconds, path.to_string()), *why);
            }
            Step::Drop { at, keys } => {
                for key in keys {
                    self.intents.remove(&(*at, key.to_string()));
                }
            }
            Step::Checkpoint | Step::Reopen | Step::Rebuild => {}
        }
    }
}

fn act(state: &State, step: &Step) {
    let id = |at: u8| state.destination(&destination(at)).expect("a number");
    match step.clone() {
        Step::Intend { at, key } => state
            .intend(Intent {
                destination: id(at),
                key: key.to_string(),
                placement: Box::new(placement(key, "wanted", 0)),
                replaces: None,
                held: None,
            })
            .expect("it is journalled"),
        Step::Stage { at, key, held } => state.staged(id(at), &key.to_string(), &held).expect("it is journalled"),
        Step::Place {
            at,
            asset,
            path,
            version,
            intent,
        } => state
            .record_placed(
                id(at),
                vec![Placed {
                    intent: intent.map(|key| key.to_string()),
                    folded: path.to_string(),
                    placement: placement(asset, &path.to_string(), version),
                }],
            )
            .expect("it is recorded"),
        Step::Lose { at, path, why, seconds } => state
            .record_lost(
                id(at),
                path.to_string(),
                why,
                Instant {
                    seconds,
                    nanoseconds: 0,
                },
            )
            .expect("it is recorded"),
        Step::Drop { at, keys } => {
            let keys: Vec<String> = keys.iter().map(u8::to_string).collect();
            state.drop_intents(id(at), &keys).expect("it is journalled");
        }
        Step::Checkpoint => state.checkpoint().expect("it is kept"),
        Step::Reopen | Step::Rebuild => unreachable!("they need the state itself"),
    }
}

/// All that a state says of placements is what the map says.
#[track_caller]
fn same(state: &State, model: &Model) {
    for at in 0..DESTINATIONS {
        let id = state.destination(&destination(at)).expect("a number");
        let wanted: BTreeMap<&str, &Placement> = model
            .standing
            .iter()
            .filter(|((of, _), _)| *of == at)
            .map(|((_, path), placement)| (path.as_str(), placement))
            .collect();
        assert_eq!(state.placements_at(id).expect("a count"), wanted.len() as u64);
        let all = state.all_placements(id, 0, usize::MAX).expect("they are there");
        let listed: BTreeMap<&str, &Placement> = all
            .iter()
            .map(|(_, placement)| (placement.path().expect("a path"), placement))
            .collect();
        assert_eq!(listed, wanted);
        assert_eq!(all.len(), wanted.len(), "one thing at one path");
        for number in 0..ASSETS {
            let id_of = asset(number, 0).id;
            let mut found: Vec<Placement> = state.placements(id, &source(), &id_of).expect("they are there");
            found.sort_by(|a, b| a.path().cmp(&b.path()));
            let own: Vec<Placement> = wanted
                .values()
                .filter(|one| one.asset == id_of)
                .map(|one| (*one).clone())
                .collect();
            assert_eq!(found, own, "of {id_of} at {at}");
        }
        for path in 0..PATHS {
            let path = path.to_string();
            let holder = state
                .holder(id, &path)
                .expect("it is looked up")
                .map(|(_, asset)| asset);
            assert_eq!(holder, wanted.get(path.as_str()).map(|one| one.asset.clone()));
        }
        let open: BTreeMap<String, Wanted> = state
            .open_intents(id)
            .into_iter()
            .map(|intent| (intent.key, (*intent.placement, intent.held)))
            .collect();
        let intents: BTreeMap<String, _> = model
            .intents
            .iter()
            .filter(|((of, _), _)| *of == at)
            .map(|((_, key), intent)| (key.clone(), intent.clone()))
            .collect();
        assert_eq!(open, intents);
        for since in [0, 500] {
            let count = model
                .losses
                .keys()
                .filter(|(of, when, _)| *of == at && *when >= since)
                .count();
            let since = Instant {
                seconds: since,
                nanoseconds: 0,
            };
            assert_eq!(state.destructive_since(id, since).expect("a count"), count as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_the_journal_says_through_crashes_and_rebuilds(steps in prop::collection::vec(step(), 0..40)) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = State::open(folder.path()).expect("it opens").state;
        let ids: Vec<DestinationId> = (0..DESTINATIONS).map(|at| state.destination(&destination(at)).expect("a number")).collect();
        let mut model = Model::default();
        for step in &steps {
            state = match step {
                Step::Reopen => {
                    drop(state);
                    State::open(folder.path()).expect("it opens").state
                }
                Step::Rebuild => state.rebuild().expect("it is made anew").state,
                _ => {
                    act(&state, step);
                    state
                }
            };
            model.take(step);
        }
        same(&state, &model);
        drop(state);
        let state = State::open(folder.path()).expect("it opens").state;
        same(&state, &model);
        let state = state.rebuild().expect("it is made anew").state;
        same(&state, &model);
        for (at, id) in (0..DESTINATIONS).zip(ids) {
            prop_assert_eq!(state.destination(&destination(at)).expect("a number"), id, "a destination keeps its number");
        }
    }

    #[test]
    fn an_index_of_any_age_is_caught_up(steps in prop::collection::vec(step(), 0..30), kept in 0..30usize) {
        // The index as it was at some moment, put beside the journal as it is at the end: what a power cut leaves.
        let folder = tempfile::tempdir().expect("a folder");
        let old = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("it opens").state;
        let mut model = Model::default();
        let mut saved = false;
        let mut state = state;
        for (number, step) in steps.iter().enumerate() {
            if number == kept {
                // sled lets go of its files when it is dropped.
                drop(state);
                copy(&folder.path().join("index"), &old.path().join("index"));
                saved = true;
                state = State::open(folder.path()).expect("it opens").state;
            }
            if !matches!(step, Step::Reopen | Step::Rebuild) {
                act(&state, step);
            }
            model.take(step);
        }
        drop(state);
        if saved {
            std::fs::remove_dir_all(folder.path().join("index")).expect("removed");
            copy(&old.path().join("index"), &folder.path().join("index"));
        }
        let opened = State::open(folder.path()).expect("it opens");
        prop_assert!(opened.notices.is_empty(), "{:?}", opened.notices);
        same(&opened.state, &model);
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn threads_that_meet_a_destination_at_once_give_it_one_number_and_others_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("it opens").state;
    let numbers: Vec<(u8, DestinationId)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32u8)
            .map(|thread| {
                let state = &state;
                scope.spawn(move || {
                    (
                        thread % 8,
                        state.destination(&destination(thread % 8)).expect("a number"),
                    )
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    });
    let by_key: BTreeMap<u8, DestinationId> = numbers.iter().copied().collect();
    let mut distinct: Vec<DestinationId> = by_key.values().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 8, "{numbers:?}");
    assert!(numbers.iter().all(|(key, id)| by_key[key] == *id), "{numbers:?}");
}

#[test]
fn an_index_that_is_broken_is_moved_aside_and_nothing_placed_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("it opens").state;
    let mut model = Model::default();
    for path in 0..PATHS {
        let step = Step::Place {
            at: 0,
            asset: path % ASSETS,
            path,
            version: 1,
            intent: None,
        };
        act(&state, &step);
        model.take(&step);
    }
    state.checkpoint().expect("it is kept");
    drop(state);
    for entry in std::fs::read_dir(folder.path().join("index")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("bytes");
            std::fs::write(&path, vec![0xa5; bytes.len()]).expect("written");
        }
    }
    let opened = State::open(folder.path()).expect("it opens");
    assert!(!opened.notices.is_empty(), "a person is told");
    same(&opened.state, &model);
}

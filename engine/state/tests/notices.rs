//! What opening a state tells a person.

mod support;

use camroll_state::{Notice, Placed, State, StateError};
use support::{destination, placement};

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("it opens").state;
    let id = state.destination(&destination(0)).expect("a number");
    for path in ["a", "b"] {
        let placed = Placed {
            intent: None,
            folded: path.into(),
            placement: placement(0, path, 0),
        };
        state.record_placed(id, vec![placed]).expect("it is recorded");
    }
    folder
}

#[test]
fn nothing_where_nothing_was_amiss() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(State::open(folder.path()).expect("it opens").notices, []);
    let folder = written();
    assert_eq!(State::open(folder.path()).expect("it opens").notices, []);
}

#[test]
fn an_index_that_is_gone_is_made_anew_and_said() {
    let folder = written();
    std::fs::remove_dir_all(folder.path().join("index")).expect("removed");
    let opened = State::open(folder.path()).expect("it opens");
    assert!(
        matches!(&opened.notices[..], [Notice::IndexRebuilt { moved_to: None, .. }]),
        "{:?}",
        opened.notices
    );
    let id = opened.state.destination(&destination(0)).expect("a number");
    assert_eq!(opened.state.placements_at(id).expect("a count"), 2);
}

#[test]
fn a_tail_that_was_cut_is_said() {
    let folder = written();
    let path = folder.path().join("journal/00000001.log");
    let mut bytes = std::fs::read(&path).expect("a segment");
    bytes.extend([0xff; 7]);
    std::fs::write(&path, bytes).expect("written");
    let opened = State::open(folder.path()).expect("it opens");
    assert_eq!(opened.notices, [Notice::TailCut { bytes: 7 }]);
}

#[test]
fn a_journal_that_lost_what_the_index_knows_is_no_empty_journal() {
    let folder = written();
    State::open(folder.path())
        .expect("it opens")
        .state
        .checkpoint()
        .expect("it is kept");
    std::fs::remove_dir_all(folder.path().join("journal")).expect("removed");
    assert!(matches!(
        State::open(folder.path()),
        Err(StateError::JournalDamaged { .. })
    ));
    assert!(
        !folder.path().join("journal/00000001.log").exists(),
        "none is made in its place"
    );
}

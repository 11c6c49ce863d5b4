//! One engine a state: the second is refused, and one that died is in nobody's way.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use camroll_state::{State, StateError};

#[test]
fn a_second_holder_is_refused_and_told_who_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = State::open(folder.path()).expect("it opens");
    match State::open(folder.path()) {
        Err(StateError::Held { path, by }) => {
            assert_eq!(path, folder.path());
            assert_eq!(by, format!("process {}", std::process::id()));
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two hold it"),
    }
    // Asking didn't change who has it.
    assert!(matches!(State::open(folder.path()), Err(StateError::Held { .. })));
    drop(first);
    State::open(folder.path()).expect("it was let go");
}

#[test]
fn a_lock_file_without_a_process_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    // Longer than what will be written: nothing of it may stay.
    std::fs::write(folder.path().join("lock"), format!("process {}", u64::MAX)).expect("written");
    let _held = State::open(folder.path()).expect("nobody has it");
    let by = std::fs::read_to_string(folder.path().join("lock")).expect("a text");
    assert_eq!(by, format!("process {}", std::process::id()));
}

#[test]
fn two_states_dont_know_each_other() {
    let (one, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let first = State::open(one.path()).expect("it opens").state;
    let second = State::open(other.path()).expect("it opens").state;
    // Nor do they take each other's drafts for their own.
    let engine = first.engine().to_owned();
    assert_ne!(second.engine(), engine);
    drop(first);
    assert_eq!(State::open(one.path()).expect("it opens").state.engine(), engine);
}

/// Holds a state until it is killed; see below.
#[test]
#[ignore = "run by a_process_that_was_killed_lets_go"]
fn holds_until_killed() {
    let folder = std::env::var_os("CAMROLL_TEST_FOLDER").expect("set by the other test");
    let _held = State::open(folder.as_ref()).expect("it opens");
    println!("\nheld");
    // The other test keeps the pipe open until it has killed this process.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
fn a_process_that_was_killed_lets_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "holds_until_killed", "--ignored", "--nocapture"])
        .env("CAMROLL_TEST_FOLDER", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(
        said.map_while(Result::ok).any(|line| line == "held"),
        "it holds the state"
    );
    match State::open(folder.path()) {
        Err(StateError::Held { by, .. }) => assert_eq!(by, format!("process {}", child.id())),
        _ => panic!("two hold it"),
    }
    child.kill().expect("killed");
    child.wait().expect("it ended");
    State::open(folder.path()).expect("the dead hold nothing");
}

//! Names that a place takes for one: no two photos ever share a file there, and nothing that has two names is taken away under one of them.

mod places;
mod setting;

use std::collections::BTreeSet;
use std::path::Path;

use camroll_cloud_apple::{Content, NewItem};
use camroll_servers::{Act, Between};
use places::{Place, folding, openssh, run, seaweedfs, write_spec};
use setting::{Run, Setting, name, photo};

const SIZE: u64 = 4_000;
const COUNT: u64 = 7;

fn sync(setting: &Setting, place: &Place, more: &[&str]) -> Run {
    let arguments: Vec<&str> = ["sync", "family.yaml", "--json"].iter().chain(more).copied().collect();
    run(setting, place, &arguments)
}

fn bytes(number: u64) -> Vec<u8> {
    Content::generated(number + 1, SIZE).block(0, usize::MAX).to_vec()
}

/// The bytes of every file of a month.
fn there(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut all: Vec<Vec<u8>> = entries
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    all.sort();
    all
}

#[test]
fn photos_whose_names_are_one_there_are_two_files_and_one_that_goes_leaves_the_other() {
    let Some(place) = folding() else { return };
    let setting = Setting::new();
    let named = |number, name: &str| NewItem {
        name: Some(name.into()),
        ..photo(number, SIZE)
    };
    let first = setting.apple.library(|library| {
        let first = library.add(named(1, "IMG_0200.JPG"));
        library.add(named(2, "caf\u{e9}.JPG"));
        first
    });
    write_spec(&setting, &place, "  deletions: mirror\n");
    setting.login();
    let run = sync(&setting, &place, &[]);
    assert_eq!((run.code, run.put()), (0, 2), "{}{}", run.out, run.err);
    // The same bytes as the first under a name that is the first one's there, and other bytes.
    setting.apple.library(|library| {
        library.add(NewItem {
            original: Some(Content::generated(2, SIZE)),
            ..named(3, "img_0200.jpg")
        });
        library.add(named(4, "Img_0200.JPG"));
        library.add(named(5, "cafe\u{301}.JPG"));
    });
    let run = sync(&setting, &place, &[]);
    assert_eq!((run.code, run.put()), (0, 3), "{}{}", run.out, run.err);
    let month = place.folder.clone().expect("a folder on this machine").join("2014/05");
    let mut expected = vec![bytes(1), bytes(1), bytes(2), bytes(4), bytes(5)];
    expected.sort();
    assert!(there(&month) == expected, "each photo has a file of its own");

    setting.apple.library(|library| library.trash(&first));
    let run = sync(&setting, &place, &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["destinations"]["default"]["removed"], 1, "{}", run.out);
    let mut expected = vec![bytes(1), bytes(2), bytes(4), bytes(5)];
    expected.sort();
    assert!(there(&month) == expected, "the other photo's file stays");
    let deep = places::run(&setting, &place, &["verify", "family", "--deep"]);
    assert_eq!(deep.code, 0, "{}{}", deep.out, deep.err);
}

fn placed(place: &Place) -> Setting {
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    write_spec(&setting, place, "");
    setting.login();
    let run = sync(&setting, place, &[]);
    assert_eq!((run.code, run.put()), (0, COUNT), "{}{}", run.out, run.err);
    setting
}

/// Changes the layout, and has the moves planned.
fn plan_moves(setting: &Setting, place: &Place, layout: &str) {
    write_spec(setting, place, &format!("  layout: {layout:?}\n"));
    let planned = run(
        setting,
        place,
        &["plan", "family.yaml", "--relayout", "-o", "moves.json"],
    );
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
}

/// A folder that is a link to the other one: each file has both paths already.
#[test]
fn a_move_to_another_name_of_the_same_file_loses_nothing() {
    let Some(place) = openssh() else { return };
    let setting = placed(&place);
    let root = place.folder.clone().expect("a folder on this machine");
    std::os::unix::fs::symlink("2014", root.join("2014-linked")).unwrap();
    plan_moves(&setting, &place, "{taken:%Y}-linked/{taken:%m}/{name}");
    let moved = sync(&setting, &place, &["--plan", "moves.json"]);
    assert_eq!(moved.code, 0, "{}{}", moved.out, moved.err);
    for number in 0..COUNT {
        let path = root.join("2014-linked/05").join(name(number));
        assert!(std::fs::read(&path).unwrap() == bytes(number), "{}", path.display());
    }
    assert_eq!(there(&root.join("2014/05")).len() as u64, COUNT);
    assert_eq!(left_aside(&root), BTreeSet::new());
    let deep = run(&setting, &place, &["verify", "family", "--deep"]);
    assert_eq!(deep.code, 0, "{}{}", deep.out, deep.err);
}

/// What is set aside while it isn't known whether two names are one file's.
fn left_aside(root: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root.join(".camroll/moving")).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn killed_while_a_file_is_set_aside_it_gets_its_name_in_the_next_run() {
    let Some(place) = openssh() else { return };
    let root = place.folder.clone().expect("a folder on this machine");
    let mut seen = 0;
    for after in 1..=3 {
        let setting = placed(&place);
        let _ = std::fs::remove_file(root.join("2014-linked"));
        std::os::unix::fs::symlink("2014", root.join("2014-linked")).unwrap();
        plan_moves(&setting, &place, "{taken:%Y}-linked/{taken:%m}/{name}");
        let status = places::command(&setting, &place, &["sync", "family.yaml", "--plan", "moves.json"])
            .env("CAMROLL_FAILPOINT", format!("aside/after={after}"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "the failpoint was never passed");
        seen += left_aside(&root).len();
        let run = sync(&setting, &place, &["--plan", "moves.json"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert_eq!(left_aside(&root), BTreeSet::new());
        let mut expected: Vec<Vec<u8>> = (0..COUNT).map(bytes).collect();
        expected.sort();
        assert!(there(&root.join("2014/05")) == expected);
        let deep = places::run(&setting, &place, &["verify", "family", "--deep"]);
        assert_eq!(deep.code, 0, "{}{}", deep.out, deep.err);
        std::fs::remove_dir_all(root.join("2014")).unwrap();
        std::fs::remove_dir_all(root.join(".camroll")).unwrap();
    }
    assert_eq!(seen, 3, "each was killed while one was aside");
}

/// A copy and a removal, of which the removal is refused.
#[test]
fn a_copy_whose_first_one_stayed_is_one_file_in_the_end() {
    let Some(place) = seaweedfs() else { return };
    let setting = placed(&place);
    let between = Between::start(place.address());
    let refused = Act::Answer("500 Internal Server Error".into(), Vec::new(), String::new());
    between.meddle("DELETE", "/2014/05/", 2, 1, refused);
    let by_proxy = place.behind(between.port());
    plan_moves(&setting, &by_proxy, "{taken:%Y}/{name}");
    let moved = sync(&setting, &by_proxy, &["--plan", "moves.json"]);
    assert_eq!(moved.code, 0, "{}{}", moved.out, moved.err);
    let mut listed = place.listed_without(".camroll/id");
    listed.retain(|line| !line.starts_with(".camroll/manifest/"));
    assert_eq!(listed.len() as u64, COUNT, "{listed:?}");
    let deep = run(&setting, &by_proxy, &["verify", "family", "--deep"]);
    assert_eq!(deep.code, 0, "{}{}", deep.out, deep.err);
}

//! Albums into a folder: lists that say which photos are in which album, and follow what a person does with them.

mod places;
mod setting;

use std::collections::BTreeMap;
use std::path::Path;

use camroll_cloud_apple::AlbumKind;
use places::{Place, apache, openssh, rclone_says, run, seaweedfs, write_spec};
use setting::{Setting, name};

const SIZE: u64 = 4_000;
const KEEP: &str = "albums: keep\n";

/// The lists: each album's files, by its name.
fn lists(setting: &Setting) -> BTreeMap<String, Vec<String>> {
    lists_in(&setting.photos.join(".camroll/albums"))
}

fn lists_in(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut albums: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files_in(folder) {
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let files = line["files"].as_array().unwrap().iter();
            albums
                .entry(line["album"].as_str().unwrap().to_owned())
                .or_default()
                .extend(files.map(|file| file.as_str().unwrap().to_owned()));
        }
    }
    albums
}

fn list_files(setting: &Setting) -> Vec<String> {
    files_in(&setting.photos.join(".camroll/albums"))
}

fn files_in(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = all
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn paths(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| format!("2014/05/{}", name(number)))
        .collect()
}

/// Puts photos into an album of that name, in a folder of that name.
fn album(setting: &Setting, folder: Option<&str>, title: &str, numbers: std::ops::Range<u64>) -> String {
    setting.apple.library(|library| {
        let parent = folder.map(|folder| {
            library
                .find_album(folder)
                .unwrap_or_else(|| library.add_album(folder, AlbumKind::Folder, None))
        });
        let album = library.add_album(title, AlbumKind::Album, parent.as_ref());
        for number in numbers {
            let item = library.find(&name(number)).expect("a photo");
            library.put_into_album(&album, &item);
        }
        album
    })
}

#[test]
fn lists_say_who_is_in_which_album_and_follow() {
    let setting = Setting::new();
    setting.add_photos(200, SIZE);
    let selects = album(&setting, None, "Selects", 0..3);
    // More than a page of members, in a folder in a folder.
    setting.apple.library(|library| {
        let trips = library.add_album("Trips", AlbumKind::Folder, None);
        let italy = library.add_album("Italy", AlbumKind::Folder, Some(&trips));
        let rome = library.add_album("Roma / été ☀", AlbumKind::Album, Some(&italy));
        for number in 10..150 {
            let item = library.find(&name(number)).expect("a photo");
            library.put_into_album(&rome, &item);
        }
        library.add_album("By a rule", AlbumKind::Smart, None);
        library.add_album("Empty", AlbumKind::Album, None);
    });
    setting.write_spec(KEEP);
    setting.login();
    let first = setting.sync();
    assert_eq!((first.code, first.put()), (0, 200), "{}{}", first.out, first.err);
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    expected.insert("Selects".into(), paths(0..3));
    expected.insert("Trips/Italy/Roma / été ☀".into(), paths(10..150));
    assert_eq!(lists(&setting), expected);
    setting.assert_photos(0..200, SIZE);

    // Nothing new: nothing is asked about albums, and nothing is written.
    let written = list_files(&setting);
    let requests = setting.apple.requests();
    assert_eq!(setting.sync().code, 0);
    assert_eq!(setting.apple.requests() - requests, 2);
    assert_eq!(list_files(&setting), written);

    // One more, one less, another name.
    setting.apple.library(|library| {
        let (one, other) = (library.find(&name(0)).unwrap(), library.find(&name(7)).unwrap());
        library.take_out_of_album(&selects, &one);
        library.put_into_album(&selects, &other);
        library.rename_album(&selects, "Best");
    });
    let changed = setting.sync();
    assert_eq!((changed.code, changed.put()), (0, 0), "{}", changed.out);
    expected.remove("Selects");
    expected.insert("Best".into(), paths([1, 2, 7]));
    assert_eq!(lists(&setting), expected);
    assert_eq!(list_files(&setting).len(), 1, "the older list is taken away");

    // What left the library and is kept stays where it was; a deleted album's list stays too.
    setting.apple.library(|library| {
        let gone = library.find(&name(2)).unwrap();
        library.trash(&gone);
        let rome = library.find_album("Roma / été ☀").unwrap();
        library.delete_album(&rome);
    });
    assert_eq!(setting.sync().code, 0);
    assert_eq!(lists(&setting), expected);
}

#[test]
fn what_is_placed_later_joins_its_album() {
    let setting = Setting::new();
    setting.add_photos(20, SIZE);
    album(&setting, None, "All of it", 0..20);
    let broken = camroll_cloud_apple::Action::Status(500);
    setting.apple.fault(&format!("download:{}", name(4)), None, broken);
    setting.write_spec(KEEP);
    setting.login();
    let first = setting.sync();
    assert_eq!((first.code, first.put()), (6, 19), "{}", first.err);
    assert_eq!(
        lists(&setting)["All of it"],
        paths((0..20).filter(|number| *number != 4))
    );
    setting.apple.mend();
    assert_eq!(setting.sync().code, 0);
    assert_eq!(lists(&setting)["All of it"], paths(0..20));
}

#[test]
fn many_albums_come_in_pages_and_without_the_word_nothing_is_written() {
    let setting = Setting::new();
    setting.add_photos(10, SIZE);
    for number in 0..230u64 {
        album(
            &setting,
            None,
            &format!("Album {number:03}"),
            number % 10..number % 10 + 1,
        );
    }
    setting.write_spec("");
    setting.login();
    assert_eq!(setting.sync().code, 0);
    assert!(list_files(&setting).is_empty());
    // The word alone is enough: they were heard all along.
    setting.write_spec(KEEP);
    let requests = setting.apple.requests();
    assert_eq!(setting.sync().code, 0);
    assert_eq!(setting.apple.requests() - requests, 2);
    let lists = lists(&setting);
    assert_eq!(lists.len(), 230);
    assert_eq!(lists["Album 229"], paths([9]));
}

#[test]
fn albums_that_change_while_the_library_is_listed_are_told_right() {
    let setting = Setting::new();
    setting.add_photos(300, SIZE);
    let many = album(&setting, None, "Many", 0..200);
    setting.write_spec(KEEP);
    setting.login();
    // The second page of members is held, and what was on the first moves over its edge.
    let gate = setting.apple.gate("album-members", Some(2));
    let mut child = setting.begin_sync();
    setting.wait(gate.arrived());
    setting.apple.library(|library| {
        for number in 0..30 {
            let item = library.find(&name(number)).unwrap();
            library.take_out_of_album(&many, &item);
        }
    });
    gate.open();
    assert!(child.wait().unwrap().success());
    assert_eq!(setting.sync().code, 0);
    assert_eq!(lists(&setting)["Many"], paths(30..200));
}

/// The lists at a server, brought here by rclone: by album, and how many files they are in.
fn lists_at(place: &Place, setting: &Setting) -> (BTreeMap<String, Vec<String>>, usize) {
    let here = setting.path("lists");
    let _ = std::fs::remove_dir_all(&here);
    std::fs::create_dir(&here).unwrap();
    let there = format!("{}/.camroll/albums", place.remote);
    rclone_says(place, &["copy", &there, &here.display().to_string()]).expect("the lists can be read");
    (lists_in(&here), files_in(&here).len())
}

/// In a bucket, by WebDAV and by SFTP as in a folder.
#[test]
fn at_servers_the_lists_follow_and_nothing_else_is_touched() {
    for make in [seaweedfs, apache, openssh] {
        let Some(place) = make() else { continue };
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(20, SIZE);
        let selects = album(&setting, None, "Selects", 0..3);
        let rome = album(&setting, Some("Italy"), "Roma / été ☀", 5..15);
        write_spec(&setting, &place, KEEP);
        setting.login();
        let sync = || {
            let run = run(&setting, &place, &["sync", "family.yaml", "--json"]);
            assert_eq!(run.code, 0, "{at}: {}{}", run.out, run.err);
            run.put()
        };
        assert_eq!(sync(), 20, "{at}");
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        expected.insert("Selects".into(), paths(0..3));
        expected.insert("Italy/Roma / été ☀".into(), paths(5..15));
        assert_eq!(lists_at(&place, &setting), (expected.clone(), 1), "{at}");

        // Nothing new: the very files are there.
        let all = place.listed_without("");
        let others = place.listed_without(".camroll/albums/");
        assert_eq!(sync(), 0, "{at}");
        assert_eq!(place.listed_without(""), all, "{at}");

        // One more and one less in one album, the other one under another name.
        setting.apple.library(|library| {
            let (one, other) = (library.find(&name(0)).unwrap(), library.find(&name(17)).unwrap());
            library.take_out_of_album(&selects, &one);
            library.put_into_album(&selects, &other);
            library.rename_album(&rome, "Rome");
        });
        assert_eq!(sync(), 0, "{at}");
        expected.insert("Selects".into(), paths([1, 2, 17]));
        let members = expected.remove("Italy/Roma / été ☀").unwrap();
        expected.insert("Italy/Rome".into(), members);
        assert_eq!(
            lists_at(&place, &setting),
            (expected, 1),
            "{at}: the older list is taken away"
        );
        assert_eq!(place.listed_without(".camroll/albums/"), others, "{at}");
    }
}

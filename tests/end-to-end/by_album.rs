//! Filters and layouts by album: what a person does with albums is followed, and what isn't known of them is never taken for "in no album".

mod setting;

use camroll_cloud_apple::{Action, AlbumKind};
use setting::{Run, Setting, name};

const SIZE: u64 = 4_000;
/// As a sibling of `with`, below `destination:`.
const BY_ALBUM: &str = "  layout: \"{album}/{name}\"\n";
const TRIPS: &str = "filters: { album: [Selects, \"Trips/*\"] }\n";

/// Puts photos into an album of that name, in a folder of that name.
fn album(setting: &Setting, folder: Option<&str>, title: &str, numbers: impl IntoIterator<Item = u64>) -> String {
    let id = setting.apple.library(|library| {
        let parent = folder.map(|folder| {
            library
                .find_album(folder)
                .unwrap_or_else(|| library.add_album(folder, AlbumKind::Folder, None))
        });
        library.add_album(title, AlbumKind::Album, parent.as_ref())
    });
    put_into(setting, &id, numbers);
    id
}

fn put_into(setting: &Setting, album: &str, numbers: impl IntoIterator<Item = u64>) {
    setting.apple.library(|library| {
        for number in numbers {
            let item = library.find(&name(number)).expect("a photo");
            library.put_into_album(album, &item);
        }
    });
}

fn take_out(setting: &Setting, album: &str, number: u64) {
    setting.apple.library(|library| {
        let item = library.find(&name(number)).expect("a photo");
        library.take_out_of_album(album, &item);
    });
}

fn with(count: u64) -> Setting {
    let setting = Setting::new();
    setting.add_photos(count, SIZE);
    setting
}

fn done(run: &Run, put: u64) {
    assert_eq!((run.code, run.put()), (0, put), "{}{}", run.out, run.err);
}

fn kept_left_scope(run: &Run) -> u64 {
    let kept = &run.receipt()["destinations"]["default"]["kept"];
    kept["left_scope"].as_u64().expect("a number")
}

fn downloads(setting: &Setting, count: u64) -> u64 {
    (0..count)
        .map(|number| setting.apple.count(&format!("download:{}", name(number))))
        .sum()
}

fn paths(folder: &str, numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| format!("{folder}/{}", name(number)))
        .collect()
}

fn sorted(parts: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut all: Vec<String> = parts.into_iter().flatten().collect();
    all.sort();
    all
}

#[test]
fn a_filter_takes_albums_by_name_and_by_folder_and_follows_them() {
    let setting = with(120);
    let selects = album(&setting, None, "Selects", 0..3);
    let rome = album(&setting, Some("Trips"), "Rome", 10..90);
    album(&setting, None, "Rome", 100..103);
    setting.write_spec(TRIPS);
    setting.login();
    done(&setting.sync(), 83);
    setting.assert_photos((0..3).chain(10..90), SIZE);

    // Nothing new costs what it cost without the filter.
    let requests = setting.apple.requests();
    done(&setting.sync(), 0);
    assert_eq!(setting.apple.requests() - requests, 2);

    // One joins, and comes; one leaves, and stays as everything that left the filters does.
    put_into(&setting, &selects, [5]);
    take_out(&setting, &rome, 10);
    let run = setting.sync();
    done(&run, 1);
    assert_eq!(kept_left_scope(&run), 1);
    setting.assert_photos((0..3).chain([5]).chain(10..90), SIZE);
    let told = setting.run(&["explain", "family", &name(10)]);
    assert!(told.out.contains("album: Selects or Trips/*"), "{}", told.out);

    // Back again: it is there.
    put_into(&setting, &rome, [10]);
    let run = setting.sync();
    done(&run, 0);
    assert_eq!(kept_left_scope(&run), 0);
    assert_eq!(downloads(&setting, 120), 84, "each was fetched once");
    let copies = setting.run(&["copies", "family", "--at-least", "1", "--json"]);
    assert!(copies.out.contains("\"assets\":84"), "{}", copies.out);
}

#[test]
fn an_album_that_is_renamed_or_deleted_or_made_is_noticed() {
    let setting = with(30);
    let rome = album(&setting, Some("Trips"), "Rome", 0..5);
    let other = album(&setting, None, "Other", 10..15);
    setting.write_spec(TRIPS);
    setting.login();
    done(&setting.sync(), 5);
    // Renaming says nothing of the photos in it.
    setting.apple.library(|library| library.rename_album(&other, "selects"));
    done(&setting.sync(), 5);
    setting.apple.library(|library| library.rename_album(&other, "Other"));
    let run = setting.sync();
    done(&run, 0);
    assert_eq!(kept_left_scope(&run), 5);
    setting.apple.library(|library| library.delete_album(&rome));
    let run = setting.sync();
    done(&run, 0);
    assert_eq!((kept_left_scope(&run), setting.files().len()), (10, 10), "all stays");
    assert_eq!(run.problem_codes(), ["albums/no-such-album", "albums/no-such-album"]);
    // The folder's name is a part of the album's.
    album(&setting, Some("Trips"), "Oslo", 20..22);
    done(&setting.sync(), 2);
    let trips = setting
        .apple
        .library(|library| library.find_album("Trips").expect("the folder"));
    setting
        .apple
        .library(|library| library.rename_album(&trips, "Journeys"));
    let run = setting.sync();
    done(&run, 0);
    assert_eq!(kept_left_scope(&run), 12);
}

#[test]
fn what_an_exclusion_names_stays_out_until_it_leaves_the_album() {
    let setting = with(20);
    let private = album(&setting, None, "Private", 0..4);
    setting.write_spec("filters: { not: { album: Private } }\n");
    setting.login();
    done(&setting.sync(), 16);
    setting.assert_photos(4..20, SIZE);
    take_out(&setting, &private, 0);
    done(&setting.sync(), 1);
}

#[test]
fn a_layout_by_album_has_their_folders_and_moves_only_what_is_asked() {
    let setting = with(12);
    let rome = album(&setting, Some("Trips"), "Rome: day 1", 0..4);
    album(&setting, None, "Best", 3..6);
    setting.write_spec(BY_ALBUM);
    setting.login();
    done(&setting.sync(), 12);
    let placed = sorted([
        paths("Trips/Rome: day 1", 0..3),
        paths("Best", 3..6),
        paths("unsorted", 6..12),
    ]);
    assert_eq!(setting.files(), placed);
    // An album that is renamed, a photo that joins one: what is there stays, and a plan says so.
    setting.apple.library(|library| library.rename_album(&rome, "Rome"));
    put_into(&setting, &rome, [7]);
    done(&setting.sync(), 0);
    assert_eq!(setting.files(), placed);
    let told = setting.run(&["plan", "family.yaml"]);
    assert!(told.out.contains("4 files lie elsewhere"), "{}", told.out);
    // What comes from now on goes where it belongs.
    setting.add_photos_from(20, 1, SIZE);
    put_into(&setting, &rome, [20]);
    done(&setting.sync(), 1);
    assert!(setting.files().contains(&format!("Trips/Rome/{}", name(20))));
    let fetched = downloads(&setting, 21);
    setting.run(&["plan", "family.yaml", "--relayout", "-o", "moves.json"]);
    let run = setting.run(&["sync", "family.yaml", "--plan", "moves.json", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["destinations"]["default"]["renamed"], 4);
    let moved = sorted([
        paths("Trips/Rome", (0..3).chain([7, 20])),
        paths("Best", 3..6),
        paths("unsorted", [6, 8, 9, 10, 11]),
    ]);
    assert_eq!(setting.files(), moved);
    done(&setting.sync(), 0);
    assert_eq!(downloads(&setting, 21), fetched, "nothing is sent twice");
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
}

#[test]
fn a_listing_of_albums_that_breaks_off_decides_nothing() {
    let setting = with(150);
    let many = album(&setting, None, "Selects", 0..140);
    setting.write_spec(&format!("{BY_ALBUM}filters: {{ not: {{ album: Private }} }}\n"));
    setting.login();
    // The members' second page doesn't come, however often it is asked for.
    for page in 2..40 {
        setting.apple.fault("album-members", Some(page), Action::Status(503));
    }
    let run = setting.sync();
    assert_ne!(run.code, 0, "{}", run.out);
    assert_eq!(
        setting.files(),
        Vec::<String>::new(),
        "nobody knows which album they are in"
    );
    setting.apple.mend();
    done(&setting.sync(), 150);
    let placed = sorted([paths("Selects", 0..140), paths("unsorted", 140..150)]);
    assert_eq!(setting.files(), placed);

    // Nor do changes that break off between one album and the next.
    // The photo is told by the first page, and by the second one that nobody shall see it.
    let private = album(&setting, None, "Private", []);
    setting.add_photos_from(200, 1, SIZE);
    setting.apple.library(|library| {
        for number in 0..140 {
            let item = library.find(&name(number)).expect("a photo");
            library.take_out_of_album(&many, &item);
        }
    });
    put_into(&setting, &private, (0..140).chain([200]));
    let asked = setting.apple.count("changes");
    for page in asked + 2..asked + 40 {
        setting.apple.fault("changes", Some(page), Action::Status(503));
    }
    let run = setting.sync();
    assert_ne!(run.code, 0, "{}", run.out);
    assert_eq!(setting.files(), placed);
    setting.apple.mend();
    let run = setting.sync();
    done(&run, 0);
    assert_eq!((kept_left_scope(&run), setting.files()), (140, placed));
}

#[test]
fn an_album_that_cannot_be_read_stops_the_spec_until_it_is() {
    let setting = with(40);
    album(&setting, None, "Alpha", 0..3);
    album(&setting, None, "Selects", 10..20);
    setting.write_spec(TRIPS);
    setting.login();
    let refused = Action::Code("BAD_REQUEST".to_owned());
    setting.apple.fault("album-members", None, refused);
    for _ in 0..2 {
        let run = setting.sync();
        assert_eq!(run.code, 5, "{}{}", run.out, run.err);
        assert!(run.problem_codes().contains(&"albums/unread".to_owned()), "{}", run.out);
        assert_eq!(setting.files(), Vec::<String>::new());
        // Nor is anything said to be safe that may be in the album.
        assert_ne!(setting.run(&["copies", "family", "--at-least", "0"]).code, 0);
    }
    // A spec that doesn't ask goes on meanwhile.
    setting.write_spec("");
    assert_eq!(setting.sync().put(), 40);
    setting.write_spec(TRIPS);
    setting.apple.mend();
    let run = setting.sync();
    done(&run, 0);
    assert_eq!(run.receipt()["assets"]["in_scope"], 10);
    // It was listed again for that, and isn't once more.
    let requests = setting.apple.requests();
    done(&setting.sync(), 0);
    assert_eq!(setting.apple.requests() - requests, 2);
}

#[test]
fn a_restore_by_album_says_where_albums_are_not_known() {
    let setting = with(10);
    album(&setting, None, "Selects", 0..3);
    setting.write_spec("filters: { album: Selects }\n");
    setting.login();
    done(&setting.sync(), 3);
    let known = setting.run(&["restore", "family", "--to", "known", "--in-scope"]);
    assert_eq!(known.code, 0, "{}{}", known.out, known.err);
    assert!(!known.err.contains("left out"), "{}", known.err);
    // Another machine: the archive alone doesn't tell who is in which album.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let unknown = setting.run(&["restore", "family", "--to", "unknown", "--in-scope"]);
    assert!(unknown.err.contains("are left out"), "{}{}", unknown.out, unknown.err);
    let all = setting.run(&["restore", "family", "--to", "all"]);
    assert_eq!(all.code, 0, "{}{}", all.out, all.err);
    assert!(!all.err.contains("left out"), "{}", all.err);
}

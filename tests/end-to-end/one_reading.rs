//! Several destinations that want different things of a file, of several kinds: the source is read once for all of them, whatever each asks to know before.

mod places;
mod setting;

use camroll_cloud_apple::Content;
use places::{Place, apache, openssh, rclone_agrees, run, seaweedfs};
use setting::{Setting, name, photo};

const SIZE: u64 = 30_000;
const COUNT: u64 = 60;
/// Above what goes to a bucket in one request.
const LARGE: u64 = 70 << 20;
/// They ask for MD5 and size before, in parts for what is large; for the size; for nothing at all.
const SERVERS: [fn() -> Option<Place>; 3] = [seaweedfs, apache, openssh];

/// The spec with a folder and these places.
fn write_spec(setting: &Setting, places: &[Place]) {
    setting.write_spec("");
    let spec = setting.path("family.yaml");
    let text = std::fs::read_to_string(&spec).unwrap();
    let (head, folder) = text.split_once("destination:\n").unwrap();
    let mut destinations = format!("destinations:\n  folder:\n{}", indented(folder));
    for (number, place) in places.iter().enumerate() {
        destinations.push_str(&format!("  place{number}:\n{}", indented(&place.destination)));
    }
    std::fs::write(&spec, format!("{head}{destinations}")).unwrap();
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}\n")).collect()
}

/// Requests to the source, and bytes from it, that a first sync to a folder and these places takes.
fn cost(setting: &Setting, places: &[Place]) -> (u64, u64) {
    setting.add_photos(COUNT, SIZE);
    setting.apple.library(|library| {
        library.add(photo(COUNT, LARGE));
    });
    let expected = setting.path("expected");
    std::fs::create_dir_all(expected.join("2014/05")).unwrap();
    for number in 0..=COUNT {
        let size = if number == COUNT { LARGE } else { SIZE };
        let bytes = Content::generated(number + 1, size).block(0, usize::MAX);
        std::fs::write(expected.join("2014/05").join(name(number)), bytes).unwrap();
    }
    let expected = expected.display().to_string();
    write_spec(setting, places);
    setting.login();
    let before = (setting.apple.requests(), setting.apple.downloaded());
    let synced = match places.first() {
        // One command has what all of them ask for in its environment.
        Some(place) => run(setting, place, &["sync", "family.yaml", "--json"]),
        None => setting.sync(),
    };
    assert_eq!(synced.code, 0, "{}{}", synced.out, synced.err);
    for place in places {
        assert!(
            rclone_agrees(place, &expected),
            "{}: rclone finds a difference",
            place.name
        );
    }
    (
        setting.apple.requests() - before.0,
        setting.apple.downloaded() - before.1,
    )
}

#[test]
fn destinations_of_several_kinds_cost_the_source_what_a_folder_does() {
    let all: Vec<Place> = SERVERS.into_iter().filter_map(|make| make()).collect();
    if all.len() < SERVERS.len() {
        return;
    }
    let one = cost(&Setting::new(), &[]);
    assert_eq!(one.1, COUNT * SIZE + LARGE);
    assert_eq!(cost(&Setting::new(), &all[..1]), one);
    let all: Vec<Place> = all.into_iter().map(|place| place.moved("family", "second")).collect();
    assert_eq!(cost(&Setting::new(), &all), one);
}

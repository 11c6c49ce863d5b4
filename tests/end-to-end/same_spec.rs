//! The same spec with only its destination changed, at every server that can be had: an rclone of its own finds the source there, a second run finds nothing to do, every byte is read back, the library
//! comes back from the archive alone, and is taken over again without being sent.

mod places;
mod setting;

use camroll_cloud_apple::{Content, NewItem};
use places::{Place, places, rclone_agrees, run, write_spec};
use setting::{Setting, name, photo};

const SIZE: u64 = 30_000;
const COUNT: u64 = 20;

#[test]
fn only_the_destination_changes() {
    let odd = [
        "Müller & Söhne +1 (ä).JPG",
        "夏の写真 100%.JPG",
        "снег #7.JPG",
        "emoji 🎉'!~.JPG",
    ];
    for place in places() {
        let Some(place) = place() else { continue };
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(COUNT, SIZE);
        let mut files: Vec<(String, Content)> = (0..COUNT)
            .map(|number| (name(number), Content::generated(number + 1, SIZE)))
            .collect();
        setting.apple.library(|library| {
            for (number, name) in (100..).zip(odd) {
                library.add(NewItem {
                    name: Some(name.into()),
                    ..photo(number, SIZE)
                });
                files.push((name.to_owned(), Content::generated(number + 1, SIZE)));
            }
        });
        let expected = setting.path("expected");
        std::fs::create_dir_all(expected.join("2014/05")).unwrap();
        for (name, content) in &files {
            std::fs::write(expected.join("2014/05").join(name), content.block(0, usize::MAX)).unwrap();
        }
        let expected = expected.display().to_string();

        write_spec(&setting, &place, "");
        setting.login();

        let first = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!(
            (first.code, first.put()),
            (0, files.len() as u64),
            "{at}: {}{}",
            first.out,
            first.err
        );
        assert!(rclone_agrees(&place, &expected), "{at}: rclone finds a difference");
        let again = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!((again.code, again.put()), (0, 0), "{at}: {}{}", again.out, again.err);
        let deep = run(&setting, &place, &["verify", "family", "--deep"]);
        assert_eq!(deep.code, 0, "{at}: {}{}", deep.out, deep.err);

        // Another machine, which has the spec and nothing else.
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        let back = run(&setting, &place, &["restore", "family", "--to", "back"]);
        assert_eq!(back.code, 0, "{at}: {}{}", back.out, back.err);
        for (name, content) in &files {
            let bytes = std::fs::read(setting.path("back/2014/05").join(name)).unwrap();
            assert!(bytes == content.block(0, usize::MAX), "{at}: {name}");
        }
        setting.login();
        let adopted = run(&setting, &place, &["adopt", "family"]);
        assert_eq!(adopted.code, 0, "{at}: {}{}", adopted.out, adopted.err);
        let after = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!((after.code, after.put()), (0, 0), "{at}: {}{}", after.out, after.err);
        is_found_well(&setting, &place);
    }
}

/// These give files the time when they arrive.
const WITHOUT_TIMES: [&str; 2] = ["Apache mod_dav", "rclone serve ftp"];

/// `doctor` tries each step, says what it found, and leaves nothing behind.
fn is_found_well(setting: &Setting, place: &Place) {
    let at = place.name;
    let before = place.listed_without("");
    let doctor = run(setting, place, &["doctor", "family", "--json"]);
    assert_eq!(doctor.code, 0, "{at}: {}{}", doctor.out, doctor.err);
    let document: serde_json::Value = serde_json::from_str(&doctor.out).expect("findings");
    let said: Vec<(&str, &str)> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|one| one["subject"] == "destination default")
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            (text("verdict"), text("message"))
        })
        .collect();
    let times = match WITHOUT_TIMES.contains(&at) {
        true => (
            "limit",
            "files there get the time when they arrive, not when the photo was taken",
        ),
        false => ("well", "files keep the time when the photo was taken"),
    };
    // Before these stands how much is free, which is this machine's affair.
    let expected = [
        ("well", "a file was written"),
        times,
        ("well", "it was read back, and is the same"),
        ("well", "another file in its place was refused"),
        ("well", "a newer file took its place"),
        ("well", "one that knew only what was there before was refused"),
        ("well", "it was taken away again"),
    ];
    assert_eq!(said.get(1..), Some(&expected[..]), "{at}");
    assert_eq!(place.listed_without(""), before, "{at}: something stays");
}

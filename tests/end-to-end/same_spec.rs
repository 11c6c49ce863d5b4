//! The same spec with only its destination changed, at every server that can be had: an rclone of its own finds the source there, a second run finds nothing to do, every byte is read back, the library
//! comes back from the archive alone, and is taken over again without being sent.

mod places;
mod setting;

use camroll_cloud_apple::{Content, NewItem};
use places::{places, rclone_agrees, run, write_spec};
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
        let doctor = run(&setting, &place, &["doctor", "family"]);
        assert!(
            doctor.code == 0 || doctor.code == 6,
            "{at}: {} {}{}",
            doctor.code,
            doctor.out,
            doctor.err
        );
    }
}

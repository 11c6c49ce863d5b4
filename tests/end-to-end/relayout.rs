//! A changed layout: what is there stays, until a plan that moves it is given to a sync.

mod places;
mod setting;

use std::process::Stdio;

use camroll_cloud_apple::Content;
use places::{apache, openssh, rclone_agrees, run, seaweedfs, write_spec};
use setting::{Setting, name};

const SIZE: u64 = 4_000;
const COUNT: u64 = 12;
/// As a sibling of `with`, below `destination:`.
const LAYOUT: &str = "  layout: \"{taken:%Y}/{name}\"\n";

fn placed() -> Setting {
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    setting.login();
    assert_eq!(setting.sync().put(), COUNT);
    setting
}

/// The spec with the other layout.
fn change_layout(setting: &Setting) {
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("destination:\n", &format!("destination:\n{LAYOUT}")),
    )
    .unwrap();
}

fn paths(year_only: bool) -> Vec<String> {
    (0..COUNT)
        .map(|number| match year_only {
            true => format!("2014/{}", name(number)),
            false => format!("2014/05/{}", name(number)),
        })
        .collect()
}

fn downloads(setting: &Setting) -> u64 {
    (0..COUNT)
        .map(|number| setting.apple.count(&format!("download:{}", name(number))))
        .sum()
}

#[test]
fn a_plan_moves_what_is_there_and_a_sync_alone_does_not() {
    let setting = placed();
    let fetched = downloads(&setting);
    change_layout(&setting);
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}{}", run.out, run.err);
    assert_eq!(setting.files(), paths(false), "a sync leaves them");
    let told = setting.run(&["plan", "family.yaml"]);
    assert!(told.out.contains("12 files lie elsewhere"), "{}", told.out);
    let planned = setting.run(&["plan", "family.yaml", "--relayout", "-o", "moves.json"]);
    assert!(
        planned.out.contains("2014/05/IMG_0003.JPG → 2014/IMG_0003.JPG"),
        "{}",
        planned.out
    );
    assert_eq!(setting.files(), paths(false), "a plan moves nothing");
    let before: Vec<_> = inodes(&setting, &paths(false));
    let run = setting.run(&["sync", "family.yaml", "--plan", "moves.json", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["destinations"]["default"]["renamed"], COUNT);
    assert_eq!(setting.files(), paths(true));
    assert_eq!(inodes(&setting, &paths(true)), before, "renamed, and not written again");
    assert_eq!(downloads(&setting), fetched, "nothing was fetched for it");

    // It is known there from now on, by the state and by the archive itself.
    assert_eq!((setting.sync().put(), setting.sync().code), (0, 0));
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
    let again = setting.run(&["plan", "family.yaml", "--relayout"]);
    assert!(
        !again.out.contains('→') || !again.out.contains("move "),
        "{}",
        again.out
    );
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    setting.login();
    let adopted = setting.run(&["adopt", "family", "--manifest-only"]);
    assert_eq!(adopted.code, 0, "{}{}", adopted.out, adopted.err);
    assert_eq!((setting.sync().put(), setting.files()), (0, paths(true)));
}

#[test]
fn what_has_the_name_already_stays_and_is_told() {
    let setting = placed();
    change_layout(&setting);
    std::fs::write(setting.path("photos/2014/IMG_0005.JPG"), b"somebody else's").unwrap();
    setting.run(&["plan", "family.yaml", "--relayout", "-o", "moves.json"]);
    let run = setting.run(&["sync", "family.yaml", "--plan", "moves.json", "--json"]);
    assert_eq!(run.code, 6, "{}{}", run.out, run.err);
    assert_eq!(run.receipt()["destinations"]["default"]["renamed"], COUNT - 1);
    assert_eq!(
        std::fs::read(setting.path("photos/2014/IMG_0005.JPG")).unwrap(),
        b"somebody else's"
    );
    assert!(setting.path("photos/2014/05/IMG_0005.JPG").exists());
    // Told by that run; the file is safe where it is, and the library settled.
    assert_eq!((setting.sync().put(), setting.sync().code), (0, 0));
}

#[test]
fn killed_between_a_move_and_its_record() {
    for place in ["record/before", "record/after", "intent/before", "intent/after"] {
        let setting = placed();
        let fetched = downloads(&setting);
        change_layout(&setting);
        setting.run(&["plan", "family.yaml", "--relayout", "-o", "moves.json"]);
        let status = setting
            .command(&["sync", "family.yaml", "--plan", "moves.json"])
            .env("CAMROLL_FAILPOINT", format!("{place}=5"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "{place} was never passed");
        let run = setting.run(&["sync", "family.yaml", "--plan", "moves.json", "--json"]);
        assert_eq!(run.code, 0, "{place}: {}{}", run.out, run.err);
        assert_eq!(setting.files(), paths(true), "{place}");
        assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0, "{place}");
        assert_eq!((setting.sync().put(), downloads(&setting)), (0, fetched), "{place}");
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        setting.login();
        setting.run(&["adopt", "family", "--manifest-only"]);
        assert_eq!(
            (setting.sync().put(), setting.files()),
            (0, paths(true)),
            "{place}: the archive itself knows"
        );
    }
}

/// Servers that rename by a second link, or by a copy: the first name is taken away afterwards.
#[test]
fn killed_between_the_second_name_and_the_end_of_the_first() {
    use std::os::unix::fs::MetadataExt as _;
    let setting = placed();
    change_layout(&setting);
    setting.run(&["plan", "family.yaml", "--relayout", "-o", "moves.json"]);
    let status = setting
        .command(&["sync", "family.yaml", "--plan", "moves.json"])
        .env("CAMROLL_FAILPOINT", "record/before=5")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let moved = |number: u64| setting.path("photos/2014").join(name(number));
    let (_, last) = (0..COUNT)
        .filter_map(|number| {
            let changed = std::fs::metadata(moved(number)).ok()?;
            Some(((changed.ctime(), changed.ctime_nsec()), number))
        })
        .max()
        .unwrap();
    std::fs::hard_link(moved(last), setting.path("photos/2014/05").join(name(last))).unwrap();
    let run = setting.run(&["sync", "family.yaml", "--plan", "moves.json", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(setting.files(), paths(true));
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
}

fn inodes(setting: &Setting, paths: &[String]) -> Vec<u64> {
    use std::os::unix::fs::MetadataExt as _;
    paths
        .iter()
        .map(|path| std::fs::metadata(setting.path("photos").join(path)).unwrap().ino())
        .collect()
}

/// A copy and a removal in a bucket, a MOVE by WebDAV, a rename by SFTP.
#[test]
fn at_servers_what_is_there_moves_and_is_fetched_by_nobody() {
    for make in [seaweedfs, apache, openssh] {
        let Some(place) = make() else { continue };
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(COUNT, SIZE);
        write_spec(&setting, &place, "");
        setting.login();
        let sync = |more: &[&str]| {
            let arguments: Vec<&str> = ["sync", "family.yaml", "--json"].iter().chain(more).copied().collect();
            let run = run(&setting, &place, &arguments);
            assert_eq!(run.code, 0, "{at}: {}{}", run.out, run.err);
            run
        };
        assert_eq!(sync(&[]).put(), COUNT, "{at}");
        let fetched = downloads(&setting);
        change_layout(&setting);
        let planned = run(
            &setting,
            &place,
            &["plan", "family.yaml", "--relayout", "-o", "moves.json"],
        );
        assert_eq!(planned.code, 0, "{at}: {}{}", planned.out, planned.err);
        let moved = sync(&["--plan", "moves.json"]);
        assert_eq!(moved.receipt()["destinations"]["default"]["renamed"], COUNT, "{at}");
        assert_eq!(downloads(&setting), fetched, "{at}: nothing was fetched for it");
        let expected = setting.path("expected");
        std::fs::create_dir_all(expected.join("2014")).unwrap();
        for number in 0..COUNT {
            let bytes = Content::generated(number + 1, SIZE).block(0, usize::MAX);
            std::fs::write(expected.join("2014").join(name(number)), bytes).unwrap();
        }
        assert!(rclone_agrees(&place, &expected.display().to_string()), "{at}");
        assert_eq!(sync(&[]).put(), 0, "{at}");
        let deep = run(&setting, &place, &["verify", "family", "--deep"]);
        assert_eq!(deep.code, 0, "{at}: {}{}", deep.out, deep.err);
    }
}

//! `camroll adopt`: what is at the destination is taken over after it was read, and a sync sends none of it.

mod places;
mod setting;

use camroll_cloud_apple::Content;
use places::{apache, openssh, rclone_agrees, rclone_fills, run, seaweedfs, write_spec};
use setting::{Run, Setting, name};

const SIZE: u64 = 30_000;

fn adopt(setting: &Setting, more: &[&str]) -> (i32, serde_json::Value) {
    let arguments: Vec<&str> = ["adopt", "family", "--json"].iter().chain(more).copied().collect();
    report(&setting.run(&arguments))
}

fn report(run: &Run) -> (i32, serde_json::Value) {
    let document: serde_json::Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    assert!(
        !document["destinations"].as_array().unwrap().is_empty(),
        "{}{}",
        run.out,
        run.err
    );
    (run.code, document["destinations"][0].clone())
}

fn synced(count: u64) -> Setting {
    let setting = Setting::new();
    setting.add_photos(count, SIZE);
    setting.login();
    assert_eq!(setting.sync().code, 0);
    setting
}

fn downloads(setting: &Setting) -> u64 {
    (0..10)
        .map(|number| setting.apple.count(&format!("download:{}", name(number))))
        .sum()
}

#[test]
fn after_the_state_is_lost_nothing_is_sent() {
    let setting = synced(5);
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let (before, requests) = (downloads(&setting), setting.apple.requests());
    // By the manifest alone, without a sign-in: the whole archive.
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_manifest"], &report["others"]),
        (0, &5.into(), &0.into()),
        "{report}"
    );
    assert_eq!(
        setting.apple.requests(),
        requests,
        "the source isn't asked where nothing is unknown"
    );
    let run = setting.run(&["verify", "family", "--json"]);
    assert_eq!(run.code, 0, "{}", run.out);
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}", run.out);
    assert_eq!(run.receipt()["destinations"]["default"]["proof"]["read-back"], 5);
    assert_eq!(downloads(&setting), before);
    setting.assert_photos(0..5, SIZE);
    let run = setting.run(&["explain", "family", &name(0), "--json"]);
    assert!(run.out.contains("\"ownership\":\"adopted\""), "{}", run.out);
    // Again: all of it is known.
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_manifest"], &report["known_before"]),
        (0, &0.into(), &5.into())
    );
}

#[test]
fn a_tree_that_somebody_else_filled_is_matched_by_content() {
    let setting = synced(4);
    // Another program's tree: other folders, other names, no manifest; and a file that is nobody's.
    let photos = setting.path("photos");
    std::fs::create_dir(photos.join("holidays")).unwrap();
    for number in 0..3 {
        std::fs::rename(
            photos.join("2014/05").join(name(number)),
            photos.join(format!("holidays/{number}.jpg")),
        )
        .unwrap();
    }
    std::fs::remove_file(photos.join("2014/05").join(name(3))).unwrap();
    std::fs::write(photos.join("holidays/else.jpg"), vec![7; SIZE as usize]).unwrap();
    std::fs::remove_dir_all(photos.join(".camroll")).unwrap();
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    setting.login();
    let before = downloads(&setting);
    let (code, report) = adopt(&setting, &[]);
    assert_eq!(
        (code, &report["by_content"], &report["others"]),
        (0, &3.into(), &1.into()),
        "{report}"
    );
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 1), "{}", run.out);
    assert_eq!(downloads(&setting), before + 1);
    // The archive explains itself now, whatever filled it.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let run = setting.run(&["restore", "family", "--to", "back", "--json"]);
    assert!(
        run.code == 0 && run.out.contains("\"restored\":4"),
        "{}{}",
        run.out,
        run.err
    );
}

#[test]
fn what_a_sync_found_is_in_the_manifest_once_it_is_taken_over() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    let there = setting.path("photos/2014/05");
    std::fs::create_dir_all(&there).unwrap();
    for number in 0..2 {
        let content = Content::generated(number + 1, SIZE);
        std::fs::write(there.join(name(number)), content.block(0, SIZE as usize)).unwrap();
    }
    setting.login();
    assert_eq!(setting.sync().put(), 1);
    assert_eq!(adopt(&setting, &[]).0, 0);
    // Another machine, which has the archive alone.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let run = setting.run(&["restore", "family", "--to", "back", "--from-manifest", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (run.code, &document["restore"]["restored"]),
        (0, &3.into()),
        "{}",
        run.err
    );
}

#[test]
fn what_isnt_what_the_manifest_says_is_not_taken_over() {
    let setting = synced(3);
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let damaged = setting.path("photos/2014/05").join(name(0));
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[99] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    std::fs::remove_file(setting.path("photos/2014/05").join(name(1))).unwrap();
    let (code, report) = adopt(&setting, &["--manifest-only"]);
    assert_eq!(
        (code, &report["by_manifest"], &report["mismatches"]),
        (9, &1.into(), &2.into()),
        "{report}"
    );
    setting.login();
    let run = setting.sync();
    assert_eq!((run.code, run.put()), (0, 2), "{}", run.out);
    assert_eq!(std::fs::read(&damaged).unwrap(), bytes, "never overwritten");
    assert_eq!(setting.run(&["verify", "family", "--deep"]).code, 0);
}

/// What rclone copied into a bucket, to a WebDAV server and to one of SFTP is taken over there as it is in a folder.
#[test]
fn at_servers_what_an_rclone_filled_is_matched_and_only_what_lacks_is_sent() {
    const LARGER: u64 = 300_000;
    let content = |number: u64| Content::generated(number + 1, LARGER).block(0, usize::MAX).to_vec();
    for make in [seaweedfs, apache, openssh] {
        let Some(place) = make() else { continue };
        let (place, meter) = place.metered();
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(6, LARGER);
        // Three under other names in another folder, one where it shall be, and two that are nobody's: one of them of the size of the photo whose path it has.
        let theirs = setting.path("theirs");
        for (path, bytes) in [
            ("holidays/0.jpg".to_owned(), content(0)),
            ("holidays/1.jpg".to_owned(), content(1)),
            ("holidays/2.jpg".to_owned(), content(2)),
            (format!("2014/05/{}", name(3)), content(3)),
            (format!("2014/05/{}", name(4)), content(99)),
            ("notes.txt".to_owned(), b"mine".to_vec()),
        ] {
            let path = theirs.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        rclone_fills(&place, &theirs);
        let before = place.listed_without(".camroll/");
        write_spec(&setting, &place, "");
        setting.login();

        let (code, first) = report(&run(&setting, &place, &["adopt", "family", "--json"]));
        assert_eq!(
            (code, &first["by_manifest"], &first["by_content"], &first["others"]),
            (0, &0.into(), &4.into(), &2.into()),
            "{at}: {first}"
        );
        // Apple tells a checksum of its own kind, which no service lists.
        assert!(meter.told() > 4 * LARGER, "{at}: each was read");
        assert_eq!(setting.apple.downloaded(), 0, "{at}");
        assert_eq!(place.listed_without(".camroll/"), before, "{at}: nothing was touched");

        let synced = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!(
            (synced.code, synced.put()),
            (0, 2),
            "{at}: {}{}",
            synced.out,
            synced.err
        );
        assert_eq!(setting.apple.downloaded(), 2 * LARGER, "{at}: only what lacks");
        let proof = synced.receipt()["destinations"]["default"]["proof"].clone();
        assert_eq!(proof["read-back"], 4, "{at}: {proof}");
        // The one whose path is taken has a name of its own; what was there is as it was.
        let after = place.listed_without(".camroll/");
        let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
        assert!(before.iter().all(|line| after.contains(line)), "{at}: {after:#?}");
        assert_eq!(new.len(), 2, "{at}: {new:#?}");
        let suffixed = new[0].split(';').next().unwrap();
        assert!(
            suffixed.starts_with("2014/05/IMG_0004-") && suffixed.len() == "2014/05/IMG_0004-12345678.JPG".len(),
            "{at}: {suffixed}"
        );
        let whole = setting.path("whole");
        std::fs::rename(&theirs, &whole).unwrap();
        std::fs::write(whole.join(suffixed), content(4)).unwrap();
        std::fs::write(whole.join("2014/05").join(name(5)), content(5)).unwrap();
        assert!(rclone_agrees(&place, &whole.display().to_string()), "{at}");

        // Another machine: by the manifest, and by the listed digest where one is listed.
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        let told = meter.told();
        let (code, again) = report(&run(
            &setting,
            &place,
            &["adopt", "family", "--manifest-only", "--json"],
        ));
        assert_eq!(
            (code, &again["by_manifest"], &again["others"]),
            (0, &6.into(), &2.into()),
            "{at}: {again}"
        );
        let (read, lists) = (meter.told() - told, place.remote.starts_with(":s3:"));
        match lists {
            true => assert!(read < LARGER, "{at}: {read} bytes came, though a digest is listed"),
            false => assert!(read > 6 * LARGER, "{at}: {read} bytes came"),
        }
        setting.login();
        let settled = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!(
            (settled.code, settled.put()),
            (0, 0),
            "{at}: {}{}",
            settled.out,
            settled.err
        );
        let proof = settled.receipt()["destinations"]["default"]["proof"].clone();
        assert_eq!(proof[if lists { "accepted" } else { "read-back" }], 6, "{at}: {proof}");
        assert_eq!(place.listed_without(".camroll/"), after, "{at}");
    }
}

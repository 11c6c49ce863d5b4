//! `sidecar: xmp`: what the person said of a photo lies beside it as a file that other programs read, follows what they say, and is proven, mended and restored as everything else is.

mod setting;

use std::collections::BTreeMap;
use std::process::Command;

use camroll_cloud_apple::{Content, NewItem, Said};
use camroll_cloud_immich::{Immich, KEY, Release};
use camroll_servers::{Fetched, fetched};
use serde_json::Value;
use setting::{Run, Setting};

const SIZE: u64 = 4_000;
const SIDECAR: &str = "2017/07/IMG_0001.HEIC.xmp";

fn said(title: &str) -> Said {
    Said {
        title: Some(title.to_owned()),
        caption: Some("Wind & waves".to_owned()),
        keywords: vec!["Meer".to_owned(), "été".to_owned()],
        place: Some([48.137, -11.5, 519.0]),
    }
}

/// A Live Photo with words, and a photo without; the Live Photo's record name.
fn library(setting: &Setting) -> String {
    setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("IMG_0002.JPG".into()),
            original: Some(Content::generated(3, SIZE)),
            taken: Some(1_500_000_100_000),
            ..NewItem::default()
        });
        library.add(NewItem {
            name: Some("IMG_0001.HEIC".into()),
            original: Some(Content::generated(1, SIZE)),
            video: Some(Content::generated(2, SIZE)),
            taken: Some(1_500_000_000_000),
            said: said("By the sea"),
            ..NewItem::default()
        })
    })
}

fn with_sidecars() -> (Setting, String) {
    let setting = Setting::new();
    let id = library(&setting);
    setting.write_spec("sidecar: xmp\n");
    setting.login();
    (setting, id)
}

fn of(setting: &Setting) -> String {
    std::fs::read_to_string(setting.photos.join(SIDECAR)).expect("a sidecar")
}

fn well(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    run
}

#[test]
fn they_lie_beside_their_files_and_follow_what_the_person_says() {
    let (setting, id) = with_sidecars();
    let first = well(setting.sync());
    assert_eq!(first.put(), 5);
    let files = [
        "2017/07/IMG_0001.HEIC",
        SIDECAR,
        "2017/07/IMG_0001.MOV",
        "2017/07/IMG_0002.JPG",
        "2017/07/IMG_0002.JPG.xmp",
    ];
    assert_eq!(setting.files(), files);
    assert!(of(&setting).contains("By the sea"));
    let downloads = setting.apple.downloaded();
    assert_eq!(well(setting.sync()).put(), 0);

    setting.apple.library(|library| library.say(&id, said("At the lake")));
    let changed = well(setting.sync()).receipt();
    assert_eq!(changed["destinations"]["default"]["replaced"], 1, "{changed}");
    assert!(of(&setting).contains("At the lake") && !of(&setting).contains("By the sea"));
    assert_eq!(setting.files(), files);
    assert_eq!(setting.apple.downloaded(), downloads, "nothing was fetched for it");
    well(setting.run(&["verify", "family", "--deep"]));

    // Somebody's own words in it are theirs.
    let own = of(&setting).replace("At the lake", "Our lake");
    std::fs::write(setting.photos.join(SIDECAR), &own).unwrap();
    setting
        .apple
        .library(|library| library.say(&id, said("In the mountains")));
    let beside = well(setting.sync());
    assert_eq!(of(&setting), own);
    assert_eq!(setting.files().len(), files.len() + 1);
    assert!(
        beside.problem_codes().contains(&"plan/stored-beside".to_owned()),
        "{}",
        beside.out
    );

    // Wanted no more, they stay.
    setting.write_spec("");
    let kept = well(setting.sync()).receipt();
    assert_eq!(setting.files().len(), files.len() + 1);
    assert_eq!(kept["destinations"]["default"]["removed"], 0);
}

#[test]
fn one_that_is_lost_comes_again_and_all_of_them_are_restored() {
    let (setting, _) = with_sidecars();
    well(setting.sync());
    let before = of(&setting);
    std::fs::remove_file(setting.photos.join(SIDECAR)).unwrap();
    assert_eq!(setting.run(&["verify", "family"]).code, 9);
    setting.run(&["verify", "family", "--repair"]);
    assert_eq!(well(setting.sync()).put(), 1);
    assert_eq!(of(&setting), before, "the same of the same");

    // On a machine that knows nothing but the archive.
    std::fs::remove_dir_all(setting.path("state")).unwrap();
    let there = setting.path("restored");
    let run = well(setting.run(&["restore", "family", "--to", there.to_str().unwrap()]));
    let restored = std::fs::read_to_string(there.join(SIDECAR)).unwrap_or_else(|error| panic!("{error}: {}", run.out));
    assert_eq!(restored, before);
}

#[test]
fn each_of_two_destinations_gets_them_and_the_source_is_asked_once() {
    let setting = Setting::new();
    library(&setting);
    let folders = ["one", "two"].map(|name| setting.path(name));
    let mut rest = String::from("sidecar: xmp\ndestinations:\n");
    for (name, folder) in ["one", "two"].iter().zip(&folders) {
        std::fs::create_dir(folder).unwrap();
        rest += &format!("  {name}: {{ connector: local, with: {{ path: {folder:?} }} }}\n");
    }
    setting.send_to(&rest);
    setting.login();
    let run = well(setting.sync()).receipt();
    let put = |name: &str| run["destinations"][name]["resources"]["put"].clone();
    assert_eq!((put("one"), put("two")), (5.into(), 5.into()), "{run}");
    let [one, two] = folders.map(|folder| std::fs::read(folder.join(SIDECAR)).expect("a sidecar"));
    assert_eq!(one, two);
    assert_eq!(setting.apple.downloaded(), 3 * SIZE);
}

/// What exiftool reads in a file. Immich reads sidecars with it.
fn exiftool(xmp: &std::path::Path) -> Option<BTreeMap<String, Value>> {
    let folder = match fetched("exiftool") {
        Fetched::Here(folder) => folder,
        Fetched::Missing(why) => {
            println!("not run: {why}");
            return None;
        }
    };
    let output = Command::new("perl")
        .arg("-I")
        .arg(folder.join("usr/share/perl5"))
        .arg(folder.join("usr/bin/exiftool"))
        .args(["-json", "-G1", "-n"])
        .arg(xmp)
        .output()
        .expect("perl runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let [one]: [BTreeMap<String, Value>; 1] = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&output.stderr)));
    Some(one)
}

#[test]
fn another_program_reads_what_was_said() {
    let (setting, id) = with_sidecars();
    setting.apple.library(|library| library.favorite(&id));
    well(setting.sync());
    let Some(read) = exiftool(&setting.photos.join(SIDECAR)) else {
        return;
    };
    let keywords = serde_json::json!(["Meer", "été"]);
    for (tag, expected) in [
        ("XMP-dc:Title", "By the sea".into()),
        ("XMP-dc:Description", "Wind & waves".into()),
        ("XMP-dc:Subject", keywords.clone()),
        ("XMP-digiKam:TagsList", keywords.clone()),
        ("XMP-lr:HierarchicalSubject", keywords),
        ("XMP-exif:DateTimeOriginal", "2017:07:14 02:40:00Z".into()),
        ("XMP-exif:GPSLatitude", 48.137.into()),
        ("XMP-exif:GPSLongitude", (-11.5).into()),
        ("XMP-exif:GPSAltitude", 519.into()),
        ("XMP-xmp:Rating", 5.into()),
    ] {
        assert_eq!(read.get(tag), Some(&expected), "{tag} in {read:#?}");
    }
    assert!(
        !read.keys().any(|tag| tag.contains("Warning") || tag.contains("Error")),
        "{read:#?}"
    );
}

#[test]
fn immich_gets_them_with_their_pictures() {
    for release in Release::ALL {
        let (setting, _) = with_sidecars();
        let immich = setting.wait(Immich::start(release)).expect("a port on loopback");
        let url = immich.url();
        let destination = format!(
            "destination:\n  connector: immich\n  with:\n    url: \"{url}\"\n    api_key: {{ env: IMMICH_API_KEY }}\n"
        );
        setting.send_to(&format!("{destination}sidecar: xmp\n"));
        let mut sync = setting.command(&["sync", "family.yaml", "--json"]);
        let run = well(Run::of(sync.env("IMMICH_API_KEY", KEY).output().expect("camroll runs")));
        assert_eq!(run.put(), 3);
        assert_eq!(run.problem_codes(), Vec::<String>::new());
        let sidecar = |name: &str| immich.library(|library| library.named(name).sidecar().cloned());
        let still = String::from_utf8(sidecar("IMG_0001.HEIC").expect("a sidecar").to_vec()).unwrap();
        assert!(
            still.contains("By the sea") && still.contains("digiKam:TagsList"),
            "{still}"
        );
        assert!(sidecar("IMG_0002.JPG").is_some() && sidecar("IMG_0001.MOV").is_none());
    }
}

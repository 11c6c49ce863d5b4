//! Whole runs into Immich: what its library holds is the source's, byte by byte, and a second run brings nothing.

mod setting;

use camroll_cloud_apple::Content;
use camroll_cloud_immich::{Action, Immich, KEY, NewAsset, Release};
use setting::{Setting, name};

const SIZE: u64 = 30_000;

fn write_spec(setting: &Setting, immich: &Immich) {
    setting.write_spec("");
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    let (head, _) = text.split_once("destination:\n").expect("a destination");
    let destination = format!(
        "destination:\n  connector: immich\n  with:\n    url: \"{}\"\n    api_key: {{ env: IMMICH_API_KEY }}\n",
        immich.url()
    );
    std::fs::write(path, format!("{head}{destination}")).expect("it is written");
}

fn sync(setting: &Setting) -> setting::Run {
    let output = setting
        .command(&["sync", "family.yaml", "--json"])
        .env("IMMICH_API_KEY", KEY)
        .output()
        .expect("camroll runs");
    let run = setting::Run::of(output);
    assert!(
        !run.out.contains(KEY) && !run.err.contains(KEY),
        "the key is nobody's to read"
    );
    run
}

#[test]
fn a_library_comes_whole_and_stays_so() {
    for release in Release::ALL {
        let setting = Setting::new();
        let immich = setting.wait(Immich::start(release)).expect("a port on loopback");
        setting.add_photos(30, SIZE);
        write_spec(&setting, &immich);
        setting.login();
        // One is there by the person's own hand, another lies in the bin.
        immich.library(|library| {
            for number in [3, 4] {
                let id = library.add(NewAsset {
                    name: format!("theirs {number}.jpg"),
                    bytes: Content::generated(number + 1, SIZE).block(0, usize::MAX),
                    ..NewAsset::default()
                });
                if number == 4 {
                    library.trash(&id);
                }
            }
        });
        let first = sync(&setting);
        assert_eq!(
            (first.code, first.put()),
            (0, 30),
            "{release:?}: {}{}",
            first.out,
            first.err
        );
        let receipt = first.receipt();
        assert_eq!(
            receipt["destinations"]["default"]["proof"]["service-reported"], 30,
            "{release:?}: {receipt}"
        );
        assert_eq!(immich.count("POST /assets"), 28, "what was there isn't sent");
        let assets = immich.library(|library| library.assets());
        assert_eq!(assets.len(), 30, "{release:?}");
        for number in 0..30 {
            let wanted = Content::generated(number + 1, SIZE).block(0, usize::MAX);
            let kept = assets.iter().find(|asset| *asset.bytes() == wanted).expect("its bytes");
            if ![3, 4].contains(&number) {
                assert_eq!(kept.name(), name(number));
            }
        }
        let again = sync(&setting);
        assert_eq!((again.code, again.put()), (0, 0), "{release:?}: {}", again.out);
        assert_eq!(immich.count("POST /assets"), 28);
        assert_eq!(immich.unknown(), Vec::<String>::new());
    }
}

#[test]
fn what_fails_once_is_there_after_the_next_run() {
    let setting = Setting::new();
    let immich = setting.wait(Immich::start(Release::V3_2)).expect("a port on loopback");
    setting.add_photos(12, SIZE);
    write_spec(&setting, &immich);
    setting.login();
    immich.fault("POST /assets", Some(2), Action::LoseTheAnswer);
    immich.fault("POST /assets", Some(4), Action::KeepOtherBytes);
    immich.fault("POST /assets", Some(6), Action::Cut);
    let first = sync(&setting);
    assert!([0, 1, 2].contains(&first.code), "{}{}", first.out, first.err);
    immich.mend();
    let second = sync(&setting);
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    let assets = immich.library(|library| library.assets());
    let mut names: Vec<&str> = assets.iter().map(|asset| asset.name()).collect();
    names.dedup();
    assert_eq!(names.len(), 12, "each once: {names:?}");
    for number in 0..12 {
        let wanted = Content::generated(number + 1, SIZE).block(0, usize::MAX);
        assert!(assets.iter().any(|asset| *asset.bytes() == wanted), "{number}");
    }
}

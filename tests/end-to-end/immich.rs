//! An iPhone's library in Immich: Live Photos joined, edits and RAW stacked, albums and favourites following, nothing twice, and all of it back again.

mod setting;

use std::collections::BTreeMap;

use camroll_cloud_apple::{Action, AlbumKind, Content, NewItem};
use camroll_cloud_immich::{Action as Trouble, Asset, Immich, KEY, NewAsset, Release};
use setting::{Run, Setting, name};

const SIZE: u64 = 20_000;

struct World {
    setting: Setting,
    immich: Immich,
}

impl World {
    fn new(release: Release) -> Self {
        let setting = Setting::new();
        let immich = setting.wait(Immich::start(release)).expect("a port on loopback");
        let world = Self { setting, immich };
        world.write_spec("");
        world
    }

    fn write_spec(&self, more: &str) {
        self.setting.write_spec("");
        let url = self.immich.url();
        let destination = format!(
            "destination:\n  connector: immich\n  with:\n    url: \"{url}\"\n    api_key: {{ env: IMMICH_API_KEY }}\n{more}"
        );
        self.setting.send_to(&destination);
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.setting.command(arguments);
        Run::of(command.env("IMMICH_API_KEY", KEY).output().expect("camroll runs"))
    }

    fn sync(&self) -> Run {
        self.run(&["sync", "family.yaml", "--json"])
    }

    fn assets(&self) -> Vec<Asset> {
        self.immich.library(|library| library.assets())
    }

    fn named(&self, name: &str) -> Asset {
        self.immich.library(|library| library.named(name))
    }

    /// Albums by their names, with the names of what is in them.
    fn albums(&self) -> BTreeMap<String, Vec<String>> {
        self.immich.library(|library| library.albums()).into_iter().collect()
    }
}

fn live(still: u64, video: u64) -> NewItem {
    NewItem {
        name: Some("IMG_1000.HEIC".into()),
        original: Some(Content::generated(still, SIZE)),
        video: Some(Content::generated(video, SIZE)),
        taken: Some(1_500_000_000_000),
        ..NewItem::default()
    }
}

fn raw() -> NewItem {
    NewItem {
        name: Some("IMG_2000.JPG".into()),
        original: Some(Content::generated(2000, SIZE)),
        alternate: Some((Content::generated(2001, SIZE), "com.adobe.raw-image")),
        edited: Some(Content::generated(2002, SIZE)),
        taken: Some(1_510_000_000_000),
        ..NewItem::default()
    }
}

#[test]
fn what_is_there_already_counts_though_it_is_larger_than_the_spool() {
    let world = World::new(Release::ALL[0]);
    let content = Content::generated(1, 3 << 20);
    world.setting.apple.library(|library| {
        library.add(NewItem {
            name: Some(name(0)),
            original: Some(content.clone()),
            taken: Some(1_400_000_000_000),
            ..NewItem::default()
        })
    });
    world.immich.library(|library| {
        library.add(NewAsset {
            name: "mine.jpg".into(),
            bytes: content.block(0, usize::MAX),
            ..NewAsset::default()
        })
    });
    world.write_spec("limits: { spool: 1MB }\n");
    world.setting.login();
    let run = world.sync();
    assert_eq!((run.code, run.put()), (0, 0), "{}{}", run.out, run.err);
    assert_eq!(world.assets().len(), 1);
}

#[test]
fn a_library_comes_whole_is_joined_and_stays_so() {
    for release in Release::ALL {
        let world = World::new(release);
        world.setting.add_photos(12, SIZE);
        world.setting.apple.library(|library| {
            library.add(live(1000, 1001));
            library.add(raw());
            let marked = library.find(&name(3)).unwrap();
            library.favorite(&marked);
            let trips = library.add_album("Trips", AlbumKind::Folder, None);
            let rome = library.add_album("Rome", AlbumKind::Album, Some(&trips));
            for item in [name(1), name(2), "IMG_1000.HEIC".into(), "IMG_2000.JPG".into()] {
                let item = library.find(&item).unwrap();
                library.put_into_album(&rome, &item);
            }
        });
        world.write_spec("albums: keep\n");
        world.setting.login();
        let first = world.sync();
        assert_eq!(
            (first.code, first.put()),
            (0, 17),
            "{release:?}: {}{}",
            first.out,
            first.err
        );
        let receipt = first.receipt();
        assert_eq!(
            receipt["destinations"]["default"]["proof"]["service-reported"], 17,
            "{receipt}"
        );
        assert_eq!(world.assets().len(), 17);
        assert_eq!(world.immich.unknown(), Vec::<String>::new(), "{release:?}");

        let (still, video) = (world.named("IMG_1000.HEIC"), world.named("IMG_1000.MOV"));
        assert_eq!(still.live_video(), Some(video.id()), "{release:?}");
        assert_eq!(video.visibility(), "hidden");
        assert!(world.named(&name(3)).is_favorite() && !world.named(&name(4)).is_favorite());
        let stacks = world.immich.library(|library| library.stacks());
        let stack: Vec<String> = ["IMG_2000-edited.JPG", "IMG_2000.DNG", "IMG_2000.JPG"]
            .map(String::from)
            .into();
        assert_eq!(stacks, [stack], "{release:?}: the edit is on top");
        let mut rome = vec![name(1), name(2), "IMG_1000.HEIC".into()];
        rome.extend(["IMG_2000-edited.JPG", "IMG_2000.DNG", "IMG_2000.JPG"].map(String::from));
        rome.sort();
        assert_eq!(
            world.albums(),
            BTreeMap::from([("Trips/Rome".to_owned(), rome.clone())]),
            "{release:?}"
        );

        // Nothing new: nothing is asked but who it is.
        let asked = world.immich.requests();
        let again = world.sync();
        assert_eq!((again.code, again.put()), (0, 0), "{release:?}: {}", again.out);
        assert!(
            world.immich.requests() - asked <= 4,
            "{}",
            world.immich.requests() - asked
        );

        // What a person does with it follows.
        world.setting.apple.library(|library| {
            let (out, marked) = (library.find(&name(1)).unwrap(), library.find(&name(5)).unwrap());
            let rome = library.find_album("Rome").unwrap();
            library.take_out_of_album(&rome, &out);
            library.favorite(&marked);
        });
        let changed = world.sync();
        assert_eq!(
            (changed.code, changed.put()),
            (0, 0),
            "{release:?}: {}{}",
            changed.out,
            changed.err
        );
        assert!(world.named(&name(5)).is_favorite(), "{release:?}");
        rome.retain(|member| *member != name(1));
        assert_eq!(world.albums()["Trips/Rome"], rome);

        let deep = world.run(&["verify", "family", "--deep"]);
        assert_eq!(deep.code, 0, "{release:?}: {}{}", deep.out, deep.err);
        let back = world.run(&["restore", "family", "--to", "back"]);
        assert_eq!(back.code, 0, "{release:?}: {}{}", back.out, back.err);
        let restored = std::fs::read_dir(world.setting.path("back")).unwrap().flatten();
        let files: Vec<_> = restored.filter(|entry| entry.path().is_file()).collect();
        assert_eq!(files.len(), 17, "{release:?}");
        // Nothing there has a path, so without this machine's journal nothing says which things they are.
        for more in [&["--from-manifest"][..], &["--state", "elsewhere"][..]] {
            let lost = world.run(&[&["restore", "family", "--to", "lost"][..], more].concat());
            assert_eq!(lost.code, 8, "{release:?}: {}{}", lost.out, lost.err);
            assert!(lost.err.contains("restore/no-manifest"), "{release:?}: {}", lost.err);
        }
        let doctor = world.run(&["doctor", "family"]);
        assert!(
            [0, 6].contains(&doctor.code),
            "{release:?}: {}{}",
            doctor.out,
            doctor.err
        );
    }
}

#[test]
fn a_half_that_comes_later_is_joined() {
    // Who is larger doesn't come through a proxy at first.
    for (late, still, video) in [("IMG_1000.HEIC", 4 * SIZE, SIZE), ("IMG_1000.MOV", SIZE, 4 * SIZE)] {
        let world = World::new(Release::V3_2);
        world.setting.apple.library(|library| {
            library.add(NewItem {
                original: Some(Content::generated(1000, still)),
                video: Some(Content::generated(1001, video)),
                ..live(1000, 1001)
            });
        });
        world.immich.limit_bodies(Some(2 * SIZE));
        world.setting.login();
        let first = world.sync();
        assert_eq!((first.code, first.put()), (6, 1), "{late}: {}{}", first.out, first.err);
        world.immich.limit_bodies(None);
        let second = world.sync();
        assert_eq!(
            (second.code, second.put()),
            (0, 1),
            "{late}: {}{}",
            second.out,
            second.err
        );
        let (still, video) = (world.named("IMG_1000.HEIC"), world.named("IMG_1000.MOV"));
        assert_eq!(still.live_video(), Some(video.id()), "{late} came later");
    }
}

#[test]
fn what_is_there_already_is_found_and_two_photos_of_equal_bytes_are_one_thing() {
    let world = World::new(Release::V3_2);
    world.setting.add_photos(3, SIZE);
    world.setting.apple.library(|library| {
        let original = library.find(&name(1)).unwrap();
        library.add(NewItem {
            duplicate_of: Some(original),
            ..NewItem::default()
        });
    });
    let there = Content::generated(1, SIZE).block(0, usize::MAX).to_vec();
    world.immich.library(|library| {
        library.add(NewAsset {
            name: "mine.jpg".into(),
            bytes: there.into(),
            partners: false,
            external: false,
        });
    });
    world.setting.login();
    let first = world.sync();
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let receipt = first.receipt();
    let counts = &receipt["destinations"]["default"]["resources"];
    assert_eq!(
        (counts["wanted"].as_u64(), counts["already_there"].as_u64()),
        (Some(4), Some(2)),
        "{receipt}"
    );
    assert_eq!(world.assets().len(), 3);
    // Each stands on its own: nothing is wanted again, and nothing is missing.
    let again = world.sync();
    assert_eq!((again.code, again.put()), (0, 0), "{}", again.out);
    let verified = world.run(&["verify", "family"]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
}

#[test]
fn cut_off_before_it_knew_it_knows_its_own_again() {
    let world = World::new(Release::V3_2);
    world.setting.add_photos(6, SIZE);
    world.setting.login();
    let killed = world
        .setting
        .command(&["sync", "family.yaml"])
        .env("IMMICH_API_KEY", KEY)
        .env("CAMROLL_FAILPOINT", "record/before=3")
        .output()
        .expect("camroll runs");
    assert!(!killed.status.success());
    let run = world.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(world.assets().len(), 6);
    let again = world.sync();
    assert_eq!((again.code, again.put()), (0, 0));
}

#[test]
fn wrong_bytes_reach_nobody_and_a_server_that_keeps_others_is_not_believed() {
    let world = World::new(Release::V2_7);
    world.setting.add_photos(5, SIZE);
    let flip = Action::Flip(SIZE - 1);
    world.setting.apple.fault(&format!("download:{}", name(2)), None, flip);
    world.setting.login();
    let first = world.sync();
    assert_eq!((first.code, first.put()), (6, 4), "{}{}", first.out, first.err);
    assert_eq!(world.assets().len(), 4);
    world.setting.apple.mend();
    world.immich.fault("POST /assets", None, Trouble::KeepOtherBytes);
    let second = world.sync();
    assert_eq!(second.code, 6, "{}{}", second.out, second.err);
    world.immich.mend();
    let third = world.sync();
    assert_eq!(third.code, 0, "{}{}", third.out, third.err);
    let kept: Vec<Asset> = world.assets().into_iter().filter(|asset| !asset.is_trashed()).collect();
    assert_eq!(kept.len(), 5);
}

#[test]
fn what_fails_once_is_there_after_the_next_run() {
    let world = World::new(Release::V3_2);
    world.setting.add_photos(12, SIZE);
    world.setting.login();
    let immich = &world.immich;
    immich.fault("POST /assets", Some(2), Trouble::LoseTheAnswer);
    immich.fault("POST /assets", Some(4), Trouble::KeepOtherBytes);
    immich.fault("POST /assets", Some(6), Trouble::Cut);
    let first = world.sync();
    assert!([0, 6].contains(&first.code), "{}{}", first.out, first.err);
    immich.mend();
    let second = world.sync();
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    assert_eq!(second.receipt()["assets"]["settled"], 12);
    let mut kept: Vec<_> = world
        .assets()
        .into_iter()
        .filter(|asset| !asset.is_trashed())
        .map(|asset| asset.bytes().clone())
        .collect();
    let mut wanted: Vec<_> = (0..12)
        .map(|number| Content::generated(number + 1, SIZE).block(0, usize::MAX))
        .collect();
    kept.sort();
    wanted.sort();
    assert!(kept == wanted, "each once, and nothing else");
}

#[test]
fn what_lies_in_the_bin_comes_out_of_it_and_is_not_sent() {
    for release in Release::ALL {
        let world = World::new(release);
        world.setting.add_photos(6, SIZE);
        world.immich.library(|library| {
            let id = library.add(NewAsset {
                name: "theirs.jpg".into(),
                bytes: Content::generated(4, SIZE).block(0, usize::MAX),
                ..NewAsset::default()
            });
            library.trash(&id);
        });
        world.setting.login();
        let first = world.sync();
        assert_eq!(
            (first.code, first.put()),
            (0, 5),
            "{release:?}: {}{}",
            first.out,
            first.err
        );
        assert_eq!(world.immich.count("POST /assets"), 5);
        assert!(world.assets().iter().all(|asset| !asset.is_trashed()));
    }
}

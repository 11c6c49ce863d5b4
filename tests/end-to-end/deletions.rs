//! `deletions: mirror` and `trash`: what was deleted in the library goes, and nothing else does, whatever happens meanwhile.

mod places;
mod setting;

use camroll_cloud_apple::{AlbumKind, Content, NewItem, Zone};
use camroll_cloud_immich::{Immich, KEY, Release};
use places::{Place, apache, command, locked_bucket, openssh, rclone_agrees, run, seaweedfs, write_spec};
use setting::{Run, Setting, name};

const SIZE: u64 = 4_000;
const COUNT: u64 = 12;
/// No brake: what is tried is what goes at all.
const UNBRAKED: &str = "limits: { destructive: { max: 1000, max_percent: 100 } }\n";

/// The spec as it is, with a word for what was deleted.
fn with_deletions(setting: &Setting, word: &str) {
    let path = setting.path("family.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let new = format!("destination:\n  deletions: {word}\n");
    std::fs::write(&path, text.replace("destination:\n", &new)).unwrap();
}

fn mirrored(more: &str) -> Setting {
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    setting.write_spec(more);
    with_deletions(&setting, "mirror");
    setting.login();
    assert_eq!(well(setting.sync()).put(), COUNT);
    setting
}

fn well(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    run
}

fn removed(run: &Run) -> u64 {
    let receipt = run.receipt();
    let removed = receipt["destinations"]["default"]["removed"].as_u64();
    removed.unwrap_or_else(|| panic!("{}{}", run.out, run.err))
}

fn trash(setting: &Setting, numbers: impl IntoIterator<Item = u64>) {
    setting.apple.library(|library| {
        for number in numbers {
            let id = library.find(&name(number)).expect("it is there");
            library.trash(&id);
        }
    });
}

fn paths(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| format!("2014/05/{}", name(number)))
        .collect()
}

#[test]
fn what_was_deleted_goes_and_comes_back_with_its_photo() {
    let setting = mirrored(UNBRAKED);
    trash(&setting, [2]);
    let moved = setting.apple.library(|library| {
        let of = |number| library.find(&name(number)).expect("it is there");
        let (gone, hidden, moved) = (of(3), of(4), of(5));
        library.expunge(&gone);
        library.hide(&hidden);
        library.move_to(&moved, Zone::Joined);
        moved
    });
    let plan = well(setting.run(&["plan", "family.yaml"]));
    assert!(plan.out.contains("remove   2014/05/IMG_0002.JPG"), "{}", plan.out);
    assert_eq!(setting.files().len(), 12, "a plan removes nothing");
    let run = well(setting.sync());
    assert_eq!(removed(&run), 2);
    let left: Vec<u64> = (0..COUNT).filter(|number| !matches!(number, 2 | 3)).collect();
    assert_eq!(setting.files(), paths(left.clone()));
    let receipt = run.receipt();
    assert_eq!(
        receipt["destinations"]["default"]["kept"]["gone_at_source"], 1,
        "what moved: {receipt}"
    );
    assert_eq!(
        receipt["destinations"]["default"]["kept"]["left_scope"], 1,
        "what is hidden"
    );
    assert_eq!(receipt["assets"]["in_scope"], 8);
    // What moved is there: that its old record is cleared away later is no deletion.
    setting.apple.library(|library| library.expunge(&moved));
    let again = well(setting.sync());
    assert_eq!((removed(&again), again.put()), (0, 0));
    assert_eq!(setting.files(), paths(left.clone()));
    well(setting.run(&["verify", "family", "--deep"]));

    // From the archive alone, what was removed isn't looked for.
    let there = setting.path("restored");
    let state = setting.path("state");
    std::fs::rename(&state, setting.path("state-aside")).unwrap();
    well(setting.run(&["restore", "family", "--to", there.to_str().unwrap()]));
    assert!(there.join("2014/05/IMG_0001.JPG").exists() && !there.join("2014/05/IMG_0002.JPG").exists());
    std::fs::remove_dir_all(&state).unwrap();
    std::fs::rename(setting.path("state-aside"), &state).unwrap();

    setting.apple.library(|library| {
        let id = library.find(&name(2)).expect("it is there");
        library.restore(&id);
    });
    assert_eq!(well(setting.sync()).put(), 1);
    assert_eq!(setting.files().len(), left.len() + 1);
}

#[test]
fn a_live_photo_goes_with_its_edit_and_its_sidecar() {
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    let id = setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("IMG_9000.HEIC".into()),
            original: Some(Content::generated(91, SIZE)),
            video: Some(Content::generated(92, SIZE)),
            edited: Some(Content::generated(93, SIZE)),
            taken: Some(1_400_000_000_000),
            ..NewItem::default()
        })
    });
    setting.write_spec(&format!("{UNBRAKED}sidecar: xmp\n"));
    with_deletions(&setting, "mirror");
    setting.login();
    assert_eq!(well(setting.sync()).put(), 10);
    setting.apple.library(|library| library.trash(&id));
    assert_eq!(removed(&well(setting.sync())), 4);
    assert!(
        setting.files().iter().all(|path| !path.contains("IMG_9000")),
        "{:?}",
        setting.files()
    );
    assert_eq!(setting.files().len(), 6);
}

#[test]
fn more_than_the_brake_allows_waits_for_a_person() {
    let setting = mirrored("");
    trash(&setting, 0..5);
    let run = setting.sync();
    assert_eq!((run.code, removed(&run)), (8, 0), "{}{}", run.out, run.err);
    assert!(run.problem_codes().contains(&"brake/tripped".to_owned()), "{}", run.out);
    assert_eq!(setting.files(), paths(0..COUNT));
    well(setting.run(&["plan", "family.yaml", "-o", "deletions.json"]));
    // What was deleted since isn't in that plan.
    trash(&setting, [7]);
    let run = setting.run(&["sync", "family.yaml", "--plan", "deletions.json", "--json"]);
    assert_eq!(removed(&run), 5, "{}{}", run.out, run.err);
    assert_eq!(setting.files(), paths(5..COUNT));
    // And those five count for seven days.
    let run = setting.sync();
    assert_eq!((run.code, removed(&run)), (8, 0), "{}{}", run.out, run.err);
}

#[test]
fn what_is_back_and_cannot_be_read_stays() {
    let setting = mirrored("");
    trash(&setting, 0..5);
    assert_eq!(setting.sync().code, 8);
    setting.apple.library(|library| {
        let back = library.find(&name(0)).expect("it is there");
        library.restore(&back);
        library.lead_astray(&back, true);
    });
    setting.write_spec(UNBRAKED);
    with_deletions(&setting, "mirror");
    let run = setting.sync();
    assert_eq!(removed(&run), 4, "{}{}", run.out, run.err);
    assert_eq!(setting.files(), paths([vec![0], (5..COUNT).collect()].concat()));
    assert_ne!(run.receipt()["outcome"], "complete");
    setting.apple.library(|library| {
        let back = library.find(&name(0)).expect("it is there");
        library.lead_astray(&back, false);
    });
    let run = setting.sync();
    assert_eq!((run.put(), removed(&run)), (0, 0), "{}{}", run.out, run.err);
}

#[test]
fn what_a_plan_does_not_name_waits() {
    let setting = Setting::new();
    setting.add_photos(4, SIZE);
    let live = setting.apple.library(|library| {
        library.add(NewItem {
            name: Some("IMG_9000.HEIC".into()),
            original: Some(Content::generated(91, SIZE)),
            video: Some(Content::generated(92, SIZE)),
            taken: Some(1_400_000_000_000),
            ..NewItem::default()
        })
    });
    setting.write_spec("limits: { destructive: { max: 1 } }\n");
    with_deletions(&setting, "mirror");
    setting.login();
    well(setting.sync());
    setting.apple.library(|library| library.trash(&live));
    assert_eq!(setting.sync().code, 8);
    well(setting.run(&["plan", "family.yaml", "-o", "deletions.json"]));
    let path = setting.path("deletions.json");
    let mut plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let actions = plan["plans"][0]["destinations"]["default"]["actions"]
        .as_array_mut()
        .unwrap();
    assert_eq!(actions.len(), 2);
    actions.retain(|action| action["role"] == "original");
    std::fs::write(&path, plan.to_string()).unwrap();
    let run = well(setting.run(&["sync", "family.yaml", "--plan", "deletions.json", "--json"]));
    assert_eq!((removed(&run), setting.files().len()), (1, 5), "{}", run.out);
    assert_eq!(run.receipt()["outcome"], "partial");
    setting.write_spec(UNBRAKED);
    with_deletions(&setting, "mirror");
    assert_eq!((removed(&well(setting.sync())), setting.files().len()), (1, 4));
}

#[test]
fn filters_by_album_let_nothing_be_removed() {
    let setting =
        mirrored("filters: { not: { album: Archive } }\nlimits: { destructive: { max: 1000, max_percent: 100 } }\n");
    trash(&setting, [1]);
    let plan = well(setting.run(&["plan", "family.yaml"]));
    assert!(plan.out.contains("the spec filters by albums"), "{}", plan.out);
    let run = well(setting.sync());
    assert_eq!(removed(&run), 0);
    assert!(
        run.problem_codes().contains(&"plan/not-removed".to_owned()),
        "{}",
        run.out
    );
    assert_eq!(setting.files(), paths(0..COUNT));
}

#[test]
fn what_somebody_changed_is_theirs_and_what_somebody_took_away_is_gone() {
    let setting = mirrored(UNBRAKED);
    let changed = setting.photos.join("2014/05").join(name(1));
    std::fs::write(&changed, "mine now").unwrap();
    std::fs::remove_file(setting.photos.join("2014/05").join(name(2))).unwrap();
    // Touched, and the same.
    let touched = std::fs::File::options()
        .append(true)
        .open(setting.photos.join("2014/05").join(name(3)));
    touched.unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    trash(&setting, [1, 2, 3]);
    let run = well(setting.sync());
    assert_eq!(std::fs::read_to_string(&changed).unwrap(), "mine now");
    assert_eq!(run.problem_codes().len(), 1, "{}", run.out);
    assert_eq!(
        setting.files(),
        paths((0..COUNT).filter(|number| !matches!(number, 2 | 3)))
    );
    let again = well(setting.sync());
    assert_eq!((removed(&again), again.put()), (0, 0));
}

#[test]
fn an_album_forgets_what_was_removed() {
    let setting = Setting::new();
    setting.add_photos(4, SIZE);
    setting.apple.library(|library| {
        let album = library.add_album("Selects", AlbumKind::Album, None);
        for number in [0, 1] {
            let id = library.find(&name(number)).expect("it is there");
            library.put_into_album(&album, &id);
        }
    });
    setting.write_spec(&format!("{UNBRAKED}albums: keep\n"));
    with_deletions(&setting, "mirror");
    setting.login();
    well(setting.sync());
    trash(&setting, [1]);
    assert_eq!(removed(&well(setting.sync())), 1);
    let lists: Vec<String> = std::fs::read_dir(setting.photos.join(".camroll/albums"))
        .unwrap()
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()).unwrap())
        .collect();
    assert!(
        lists.concat().contains("IMG_0000.JPG") && !lists.concat().contains("IMG_0001.JPG"),
        "{lists:?}"
    );
}

#[test]
fn a_place_that_mirrors_is_no_copy_for_who_deletes() {
    let setting = mirrored(UNBRAKED);
    let copies = setting.run(&["copies", "--at-least", "1", "--json"]);
    assert_eq!(copies.code, 6, "{}{}", copies.out, copies.err);
    assert!(
        copies.out.contains(r#""following":["family/default"]"#),
        "{}",
        copies.out
    );
    let told = setting.run(&["copies", "--at-least", "1"]);
    assert!(told.err.contains("family/default isn't counted"), "{}", told.err);
}

#[test]
fn what_lay_there_before_stays() {
    let setting = Setting::new();
    setting.add_photos(2, SIZE);
    let lying = setting.photos.join("2014/05").join(name(1));
    std::fs::create_dir_all(lying.parent().unwrap()).unwrap();
    std::fs::write(&lying, Content::generated(2, SIZE).block(0, usize::MAX)).unwrap();
    setting.write_spec(UNBRAKED);
    with_deletions(&setting, "mirror");
    setting.login();
    assert_eq!(well(setting.sync()).put(), 1);
    trash(&setting, [0, 1]);
    assert_eq!(removed(&well(setting.sync())), 1);
    assert_eq!(setting.files(), paths([1]));
}

#[test]
fn killed_at_any_point_the_next_run_does_the_rest() {
    for point in ["record/before", "record/after", "cursor/before", "cursor/after"] {
        let setting = mirrored(UNBRAKED);
        trash(&setting, 0..4);
        let killed = setting
            .command(&["sync", "family.yaml", "--json"])
            .env("CAMROLL_FAILPOINT", point)
            .output()
            .expect("camroll runs");
        assert!(!killed.status.success(), "{point}: it is killed");
        well(setting.sync());
        assert_eq!(setting.files(), paths(4..COUNT), "{point}");
        let again = well(setting.sync());
        assert_eq!((removed(&again), again.put()), (0, 0), "{point}");
        well(setting.run(&["verify", "family"]));
        // The archive alone doesn't claim them either.
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        let there = setting.path("restored");
        well(setting.run(&["restore", "family", "--to", there.to_str().unwrap()]));
        let restored = std::fs::read_dir(there.join("2014/05")).unwrap().count();
        assert_eq!(restored, (COUNT - 4) as usize, "{point}");
    }
}

#[test]
fn a_folder_that_is_not_there_any_more_has_lost_nothing() {
    let setting = mirrored(UNBRAKED);
    trash(&setting, 0..4);
    let aside = setting.path("aside");
    std::fs::rename(&setting.photos, &aside).unwrap();
    std::fs::create_dir(&setting.photos).unwrap();
    let run = setting.sync();
    assert_ne!(run.code, 0, "{}", run.out);
    std::fs::remove_dir_all(&setting.photos).unwrap();
    std::fs::rename(&aside, &setting.photos).unwrap();
    assert_eq!(setting.files(), paths(0..COUNT));
    assert_eq!(removed(&well(setting.sync())), 4);
}

fn at(place: &Place) {
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    write_spec(&setting, place, UNBRAKED);
    with_deletions(&setting, "mirror");
    setting.login();
    well(run(&setting, place, &["sync", "family.yaml", "--json"]));
    trash(&setting, [2, 3, 5]);
    // Taken away, and not recorded.
    let mut killed = command(&setting, place, &["sync", "family.yaml", "--json"]);
    let killed = killed
        .env("CAMROLL_FAILPOINT", "record/before")
        .output()
        .expect("camroll runs");
    assert!(!killed.status.success(), "{}: it is killed", place.name);
    let sync = well(run(&setting, place, &["sync", "family.yaml", "--json"]));
    assert_eq!(removed(&sync), 3, "{}: {}", place.name, sync.out);
    let wanted = setting.path("wanted");
    std::fs::create_dir_all(wanted.join("2014/05")).unwrap();
    for number in (0..COUNT).filter(|number| !matches!(number, 2 | 3 | 5)) {
        let bytes = Content::generated(number + 1, SIZE).block(0, usize::MAX);
        std::fs::write(wanted.join("2014/05").join(name(number)), bytes).unwrap();
    }
    assert!(rclone_agrees(place, &wanted.display().to_string()), "{}", place.name);
    let again = well(run(&setting, place, &["sync", "family.yaml", "--json"]));
    assert_eq!((removed(&again), again.put()), (0, 0));
    well(run(&setting, place, &["verify", "family"]));
}

#[test]
fn seaweedfs_gives_it_up() {
    if let Some(place) = seaweedfs() {
        at(&place);
    }
}

#[test]
fn apache_gives_it_up() {
    if let Some(place) = apache() {
        at(&place);
    }
}

#[test]
fn openssh_gives_it_up() {
    if let Some(place) = openssh() {
        at(&place);
    }
}

#[test]
fn a_locked_bucket_keeps_it_and_that_is_said() {
    let Some(place) = locked_bucket() else { return };
    let setting = Setting::new();
    setting.add_photos(3, SIZE);
    write_spec(&setting, &place, UNBRAKED);
    with_deletions(&setting, "mirror");
    setting.login();
    well(run(&setting, &place, &["sync", "family.yaml", "--json"]));
    trash(&setting, [1]);
    let plan = well(run(&setting, &place, &["plan", "family.yaml"]));
    assert!(
        plan.out.contains("stays at default: its objects are locked"),
        "{}",
        plan.out
    );
    assert!(!plan.out.contains("remove "), "{}", plan.out);
    let doctor = run(&setting, &place, &["doctor", "family", "--json"]);
    assert!(doctor.out.contains("doctor/keeps-departed"), "{}", doctor.out);
    let sync = well(run(&setting, &place, &["sync", "family.yaml", "--json"]));
    assert_eq!(removed(&sync), 0);
    assert_eq!(sync.problem_codes(), ["plan/not-removed"]);
    assert_eq!(sync.receipt()["destinations"]["default"]["kept"]["gone_at_source"], 1);
    well(run(&setting, &place, &["verify", "family", "--deep"]));
}

#[test]
fn immich_puts_it_into_its_bin() {
    for release in Release::ALL {
        let setting = Setting::new();
        setting.add_photos(4, SIZE);
        let live = setting.apple.library(|library| {
            let live = library.add(NewItem {
                name: Some("IMG_9000.HEIC".into()),
                original: Some(Content::generated(91, SIZE)),
                video: Some(Content::generated(92, SIZE)),
                taken: Some(1_400_000_000_000),
                ..NewItem::default()
            });
            let album = library.add_album("Selects", AlbumKind::Album, None);
            for id in [live.clone(), library.find(&name(1)).expect("it is there")] {
                library.put_into_album(&album, &id);
            }
            live
        });
        let immich = setting.wait(Immich::start(release)).expect("a port on loopback");
        let url = immich.url();
        let destination = format!(
            "destination:\n  deletions: trash\n  connector: immich\n  with:\n    url: \"{url}\"\n    api_key: {{ env: IMMICH_API_KEY }}\n"
        );
        setting.send_to(&format!("{destination}{UNBRAKED}albums: keep\n"));
        setting.login();
        let sync = || {
            let mut command = setting.command(&["sync", "family.yaml", "--json"]);
            well(Run::of(
                command.env("IMMICH_API_KEY", KEY).output().expect("camroll runs"),
            ))
        };
        assert_eq!(sync().put(), 6);
        trash(&setting, [1]);
        setting.apple.library(|library| library.trash(&live));
        let run = sync();
        assert_eq!((removed(&run), run.problem_codes()), (3, vec![]));
        for half in ["IMG_9000.HEIC", "IMG_9000.MOV"] {
            assert!(immich.library(|library| library.named(half).is_trashed()), "{half}");
        }
        let in_the_bin = |number| immich.library(|library| library.named(&name(number)).is_trashed());
        assert!(in_the_bin(1) && !in_the_bin(0) && !in_the_bin(2));
        // Out of Recently Deleted, out of the bin.
        setting.apple.library(|library| {
            let id = library.find(&name(1)).expect("it is there");
            library.restore(&id);
        });
        sync();
        assert!(!in_the_bin(1));
    }
}

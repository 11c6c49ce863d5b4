//! `require_proof` at servers that prove nothing by themselves: every file is read back, and one that isn't there as it was sent is safe for nobody.

mod places;
mod setting;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use places::{Place, apache, command, openssh, run, samba, write_spec};
use setting::{Setting, name};

/// Larger than all that a server says besides a file's bytes.
const SIZE: u64 = 300_000;
const COUNT: u64 = 6;
/// open(2)'s, on Linux.
const O_NONBLOCK: i32 = 0o4000;

fn proof(run: &setting::Run) -> serde_json::Value {
    run.receipt()["destinations"]["default"]["proof"].clone()
}

#[test]
fn whatever_is_demanded_is_read_back_where_the_service_compares_nothing() {
    for make in [openssh, apache, samba] {
        let Some(mut place) = make() else { continue };
        let mut was = "family";
        for demanded in ["service-checked", "read-back"] {
            place = place.moved(was, demanded);
            was = demanded;
            let (metered, meter) = place.metered();
            let at = format!("{}, {demanded}", metered.name);
            let setting = Setting::new();
            setting.add_photos(COUNT, SIZE);
            setting.login();
            // What the demand costs is said before, by those who can say it.
            for demand in ["", &format!("  require_proof: {demanded}\n")] {
                write_spec(&setting, &metered, demand);
                let planned = run(&setting, &metered, &["plan", "family.yaml"]);
                let told = "default by itself proves no more than \"accepted\"";
                assert_eq!(
                    (planned.code, planned.out.contains(told)),
                    (0, !demand.is_empty()),
                    "{at}: {}{}",
                    planned.out,
                    planned.err
                );
            }
            let doctor = run(&setting, &metered, &["doctor", "family", "--json"]);
            let is_told = doctor.findings().iter().any(|(.., code)| code == "doctor/reads-back");
            assert!(doctor.code == 0 && is_told, "{at}: {}{}", doctor.out, doctor.err);

            let before = meter.told();
            let synced = run(&setting, &metered, &["sync", "family.yaml", "--json"]);
            assert_eq!(
                (synced.code, synced.put()),
                (0, COUNT),
                "{at}: {}{}",
                synced.out,
                synced.err
            );
            assert_eq!(proof(&synced)["read-back"], COUNT, "{at}: {}", synced.out);
            let told = meter.told() - before;
            assert_eq!(told / SIZE, COUNT, "{at}: {told} bytes came from there");
        }
    }
}

/// Its disk has another byte between the moment that the file is there and the moment that it is read.
#[test]
fn one_that_is_another_when_it_is_read_back_is_not_counted() {
    for make in [openssh, apache, samba] {
        let Some(place) = make() else { continue };
        let at = place.name;
        let setting = Setting::new();
        setting.add_photos(COUNT, SIZE);
        write_spec(&setting, &place, "  require_proof: read-back\n");
        setting.login();
        let pipe = setting.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // The first commit is of the destination's own id.
        let mut child = command(&setting, &place, &["sync", "family.yaml", "--json"])
            .env("CAMROLL_HOLD", format!("commit/after=2:{}", pipe.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("camroll runs");
        let mut held = None;
        setting.until(&mut child, "a file was there", || {
            held = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&pipe).ok();
            held.is_some()
        });
        let damaged = one_there(&place);
        let mut bytes = std::fs::read(&damaged).unwrap();
        bytes[SIZE as usize / 2] ^= 1;
        std::fs::write(&damaged, &bytes).unwrap();
        drop(held);
        let first = setting.ended(child, Duration::from_secs(60));

        let its_name = damaged.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!((first.code, first.put()), (6, COUNT - 1), "{at}: {}", first.out);
        assert_eq!(first.problem_codes(), ["sync/read-back-differs"], "{at}");
        assert_eq!(first.receipt()["problems"][0]["name"], its_name.as_str(), "{at}");
        assert_eq!(proof(&first)["read-back"], COUNT - 1, "{at}: {}", first.out);
        assert_eq!(first.receipt()["assets"]["settled"], COUNT - 1, "{at}");
        // Whoever asks whether the cloud may be emptied hears of it.
        let copies = run(&setting, &place, &["copies", "family", "--at-least", "1", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&copies.out).expect("a report");
        assert_eq!(
            (copies.code, &report["enough"]),
            (6, &(COUNT - 1).into()),
            "{at}: {report}"
        );
        assert_eq!(report["below"][0]["name"], its_name.as_str(), "{at}: {report}");

        // The right one comes beside it, and what is there isn't touched.
        let again = run(&setting, &place, &["sync", "family.yaml", "--json"]);
        assert_eq!((again.code, again.put()), (0, 1), "{at}: {}{}", again.out, again.err);
        assert_eq!(proof(&again)["read-back"], COUNT, "{at}: {}", again.out);
        assert!(std::fs::read(&damaged).unwrap() == bytes, "{at}");
        assert_eq!(place.listed_without(".camroll/").len() as u64, COUNT + 1, "{at}");
        let safe = run(
            &setting,
            &place,
            &["copies", "family", "--at-least", "1", "--proof", "read-back"],
        );
        assert_eq!(safe.code, 0, "{at}: {}{}", safe.out, safe.err);
    }
}

/// The spec demands more than it did, and what is read isn't what was placed.
#[test]
fn what_a_raised_demand_finds_wrong_is_no_copy() {
    let Some(place) = apache() else { return };
    let setting = Setting::new();
    setting.add_photos(COUNT, SIZE);
    write_spec(&setting, &place, "");
    setting.login();
    let first = run(&setting, &place, &["sync", "family.yaml", "--json"]);
    assert_eq!((first.code, first.put()), (0, COUNT), "{}{}", first.out, first.err);
    let damaged = one_there(&place);
    let was = std::fs::metadata(&damaged).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[SIZE as usize / 2] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    let file = OpenOptions::new().write(true).open(&damaged).unwrap();
    file.set_modified(was).unwrap();
    write_spec(&setting, &place, "  require_proof: read-back\n");
    let raised = run(&setting, &place, &["sync", "family.yaml", "--json"]);
    assert_eq!((raised.code, raised.put()), (6, 0), "{}{}", raised.out, raised.err);
    assert_eq!(raised.problem_codes(), ["sync/read-back-differs"]);
    let copies = run(
        &setting,
        &place,
        &["copies", "family", "--at-least", "1", "--proof", "accepted", "--json"],
    );
    let report: serde_json::Value = serde_json::from_str(&copies.out).expect("a report");
    assert_eq!((copies.code, &report["enough"]), (6, &(COUNT - 1).into()), "{report}");
    let mended = run(&setting, &place, &["verify", "family", "--repair"]);
    assert_eq!(mended.code, 9, "{}{}", mended.out, mended.err);
    let again = run(&setting, &place, &["sync", "family.yaml", "--json"]);
    assert_eq!((again.code, again.put()), (0, 1), "{}{}", again.out, again.err);
    let safe = run(
        &setting,
        &place,
        &["copies", "family", "--at-least", "1", "--proof", "read-back"],
    );
    assert_eq!(safe.code, 0, "{}{}", safe.out, safe.err);
}

/// One of the photos that are there, on the server's own disk.
fn one_there(place: &Place) -> PathBuf {
    let folder = place.folder.as_ref().expect("a folder on this machine").join("2014/05");
    (0..COUNT)
        .map(|number| folder.join(name(number)))
        .find(|path| path.exists())
        .expect("a file is there when its commit is over")
}

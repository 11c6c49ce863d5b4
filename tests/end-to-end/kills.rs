//! Twenty kills, each right after a newly finished transfer was seen: what was finished stays finished.

mod setting;

use std::collections::BTreeMap;

use setting::{Setting, name};

const SIZE: u64 = 20_000;
const COUNT: u64 = 240;
const KILLS: u32 = 20;
/// Files under way at once: as many gates hold all of a run back.
const TRANSFERS: u64 = 4;

/// From `CAMROLL_TEST_SEED`, so that what failed once can be seen again; else another one each time.
fn seed() -> u64 {
    match std::env::var("CAMROLL_TEST_SEED") {
        Ok(seed) => seed.parse().expect("CAMROLL_TEST_SEED is a number"),
        Err(_) => {
            let mut seed = [0; 8];
            getrandom::fill(&mut seed).expect("randomness");
            u64::from_le_bytes(seed)
        }
    }
}

/// How often each of these files was asked for.
fn fetches(setting: &Setting, files: &[String]) -> BTreeMap<String, u64> {
    files
        .iter()
        .map(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            (path.clone(), setting.apple.count(&format!("download:{name}")))
        })
        .collect()
}

#[test]
fn killed_twenty_times_right_after_a_transfer_was_finished() {
    let mut random = seed();
    println!("CAMROLL_TEST_SEED={random}");
    let setting = Setting::new();
    setting.write_spec(&format!("limits: {{ transfers: {TRANSFERS} }}\n"));
    setting.add_photos(COUNT, SIZE);
    setting.login();
    let mut finished: BTreeMap<String, u64> = BTreeMap::new();
    for kill in 1..=KILLS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let wanted = finished.len() + 1 + (random >> 33) as usize % 4;
        // Held back a little later, so that no run gets to the end before it is killed. What was asked for by the one before may be counted only now: that is at most
        // one request a transfer.
        let from = setting.apple.count("download") + 4 + TRANSFERS + 1;
        let gates: Vec<_> = (from..from + TRANSFERS)
            .map(|nth| setting.apple.gate("download", Some(nth)))
            .collect();
        let mut child = setting.begin_sync();
        setting.until(&mut child, &format!("kill {kill}, with {wanted} files"), || {
            setting.files().len() >= wanted
        });
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        for gate in gates {
            gate.open();
        }
        let now = fetches(&setting, &setting.files());
        for (path, before) in &finished {
            assert_eq!(now.get(path), Some(before), "kill {kill}: {path} was finished before");
        }
        finished = now;
    }
    assert!(finished.len() < COUNT as usize, "all was finished before the last kill");
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    // Every file right, none under a second name, no draft left.
    setting.assert_photos(0..COUNT, SIZE);
    let end = fetches(&setting, &setting.files());
    for (path, before) in &finished {
        assert_eq!(end.get(path), Some(before), "{path} was finished and fetched again");
    }
    for number in 0..COUNT {
        assert!(setting.apple.count(&format!("download:{}", name(number))) > 0);
    }
}

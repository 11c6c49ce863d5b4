//! Killed at every named place, and at random moments: the next run ends where an undisturbed one would have.

mod setting;

use std::process::Stdio;

use setting::Setting;

const SIZE: u64 = 20_000;
const COUNT: u64 = 60;

#[test]
fn killed_at_every_failpoint_and_run_again() {
    for place in camroll_state::FAILPOINTS {
        for nth in [1, 3] {
            let setting = Setting::new();
            setting.add_photos(COUNT, SIZE);
            setting.login();
            let status = setting
                .command(&["sync", "family.yaml"])
                .env("CAMROLL_FAILPOINT", format!("{place}={nth}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            // A place that isn't passed so often doesn't kill.
            assert!(nth > 1 || !status.success(), "{place} was never passed");
            let finished = setting.files();
            let counts: Vec<u64> = finished
                .iter()
                .map(|path| setting.apple.count(&download(path)))
                .collect();
            let run = setting.sync();
            assert_eq!(run.code, 0, "{place}={nth}: {}{}", run.out, run.err);
            setting.assert_photos(0..COUNT, SIZE);
            for (path, before) in finished.iter().zip(counts) {
                assert_eq!(
                    setting.apple.count(&download(path)),
                    before,
                    "{place}={nth}: {path} was finished and fetched again"
                );
            }
        }
    }
}

fn download(path: &str) -> String {
    format!("download:{}", path.rsplit('/').next().unwrap_or_default())
}

#[test]
fn killed_at_random_moments_and_run_again() {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let mut random = u64::from_le_bytes(seed);
    println!("seed {random}");
    let setting = Setting::new();
    setting.add_photos(200, SIZE);
    setting.login();
    for _ in 0..20 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let before = setting.files().len();
        if before == 200 {
            break;
        }
        // Killed once so many more downloads began: that is a moment, and not a time.
        let more = (random >> 33) & 7;
        let gate = setting
            .apple
            .gate("download", Some(setting.apple.count("download") + more + 2));
        let mut child = setting
            .command(&["sync", "family.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = setting.wait(async {
            tokio::select! {
                () = gate.arrived() => false,
                () = async { while child.try_wait().unwrap().is_none() { tokio::task::yield_now().await } } => true,
            }
        });
        child.kill().unwrap();
        child.wait().unwrap();
        gate.open();
        if ended {
            break;
        }
    }
    let run = setting.sync();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    setting.assert_photos(0..200, SIZE);
}

#[test]
fn a_termination_leaves_it_resumable() {
    let setting = Setting::new();
    setting.add_photos(50, SIZE);
    setting.login();
    let gate = setting.apple.gate("download", Some(20));
    let child = setting
        .command(&["sync", "family.yaml", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    setting.wait(gate.arrived());
    assert!(
        std::process::Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    // What is held back never comes: after five seconds it is left as it is.
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(10),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    gate.open();
    assert_eq!(setting.sync().code, 0);
    setting.assert_photos(0..50, SIZE);
}

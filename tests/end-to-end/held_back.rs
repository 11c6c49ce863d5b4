//! A destination that takes nothing of what it is sent holds no other back, however much it lacks.

mod setting;

use std::time::Duration;

use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Act, Between, Fetched, RcloneWebdav, fetched};
use setting::{Run, Setting};

/// More than fits in memory and in the buffers of two connections, so that who doesn't take it holds its source up.
const SIZE: u64 = 16 << 20;
/// More than move at a time.
const LACKING: u64 = 10;

fn command(setting: &Setting) -> std::process::Command {
    let mut command = setting.command(&["sync", "family.yaml", "--json"]);
    command
        .env("DAV_PASSWORD", PASSWORD)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

#[test]
fn one_that_takes_nothing_of_what_it_lacks_holds_no_other_back() {
    let Fetched::Here(rclone) = fetched("rclone") else {
        eprintln!("not run: rclone can't be had");
        return;
    };
    let server = RcloneWebdav::start(&rclone);
    let between = Between::start(server.server().address());
    let setting = Setting::new();
    setting.add_photos(LACKING, SIZE);
    let photos = setting.path("photos");
    let server_lines = format!(
        "  server:\n    connector: webdav\n    with:\n      preset: generic\n      url: \"{}\"\n      user: {USER}\n      password: {{ env: DAV_PASSWORD }}\n      path: family\n",
        between.url()
    );
    setting.send_to(&format!(
        "destinations:\n  here:\n    connector: local\n    with: {{ path: {photos:?} }}\n{server_lines}"
    ));
    setting.login();

    // The folder has all of it, the server none.
    let unwell = Act::Answer("507 Insufficient Storage".into(), Vec::new(), String::new());
    between.meddle("PUT", "/staging/", 1, 1_000_000, unwell);
    let first = Run::of(command(&setting).output().unwrap());
    assert_eq!(first.code, 8, "{}{}", first.out, first.err);
    setting.assert_photos(0..LACKING, SIZE);

    // All that the server lacks is sent, and it takes none of it; meanwhile the folder gets what is new.
    between.mend();
    setting.add_photos_from(LACKING, 3, SIZE);
    between.meddle("PUT", "/staging/", 0, 1_000_000, Act::Stall);
    let sent = between.count("PUT", "/staging/");
    let source = setting.apple.gate("changes", None);
    let mut child = command(&setting).spawn().unwrap();
    setting.until(&mut child, "as much is held up as may move", || {
        between.count("PUT", "/staging/") >= sent + 8
    });
    setting.wait(source.arrived());
    source.open();
    let all = LACKING + 3;
    setting.until(&mut child, "the folder has what is new", || {
        setting.files().len() as u64 == all
    });
    between.mend();
    let second = setting.ended(child, Duration::from_secs(60));
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    setting.assert_photos(0..all, SIZE);
    let put = &second.receipt()["destinations"]["server"]["resources"]["put"];
    assert_eq!(*put, all, "{}", second.out);
}

//! A large file on its way to an Apache that is far away, in ranges, and killed in their midst.

mod setting;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;

use camroll_cloud_apple::{Content, apple_checksum};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Apache, Between, Far, Fetched, fetched};
use setting::{Run, Setting, name};

const SIZE: u64 = 128 << 20;

/// Files under temporary names, and their sizes.
fn staged(files: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(files.join("family/.camroll/staging"));
    entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata()))
        // Apache's own: properties, and what it takes away when it notices that a request was cut off.
        .filter(|(name, _)| name != ".DAV" && !name.starts_with(".davfs.tmp"))
        .map(|(name, metadata)| (name, metadata.map_or(0, |metadata| metadata.len())))
        .collect()
}

/// PUTs with Content-Range of the file itself, to each temporary name.
fn ranges(between: &Between) -> BTreeMap<String, u64> {
    let end = format!("/{SIZE}");
    let mut ranges = BTreeMap::new();
    for asked in between.asked() {
        if asked.header("content-range").is_some_and(|range| range.ends_with(&end)) {
            let (_, name) = asked.line.rsplit_once('/').expect("a path");
            *ranges.entry(name.to_owned()).or_default() += 1;
        }
    }
    ranges
}

#[test]
fn killed_among_its_ranges_it_begins_anew() {
    let folder = match fetched("apache") {
        Fetched::Here(folder) => folder,
        Fetched::Missing(why) => return eprintln!("not run: {why}"),
    };
    let server = Apache::start(&folder);
    let between = Between::start(server.server().address());
    let far = Far::start((Ipv4Addr::LOCALHOST, between.port()).into());
    let setting = Setting::new();
    setting.add_photos(1, SIZE);
    let destination = format!(
        "destination:\n  connector: webdav\n  with:\n    preset: generic\n    url: \"http://{}\"\n    user: {USER}\n    password: {{ env: DAV_PASSWORD }}\n    path: family\n",
        far.address()
    );
    setting.send_to(&destination);
    setting.login();

    let mut command = setting.command(&["sync", "family.yaml"]);
    let child = command
        .env("DAV_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.expect("camroll runs");
    setting.until(&mut child, "ranges are under way", || {
        staged(&server.files()).iter().any(|(_, size)| *size > 32 << 20)
    });
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    let path = server.files().join("family/2014/05").join(name(0));
    assert!(!path.exists(), "nothing has a name before it is whole");
    let left: Vec<String> = staged(&server.files()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left.len(), 1, "{left:?}");

    let mut command = setting.command(&["sync", "family.yaml", "--json"]);
    let run = Run::of(command.env("DAV_PASSWORD", PASSWORD).output().expect("camroll runs"));
    assert_eq!((run.code, run.put()), (0, 1), "{}{}", run.out, run.err);
    let mut ranges = ranges(&between);
    let cut_off = ranges.remove(&left[0]);
    assert!(cut_off.is_some_and(|cut_off| cut_off > 5), "{cut_off:?}");
    // Under another name, and all of them; the first makes the file.
    assert_eq!(ranges.into_values().collect::<Vec<u64>>(), [SIZE / (4 << 20) - 1]);
    let there = std::fs::read(&path).unwrap();
    assert_eq!(apple_checksum(&there), Content::generated(1, SIZE).checksum);
    assert_eq!(staged(&server.files()), []);
}

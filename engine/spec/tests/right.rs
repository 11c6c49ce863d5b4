//! What right specs mean: every default, every value.

mod support;

use std::time::Duration;

use camroll_model::Proof;
use camroll_spec::{
    ConnectionOrigin, Connectors, DateBound, Existing, FileRole, Filter, HiddenFilter, KindFilter, Layout,
    LibraryChoice, Pace, SecretRef, Sidecar, SourceFile, Trigger, Versions, Want, load, read,
};
use jiff::civil::date;
use serde_json::json;
use support::{DESTINATION, SOURCE, connectors, file, read_text, spec, whole};

#[test]
fn the_smallest_spec_has_every_default() {
    let spec = spec(&whole(SOURCE, DESTINATION, ""));
    assert_eq!(spec.name.as_str(), "family");
    assert_eq!(spec.source.libraries, [LibraryChoice::Personal]);
    assert_eq!(spec.source.connection.name.as_str(), "source");
    assert_eq!(spec.source.connection.origin, ConnectionOrigin::InPlace);
    assert_eq!(
        spec.source.connection.settings,
        json!({"apple_id": "a@example.com", "password": "secret:password", "region": "global"})
    );
    let [(slot, wanted)] = spec.source.connection.secrets.iter().collect::<Vec<_>>()[..] else {
        panic!("one secret")
    };
    assert_eq!(
        (slot.as_str(), &wanted.reference),
        ("password", &SecretRef::Env("PW".to_owned()))
    );
    let [destination] = &spec.destinations[..] else {
        panic!("one destination")
    };
    assert_eq!(destination.name.as_str(), "default");
    assert_eq!(destination.connection.settings, json!({"path": "/mnt/nas"}));
    assert_eq!(destination.layout, Layout::default());
    assert_eq!(destination.existing, Existing::Skip);
    assert_eq!(destination.require_proof, Proof::Accepted);
    assert_eq!(spec.filters, Filter::everything());
    assert_eq!(spec.versions, Versions::default());
    assert_eq!(spec.versions.adjustments, Want::No);
    assert_eq!(spec.schedule.trigger, Trigger::Manual);
    assert_eq!(spec.schedule.timezone, jiff::tz::TimeZone::UTC);
    assert_eq!(spec.limits.transfers.get(), 8);
    assert_eq!(
        (spec.limits.destructive.max, spec.limits.destructive.max_percent),
        (100, 5.0)
    );
    assert_eq!((spec.file.to_str(), spec.position.line), (Some("specs/a.yaml"), 1));
}

#[test]
fn destinations_keep_their_order_and_their_own_settings() {
    let text = format!(
        "version: 1\nname: family\nsource: {SOURCE}\ndestinations:\n  nas: {DESTINATION}\n  disk:\n    connector: local\n    with: {{ path: out }}\n    layout: \"{{id8}}.{{ext}}\"\n    existing: compare\n    require_proof: read-back\n    deletions: keep\n    conversion: {{ heic: keep }}\n"
    );
    let spec = spec(&text);
    let names: Vec<&str> = spec
        .destinations
        .iter()
        .map(|destination| destination.name.as_str())
        .collect();
    assert_eq!(names, ["nas", "disk"]);
    let disk = &spec.destinations[1];
    assert_eq!(
        disk.connection.settings,
        json!({"path": "specs/out"}),
        "beside the spec"
    );
    assert_eq!(disk.layout.to_string(), "{id8}.{ext}");
    assert_eq!(
        (disk.existing, disk.require_proof),
        (Existing::Compare, Proof::ReadBack)
    );
}

#[test]
fn filters_nest_and_lists_are_any_of() {
    let rest = "filters:\n  taken: { from: 2014-01-01, to: 2020 }\n  kind: [photo, raw]\n  not: { kind: video, size: { min: 5GB } }\n  any: [{ favorite: true }, { name: 'IMG_*' }]\n";
    let Filter::All(lines) = spec(&whole(SOURCE, DESTINATION, rest)).filters else {
        panic!("all lines hold")
    };
    let [
        Filter::Taken(span),
        Filter::Kind(kinds),
        Filter::Not(not),
        Filter::Any(any),
        Filter::Hidden(HiddenFilter::Exclude),
    ] = &lines[..]
    else {
        panic!("{lines:?}")
    };
    assert_eq!(span.from, Some(DateBound::Civil(date(2014, 1, 1).at(0, 0, 0, 0))));
    assert_eq!(
        span.to,
        Some(DateBound::Civil(date(2021, 1, 1).at(0, 0, 0, 0))),
        "the whole of 2020"
    );
    assert_eq!(kinds, &[KindFilter::Photo, KindFilter::Raw]);
    assert!(matches!(&**not, Filter::All(inner) if inner.len() == 2));
    assert_eq!(any.len(), 2);
}

#[test]
fn hidden_items_stay_out_until_something_speaks_of_them() {
    let last = |rest: &str| match spec(&whole(SOURCE, DESTINATION, rest)).filters {
        Filter::All(lines) => lines.last().cloned(),
        other => Some(other),
    };
    assert_eq!(
        last("filters: { kind: photo }\n"),
        Some(Filter::Hidden(HiddenFilter::Exclude))
    );
    assert_eq!(
        last("filters: { hidden: true }\n"),
        Some(Filter::Hidden(HiddenFilter::Include))
    );
    assert_eq!(
        last("filters: { hidden: only }\n"),
        Some(Filter::Hidden(HiddenFilter::Only))
    );
    assert_eq!(
        last("filters: [{ kind: photo }, { kind: video }]\n"),
        Some(Filter::Hidden(HiddenFilter::Exclude))
    );
    let Some(Filter::Any(any)) = last("filters: { any: [{ hidden: true }, { favorite: true }] }\n") else {
        panic!("any")
    };
    assert_eq!(any[0], Filter::All(vec![Filter::Hidden(HiddenFilter::Only)]));
}

#[test]
fn albums_are_asked_for_by_filters_and_layouts() {
    let asks = |destination: &str, rest: &str| spec(&whole(SOURCE, destination, rest)).asks_for_albums();
    assert!(!asks(DESTINATION, "filters: { name: Selects }\nalbums: keep\n"));
    assert!(asks(DESTINATION, "filters: { album: Selects }\n"));
    assert!(asks(
        DESTINATION,
        "filters: { any: [{ kind: photo }, { not: { album: [Private, 'Work/*'] } }] }\n"
    ));
    let sorted = "{ connector: local, with: { path: /x }, layout: '{album}/{name}' }";
    assert!(asks(sorted, ""));
}

#[test]
fn schedules_and_limits() {
    let rest = "schedule: { every: 6h, timezone: Europe/Berlin, window: '22:00-06:00', jitter: 10m }\nlimits: { transfers: 2, destructive: { max: 0, max_percent: 0.5 } }\nversions: original\nsidecar: xmp\nalbums: keep\n";
    let mut reading = read_text(&whole(SOURCE, DESTINATION, rest));
    let said: Vec<_> = reading.diagnostics.iter().map(|one| (one.line, one.code)).collect();
    assert_eq!(said, [(7, "spec/no-daemon")]);
    assert!(!reading.has_errors());
    let spec = reading.specs.remove(0);
    assert_eq!(spec.schedule.trigger, Trigger::Every(Duration::from_secs(21_600)));
    assert_eq!(spec.schedule.timezone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(spec.schedule.jitter, Duration::from_secs(600));
    assert!(spec.schedule.window.is_some());
    assert_eq!((spec.limits.transfers.get(), spec.limits.destructive.max), (2, 0));
    assert_eq!((spec.versions.original, spec.versions.edited), (Want::Yes, Want::No));
    assert_eq!(spec.sidecar, Sidecar::Xmp);
}

#[test]
fn a_schedule_that_only_names_a_time_zone_promises_nothing() {
    for rest in [
        "schedule: { timezone: Europe/Berlin }\n",
        "schedule: { manual: true }\n",
        "schedule: {}\n",
    ] {
        assert_eq!(
            spec(&whole(SOURCE, DESTINATION, rest)).schedule.trigger,
            Trigger::Manual
        );
    }
    for start in ["every: 6h", "cron: '0 3 * * *'", "window: '22:00-06:00'", "jitter: 10m"] {
        let reading = read_text(&whole(SOURCE, DESTINATION, &format!("schedule: {{ {start} }}\n")));
        let said: Vec<_> = reading.diagnostics.iter().map(|one| one.code).collect();
        assert_eq!(
            (said.as_slice(), reading.specs.len()),
            (&["spec/no-daemon"][..], 1),
            "{start}"
        );
    }
}

#[test]
fn connections_are_seen_by_all_files_of_their_folder_and_by_no_other() {
    let accounts = "version: 1\nconnections:\n  alice: { connector: icloud-photos, with: { apple_id: a@example.com, password: { file: pw } } }\n";
    let user = format!("version: 1\nname: family\nsource: {{ connection: alice }}\ndestination: {DESTINATION}\n");
    let beside = |path: &str| SourceFile {
        path: path.into(),
        text: accounts.to_owned(),
        role: FileRole::Beside,
    };
    let reading = read(
        &[file("specs/a.yaml", &user), beside("specs/accounts.yaml")],
        &connectors(),
    );
    assert_eq!(reading.diagnostics, []);
    let source = &reading.specs[0].source.connection;
    assert_eq!(
        (source.name.as_str(), source.origin),
        ("alice", ConnectionOrigin::Named)
    );
    let elsewhere = read(
        &[file("specs/a.yaml", &user), beside("other/accounts.yaml")],
        &connectors(),
    );
    assert_eq!(elsewhere.diagnostics[0].code, "spec/no-connection");
}

#[test]
fn settings_of_every_type() {
    let with =
        "{ host: nas.example.com, share: 0.5, resume: false, tags: [a, b], mode: only, lock: { token: { env: T } } }";
    let spec = spec(&whole(
        SOURCE,
        &format!("{{ connector: every-type, with: {with} }}"),
        "",
    ));
    let connection = &spec.destinations[0].connection;
    let wanted = json!({
        "host": "nas.example.com", "port": 22, "share": 0.5, "resume": false, "tags": ["a", "b"], "mode": "only",
        "lock": {"token": "secret:lock-token"},
    });
    assert_eq!(connection.settings, wanted);
    assert_eq!(
        connection.secrets.values().next().map(|wanted| wanted.setting.as_str()),
        Some("lock.token")
    );
    let bare = support::spec(&whole(SOURCE, "{ connector: every-type }", ""));
    assert_eq!(
        bare.destinations[0].connection.settings,
        json!({"port": 22, "resume": true})
    );
}

#[test]
fn anchors_are_read_where_they_save_a_line() {
    let text = format!(
        "version: 1\nname: family\nsource: {SOURCE}\ndestinations:\n  a: {{ connector: local, with: {{ path: /a }}, layout: &l \"{{name}}\" }}\n  b: {{ connector: local, with: {{ path: /b }}, layout: *l }}\n"
    );
    assert_eq!(spec(&text).destinations[1].layout.to_string(), "{name}");
}

#[test]
fn the_examples_are_right_with_the_bundled_connectors() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = |id: &str| -> serde_json::Value {
        let path = root.join("connectors").join(id).join("manifest.json");
        serde_json::from_str(&std::fs::read_to_string(path).expect("a manifest")).expect("JSON")
    };
    let manifests = ["ftp", "icloud-photos", "immich", "local", "s3", "sftp", "smb", "webdav"].map(manifest);
    let bundled = Connectors::from_manifests(&manifests).expect("manifests");
    let reading = load(&[root.join("examples/configs")], &bundled);
    let said: Vec<String> = reading.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, Vec::<String>::new());
    assert!(reading.specs.len() >= 7);
}

#[test]
fn a_pace_is_its_connections_over_all_specs() {
    let files = [
        file(
            "a.yaml",
            &format!(
                "version: 1\nname: one\nconnections:\n  nas:\n    connector: local\n    with: {{ path: out }}\n    pace: {{ per_day: 100GB, transfers: 4 }}\nsource: {SOURCE}\ndestination: {{ connection: nas, pace: {{ per_day: 50GB, bandwidth: 20MB/s }} }}\n"
            ),
        ),
        file(
            "b.yaml",
            &format!(
                "version: 1\nname: two\nsource: {SOURCE}\ndestination: {{ connection: nas, pace: {{ transfers: 2 }} }}\n---\nversion: 1\nname: three\nsource: {SOURCE}\ndestination: {{ connector: local, with: {{ path: other }} }}\n"
            ),
        ),
    ];
    let reading = read(&files, &connectors());
    assert_eq!(reading.diagnostics, []);
    let paces: Vec<Pace> = reading
        .specs
        .iter()
        .map(|spec| spec.destinations[0].connection.pace)
        .collect();
    let smallest = Pace {
        per_day: 50_000_000_000.try_into().ok(),
        bandwidth: 20_000_000.try_into().ok(),
        transfers: 2.try_into().ok(),
    };
    assert_eq!(paces, [smallest, smallest, Pace::default()]);
    assert_eq!(reading.specs[0].source.connection.pace, Pace::default());
}

//! Wrong input: each kind of fault has its code, its place, and words that help. All of them at once.

mod support;

use camroll_spec::{FileRole, SourceFile, read};
use support::{DESTINATION, SOURCE, connectors, faults, file, read_text, whole};

/// Asserts one fault: its code, that it begins where "«" stands, and words in message or help.
#[track_caller]
fn one(marked: &str, code: &str, words: &[&str]) {
    let before = marked.split('«').next().expect("a text");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().expect("a line").chars().count() + 1;
    let text = marked.replace('«', "");
    let found = faults(&text);
    let [fault] = &found[..] else {
        panic!("one fault in {text}\n{found:#?}")
    };
    let place = (
        usize::try_from(fault.line).expect("small"),
        usize::try_from(fault.column).expect("small"),
    );
    assert_eq!((fault.code, place), (code, (line, column)), "{fault}");
    let said = fault.to_string();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(fault.place().start < fault.end, "{fault:?}");
}

#[track_caller]
fn in_rest(rest: &str, code: &str, words: &[&str]) {
    one(&whole(SOURCE, DESTINATION, rest), code, words);
}

#[track_caller]
fn in_destination(more: &str, code: &str, words: &[&str]) {
    let destination = format!("{{ connector: local, with: {{ path: /x }}, {more} }}");
    one(&whole(SOURCE, &destination, ""), code, words);
}

#[track_caller]
fn in_source(source: &str, code: &str, words: &[&str]) {
    one(&whole(source, DESTINATION, ""), code, words);
}

#[test]
fn keys() {
    in_rest(
        "«filter: {}\n",
        "spec/unknown-key",
        &["filter", "did you mean \"filters\"?"],
    );
    in_rest("«layout: x\n", "spec/unknown-key", &["a key of a destination"]);
    in_rest("limits: { «transfer: 8 }\n", "spec/unknown-key", &["\"transfers\""]);
    in_rest("filters: { «<<: x }\n", "spec/unknown-key", &["merge keys"]);
    in_destination("«require-proof: accepted", "spec/unknown-key", &["require_proof"]);
    one("version: 1\nname: a\n«name: b\n", "yaml/duplicate-key", &["line 2"]);
}

#[test]
fn types_and_words() {
    in_rest("limits: «8\n", "spec/type", &["a number", "expected limits"]);
    in_rest(
        "limits: { transfers: «many }\n",
        "spec/type",
        &["whole number from 1 to 64"],
    );
    in_rest("limits: { transfers: «0 }\n", "spec/range", &["1 to 64"]);
    in_rest(
        "limits: { destructive: { max_percent: «101 } }\n",
        "spec/range",
        &["0 to 100"],
    );
    in_rest("versions: [original, «edit]\n", "spec/word", &["\"edited\""]);
    in_rest("versions: «[]\n", "spec/empty", &[]);
    in_destination("existing: «skp", "spec/word", &["\"skip\""]);
    in_destination("layout: «[x]", "spec/type", &["a list"]);
    in_destination("layout: «{name}", "spec/type", &["quotes"]);
    in_destination("layout: '{taken:%Y}/«{nmae}'", "layout/unknown-field", &["{name}"]);
    in_destination("layout: \"«{albun}/{name}\"", "layout/unknown-field", &["{album}"]);
    let right = whole(SOURCE, DESTINATION, "");
    one(
        &right.replace("family", "«Family Archive"),
        "spec/name",
        &["family-archive"],
    );
    one(&right.replace("family", "«2024"), "spec/type", &["quotes"]);
    one(
        &right.replace("version: 1", "version: «2"),
        "spec/version",
        &["version 1"],
    );
}

#[test]
fn filters() {
    in_rest("filters: { size: { min: «5G } }\n", "spec/size", &["5GB", "5GiB"]);
    in_rest("filters: { size: «{ min: 5GB, max: 1GB } }\n", "spec/range", &[]);
    in_rest(
        "filters: { taken: { from: «31.12.2020 } }\n",
        "spec/date",
        &["2024-03-05"],
    );
    in_rest(
        "filters: { taken: «{ from: 2021, to: 2020 } }\n",
        "spec/range",
        &["after"],
    );
    in_rest("filters: { kind: [photo, «vidoe] }\n", "spec/word", &["\"video\""]);
    in_rest("filters: { name: «'[' }\n", "spec/pattern", &["IMG_*"]);
    in_rest(
        "filters: { album: [Selects, «'Trips/['] }\n",
        "spec/pattern",
        &["Trips/*"],
    );
    in_rest("filters: { album: «[] }\n", "spec/empty", &[]);
    in_rest(
        "filters: { any: «{ kind: photo } }\n",
        "spec/type",
        &["a list of filters"],
    );
    in_rest("filters: { favorite: «yes }\n", "spec/type", &["write true"]);
    in_rest("filters: { hidden: «maybe }\n", "spec/type", &["only"]);
    in_rest("filters: { not: «{} }\n", "spec/empty", &[]);
}

#[test]
fn schedules() {
    in_rest("schedule: { every: «6 }\n", "spec/duration", &["6h"]);
    in_rest("schedule: { every: «10s }\n", "spec/range", &["a minute"]);
    in_rest("schedule: { cron: «'every day' }\n", "spec/cron", &["five fields"]);
    in_rest("schedule: { cron: «'0 0 3 1 * *' }\n", "spec/cron", &["five fields"]);
    in_rest(
        "schedule: { every: 6h, «manual: true }\n",
        "spec/either-or",
        &["exclude"],
    );
    in_rest("schedule: { timezone: «Berlin }\n", "spec/timezone", &["Europe/Berlin"]);
    in_rest(
        "schedule: { timezone: «Europe/Berlni }\n",
        "spec/timezone",
        &["Europe/Berlin"],
    );
    in_rest("schedule: { window: «'22-6' }\n", "spec/window", &["22:00-06:00"]);
}

#[test]
fn missing_parts() {
    let codes: Vec<_> = faults("filters: {}\n")
        .iter()
        .map(|fault| (fault.code, fault.message.clone()))
        .collect();
    let named = |key: &str| {
        codes
            .iter()
            .any(|(code, message)| *code == "spec/missing" && message.contains(&format!("\"{key}\"")))
    };
    assert!(
        codes.len() == 4
            && ["version", "name", "source", "destination"]
                .iter()
                .all(|key| named(key)),
        "{codes:?}"
    );
    let text = whole("{ libraries: [personal] }", DESTINATION, "").replace("source", "«source");
    one(&text, "spec/missing", &["connector", "icloud-photos"]);
}

#[test]
fn connectors_and_settings() {
    in_source(
        "{ connector: «icloud-photo, with: {} }",
        "spec/unknown-connector",
        &["icloud-photos"],
    );
    in_source(
        "{ connector: «local, with: { path: /x } }",
        "spec/role",
        &["can't be a source", "icloud-photos"],
    );
    in_source("{ connection: «nobody }", "spec/no-connection", &["nobody"]);
    in_source("{ connection: a, connector: «local }", "spec/either-or", &[]);
    let icloud = |with: &str| format!("{{ connector: icloud-photos, with: {{ {with} }} }}");
    let wrong = |with: &str, code: &str, words: &[&str]| in_source(&icloud(with), code, words);
    wrong(
        "apple_id: abc, password: { env: X }, «regoin: global",
        "settings/unknown-key",
        &["\"region\""],
    );
    wrong(
        "apple_id: abc, password: { env: X }, region: «chnia",
        "settings/word",
        &["china"],
    );
    wrong("apple_id: «12345, password: { env: X }", "settings/type", &["quotes"]);
    wrong("apple_id: «ab, password: { env: X }", "settings/range", &[]);
    wrong(
        "apple_id: abc, password: { env: X }, endpoints: { auth: «idmsa.apple.com }",
        "settings/format",
        &["https://"],
    );
    in_source(
        "{ connector: icloud-photos, with: «{ password: { env: X } } }",
        "settings/missing",
        &["apple_id", "alice@example.com"],
    );
    let every = |with: &str, code: &str, words: &[&str]| {
        let found = faults(&whole(
            SOURCE,
            &format!("{{ connector: every-type, with: {with} }}"),
            "",
        ));
        assert_eq!(
            found.iter().map(|fault| fault.code).collect::<Vec<_>>(),
            [code],
            "{with}: {found:?}"
        );
        for word in words {
            assert!(found[0].to_string().contains(word), "{word}: {}", found[0]);
        }
    };
    every("{ port: 70000 }", "settings/range", &["65535"]);
    every("{ port: 1.5 }", "settings/type", &["whole number"]);
    every("{ resume: 'yes' }", "settings/type", &["true or false"]);
    every("{ tags: [] }", "settings/range", &["1 to 3"]);
    every("{ tags: [A] }", "settings/format", &["tags[0]"]);
    every("{ mode: all }", "settings/word", &["only"]);
    every("{ lock: {} }", "settings/missing", &["lock.token", "env: NAME"]);
    every("[]", "settings/type", &["a map"]);
    every("{ host: 'https://x' }", "settings/format", &["without https://"]);
}

#[test]
fn what_is_not_built_says_so() {
    let not_built = "spec/not-built-yet";
    in_rest("sidecar: «exif\n", "spec/word", &["xmp"]);
    in_rest("albums: «kept\n", "spec/word", &["keep"]);
    in_rest("«conversion: { heic: jpeg }\n", not_built, &["conversion"]);
    in_rest("limits: { spool: «big }\n", "spec/size", &["big", "5GB"]);
    in_rest("filters: { «resolution: { min: 4k } }\n", not_built, &["resolution"]);
    in_rest("kind: «Policy\n", not_built, &["Policy"]);
    in_destination("deletions: «mirrored", "spec/word", &["mirror"]);
    in_destination("«conversion: { heic: auto }", not_built, &["conversion"]);
    in_source("{ connector: «./mine.wasm }", not_built, &["by path"]);
    in_source(
        "{ connector: «'oci://example.com/x@sha256:0' }",
        not_built,
        &["registry"],
    );
    for later in ["keyring: x", "age: x", "sops: x#y"] {
        let word = later.split(':').next().expect("a word");
        in_source(
            &format!("{{ connector: icloud-photos, with: {{ apple_id: abc, password: {{ «{later} }} }} }}"),
            not_built,
            &[word],
        );
    }
}

#[test]
fn a_bare_secret_is_never_repeated() {
    for (value, code) in [
        ("hunter2-canary", "secret/bare"),
        ("\"hunter2-canary\"", "secret/bare"),
        ("[hunter2-canary]", "secret/bare"),
        ("{ value: hunter2-canary }", "secret/form"),
        ("{ env: $hunter2-canary }", "secret/form"),
        ("{ env: PW, file: hunter2-canary }", "secret/form"),
        ("|\n      hunter2-canary\n      hunter2-canary", "secret/bare"),
    ] {
        let text = whole(
            &format!("connector: icloud-photos\n  with:\n    apple_id: abc\n    password: {value}"),
            DESTINATION,
            "",
        );
        let reading = read_text(&text);
        assert_eq!(
            reading.diagnostics.iter().map(|fault| fault.code).collect::<Vec<_>>(),
            [code],
            "{text}"
        );
        let fault = &reading.diagnostics[0];
        assert!(fault.to_string().contains("env: "), "{fault}");
        let shown = reading.shown(std::path::Path::new("specs/a.yaml")).expect("the file");
        assert_eq!(shown.text.chars().count(), text.chars().count());
        let said = format!(
            "{:?}{}{}{}",
            reading,
            camroll_spec::report::json(&reading),
            camroll_spec::report::github(&reading.diagnostics),
            camroll_spec::report::sarif(&reading.diagnostics, "0")
        );
        for (where_, output) in [("said", &said), ("shown", &shown.text)] {
            assert!(
                !output.contains("hunter2") && !output.contains("canary"),
                "{where_}: {output}"
            );
        }
    }
}

#[test]
fn a_secret_under_a_misspelt_key_is_not_shown() {
    for source in [
        "{ connector: icloud-photos, with: { apple_id: abc, pasword: canary } }",
        "{ connector: icloud-photo, with: { apple_id: abc, pw: canary } }",
        "{ connector: icloud-photos, with: canary }",
        "{ connector: icloud-photos, password: canary }",
    ] {
        let reading = read_text(&whole(source, DESTINATION, ""));
        assert!(reading.has_errors());
        let shown = reading.shown(std::path::Path::new("specs/a.yaml")).expect("the file");
        assert!(
            !format!("{reading:?}{}", shown.text).contains("canary"),
            "{}",
            shown.text
        );
    }
}

#[test]
fn all_faults_at_once() {
    let text = "version: 1\nname: Bad Name\nsource: { connector: icloud-photos, with: { regoin: x } }\ndestination: { connector: local, with: { path: '' }, existing: skp }\nfilters: { size: { min: 5G } }\nschedule: { every: x }\n";
    let codes: Vec<_> = faults(text).iter().map(|fault| (fault.line, fault.code)).collect();
    assert_eq!(
        codes,
        [
            (2, "spec/name"),
            (3, "settings/missing"),
            (3, "settings/missing"),
            (3, "settings/unknown-key"),
            (4, "settings/format"),
            (4, "spec/word"),
            (5, "spec/size"),
            (6, "spec/duration"),
        ]
    );
}

#[test]
fn what_is_no_spec() {
    one("«just a text\n", "spec/type", &["a text"]);
    one("«- a\n- b\n", "spec/type", &["a list"]);
    one("a: b«: c\n", "yaml/syntax", &["not YAML"]);
    assert!(read_text("").diagnostics.is_empty() && read_text("").specs.is_empty());
}

#[test]
fn words_that_other_readers_take_for_something_else_are_warned_of() {
    let reading = read_text(&whole(SOURCE, DESTINATION, "").replace("family", "no"));
    assert_eq!(reading.specs.len(), 1);
    let [warning] = &reading.diagnostics[..] else {
        panic!("one warning")
    };
    assert_eq!(
        (warning.code, warning.line, warning.column, warning.is_error()),
        ("yaml/trap", 2, 7, false)
    );
}

#[test]
fn two_specs_of_one_name_are_told_with_both_places_and_neither_is_used() {
    let text = whole(SOURCE, DESTINATION, "");
    let other = text.replace("family", "other");
    let reading = read(
        &[file("a.yaml", &text), file("b/c.yaml", &format!("{other}---\n{text}"))],
        &connectors(),
    );
    let [fault] = &reading.diagnostics[..] else {
        panic!("{:?}", reading.diagnostics)
    };
    assert_eq!(
        (fault.code, fault.file.to_str(), fault.line, fault.column),
        ("spec/two-specs", Some("b/c.yaml"), 9, 7)
    );
    assert!(fault.message.contains("a.yaml, line 2, column 7"), "{fault}");
    assert_eq!(
        reading.specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(),
        ["other"]
    );
}

#[test]
fn a_broken_spec_does_not_keep_the_others_from_running() {
    let text = format!(
        "{}---\n{}",
        whole(SOURCE, DESTINATION, ""),
        whole(SOURCE, DESTINATION, "nope: 1\n").replace("family", "broken")
    );
    let reading = read_text(&text);
    assert_eq!(reading.specs.len(), 1);
    assert_eq!(reading.diagnostics.len(), 1);
}

#[test]
fn connections_that_are_wrong_or_doubled() {
    let connections = "version: 1\nconnections:\n  alice: { connector: icloud-photos, with: { apple_id: abc } }\n";
    let user = format!("version: 1\nname: family\nsource: {{ connection: alice }}\ndestination: {DESTINATION}\n");
    let beside = SourceFile {
        path: "accounts.yaml".into(),
        text: connections.to_owned(),
        role: FileRole::Beside,
    };
    let unused = SourceFile {
        path: "broken.yaml".into(),
        text: "a: b: c".to_owned(),
        role: FileRole::Beside,
    };
    let reading = read(&[file("a.yaml", &user), beside.clone(), unused.clone()], &connectors());
    let codes: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|fault| (fault.file.to_str().unwrap_or(""), fault.code))
        .collect();
    assert_eq!(
        codes,
        [
            ("a.yaml", "spec/broken-connection"),
            ("accounts.yaml", "settings/missing")
        ]
    );
    let typo = read(
        &[file("a.yaml", &user.replace("alice", "alcie")), beside, unused],
        &connectors(),
    );
    let codes: Vec<_> = typo.diagnostics.iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        ["spec/no-connection", "yaml/syntax"],
        "a file beside that can't be read may hold it"
    );
    assert!(
        typo.diagnostics[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("alice"))
    );
    let twice = read(
        &[file("a.yaml", connections), file("b.yaml", connections)],
        &connectors(),
    );
    let doubled = twice
        .diagnostics
        .iter()
        .find(|fault| fault.code == "spec/two-connections")
        .expect("told");
    assert!(doubled.message.contains("a.yaml, line 3"), "{doubled}");
}

#[test]
fn a_pace_bounds_something_that_can_be_kept() {
    in_destination("pace: «{}", "spec/empty", &["per_day, bandwidth, transfers"]);
    in_destination("pace: { bandwidth: «20MB }", "spec/rate", &["20MB", "20MB/s"]);
    in_destination("pace: { bandwidth: «20Mbit/s }", "spec/rate", &["bytes in a second"]);
    in_destination("pace: { bandwidth: «1KB/s }", "spec/range", &["100KB/s"]);
    in_destination("pace: { per_day: «0 }", "spec/range", &["at least a byte"]);
    in_destination("pace: { transfers: «0 }", "spec/range", &["from 1 to 64"]);
    in_destination("pace: { «bandwith: 1MB/s }", "spec/unknown-key", &["bandwidth"]);
    in_rest("limits: { «per_day: 1GB }\n", "spec/unknown-key", &["a pace"]);
}

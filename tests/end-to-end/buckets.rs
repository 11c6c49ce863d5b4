//! Whole runs into buckets of real servers: what an rclone of its own finds there is the library, byte by byte.

mod setting;

use camroll_cloud_apple::{Action, Content, NewItem};
use camroll_servers::buckets::{ACCESS_KEY, Bucket, SECRET_KEY};
use camroll_servers::{Act, Between, Fetched, fetched};
use setting::{Setting, name, photo};

const SIZE: u64 = 30_000;

/// The servers that can be had here.
fn buckets() -> Vec<(&'static str, Bucket)> {
    let mut buckets = Vec::new();
    let rclone = match fetched("rclone") {
        Fetched::Here(rclone) => rclone,
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            return buckets;
        }
    };
    buckets.push(("rclone serve s3", Bucket::rclone(&rclone)));
    match fetched("seaweedfs") {
        Fetched::Here(weed) => buckets.push(("SeaweedFS", Bucket::seaweedfs(&weed, &rclone))),
        Fetched::Missing(why) => eprintln!("not run: {why}"),
    }
    buckets
}

/// The lines of a destination that is a bucket.
fn lines_of(endpoint: &str) -> String {
    format!(
        "  connector: s3\n  with:\n    provider: other\n    endpoint: \"{endpoint}\"\n    bucket: photos\n    prefix: family\n    access_key: {{ env: S3_ACCESS_KEY }}\n    secret_key: {{ env: S3_SECRET_KEY }}\n"
    )
}

/// A library of so many photos of a size, and a spec that sends them to a bucket; signed in.
fn filled(count: u64, size: u64, endpoint: &str, more: &str) -> Setting {
    let setting = Setting::new();
    setting.add_photos(count, size);
    setting.send_to(&format!("destination:\n{}{more}", lines_of(endpoint)));
    setting.login();
    setting
}

fn run(setting: &Setting, secret: &str, arguments: &[&str]) -> setting::Run {
    later(setting, 0, secret, arguments)
}

/// The same, when so many seconds passed by camroll's clock.
fn later(setting: &Setting, seconds: u32, secret: &str, arguments: &[&str]) -> setting::Run {
    let output = setting
        .command(arguments)
        .env("S3_ACCESS_KEY", ACCESS_KEY)
        .env("S3_SECRET_KEY", secret)
        .env("CAMROLL_CLOCK_AHEAD", seconds.to_string())
        .output()
        .expect("camroll runs");
    setting::Run::of(output)
}

fn sync(setting: &Setting) -> setting::Run {
    run(setting, SECRET_KEY, &["sync", "family.yaml", "--json"])
}

/// Photos as they must be there: their paths and bytes.
fn photos(numbers: impl Iterator<Item = u64>, size: u64) -> Vec<(String, Content)> {
    numbers
        .map(|number| {
            (
                format!("2014/05/{}", name(number)),
                Content::generated(number + 1, size),
            )
        })
        .collect()
}

/// A folder with the library as it must be.
fn expected(setting: &Setting, files: &[(String, Content)]) -> String {
    let folder = setting.path("expected");
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.block(0, usize::MAX)).unwrap();
    }
    folder.display().to_string()
}

fn assert_equal(bucket: &Bucket, folder: &str, server: &str) {
    let there = format!("{}/family", bucket.remote());
    let checked = bucket.rclone_says(&["check", "--download", folder, &there, "--exclude", ".camroll/**"]);
    assert!(
        checked.is_some(),
        "{server}: rclone finds a difference; there: {:?}",
        bucket.rclone_says(&["lsf", "-R", &there])
    );
}

#[test]
fn a_library_comes_whole_and_stays_so() {
    for (server, bucket) in buckets() {
        let setting = filled(40, SIZE, &bucket.endpoint(), "");
        let odd = [
            "Müller & Söhne +1 (ä).JPG",
            "夏の写真 100%.JPG",
            "снег #7.JPG",
            "emoji 🎉'!~.JPG",
        ];
        let mut files = photos(0..40, SIZE);
        setting.apple.library(|library| {
            for (number, name) in (100..).zip(odd) {
                library.add(NewItem {
                    name: Some(name.into()),
                    ..photo(number, SIZE)
                });
                files.push((format!("2014/05/{name}"), Content::generated(number + 1, SIZE)));
            }
        });
        let first = sync(&setting);
        first.assert(0, 44, server);
        let receipt = first.receipt();
        assert_eq!(
            receipt["destinations"]["default"]["proof"]["service-checked"], 44,
            "{server}: {receipt}"
        );
        let folder = expected(&setting, &files);
        assert_equal(&bucket, &folder, server);
        let again = sync(&setting);
        again.assert(0, 0, server);

        // An edit that is edited again takes the first one's place.
        for text in ["first edit", "second edit"] {
            setting.apple.library(|library| {
                let id = library.find(&name(3)).expect("a photo");
                library.edit(&id, Content::of(text.as_bytes().to_vec()));
            });
            let edited = sync(&setting);
            edited.assert(0, 1, server);
        }
        let stem = name(3).replace(".JPG", "-edited.JPG");
        files.push((format!("2014/05/{stem}"), Content::of(b"second edit".to_vec())));
        let folder = expected(&setting, &files);
        assert_equal(&bucket, &folder, server);
    }
}

#[test]
fn a_large_file_comes_in_parts_and_a_wrong_one_not_at_all() {
    const LARGE: u64 = 70 << 20;
    for (server, bucket) in buckets() {
        let setting = filled(1, LARGE, &bucket.endpoint(), "");
        setting
            .apple
            .fault(&format!("download:{}", name(0)), None, Action::Flip(LARGE - 1));
        let wrong = sync(&setting);
        assert_eq!(wrong.code, 6, "{server}: {}{}", wrong.out, wrong.err);
        let there = format!("{}/family", bucket.remote());
        let listed = bucket
            .rclone_says(&["lsf", "-R", "--files-only", &there, "--exclude", ".camroll/**"])
            .unwrap();
        assert_eq!(listed, "", "{server}");
        let uploads = bucket.rclone_says(&["backend", "list-multipart-uploads", &bucket.remote()]);
        // rclone's server lists none.
        assert!(uploads.is_some() || server != "SeaweedFS", "{server}: a list");
        assert!(
            uploads.is_none_or(|uploads| !uploads.contains(&name(0))),
            "{server}: an upload is left"
        );
        setting.apple.mend();
        let right = sync(&setting);
        right.assert(0, 1, server);
        let folder = expected(&setting, &photos(0..1, LARGE));
        assert_equal(&bucket, &folder, server);
    }
}

#[test]
fn killed_in_the_midst_of_an_upload_it_goes_on_with_the_parts_that_are_there() {
    const LARGE: u64 = 70 << 20;
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(1, LARGE, &between.url(), "");
        // Four parts are under way at a time: when the ninth is, the fifth is durable.
        for part in 7..=9 {
            between.meddle("PUT", &format!("partNumber={part}&"), 0, 1, Act::Hold);
        }
        let mut child = setting
            .command(&["sync", "family.yaml", "--json"])
            .env("S3_ACCESS_KEY", ACCESS_KEY)
            .env("S3_SECRET_KEY", SECRET_KEY)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("camroll runs");
        setting.until(&mut child, &format!("{server}: nine parts"), || {
            between.count("PUT", "partNumber=9&") > 0
        });
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        let run = sync(&setting);
        run.assert(0, 1, server);
        let asked = between.requests();
        for part in 1..=5 {
            let sent = between.count("PUT", &format!("JPG?partNumber={part}&"));
            assert_eq!(sent, 1, "{server}: part {part}: {asked:#?}");
        }
        assert_eq!(
            between.count("POST", "JPG?uploads="),
            1,
            "{server}: it is the same upload"
        );
        let folder = expected(&setting, &photos(0..1, LARGE));
        assert_equal(&bucket, &folder, server);
    }
}

#[test]
fn wrong_keys_and_a_missing_bucket_are_told_apart() {
    for (server, bucket) in buckets() {
        let setting = filled(2, SIZE, &bucket.endpoint(), "");
        let refused = run(&setting, "another-secret", &["sync", "family.yaml", "--json"]);
        assert_ne!(refused.code, 0, "{server}");
        assert!(
            refused.problem_codes().iter().any(|code| code.starts_with("s3/")),
            "{server}: {}",
            refused.out
        );
        let elsewhere = lines_of(&bucket.endpoint()).replace("bucket: photos", "bucket: elsewhere");
        setting.write_spec("");
        setting.send_to(&format!("destination:\n{elsewhere}"));
        let missing = sync(&setting);
        assert!(
            missing.problem_codes().contains(&"s3/NoSuchBucket".to_owned()),
            "{server}: {}",
            missing.out
        );
    }
}

#[test]
fn a_demanded_proof_is_read_where_the_service_shows_a_file_at_once() {
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(12, SIZE, &between.url(), "  require_proof: read-back\n");
        // What comes back of one of them isn't what was sent.
        let wrong = Act::Answer("200 OK".into(), Vec::new(), "x".repeat(SIZE as usize));
        between.meddle("GET", &name(5), 0, 1, wrong);
        let first = sync(&setting);
        first.assert(6, 11, server);
        assert_eq!(first.problem_codes(), ["sync/read-back-differs"], "{server}");
        let receipt = first.receipt();
        assert_eq!(
            receipt["destinations"]["default"]["proof"]["read-back"], 11,
            "{server}: {receipt}"
        );
        assert!(between.count("GET", &name(3)) > 0, "{server}: it was never read");
        let again = sync(&setting);
        assert_eq!(again.code, 0, "{server}: {}{}", again.out, again.err);
        assert_eq!(
            again.receipt()["destinations"]["default"]["proof"]["read-back"],
            12,
            "{server}"
        );
    }
}

#[test]
fn one_that_tells_another_digest_than_was_sent_is_not_believed() {
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(12, SIZE, &between.url(), "");
        // It says yes, keeps nothing, and tells the digest of something else.
        let etag = format!("\"{}\"", "0".repeat(32));
        let wrong = Act::Answer("200 OK".into(), vec![("ETag".into(), etag)], String::new());
        between.meddle("PUT", &name(5), 0, 1, wrong);
        let first = sync(&setting);
        first.assert(6, 11, server);
        assert_eq!(first.problem_codes(), ["sync/read-back-differs"], "{server}");
        let again = sync(&setting);
        again.assert(0, 1, server);
    }
}

#[test]
fn a_proof_that_could_not_be_read_is_read_by_the_next_run_and_nothing_is_sent_again() {
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(5, SIZE, &between.url(), "  require_proof: read-back\n");
        let busy = Act::Answer("500 Internal Server Error".into(), Vec::new(), String::new());
        between.meddle("GET", &name(2), 0, 1, busy);
        let first = sync(&setting);
        first.assert(6, 4, server);
        let (sent, bytes) = (between.count("PUT", &name(2)), setting.apple.downloaded());
        let again = sync(&setting);
        assert_eq!(again.code, 0, "{server}: {}{}", again.out, again.err);
        assert_eq!(
            (between.count("PUT", &name(2)), setting.apple.downloaded()),
            (sent, bytes),
            "{server}"
        );
        assert_eq!(
            again.receipt()["destinations"]["default"]["proof"]["read-back"],
            5,
            "{server}"
        );
    }
}

/// For ten minutes, by what it says itself: nobody waits for them here, the clock is told to be later.
#[test]
fn one_that_asks_for_ten_minutes_gets_them_and_the_other_is_finished() {
    const COUNT: u64 = 120;
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(COUNT, SIZE, &between.url(), "");
        let lines: String = lines_of(&between.url())
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect();
        let photos_here = setting.path("photos");
        setting.write_spec("");
        setting.send_to(&format!(
            "destinations:\n  here:\n    connector: local\n    with: {{ path: {photos_here:?} }}\n  bucket:\n{lines}"
        ));
        let rest = Act::Answer(
            "503 Slow Down".into(),
            vec![("Retry-After".into(), "600".into())],
            String::new(),
        );
        between.meddle("PUT", "2014/05", 20, 1_000_000, rest);
        let began = std::time::Instant::now();
        let first = sync(&setting);
        assert_eq!(first.code, 5, "{server}: {}{}", first.out, first.err);
        assert!(began.elapsed().as_secs() < 300, "{server}: it was waited for");
        let put = |run: &setting::Run, destination: &str| {
            run.receipt()["destinations"][destination]["resources"]["put"].as_u64()
        };
        assert_eq!(put(&first, "here"), Some(COUNT), "{server}: {}", first.out);
        let before = put(&first, "bucket").unwrap();
        // rclone's server fails some of the 20 that are let through, where several ask it at once.
        assert!((10..=20).contains(&before), "{server}: {before} were put");
        assert!(between.count("PUT", "2014/05") < 60, "{server}: it was asked on and on");
        setting.assert_photos(0..COUNT, SIZE);

        // Five minutes later it is left alone, though it would be well again; the other takes what is new.
        between.mend();
        let asked = between.requests().len();
        setting.add_photos_from(COUNT, 1, SIZE);
        let resting = later(&setting, 300, SECRET_KEY, &["sync", "family.yaml", "--json"]);
        assert_eq!(resting.code, 5, "{server}: {}{}", resting.out, resting.err);
        assert_eq!(put(&resting, "here"), Some(1), "{server}: {}", resting.out);
        assert_eq!(between.requests().len(), asked, "{server}: it was asked in its rest");
        assert!(resting.out.contains("sync/resting"), "{server}: {}", resting.out);

        let bytes = setting.apple.downloaded();
        let second = later(&setting, 660, SECRET_KEY, &["sync", "family.yaml", "--json"]);
        assert_eq!(second.code, 0, "{server}: {}{}", second.out, second.err);
        assert_eq!(
            (put(&second, "here"), put(&second, "bucket")),
            (Some(0), Some(COUNT + 1 - before)),
            "{server}"
        );
        // rclone's server fails at times where several ask it at once what it keeps: those files are read twice, what is there isn't read at all.
        let read = setting.apple.downloaded() - bytes;
        assert!(
            ((COUNT + 1 - before) * SIZE..COUNT * SIZE).contains(&read),
            "{server}: {read} bytes were read"
        );
        let files = photos(0..=COUNT, SIZE);
        assert_equal(&bucket, &expected(&setting, &files), server);
    }
}

/// A bucket lists MD5. That is no proof of the SHA-256 that the manifest claims.
#[test]
fn what_is_taken_over_by_a_listed_md5_is_accepted_until_it_is_read() {
    const COUNT: u64 = 5;
    for (server, bucket) in buckets() {
        let setting = filled(COUNT, SIZE, &bucket.endpoint(), "");
        assert_eq!(sync(&setting).put(), COUNT, "{server}");
        std::fs::remove_dir_all(setting.path("state")).unwrap();
        let adopted = run(&setting, SECRET_KEY, &["adopt", "family", "--manifest-only", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&adopted.out).expect("a report");
        assert_eq!(
            (adopted.code, &report["destinations"][0]["by_manifest"]),
            (0, &COUNT.into()),
            "{server}: {}{}",
            adopted.out,
            adopted.err
        );
        setting.login();
        let again = sync(&setting);
        again.assert(0, 0, server);
        assert_eq!(
            again.receipt()["destinations"]["default"]["proof"]["accepted"],
            COUNT,
            "{server}: {}",
            again.out
        );
        let is_known_by = |proof: &str, when: &str| {
            let told = run(&setting, SECRET_KEY, &["explain", "family", &name(0), "--json"]);
            let proof = format!("\"proof\":\"{proof}\"");
            assert!(told.out.contains(&proof), "{server}, {when}: {}{}", told.out, told.err);
        };
        let verify = |more: &[&str]| {
            let arguments: Vec<&str> = ["verify", "family"].iter().chain(more).copied().collect();
            let verified = run(&setting, SECRET_KEY, &arguments);
            assert_eq!(verified.code, 0, "{server}: {}{}", verified.out, verified.err);
        };
        verify(&[]);
        is_known_by("accepted", "its MD5 listed once more");
        verify(&["--deep"]);
        is_known_by("read-back", "read");
    }
}

#[test]
fn keys_that_are_refused_in_mid_run_are_the_destinations_affair() {
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(30, SIZE, &between.url(), "");
        let words = "<Error><Code>InvalidAccessKeyId</Code><Message>revoked</Message></Error>";
        let refused = Act::Answer("403 Forbidden".into(), Vec::new(), words.into());
        between.meddle("PUT", "2014/05", 4, 1_000, refused);
        let run = sync(&setting);
        assert_eq!(run.code, 7, "{server}: {}{}", run.out, run.err);
        let receipt = run.receipt();
        let problems: Vec<_> = receipt["problems"].as_array().unwrap().iter().collect();
        assert!(!problems.is_empty(), "{server}");
        for problem in problems {
            assert_eq!(problem["destination"], "default", "{server}: {problem}");
        }
        // Four were let through; of those that begin a folder together rclone's server refuses one at times, and that is sent again, and refused.
        let listed = bucket.rclone_says(&["lsf", "-R", "--files-only", ":s3:photos/family/2014"]);
        let there = listed.expect("a list").lines().count() as u64;
        assert_eq!(run.put(), there, "{server}: what was there counts");
        assert!((1..=4).contains(&there), "{server}: {there}");
    }
}

#[test]
fn what_came_though_its_answer_was_lost_is_known_by_its_key() {
    for (server, bucket) in buckets() {
        let between = Between::start(bucket.address());
        let setting = filled(6, SIZE, &between.url(), "");
        between.meddle("PUT", &name(2), 0, 1, Act::LoseTheAnswer);
        let run = sync(&setting);
        run.assert(0, 6, server);
        let again = sync(&setting);
        again.assert(0, 0, server);
    }
}

//! Every code that can be printed has its page in docs/errors, and every page its code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Pages of codes that are put together when they are needed, so that no source has them whole.
const COMPOSED: [&str; 13] = [
    "apple/http-status",
    "immich/http-status",
    "s3/AccessDenied",
    "s3/InvalidAccessKeyId",
    "s3/NoSuchBucket",
    "s3/NoSuchUpload",
    "s3/PreconditionFailed",
    "s3/QuotaExceeded",
    "s3/SignatureDoesNotMatch",
    "s3/SlowDown",
    "s3/http-status",
    "s3/service-code",
    "webdav/http-status",
];

/// Texts that only look like codes: the end of one of Apple's addresses.
const NO_CODES: [&str; 1] = ["verify/phone"];

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = pages(&root.join("docs/errors"));
    let families: BTreeSet<&str> = pages.keys().filter_map(|code| code.split('/').next()).collect();
    let mut codes = BTreeMap::new();
    for room in ["engine", "connectors"] {
        for package in entries(&root.join(room)) {
            for file in sources(&package.join("src")) {
                let text = fs::read_to_string(&file).expect("it can be read");
                for code in codes_in(&without_tests_and_comments(&text), &families) {
                    codes.entry(code).or_insert_with(|| file.clone());
                }
            }
        }
    }
    assert!(codes.len() > 150, "the sources were looked through");
    codes.retain(|code, _| !NO_CODES.contains(&code.as_str()));
    let without: Vec<_> = codes.iter().filter(|(code, _)| !pages.contains_key(*code)).collect();
    assert!(without.is_empty(), "no page in docs/errors for {without:#?}");
    let dead: Vec<_> = pages
        .keys()
        .filter(|code| !codes.contains_key(*code) && !COMPOSED.contains(&code.as_str()))
        .collect();
    assert!(dead.is_empty(), "nothing prints {dead:#?}");
}

#[test]
fn every_page_says_what_it_means_what_was_done_and_what_to_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (code, page) in pages(&root.join("docs/errors")) {
        let meaning = page.strip_prefix(&format!("# {code}\n\n")).unwrap_or_default();
        assert!(
            meaning.starts_with(char::is_alphanumeric) || meaning.starts_with('`'),
            "{code}: {page}"
        );
        for part in ["\n\n**What was done.** ", "\n\n**What to do.** "] {
            assert_eq!(page.matches(part).count(), 1, "{code} lacks {part:?}");
        }
    }
}

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for family in entries(folder) {
        for page in entries(&family) {
            let name = |path: &Path| path.file_stem().expect("a name").display().to_string();
            let code = format!("{}/{}", name(&family), name(&page));
            pages.insert(code, fs::read_to_string(&page).expect("a text"));
        }
    }
    pages
}

/// Texts of the form of a code: of a family that has pages, or right behind the class of an error.
fn codes_in(text: &str, families: &BTreeSet<&str>) -> Vec<String> {
    let mut codes = Vec::new();
    let parts: Vec<&str> = text.split('"').collect();
    for pair in parts.windows(2) {
        let [before, code] = pair else { continue };
        let Some((family, name)) = code.split_once('/') else {
            continue;
        };
        let word = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        };
        if !word(family) || !word(name) {
            continue;
        }
        let behind_a_class = before
            .trim_end()
            .strip_suffix(',')
            .and_then(|before| before.rsplit_once("ErrorClass::"))
            .is_some_and(|(_, class)| class.bytes().all(|c| c.is_ascii_alphabetic()));
        if families.contains(family) || behind_a_class {
            codes.push((*code).to_owned());
        }
    }
    codes
}

fn without_tests_and_comments(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in entries(folder) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

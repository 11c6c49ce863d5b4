//! Reads `.camroll/manifest` of a destination: what an archive says of itself, on a machine that knows nothing of it.
//!
//! Later lines count: one for each path, and one for each file of an asset. Which lines those are is kept as a few bytes a line; the lines themselves are read segment by segment.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use camroll_model::{
    Algorithm, ConnectorError, Digest, Entry, ErrorClass, Instant, Ownership, Placement, Proof, Recipe, Role,
    SourceKey, Target,
};
use serde::Deserialize;
use ulid::{ULID_LEN, Ulid};

use crate::link::Link;

const FOLDER: &str = ".camroll/manifest";
/// The largest segment that is read: a thousand lines have a megabyte at most.
const SEGMENT_LIMIT: usize = 64 << 20;

/// A file as the manifest has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// What was placed. Its proof and ownership are the weakest there are: a manifest proves nothing.
    pub placement: Placement,
    /// The asset's name.
    pub name: Option<String>,
    /// It was taken away since.
    removed: bool,
}

#[derive(Deserialize)]
struct Line {
    path: Option<String>,
    role: Role,
    recipe: String,
    size: u64,
    digests: HashMap<String, String>,
    connector: String,
    account: String,
    library: String,
    asset: String,
    resource: String,
    version: String,
    name: Option<String>,
    taken: Option<i64>,
    /// The file was taken away since.
    #[serde(default)]
    removed: bool,
}

impl Line {
    fn told(self) -> Option<Told> {
        let path = self.path?;
        let digests: Vec<Digest> = self
            .digests
            .iter()
            .filter_map(|(algorithm, hex)| {
                Some(Digest {
                    algorithm: Algorithm::from_name(algorithm)?,
                    value: hex::decode(hex).ok()?,
                })
            })
            .collect();
        // What can't be checked isn't told.
        if !digests.iter().any(|digest| digest.algorithm == Algorithm::Sha256) || path.starts_with(crate::archive::OWN)
        {
            return None;
        }
        Some(Told {
            placement: Placement {
                source: SourceKey {
                    connector: self.connector,
                    account: self.account,
                    library: self.library,
                },
                asset: self.asset.as_str().into(),
                resource: self.resource.as_str().into(),
                role: self.role,
                recipe: Recipe(self.recipe),
                version: self.version,
                entry: Entry {
                    target: Target::at(path),
                    folder: false,
                    size: Some(self.size),
                    modified: self.taken.map(|seconds| Instant {
                        seconds,
                        nanoseconds: 0,
                    }),
                    version: None,
                    digests: Vec::new(),
                    attributes: Vec::new(),
                },
                size: self.size,
                digests,
                proof: Proof::Accepted,
                ownership: Ownership::Found,
            },
            name: self.name,
            removed: self.removed,
        })
    }
}

/// A destination's manifest, of which it is known which lines count.
pub(crate) struct ManifestReader {
    link: Link,
    segments: Vec<Target>,
    last_of_path: HashMap<u64, u64>,
    last_of_file: HashMap<u64, u64>,
    /// Lines that couldn't be understood.
    pub unread: u64,
}

fn hashed(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn path_of(told: &Told) -> u64 {
    hashed(told.placement.path())
}

fn file_of(told: &Told) -> u64 {
    let one = &told.placement;
    hashed((&one.source, &one.asset, &one.resource, &one.recipe, &one.version))
}

impl ManifestReader {
    /// Goes through all segments once.
    pub(crate) async fn open(link: &Link) -> Result<Self, ConnectorError> {
        let mut reader = Self {
            link: link.clone(),
            segments: segments(link).await?,
            last_of_path: HashMap::new(),
            last_of_file: HashMap::new(),
            unread: 0,
        };
        for segment in 0..reader.segments.len() {
            for (number, told) in reader.lines(segment).await? {
                match told {
                    // No line speaks of what is there any more.
                    Some(told) if told.removed => {
                        let last = reader.last_of_path.remove(&path_of(&told));
                        // The same file may be told at another path since.
                        if reader.last_of_file.get(&file_of(&told)).copied() == last {
                            reader.last_of_file.remove(&file_of(&told));
                        }
                    }
                    Some(told) => {
                        reader.last_of_path.insert(path_of(&told), number);
                        reader.last_of_file.insert(file_of(&told), number);
                    }
                    None => reader.unread += 1,
                }
            }
        }
        Ok(reader)
    }

    /// How many segments there are.
    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// How many files it has, about: the lines that are their paths' last.
    pub(crate) fn files(&self) -> u64 {
        self.last_of_path.len() as u64
    }

    /// The files of a segment that no later line speaks of.
    pub(crate) async fn files_of(&self, segment: usize) -> Result<Vec<Told>, ConnectorError> {
        let lines = self.lines(segment).await?;
        Ok(lines
            .into_iter()
            .filter_map(|(number, told)| {
                let told = told?;
                let last = self.last_of_path.get(&path_of(&told)) == Some(&number)
                    && self.last_of_file.get(&file_of(&told)) == Some(&number);
                last.then_some(told)
            })
            .collect())
    }

    async fn lines(&self, segment: usize) -> Result<Vec<(u64, Option<Told>)>, ConnectorError> {
        let Some(target) = self.segments.get(segment) else {
            return Ok(Vec::new());
        };
        let bytes = self
            .link
            .call(|there| {
                let target = target.clone();
                async move {
                    let mut intake = camroll_host::memory(SEGMENT_LIMIT);
                    there.read(target, 0, &mut intake).await?;
                    intake.into_bytes().await
                }
            })
            .await?;
        Ok(bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .enumerate()
            .map(|(number, line)| {
                let told = serde_json::from_slice::<Line>(line).ok().and_then(Line::told);
                (((segment as u64) << 32) | number as u64, told)
            })
            .collect())
    }
}

/// A name for what a run writes now, which sorts behind all that is there: the run's own, unless a clock that was ahead named what is there, or this run itself.
pub(crate) async fn name_behind_all(link: &Link, run: &str) -> Result<String, ConnectorError> {
    let there = segments(link).await?;
    let names = there
        .iter()
        .filter_map(|target| target.path.as_deref()?.strip_prefix(FOLDER));
    let newest = names
        .filter_map(|name| Ulid::from_string(name.get(1..=ULID_LEN)?).ok())
        .max();
    Ok(match (newest, Ulid::from_string(run)) {
        (Some(newest), Ok(own)) if own <= newest => newest
            .increment()
            .map_or_else(|| run.to_owned(), |next| next.to_string()),
        _ => run.to_owned(),
    })
}

/// The segments in the order in which they were written: their names begin with the run's id.
async fn segments(link: &Link) -> Result<Vec<Target>, ConnectorError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = link
            .call(|there| {
                let next = next.clone();
                async move { there.list(FOLDER.to_owned(), next).await }
            })
            .await;
        let page = match page {
            Ok(page) => page,
            Err(error) if error.class == ErrorClass::NotFound && found.is_empty() => return Ok(found),
            Err(error) => return Err(error),
        };
        found.extend(
            page.entries
                .into_iter()
                .filter(|entry| {
                    let path = entry.target.path.as_deref().unwrap_or_default();
                    !entry.folder && path.starts_with(FOLDER) && path.ends_with(".ndjson")
                })
                .map(|entry| entry.target),
        );
        next = page.next;
        if next.is_none() {
            found.sort_by(|a, b| a.path.cmp(&b.path));
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str) -> String {
        format!(
            r#"{{"path":{path:?},"role":"paired-video","recipe":"","size":3,"digests":{{"sha256":"0a0b","of-tomorrow":"00"}},"connector":"c","account":"a","library":"l","asset":"x","resource":"r","version":"1","name":"IMG","taken":5}}"#
        )
    }

    #[test]
    fn a_line_is_what_was_placed() {
        let told = serde_json::from_str::<Line>(&line("2014/a.mov"))
            .unwrap()
            .told()
            .unwrap();
        assert_eq!(told.placement.role, Role::PairedVideo);
        assert_eq!(told.placement.digests.len(), 1, "an unknown algorithm is passed over");
        assert_eq!(told.placement.path(), Some("2014/a.mov"));
    }

    #[test]
    fn a_line_may_say_that_it_is_gone() {
        let of = |text: &str| serde_json::from_str::<Line>(text).unwrap().told().unwrap();
        assert!(!of(&line("a")).removed);
        assert!(of(&line("a").replace("\"taken\":5", "\"taken\":5,\"removed\":true")).removed);
    }

    #[test]
    fn what_cant_be_checked_and_camrolls_own_files_are_not_told() {
        let of = |text: &str| serde_json::from_str::<Line>(text).unwrap().told();
        assert!(of(&line(".camroll/id")).is_none());
        assert!(of(&line("a").replace("sha256", "sha999")).is_none());
    }
}

use std::collections::BTreeSet;

use camroll_host::Disposal;
use camroll_model::{Entry, ErrorClass};

use crate::cells::{Outcome, STAYS, Setting, fails, holds, succeeds, yes};
use crate::content::content;
use crate::placing::{Placing, read};

/// More than a page of any listing.
const MANY: usize = 1_200;

fn paths(entries: &[Entry]) -> Result<BTreeSet<String>, String> {
    let paths: BTreeSet<String> = entries
        .iter()
        .filter(|entry| !entry.folder)
        .filter_map(|entry| entry.target.path.clone())
        .collect();
    let files = entries.iter().filter(|entry| !entry.folder).count();
    holds(paths.len() == files, "something is told twice")?;
    Ok(paths)
}

pub(crate) async fn list(setting: &Setting<'_>) -> Outcome {
    let mut expected = BTreeSet::new();
    for name in ["2023/12/a.jpg", "2024/01/a.jpg", "2024/01/b c.jpg", "z.jpg"] {
        let path = setting.at(name);
        succeeds(
            Placing::new(&setting.connection, &path, content(20, 100)).put().await,
            "put",
        )?;
        expected.insert(path);
    }
    for number in 0..MANY {
        let path = setting.at(&format!("many/{number:05}.jpg"));
        if !setting.service.plant(&path, b"x") {
            break;
        }
        expected.insert(path);
    }
    let (entries, pages) = setting.list(setting.at("").trim_end_matches('/')).await?;
    let told = paths(&entries)?;
    holds(
        told == expected,
        format!("{} told, {} there", told.len(), expected.len()),
    )?;
    holds(expected.len() < MANY || pages > 1, "all in one page")?;
    let (all, _) = setting.list("").await?;
    let all = paths(&all)?;
    holds(all.is_superset(&expected), "the listing of all lacks some")?;
    let staged = all.iter().find(|path| path.starts_with(".camroll/"));
    holds(staged.is_none(), format!("the listing of all tells {staged:?}"))?;
    let (none, _) = setting.list(&setting.at("missing")).await?;
    holds(none.is_empty(), "something is told of a folder that isn't there")?;
    yes()
}

pub(crate) async fn remove(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let path = setting.at("a.jpg");
    let stored = succeeds(
        Placing::new(&setting.connection, &path, content(21, 5000)).put().await,
        "put",
    )?;
    let mut other = stored.entry.clone();
    other.version = other.version.map(|version| format!("{version}x"));
    other.size = Some(4999);
    if features.has_trait("immutable") {
        for expected in [other, stored.entry] {
            let removed = setting.connection.remove(expected, Disposal::Delete).await;
            fails(removed, ErrorClass::Unsupported, "a removal of what stays")?;
        }
        let there = succeeds(read(&setting.connection, &path, 0).await, "read")?;
        holds(there == content(21, 5000), "what was there isn't any more")?;
        return Ok(STAYS.to_owned());
    }
    let wrong = setting.connection.remove(other, Disposal::Delete).await;
    fails(wrong, ErrorClass::Conflict, "a removal of another version")?;
    holds(setting.stat(&path).await?.is_some(), "it is gone all the same")?;
    succeeds(
        setting.connection.remove(stored.entry, Disposal::Delete).await,
        "remove",
    )?;
    holds(setting.stat(&path).await?.is_none(), "it is still there")?;
    yes()
}

pub(crate) async fn rename(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let (from, to, other) = (setting.at("a.jpg"), setting.at("new/b.jpg"), setting.at("c.jpg"));
    let bytes = content(22, 5000);
    let stored = succeeds(
        Placing::new(&setting.connection, &from, bytes.clone()).put().await,
        "put",
    )?;
    let standing = content(23, 5000);
    succeeds(
        Placing::new(&setting.connection, &other, standing.clone()).put().await,
        "put",
    )?;
    if features.has_trait("immutable") {
        for new in [&to, &other] {
            let renamed = setting.connection.rename(stored.entry.clone(), new.clone()).await;
            fails(renamed, ErrorClass::Unsupported, "a rename of what stays")?;
        }
        let (there, beside) = (setting.stat(&from).await?, setting.stat(&to).await?);
        holds(there.is_some() && beside.is_none(), "it has another name all the same")?;
        return Ok(STAYS.to_owned());
    }
    let over = setting.connection.rename(stored.entry.clone(), other.clone()).await;
    fails(over, ErrorClass::Conflict, "a rename over something")?;
    let there = succeeds(read(&setting.connection, &other, 0).await, "read")?;
    holds(there == standing, "what stood there isn't any more")?;
    let entry = succeeds(setting.connection.rename(stored.entry, to.clone()).await, "rename")?;
    holds(entry.target.path.as_ref() == Some(&to), "it is told under another path")?;
    holds(
        setting.stat(&from).await?.is_none(),
        "it is still there under the old name",
    )?;
    let there = succeeds(read(&setting.connection, &to, 0).await, "read")?;
    holds(there == bytes, "other bytes under the new name")?;
    yes()
}

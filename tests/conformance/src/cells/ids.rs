//! The same questions where things have no path, only an id: a photo service.

use std::collections::BTreeSet;

use camroll_host::Disposal;
use camroll_model::{Entry, ErrorClass, Instant, Staged, Stored, Target, Value, attribute};

use crate::cells::killed::{in_mid_upload, put_again};
use crate::cells::names::NAMES;
use crate::cells::{Outcome, Setting, fails, holds, no_question, succeeds, trouble, yes};
use crate::content::content;
use crate::placing::{Placing, read_target};
use crate::proxy::{Manner, Proxy};

/// Answers a row; what is about paths can't be asked.
pub(crate) async fn ask(id: &str, setting: &Setting<'_>) -> Outcome {
    match id {
        "put" => put(setting).await,
        "empty" => empty(setting).await,
        "replace" => replace(setting).await,
        "offset" => offset(setting).await,
        "list" => list(setting).await,
        "remove" => remove(setting).await,
        "rename" => rename(setting).await,
        "names" => names(setting).await,
        "time" => time(setting).await,
        "large" => large(setting).await,
        "wrong" => wrong_at_the_end(setting).await,
        "aborted" => aborted(setting).await,
        "refused" => trouble::refused(setting).await,
        "cut" => cut(setting).await,
        "killed" => killed(setting).await,
        "rest" => trouble::rest(setting).await,
        "full" => full(setting).await,
        _ => no_question(),
    }
}

async fn placed(setting: &Setting<'_>, name: &str, seed: u64, size: usize) -> Result<Stored, String> {
    let placing = Placing::new(&setting.connection, setting.at(name), content(seed, size));
    succeeds(placing.put().await, "put")
}

async fn stat(setting: &Setting<'_>, target: &Target) -> Result<Option<Entry>, String> {
    succeeds(setting.connection.stat(target.clone()).await, "stat")
}

async fn holds_bytes(setting: &Setting<'_>, target: &Target, expected: &[u8]) -> Result<(), String> {
    let there = succeeds(read_target(&setting.connection, target.clone(), 0).await, "read")?;
    holds(there == expected, "other bytes came back")
}

async fn ids(setting: &Setting<'_>) -> Result<BTreeSet<String>, String> {
    let (entries, _) = setting.list("").await?;
    let ids: BTreeSet<String> = entries.iter().filter_map(|entry| entry.target.id.clone()).collect();
    holds(ids.len() == entries.len(), "something is told twice, or has no id")?;
    Ok(ids)
}

async fn put(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let stored = placed(setting, "IMG_0001.jpg", 101, 130_000).await?;
    holds(stored.entry.target.path.is_none(), "it is told under a path")?;
    let there = stat(setting, &stored.entry.target)
        .await?
        .ok_or("nothing is there afterwards")?;
    holds(
        there == stored.entry,
        format!("put told {:?}, stat tells {there:?}", stored.entry),
    )?;
    holds(there.size == Some(130_000), format!("its size is {:?}", there.size))?;
    let told: Vec<&str> = there.digests.iter().map(|digest| digest.algorithm.name()).collect();
    holds(
        features.digests == told,
        format!("it promised {:?} and told {told:?}", features.digests),
    )?;
    holds_bytes(setting, &there.target, &content(101, 130_000)).await?;
    let again = placed(setting, "another name.jpg", 101, 130_000).await?;
    if features.has_trait("dedupes") {
        holds(again.entry.target == there.target, "the same bytes are there twice")?;
        holds(again.already_there, "what was there is called new")?;
    }
    yes()
}

async fn empty(setting: &Setting<'_>) -> Outcome {
    let stored = placed(setting, "empty.jpg", 1, 0).await?;
    holds(
        stored.entry.size == Some(0),
        format!("its size is {:?}", stored.entry.size),
    )?;
    holds_bytes(setting, &stored.entry.target, &[]).await?;
    yes()
}

async fn replace(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    holds(!features.has_trait("replace"), "a service without paths replaces")?;
    let first = placed(setting, "a.jpg", 102, 5000).await?;
    let second = Placing::new(&setting.connection, setting.at("a.jpg"), content(103, 5000));
    let replaced = second.replacing(first.entry.clone()).put().await;
    fails(replaced, ErrorClass::Unsupported, "a replace that isn't promised")?;
    holds_bytes(setting, &first.entry.target, &content(102, 5000)).await?;
    Ok("no".to_owned())
}

async fn offset(setting: &Setting<'_>) -> Outcome {
    let stored = placed(setting, "a.mov", 104, 300_000).await?;
    let bytes = content(104, 300_000);
    for offset in [1, 150_000, 299_999] {
        let read = read_target(&setting.connection, stored.entry.target.clone(), offset as u64).await;
        let read = succeeds(read, "read")?;
        holds(read == bytes[offset..], format!("other bytes from {offset} on"))?;
    }
    let nobody = Target {
        path: None,
        id: Some("00000000-0000-4000-8000-000000000000".to_owned()),
    };
    let missing = read_target(&setting.connection, nobody, 0).await;
    fails(missing, ErrorClass::NotFound, "reading what isn't there")?;
    yes()
}

async fn list(setting: &Setting<'_>) -> Outcome {
    let before = ids(setting).await?;
    let mut expected = before.clone();
    for number in 0..5 {
        let stored = placed(setting, &format!("{number}.jpg"), 110 + number, 100).await?;
        expected.extend(stored.entry.target.id);
    }
    let told = ids(setting).await?;
    holds(expected.len() == before.len() + 5, "two files have one id")?;
    holds(
        told == expected,
        format!("{} told, {} there", told.len(), expected.len()),
    )?;
    let (below, _) = setting.list("2024").await?;
    holds(below.is_empty(), "something is told below a path")?;
    yes()
}

async fn remove(setting: &Setting<'_>) -> Outcome {
    let stored = placed(setting, "a.jpg", 120, 5000).await?;
    let mut other = stored.entry.clone();
    other.version = other.version.map(|version| format!("{version}x"));
    let wrong = setting.connection.remove(other, Disposal::Delete).await;
    fails(wrong, ErrorClass::Conflict, "a removal of another version")?;
    let target = stored.entry.target.clone();
    holds(stat(setting, &target).await?.is_some(), "it is gone all the same")?;
    succeeds(
        setting.connection.remove(stored.entry, Disposal::Delete).await,
        "remove",
    )?;
    holds(stat(setting, &target).await?.is_none(), "it is still there")?;
    yes()
}

async fn rename(setting: &Setting<'_>) -> Outcome {
    let stored = placed(setting, "a.jpg", 121, 5000).await?;
    let renamed = setting.connection.rename(stored.entry, "b.jpg".to_owned()).await;
    fails(renamed, ErrorClass::Unsupported, "a rename")?;
    Ok("no".to_owned())
}

async fn names(setting: &Setting<'_>) -> Outcome {
    let mut kept = 0;
    for (number, name) in NAMES.into_iter().enumerate() {
        let stored = placed(setting, name, 130 + number as u64, 1000).await?;
        holds_bytes(setting, &stored.entry.target, &content(130 + number as u64, 1000)).await?;
        let shown = attribute(&stored.entry.attributes, "name");
        kept += usize::from(shown == Some(&Value::Text(name.to_owned())));
    }
    match NAMES.len() - kept {
        0 => yes(),
        others => Ok(format!("yes; {others} of {} shown otherwise", NAMES.len())),
    }
}

async fn time(setting: &Setting<'_>) -> Outcome {
    let taken = Instant {
        seconds: 1_467_331_200,
        nanoseconds: 0,
    };
    let placing = Placing::new(&setting.connection, setting.at("a.jpg"), content(150, 500)).taken(taken);
    let stored = succeeds(placing.put().await, "put")?;
    let there = stat(setting, &stored.entry.target)
        .await?
        .and_then(|there| there.modified);
    match there {
        Some(there) if there.seconds == taken.seconds => Ok("kept".to_owned()),
        _ => Ok("the upload's".to_owned()),
    }
}

async fn large(setting: &Setting<'_>) -> Outcome {
    let stored = placed(setting, "a.mov", 151, 72 << 20).await?;
    holds_bytes(setting, &stored.entry.target, &content(151, 72 << 20)).await?;
    yes()
}

async fn wrong_at_the_end(setting: &Setting<'_>) -> Outcome {
    let before = ids(setting).await?;
    for size in [20_000, 3 << 20] {
        let bytes = content(152, size);
        let mut promised = bytes.to_vec();
        *promised.last_mut().ok_or("it is empty")? ^= 1;
        let placing = Placing::new(&setting.connection, setting.at("wrong.mov"), bytes).promised(&promised);
        fails(placing.put().await, ErrorClass::Corrupt, "a wrong body")?;
    }
    holds(ids(setting).await? == before, "something is there all the same")?;
    yes()
}

async fn aborted(setting: &Setting<'_>) -> Outcome {
    let placing = Placing::new(&setting.connection, setting.at("a.mov"), content(153, 2 << 20));
    match succeeds(placing.stage().await, "stage")? {
        Staged::Stored(_) => Ok("visible at once".to_owned()),
        Staged::Held(_) => Err("there is no such service yet: ask it what the others are asked".to_owned()),
    }
}

async fn cut(setting: &Setting<'_>) -> Outcome {
    let Some(address) = setting.service.address() else {
        return no_question();
    };
    let before = ids(setting).await?;
    let proxy = Proxy::start(address, 0..0, Manner::CutsAfter(2 << 20)).await;
    let by_proxy = setting.by(proxy.address());
    let bytes = content(154, 6 << 20);
    let cut = Placing::new(&by_proxy, setting.at("a.mov"), bytes.clone()).put().await;
    fails(cut, ErrorClass::Transient, "a put that was cut off")?;
    holds(ids(setting).await? == before, "a half of it is visible")?;
    let stored = placed(setting, "a.mov", 154, 6 << 20).await?;
    holds_bytes(setting, &stored.entry.target, &bytes).await?;
    yes()
}

async fn killed(setting: &Setting<'_>) -> Outcome {
    let before = ids(setting).await?;
    let cut_off = in_mid_upload(setting).await?;
    holds(ids(setting).await? == before, "a part of it is visible")?;
    let (stored, how) = put_again(setting, &cut_off).await?;
    holds_bytes(setting, &stored.entry.target, &cut_off.bytes).await?;
    let mut expected = before;
    expected.extend(stored.entry.target.id);
    holds(
        ids(setting).await? == expected,
        "not that one thing alone is there besides",
    )?;
    Ok(how)
}

async fn full(setting: &Setting<'_>) -> Outcome {
    let service = match setting.service.small() {
        Ok(service) => service,
        Err(why) => return Ok(format!("– ({why})")),
    };
    let small = Setting::of(&*service, "full");
    let first = placed(&small, "a.jpg", 160, 300_000).await?;
    let before = ids(&small).await?;
    let placing = Placing::new(&small.connection, small.at("b.mov"), content(161, 6 << 20));
    let Err(refused) = placing.put().await else {
        return Err("6 MiB were taken by a server that has no room for them".to_owned());
    };
    holds(ids(&small).await? == before, "a part of it is visible")?;
    holds_bytes(&small, &first.entry.target, &content(160, 300_000)).await?;
    // What came to nothing takes no room.
    placed(&small, "c.jpg", 162, 300_000).await?;
    Ok(trouble::said_of_no_room(&refused))
}

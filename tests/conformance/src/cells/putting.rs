use camroll_model::{ErrorClass, Instant};

use crate::cells::{Outcome, STAYS, Setting, fails, holds, no_question, succeeds, yes};
use crate::content::content;
use crate::placing::{Placing, read};

pub(crate) async fn put(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("2024/06/IMG_0001.HEIC");
    holds(setting.stat(&path).await?.is_none(), "something is there before")?;
    let bytes = content(1, 130_000);
    let stored = succeeds(
        Placing::new(&setting.connection, &path, bytes.clone()).put().await,
        "put",
    )?;
    let there = setting.stat(&path).await?.ok_or("nothing is there afterwards")?;
    holds(there.size == Some(130_000), format!("its size is {:?}", there.size))?;
    holds(!there.folder, "it is a folder")?;
    holds(
        stored.entry.version == there.version && stored.entry.size == there.size,
        format!("put told {:?}, stat tells {there:?}", stored.entry),
    )?;
    holds(
        there.target.path.as_ref() == Some(&path),
        "it is told under another path",
    )?;
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read == bytes, "other bytes came back")?;
    yes()
}

pub(crate) async fn empty(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("empty");
    succeeds(
        Placing::new(&setting.connection, &path, content(1, 0)).put().await,
        "put",
    )?;
    let there = setting.stat(&path).await?.ok_or("nothing is there")?;
    holds(there.size == Some(0), format!("its size is {:?}", there.size))?;
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read.is_empty(), "bytes came back")?;
    yes()
}

pub(crate) async fn taken(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.jpg");
    let first = content(2, 5000);
    succeeds(
        Placing::new(&setting.connection, &path, first.clone()).put().await,
        "put",
    )?;
    for size in [5000, 6000] {
        let second = Placing::new(&setting.connection, &path, content(3, size));
        fails(second.put().await, ErrorClass::Conflict, "a put over it")?;
    }
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read == first, "what was there isn't any more")?;
    yes()
}

pub(crate) async fn replace(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let path = setting.at("a.jpg");
    let first = succeeds(
        Placing::new(&setting.connection, &path, content(4, 5000)).put().await,
        "put",
    )?;
    let second = content(5, 5000);
    let replacing = Placing::new(&setting.connection, &path, second.clone()).replacing(first.entry.clone());
    let replaced = replacing.put().await;
    if !features.has_trait("replace") {
        fails(replaced, ErrorClass::Unsupported, "a replace that isn't promised")?;
        let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
        holds(read == content(4, 5000), "what was there isn't any more")?;
        return Ok(match features.has_trait("immutable") {
            true => STAYS.to_owned(),
            false => "no".to_owned(),
        });
    }
    let stored = succeeds(replaced, "replace")?;
    let there = setting.stat(&path).await?.ok_or("nothing is there")?;
    holds(there.version == stored.entry.version, "stat tells another version")?;
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read == second, "the old bytes are there")?;
    yes()
}

pub(crate) async fn changed(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    if !features.has_trait("replace") {
        return no_question();
    }
    let path = setting.at("a.jpg");
    let first = succeeds(
        Placing::new(&setting.connection, &path, content(6, 5000)).put().await,
        "put",
    )?;
    let second = content(7, 5001);
    let replacing = Placing::new(&setting.connection, &path, second.clone()).replacing(first.entry.clone());
    succeeds(replacing.put().await, "replace")?;
    let third = Placing::new(&setting.connection, &path, content(8, 5002)).replacing(first.entry);
    fails(
        third.put().await,
        ErrorClass::Conflict,
        "a replace of what was there before",
    )?;
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read == second, "what was there isn't any more")?;
    yes()
}

pub(crate) async fn offset(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.mov");
    let bytes = content(9, 300_000);
    succeeds(
        Placing::new(&setting.connection, &path, bytes.clone()).put().await,
        "put",
    )?;
    for offset in [1, 150_000, 299_999] {
        let read = succeeds(read(&setting.connection, &path, offset as u64).await, "read")?;
        holds(read == bytes[offset..], format!("other bytes from {offset} on"))?;
    }
    let missing = read(&setting.connection, &setting.at("missing"), 0).await;
    fails(missing, ErrorClass::NotFound, "reading what isn't there")?;
    yes()
}

pub(crate) async fn time(setting: &Setting<'_>) -> Outcome {
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let taken = Instant {
        seconds: 1_467_331_200,
        nanoseconds: 0,
    };
    let mut kept = Vec::new();
    // Twice: with the first file a connector may find out how.
    for name in ["a.jpg", "b.jpg"] {
        let path = setting.at(name);
        let placing = Placing::new(&setting.connection, &path, content(10, 500)).taken(taken);
        succeeds(placing.put().await, "put")?;
        let there = setting.stat(&path).await?.and_then(|there| there.modified);
        kept.push(there.is_some_and(|there| there.seconds == taken.seconds));
    }
    match kept[..] {
        [true, true] => Ok("kept".to_owned()),
        [false, false] if !features.has_trait("set-modified") => Ok("the upload's".to_owned()),
        _ => Err(format!("kept: {kept:?}, promised: {:?}", features.traits)),
    }
}

pub(crate) async fn large(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.mov");
    let bytes = content(11, 72 << 20);
    succeeds(
        Placing::new(&setting.connection, &path, bytes.clone()).put().await,
        "put",
    )?;
    let read = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(read == bytes, "other bytes came back")?;
    yes()
}

use std::fs;
use std::path::Path;

use camroll_model::{ErrorClass, Staged};

use crate::cells::{Outcome, Setting, fails, holds, no_question, succeeds, yes};
use crate::connect::connect;
use crate::content::content;
use crate::placing::{Placing, commit, read};
use crate::proxy::{Manner, Proxy};

pub(crate) async fn wrong_at_the_end(setting: &Setting<'_>) -> Outcome {
    for size in [20_000, 3 << 20] {
        let path = setting.at(&format!("{size}.mov"));
        let bytes = content(60, size);
        let mut promised = bytes.to_vec();
        *promised.last_mut().expect("it isn't empty") ^= 1;
        let placing = Placing::new(&setting.connection, &path, bytes).promised(&promised);
        fails(placing.put().await, ErrorClass::Corrupt, "a wrong body")?;
        holds(setting.stat(&path).await?.is_none(), "it is there all the same")?;
        let cleared = succeeds(setting.connection.abort(vec![placing.orphan(None)]).await, "abort")?;
        for one in cleared {
            succeeds(one, "abort")?;
        }
    }
    nothing_left(setting).await
}

pub(crate) async fn aborted(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.mov");
    let placing = Placing::new(&setting.connection, &path, content(61, 12 << 20));
    let Staged::Held(held) = succeeds(placing.stage().await, "stage")? else {
        return Ok("visible at once".to_owned());
    };
    holds(setting.stat(&path).await?.is_none(), "it is visible before the commit")?;
    // Twice: an answer may be lost.
    for _ in 0..2 {
        let orphan = placing.orphan(Some(held.clone()));
        for one in succeeds(setting.connection.abort(vec![orphan]).await, "abort")? {
            succeeds(one, "abort")?;
        }
    }
    holds(
        commit(&setting.connection, held).await.is_err(),
        "it was committed after its abort",
    )?;
    holds(setting.stat(&path).await?.is_none(), "it is there after its abort")?;
    nothing_left(setting).await
}

/// No file of the cell is anywhere, neither under its name nor under another.
async fn nothing_left(setting: &Setting<'_>) -> Outcome {
    let (entries, _) = setting.list(setting.at("").trim_end_matches('/')).await?;
    holds(entries.iter().all(|entry| entry.folder), "something is listed")?;
    if let Some(files) = setting.service.files() {
        let mut found = Vec::new();
        staged(&files.join(".camroll"), &mut found);
        holds(found.is_empty(), format!("left behind: {found:?}"))?;
    }
    yes()
}

/// Files that are no names of anything.
fn staged(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            // Apache keeps properties in such folders.
            true if path.ends_with(".DAV") => {}
            true => staged(&path, found),
            // Apache's own, which it takes away when it notices that a request was cut off.
            false if entry.file_name().to_string_lossy().starts_with(".davfs.tmp") => {}
            false => found.push(path.display().to_string()),
        }
    }
}

pub(crate) async fn staged_twice(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.jpg");
    let bytes = content(62, 200_000);
    let placing = Placing::new(&setting.connection, &path, bytes.clone());
    let first = succeeds(placing.stage().await, "stage")?;
    let Staged::Held(_) = first else { return no_question() };
    succeeds(placing.put().await, "the second time")?;
    let there = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(there == bytes, "other bytes")?;
    let (entries, _) = setting.list(setting.at("").trim_end_matches('/')).await?;
    holds(entries.len() == 1, format!("{} are listed", entries.len()))?;
    yes()
}

pub(crate) async fn committed_again(setting: &Setting<'_>) -> Outcome {
    let path = setting.at("a.jpg");
    let bytes = content(63, 200_000);
    let placing = Placing::new(&setting.connection, &path, bytes.clone());
    let Staged::Held(held) = succeeds(placing.stage().await, "stage")? else {
        return no_question();
    };
    succeeds(commit(&setting.connection, held.clone()).await, "commit")?;
    let outcome = match commit(&setting.connection, held).await {
        Ok(stored) => {
            holds(stored.entry.size == Some(200_000), "another file is told")?;
            "told again"
        }
        // The engine then looks by stat and digest.
        Err(error) if error.class == ErrorClass::Expired => "expired",
        Err(error) => return Err(format!("{:?}: {error}", error.class)),
    };
    let there = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(there == bytes, "other bytes")?;
    Ok(outcome.to_owned())
}

pub(crate) async fn refused(setting: &Setting<'_>) -> Outcome {
    let service = setting.service;
    let Some(wrong) = service.wrong_secrets() else {
        return no_question();
    };
    let connection = connect(service, service.address(), wrong.clone());
    let Err(error) = connection.check().await else {
        return Err("a wrong password was taken".to_owned());
    };
    holds(
        matches!(error.class, ErrorClass::Unauthenticated | ErrorClass::PermissionDenied),
        format!("{:?}: {error}", error.class),
    )?;
    let tells = wrong.values().any(|secret| error.message.contains(secret.as_str()));
    holds(!tells, "the message holds the secret")?;
    holds(
        error.message.ends_with(['.', '?', ')']),
        format!("no sentence: {}", error.message),
    )?;
    Ok(format!("{:?}", error.class).to_lowercase())
}

pub(crate) async fn cut(setting: &Setting<'_>) -> Outcome {
    let Some(address) = setting.service.address() else {
        return no_question();
    };
    let path = setting.at("a.mov");
    let bytes = content(64, 6 << 20);
    let proxy = Proxy::start(address, setting.service.beside(), Manner::CutsAfter(2 << 20)).await;
    let by_proxy = setting.by(proxy.address());
    let cut = Placing::new(&by_proxy, &path, bytes.clone()).put().await;
    fails(cut, ErrorClass::Transient, "a put that was cut off")?;
    holds(setting.stat(&path).await?.is_none(), "a half of it is visible")?;
    succeeds(
        Placing::new(&setting.connection, &path, bytes.clone()).put().await,
        "the second try",
    )?;
    let there = succeeds(read(&setting.connection, &path, 0).await, "read")?;
    holds(there == bytes, "other bytes")?;
    yes()
}

pub(crate) async fn rest(setting: &Setting<'_>) -> Outcome {
    let (Some(address), Some(answer)) = (setting.service.address(), setting.service.asks_for_a_rest()) else {
        return no_question();
    };
    let proxy = Proxy::start(address, 0..0, Manner::Answers(answer)).await;
    let by_proxy = setting.by(proxy.address());
    let refused = by_proxy.check().await;
    let error = fails(refused, ErrorClass::RateLimited, "a check of a busy server")?;
    holds(
        error.retry_after == Some(7),
        format!("it rests for {:?}", error.retry_after),
    )?;
    yes()
}

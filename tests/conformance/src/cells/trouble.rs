use camroll_model::{ConnectorError, ErrorClass, Staged};

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
    let found = setting.left_behind();
    holds(found.is_empty(), format!("left behind: {found:?}"))?;
    yes()
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
    let answers = setting.service.asks_for_a_rest();
    let Some(address) = setting.service.address().filter(|_| !answers.is_empty()) else {
        return no_question();
    };
    for &answer in answers {
        let proxy = Proxy::start(address, 0..0, Manner::Answers(answer)).await;
        let by_proxy = setting.by(proxy.address());
        let refused = by_proxy.check().await;
        let error = fails(refused, ErrorClass::RateLimited, "a check of a busy server")?;
        holds(
            error.retry_after == Some(7),
            format!("it rests for {:?}", error.retry_after),
        )?;
        let path = setting.at("a.jpg");
        let put = Placing::new(&by_proxy, &path, content(65, 5000)).put().await;
        fails(put, ErrorClass::RateLimited, "a put to a busy server")?;
    }
    yes()
}

pub(crate) async fn slow(setting: &Setting<'_>) -> Outcome {
    let Some(address) = setting.service.address() else {
        return no_question();
    };
    let path = setting.at("a.jpg");
    let bytes = content(66, 600_000);
    let proxy = Proxy::start(address, setting.service.beside(), Manner::Slow).await;
    let by_proxy = setting.by(proxy.address());
    succeeds(
        Placing::new(&by_proxy, &path, bytes.clone()).put().await,
        "a put by a slow line",
    )?;
    let there = succeeds(read(&by_proxy, &path, 0).await, "read")?;
    holds(there == bytes, "other bytes")?;
    yes()
}

pub(crate) async fn full(setting: &Setting<'_>) -> Outcome {
    let service = match setting.service.small() {
        Ok(service) => service,
        Err(why) => return Ok(format!("– ({why})")),
    };
    let small = Setting::of(&*service, "full");
    let first = content(67, 300_000);
    let path = small.at("a.jpg");
    succeeds(
        Placing::new(&small.connection, &path, first.clone()).put().await,
        "what fits",
    )?;
    let large = small.at("b.mov");
    let placing = Placing::new(&small.connection, &large, content(68, 6 << 20));
    let Err(refused) = placing.put().await else {
        return Err("6 MiB were taken by a server that has no room for them".to_owned());
    };
    for one in succeeds(small.connection.abort(vec![placing.orphan(None)]).await, "abort")? {
        succeeds(one, "abort")?;
    }
    holds(small.stat(&large).await?.is_none(), "a part of it is visible")?;
    let there = succeeds(read(&small.connection, &path, 0).await, "read")?;
    holds(there == first, "what was there isn't any more")?;
    // What came to nothing takes no room.
    succeeds(
        Placing::new(&small.connection, small.at("c.jpg"), content(69, 300_000))
            .put()
            .await,
        "what still fits",
    )?;
    Ok(said_of_no_room(&refused))
}

/// What a destination makes of a server without room.
pub(super) fn said_of_no_room(refused: &ConnectorError) -> String {
    match refused.class {
        ErrorClass::Quota => "refused: no room".to_owned(),
        class => format!("refused: {}, `{}`", format!("{class:?}").to_lowercase(), refused.code),
    }
}

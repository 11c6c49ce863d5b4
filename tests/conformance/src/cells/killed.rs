//! A process that is killed in mid-upload, and the next one that puts the same file.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use camroll_model::{ErrorClass, Features, Stored};
use tokio::sync::Notify;

use crate::cells::{Outcome, Setting, holds, succeeds};
use crate::content::content;
use crate::placing::{Placing, read, wants_all_first};
use crate::proxy::{Manner, Proxy};
use crate::stager::{Moment, Order, Reached, killed};

const MIB: usize = 1 << 20;
/// More than one request brings, where there are parts.
const SIZE: usize = 72 * MIB;
/// Of what can be gone on with: SFTP's first checkpoint is told when the second one is due, each 64 MiB, with 8 MiB under way on each of the two connections that a busy machine makes it take.
const RESUMED: usize = 160 * MIB;
/// Bytes that the source keeps back for ever.
const LACKING: usize = MIB;
/// What the protocols put around the bytes, at most.
const AROUND: u64 = 4 << 20;
/// As often as the engine tries to bring a file.
const TRIES: usize = 3;

/// The file, and where its upload was cut off.
pub(super) struct CutOff {
    pub(super) path: String,
    pub(super) bytes: Bytes,
    reached: Option<Reached>,
}

pub(crate) async fn then_put(setting: &Setting<'_>) -> Outcome {
    let cut_off = in_mid_upload(setting).await?;
    let path = &cut_off.path;
    holds(setting.stat(path).await?.is_none(), "a part of it is visible")?;
    holds(files(setting).await? == 0, "a part of it is listed")?;
    let (_, how) = put_again(setting, &cut_off).await?;
    let there = succeeds(read(&setting.connection, path, 0).await, "read")?;
    holds(there == cut_off.bytes, "other bytes")?;
    let files = files(setting).await?;
    holds(files == 1, format!("{files} files are listed"))?;
    let left = setting.left_behind();
    holds(left.is_empty(), format!("left behind: {left:?}"))?;
    Ok(how)
}

async fn files(setting: &Setting<'_>) -> Result<usize, String> {
    let (entries, _) = setting.list(setting.at("").trim_end_matches('/')).await?;
    Ok(entries.iter().filter(|entry| !entry.folder).count())
}

/// Has a process killed while it brings a file.
pub(super) async fn in_mid_upload(setting: &Setting<'_>) -> Result<CutOff, String> {
    const SEED: u64 = 70;
    let features = succeeds(setting.connection.probe().await, "probe")?.features;
    let size = size(&features);
    let service = setting.service;
    let mut order = Order {
        connector: service.connector().to_owned(),
        settings: service.settings(service.address()),
        secrets: service.secrets(),
        path: setting.at("a.mov"),
        seed: SEED,
        size,
        gives: Some(size - LACKING),
    };
    let reached = match (wants_all_first(&features, size as u64), service.address()) {
        // Its source can't halt in mid-upload: the line to the server does.
        (true, Some(address)) => {
            let halted = Arc::new(Notify::new());
            let manner = Manner::HaltsAfter(size / 2, Arc::clone(&halted));
            let proxy = Proxy::start(address, service.beside(), manner).await;
            order.settings = service.settings(Some(proxy.address()));
            order.gives = None;
            killed(&order, Moment::Told(halted)).await?
        }
        (true, None) => return Err("it wants all of a file first, and no proxy can stand before it".to_owned()),
        (false, _) if features.has_trait("resume") => killed(&order, Moment::SourceHaltedAfterCheckpoint).await?,
        (false, _) => killed(&order, Moment::SourceHalted).await?,
    };
    Ok(CutOff {
        path: order.path,
        bytes: content(SEED, size),
        reached,
    })
}

fn size(features: &Features) -> usize {
    match features.has_trait("resume") {
        true => RESUMED,
        false => SIZE,
    }
}

/// Puts the file as a run that begins after such an end does, by a connection that knows nothing of it. Whether bytes that were sent before were sent again.
pub(super) async fn put_again(setting: &Setting<'_>, cut_off: &CutOff) -> Result<(Stored, String), String> {
    let sent = Arc::new(AtomicU64::new(0));
    let proxy = match setting.service.address() {
        Some(address) => Some(Proxy::start(address, setting.service.beside(), Manner::Counts(Arc::clone(&sent))).await),
        None => None,
    };
    let connection = match &proxy {
        Some(proxy) => setting.by(proxy.address()),
        None => Setting::of(setting.service, setting.folder).connection,
    };
    succeeds(connection.sweep_drafts(HashSet::new()).await, "a sweep")?;
    let mut reached = cut_off.reached.clone();
    let mut tries = 1;
    let stored = loop {
        let checkpoint = reached.as_ref().map(|reached| reached.state.clone());
        let placing = Placing::new(&connection, &cut_off.path, cut_off.bytes.clone()).going_on(checkpoint);
        match placing.put().await {
            Ok(stored) => break stored,
            Err(error) if error.class == ErrorClass::Expired && reached.is_some() => {
                for one in succeeds(connection.abort(vec![placing.orphan(None)]).await, "abort")? {
                    succeeds(one, "abort")?;
                }
                reached = None;
            }
            Err(error) if error.class == ErrorClass::Transient && tries < TRIES => {
                println!("once more: {}: {}", error.code, error.message);
                tries += 1;
            }
            Err(error) => return Err(format!("put again: {:?}: {error}", error.class)),
        }
    };
    let (size, safe) = (
        cut_off.bytes.len() as u64,
        cut_off.reached.as_ref().map_or(0, |at| at.bytes),
    );
    let sent = sent.load(Ordering::Relaxed);
    println!("{size} bytes, {safe} of them safe before the kill, {sent} sent after it");
    let how = match (proxy.is_some(), sent) {
        (false, _) => "yes, bytes not counted",
        (true, sent) if sent >= size && safe == 0 => "begins anew",
        (true, sent) if safe > 0 && sent <= size - safe + AROUND => "goes on",
        (true, sent) => return Err(format!("{sent} bytes were sent of {size}, and {safe} were safe")),
    };
    Ok((stored, how.to_owned()))
}

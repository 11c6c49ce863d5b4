//! One file: from the destination through its digests into a draft, which gets its name when it is whole.

use camroll_host::{Keep, OutletOptions, PipeOptions};
use camroll_model::{Algorithm, ConnectorError, ErrorClass, Placement, StageFile, Staged, Target};
use sha2::{Digest as _, Sha256};

use crate::identity::miscounted;
use crate::link::Link;
use crate::survey::read_digests;

/// Bytes that may be under way in one file.
const WINDOW: usize = 1 << 20;

/// A file that the choice takes.
pub(super) struct Wanted {
    pub placement: Placement,
    pub name: Option<String>,
    /// Where it goes.
    pub path: String,
}

/// How it ended.
pub(super) enum Ended {
    Restored,
    AlreadyThere,
    Failed(ConnectorError),
}

/// Brings one file, unless something has its name.
pub(super) async fn bring_one(from: &Link, into: &Link, one: &Wanted) -> Ended {
    match lying(into, one).await {
        Ok(Some(ended)) => return ended,
        Ok(None) => {}
        Err(error) => return Ended::Failed(error),
    }
    // Wrong bytes may be the network's fault, once.
    let brought = match copy(from, into, one).await {
        Err(error) if matches!(error.class, ErrorClass::Corrupt | ErrorClass::Transient) => copy(from, into, one).await,
        other => other,
    };
    match brought {
        Ok(()) => Ended::Restored,
        Err(error) => Ended::Failed(error),
    }
}

/// What is in the folder where it shall be.
async fn lying(into: &Link, one: &Wanted) -> Result<Option<Ended>, ConnectorError> {
    let target = Target::at(one.path.clone());
    let there = into
        .call(|into| {
            let target = target.clone();
            async move { into.stat(target).await }
        })
        .await?;
    let Some(entry) = there else { return Ok(None) };
    if entry.size == Some(one.placement.size)
        && !entry.folder
        && read_digests(into, &target, &one.placement.digests).await?.is_some()
    {
        return Ok(Some(Ended::AlreadyThere));
    }
    Ok(Some(Ended::Failed(other_content())))
}

fn other_content() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Conflict,
        "restore/other-content",
        "Something else has that name in the folder, and stays as it is. Restore into another folder, or take it away.",
    )
}

async fn copy(from: &Link, into: &Link, one: &Wanted) -> Result<(), ConnectorError> {
    let mut intake = camroll_host::pipe(PipeOptions {
        size: Some(one.placement.size),
        digests: one.placement.digests.clone(),
        compute: vec![Algorithm::Sha256],
        window: WINDOW,
        spool: None,
        turns: None,
    });
    let outlet = intake.outlet(OutletOptions {
        keep: Keep::Nothing,
        gate: Box::new(|_| Box::pin(async { Ok(()) })),
    });
    let key = format!("restore-{}", hex::encode(&Sha256::digest(&one.path)[..16]));
    let file = StageFile {
        asset: None,
        role: None,
        path: one.path.clone(),
        media_type: "application/octet-stream".to_owned(),
        modified: one.placement.entry.modified,
        related: Vec::new(),
        replaces: None,
        idempotency_key: key.clone(),
        checkpoint: None,
    };
    let target = one.placement.entry.target.clone();
    let reading = async {
        match from.connection().read(target, 0, &mut intake).await {
            Ok(()) => intake.finish().await.map(drop),
            Err(error) => {
                intake.fail(error.clone());
                Err(error)
            }
        }
    };
    let mut writing = tokio::task::JoinSet::new();
    let folder = into.connection().clone();
    writing.spawn(async move { folder.stage(file, outlet).await });
    let (read, staged) = tokio::join!(reading, writing.join_next());
    let staged = match staged {
        Some(Ok(staged)) => staged,
        Some(Err(panic)) => Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "sync/panic",
            panic.to_string(),
        )),
        None => Err(crate::link::cancelled()),
    };
    let published = match (read, staged) {
        (Ok(()), Ok(Staged::Held(token))) => {
            let mut committed = into.connection().commit(vec![token]).await?;
            let one = committed.pop().unwrap_or_else(|| Err(miscounted("commit", 1, 0)));
            one.map(drop)
        }
        (Ok(()), Ok(Staged::Stored(_))) => Ok(()),
        // A folder that is full makes the reading fail too: its own word counts.
        (Err(_), Err(staged)) if !staged.is_in_body() && staged.class != ErrorClass::Corrupt => Err(staged),
        (Err(read), _) => Err(read),
        (Ok(()), Err(staged)) => Err(staged),
    };
    let Err(error) = published else { return Ok(()) };
    let orphan = camroll_model::Orphan {
        path: one.path.clone(),
        idempotency_key: key,
        held: None,
        checkpoint: None,
    };
    if let Err(error) = into.connection().abort(vec![orphan]).await {
        tracing::info!(code = error.code, "a draft stays until the next restore");
    }
    Err(match error.class {
        // Somebody put something there meanwhile.
        ErrorClass::Conflict => other_content(),
        ErrorClass::Corrupt => ConnectorError::new(
            ErrorClass::Corrupt,
            "restore/damaged",
            "What is at the destination isn't what was placed there; it was not restored. Another copy may have it.",
        ),
        ErrorClass::NotFound if error.code != "files/vanished" => ConnectorError::new(
            ErrorClass::NotFound,
            "restore/missing",
            "It isn't at the destination any more. Another copy may have it.",
        ),
        _ => error,
    })
}

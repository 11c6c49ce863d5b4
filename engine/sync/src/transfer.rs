//! One file: from where it was located, through its digests, into a draft at the destination that nobody sees yet.

use std::sync::Arc;

use camroll_host::{Gate, Intake, Keep, OutletOptions, PipeOptions, Proven};
use camroll_model::{
    Action, Algorithm, Asset, ConnectorError, Digest, Entry, ErrorClass, Instant, Located, Ownership, Placement, Proof,
    Related, Resource, ResourceRef, StageFile, Staged, WantedFile,
};
use camroll_state::{DestinationId, Intent, State};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::context::{Context, HeardLibrary};
use crate::identity::miscounted;
use crate::link::{Link, cancelled};
use crate::progress::Event;
use crate::stop::StopRequest;

/// Times that a file is fetched from its beginning: wrong bytes may be the network's fault.
const FETCHES: u32 = 3;
/// Times that a broken transfer goes on from where it was.
const RESUMES: u32 = 5;
/// Bytes that may be under way in one file.
const WINDOW: usize = 1 << 20;

/// A file to send, with what is needed for it.
#[derive(Clone)]
pub(crate) struct Job {
    pub ticket: u64,
    pub library: Arc<HeardLibrary>,
    pub asset: Arc<Asset>,
    pub file: WantedFile,
    /// What it takes the place of.
    pub replaces: Option<Box<Placement>>,
    pub related: Vec<Related>,
}

impl Job {
    /// The job of an action; none for one that sends nothing.
    pub(crate) fn of(ticket: u64, library: &Arc<HeardLibrary>, asset: &Arc<Asset>, action: &Action) -> Option<Self> {
        let (file, replaces) = match action {
            Action::Put { file, .. } => (file.clone(), None),
            Action::Replace { file, placed, .. } => (file.clone(), Some(placed.clone())),
            Action::Remove { .. } => return None,
        };
        Some(Self {
            ticket,
            library: Arc::clone(library),
            asset: Arc::clone(asset),
            file,
            replaces,
            related: Vec::new(),
        })
    }

    pub(crate) fn resource(&self) -> Option<&Resource> {
        self.asset.resource(&self.file.resource)
    }

    pub(crate) fn reference(&self) -> ResourceRef {
        ResourceRef {
            asset: self.asset.id.clone(),
            resource: self.file.resource.clone(),
            version: self.file.version.clone(),
            pointer: self
                .resource()
                .map(|resource| resource.pointer.clone())
                .unwrap_or_default(),
        }
    }

    /// The same whenever this very file is staged again, unlike any other file's.
    pub(crate) fn idempotency_key(&self, destination: &str) -> String {
        let mut hash = Sha256::new();
        for part in [
            self.library.key.connector.as_str(),
            &self.library.key.account,
            &self.library.key.library,
            self.asset.id.as_str(),
            self.file.resource.as_str(),
            &self.file.recipe.0,
            &self.file.version,
            &self.file.path,
            destination,
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(&hash.finalize()[..20])
    }

    /// The time that the file gets: when it was taken, else when it came into the library.
    fn modified(&self) -> Option<Instant> {
        self.asset.taken.or(self.asset.added)
    }
}

/// What a destination's transfers share.
pub(crate) struct Place {
    pub name: String,
    pub link: Link,
    pub id: DestinationId,
    pub identity: String,
    /// How many files' bytes may move at a time.
    pub turns: Arc<Semaphore>,
    pub rules: Option<camroll_model::NameRules>,
}

impl Place {
    /// A placement's path as the destination compares names.
    pub(crate) fn folded(&self, placement: &Placement) -> String {
        let path = placement
            .path()
            .or(placement.entry.target.id.as_deref())
            .unwrap_or_default();
        match &self.rules {
            Some(rules) => camroll_plan::fold(path, rules).as_str().to_owned(),
            None => path.to_owned(),
        }
    }
}

/// A file whose bytes are there, and that nobody sees yet.
pub(crate) struct Held {
    pub job: Job,
    pub key: String,
    pub token: Vec<u8>,
    pub placement: Placement,
}

/// What became of a transfer.
pub(crate) enum Transferred {
    Held(Box<Held>),
    /// The service showed it at once.
    Stored(Box<Held>),
}

/// Brings one file's bytes there. What didn't come whole leaves nothing behind.
pub(crate) async fn transfer(
    context: &Context,
    place: &Place,
    job: Job,
    located: Located,
) -> Result<Transferred, (Job, ConnectorError)> {
    let result = attempts(context, place, job, located).await;
    if let Err((job, _)) = &result {
        let key = job.idempotency_key(&place.identity);
        let orphan = camroll_model::Orphan {
            path: job.file.path.clone(),
            idempotency_key: key.clone(),
            held: None,
            checkpoint: None,
        };
        match place.link.connection().abort(vec![orphan]).await {
            Ok(_) => {
                if let Err(error) = context.state.drop_intents(place.id, std::slice::from_ref(&key)) {
                    tracing::warn!("{error}");
                }
            }
            Err(error) => tracing::info!(code = error.code, "a draft stays until the next run: {}", error.message),
        }
    }
    result
}

/// As often as that can help.
async fn attempts(
    context: &Context,
    place: &Place,
    job: Job,
    located: Located,
) -> Result<Transferred, (Job, ConnectorError)> {
    context.progress.tell(Event::Started {
        path: job.file.path.clone(),
        size: job.file.size,
    });
    let mut located = located;
    let mut fetches = 0;
    loop {
        if context.stop.asked() == StopRequest::Now {
            return Err((job, cancelled()));
        }
        fetches += 1;
        match once(context, place, &job, &located).await {
            Ok(transferred) => return Ok(transferred),
            Err(error) => {
                let again = matches!(
                    error.class,
                    ErrorClass::Corrupt | ErrorClass::Expired | ErrorClass::Transient
                );
                if !again || fetches >= FETCHES {
                    return Err((job, error));
                }
                tracing::info!(
                    path = job.file.path,
                    code = error.code,
                    "fetched again: {}",
                    error.message
                );
                // Another URL, perhaps another server behind it.
                located = match locate_one(context, &job).await {
                    Ok(located) => located,
                    Err(error) => return Err((job, error)),
                };
            }
        }
    }
}

async fn once(context: &Context, place: &Place, job: &Job, located: &Located) -> Result<Transferred, ConnectorError> {
    let resource = job.resource().ok_or_else(|| gone(job))?;
    if located.version != job.file.version {
        return Err(ConnectorError::new(
            ErrorClass::NotFound,
            "sync/changed-meanwhile",
            "It changed at the source since it was listed; the next run takes the new one.",
        ));
    }
    let expected = if located.digests.is_empty() {
        resource.digests.clone()
    } else {
        located.digests.clone()
    };
    let size = located.size.or(resource.size);
    let key = job.idempotency_key(&place.identity);
    let placement = proposed(job, size, &expected);
    let mut intake = camroll_host::pipe(PipeOptions {
        size,
        digests: expected,
        compute: vec![Algorithm::Sha256],
        window: WINDOW,
        spool: None,
        turns: Some(Arc::clone(&place.turns)),
    });
    let outlet = intake.outlet(OutletOptions {
        keep: Keep::Nothing,
        gate: intend(&context.state, place, &key, job, placement.clone()),
    });
    let file = StageFile {
        asset: Some((*job.asset).clone()),
        role: Some(job.file.role),
        path: job.file.path.clone(),
        media_type: resource.media_type.clone(),
        modified: job.modified(),
        related: job.related.clone(),
        replaces: job.replaces.as_ref().map(|placed| placed.entry.clone()),
        idempotency_key: key.clone(),
        checkpoint: None,
    };
    let fetching = async {
        let fetched = fetch(context, job, located, &mut intake).await;
        match fetched {
            Ok(()) => intake.finish().await,
            Err(error) => {
                intake.fail(error.clone());
                Err(error)
            }
        }
    };
    // On a task of its own: else writing would wait whenever this one hashes. Dropped with the set, it ends.
    let mut staging = tokio::task::JoinSet::new();
    let there = place.link.connection().clone();
    staging.spawn(async move { there.stage(file, outlet).await });
    let (fetched, staged) = tokio::join!(fetching, staging.join_next());
    let staged = match staged {
        Some(Ok(staged)) => staged,
        Some(Err(panic)) => Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "sync/panic",
            panic.to_string(),
        )),
        None => Err(cancelled()),
    };
    let (proven, staged) = match (fetched, staged) {
        (Ok(proven), Ok(staged)) => (proven, staged),
        // What the destination couldn't take makes the source's side fail too: its own word counts. A failing source shows there only as a body that broke off.
        (Err(fetched), Err(staged)) => {
            return Err(if is_destinations_own(&staged) { staged } else { fetched });
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    let placement = Placement {
        size: proven.size,
        digests: proven.digests,
        ..placement
    };
    let held = |token, placement| {
        Box::new(Held {
            job: job.clone(),
            key: key.clone(),
            token,
            placement,
        })
    };
    match staged {
        Staged::Held(token) => {
            context
                .state
                .staged(place.id, &key, &token)
                .map_err(|error| state_failed(&error))?;
            Ok(Transferred::Held(held(token, placement)))
        }
        Staged::Stored(stored) => {
            let proof = proof_of(&stored.checked, &stored.entry, &placement);
            Ok(Transferred::Stored(held(
                Vec::new(),
                Placement {
                    entry: stored.entry,
                    proof,
                    ..placement
                },
            )))
        }
    }
}

/// Fetches into the intake, on from where it broke off as long as that helps.
async fn fetch(context: &Context, job: &Job, located: &Located, intake: &mut Intake) -> Result<(), ConnectorError> {
    let source = context.source.connection();
    let mut resumes = 0;
    loop {
        let before = intake.offset();
        let error = match source.fetch(located.locator.clone(), intake).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let may_resume = matches!(error.class, ErrorClass::Transient | ErrorClass::RateLimited);
        if !may_resume || resumes >= RESUMES || context.stop.asked() == StopRequest::Now {
            return Err(error);
        }
        if intake.offset() == before {
            resumes += 1;
        }
        tracing::info!(
            path = job.file.path,
            offset = intake.offset(),
            code = error.code,
            "the transfer goes on: {}",
            error.message
        );
        let pause = std::time::Duration::from_secs(error.retry_after.unwrap_or(0).min(60).into())
            .max(std::time::Duration::from_millis(50 * u64::from(resumes)));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = context.stop.wait(StopRequest::Now) => return Err(cancelled()),
        }
    }
}

/// Makes the intent durable when the source's bytes have passed, and before the last of them leaves.
fn intend(state: &Arc<State>, place: &Place, key: &str, job: &Job, placement: Placement) -> Gate {
    let (state, destination, key) = (Arc::clone(state), place.id, key.to_owned());
    let replaces = job.replaces.as_ref().map(|placed| placed.entry.clone());
    Box::new(move |proven: Proven| {
        let placement = Placement {
            size: proven.size,
            digests: proven.digests,
            ..placement
        };
        let intent = Intent {
            destination,
            key,
            placement: Box::new(placement),
            replaces,
            held: None,
        };
        Box::pin(async move {
            tokio::task::spawn_blocking(move || state.intend(intent))
                .await
                .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()))?
                .map_err(|error| state_failed(&error))
        })
    })
}

fn proposed(job: &Job, size: Option<u64>, digests: &[Digest]) -> Placement {
    Placement {
        source: job.library.key.clone(),
        asset: job.asset.id.clone(),
        resource: job.file.resource.clone(),
        role: job.file.role,
        recipe: job.file.recipe.clone(),
        version: job.file.version.clone(),
        entry: Entry {
            target: camroll_model::Target::at(job.file.path.clone()),
            folder: false,
            size,
            modified: job.modified(),
            version: None,
            digests: Vec::new(),
            attributes: Vec::new(),
        },
        size: size.unwrap_or(0),
        digests: digests.to_vec(),
        proof: Proof::Accepted,
        ownership: Ownership::Ours,
    }
}

/// What the service's answer proves. A digest that it checked or tells counts where it is one of those that the host computed.
pub(crate) fn proof_of(checked: &[Algorithm], entry: &Entry, placement: &Placement) -> Proof {
    if checked
        .iter()
        .any(|algorithm| placement.digests.iter().any(|ours| ours.algorithm == *algorithm))
    {
        Proof::ServiceChecked
    } else if entry.digests.iter().any(|theirs| placement.digests.contains(theirs)) {
        Proof::ServiceReported
    } else {
        Proof::Accepted
    }
}

/// Where one file's bytes are now.
pub(crate) async fn locate_one(context: &Context, job: &Job) -> Result<Located, ConnectorError> {
    locate(context, &job.library, vec![job.reference()])
        .await?
        .pop()
        .unwrap_or_else(|| Err(miscounted("locate", 1, 0)))
}

/// Where several files' bytes are now.
pub(crate) async fn locate(
    context: &Context,
    library: &HeardLibrary,
    references: Vec<ResourceRef>,
) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
    let asked = references.len();
    let located = context
        .source
        .call(|source| {
            let (library, references) = (library.library.id.clone(), references.clone());
            async move { source.locate(&library, references).await }
        })
        .await?;
    if located.len() == asked {
        Ok(located)
    } else {
        Err(miscounted("locate", asked, located.len()))
    }
}

/// Whether a failed `stage` speaks of the destination, and not of the body that broke off.
fn is_destinations_own(error: &ConnectorError) -> bool {
    !matches!(error.class, ErrorClass::Corrupt | ErrorClass::Cancelled) && !error.code.starts_with("host/body: ")
}

fn gone(job: &Job) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::NotFound,
        "sync/resource-gone",
        format!("{} is no longer part of the asset.", job.file.resource),
    )
}

pub(crate) fn state_failed(error: &camroll_state::StateError) -> ConnectorError {
    ConnectorError::new(ErrorClass::Unexpected, "state/unusable", error.to_string())
}

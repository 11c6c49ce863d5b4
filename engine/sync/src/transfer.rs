//! One file: from where it was located, through its digests, into a draft at the destination that nobody sees yet.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use camroll_host::{Checkpoint, Evidence, Gate, Keep, OutletOptions, PipeOptions, Proven, Saver, Spool};
use camroll_model::{
    Action, Algorithm, Asset, AssetId, ConnectorError, Digest, Entry, ErrorClass, Features, Instant, Located,
    Ownership, Placement, Prefix, Problem, Proof, Related, Resource, ResourceRef, Retry, Role, StageFile, Staged,
    WantedFile,
};
use camroll_state::{DestinationId, Intent, State, Upload};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::allowance::Allowance;
use crate::begun::Drafts;
use crate::context::{Context, HeardLibrary, problem};
use crate::fetch::{locate_one, look_ahead, read};
use crate::link::{Again, Link, cancelled};
use crate::progress::Event;
use crate::reading::{Claim, FileKey, LaneNumber, Position};
use crate::spot::spot;
use crate::stop::StopRequest;
use crate::trouble::{Side, Trouble};

/// Times that a file is fetched from its beginning: wrong bytes may be the network's fault.
const FETCHES: u32 = 3;
/// Bytes that may be under way in one file.
const WINDOW: usize = 1 << 20;

/// A file to send, with what is needed for it.
#[derive(Clone)]
pub(crate) struct Job {
    pub ticket: u64,
    /// Where planning came by it.
    pub position: Position,
    pub library: Arc<HeardLibrary>,
    pub asset: Arc<Asset>,
    pub file: WantedFile,
    /// What it takes the place of.
    pub replaces: Option<Box<Placement>>,
    /// Other files of the asset that are there; known when its transfer begins.
    pub related: Vec<Related>,
}

impl Job {
    /// The job of an action; none for one that sends nothing.
    pub(crate) fn of(
        ticket: u64,
        position: Position,
        library: &Arc<HeardLibrary>,
        asset: &Arc<Asset>,
        action: &Action,
    ) -> Option<Self> {
        let (file, replaces) = match action {
            Action::Put { file, .. } => (file.clone(), None),
            Action::Replace { file, placed, .. } => (file.clone(), Some(placed.clone())),
            Action::Remove { .. } => return None,
        };
        Some(Self {
            ticket,
            position,
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
    /// Whose state this is and who the destination is: no other engine's draft there has the key of one of ours.
    pub identity: String,
    /// Its number in the run.
    pub lane: LaneNumber,
    pub features: Features,
    /// What may begin to be sent.
    pub allowance: Allowance,
    /// Uploads of this run that may be left for the next one.
    pub uploads: Mutex<HashSet<String>>,
    /// Files that a run before this one may have brought without coming to record it, where only staging them again tells.
    pub interrupted: Mutex<HashSet<String>>,
    pub rules: Option<camroll_model::NameRules>,
    /// What was begun to be sent.
    pub drafts: Drafts,
}

impl Place {
    /// Where a placement stands, as the index keys it.
    pub(crate) fn folded(&self, placement: &Placement) -> String {
        spot(self.rules.as_ref(), placement)
    }

    /// What receipts say of an asset, or of one file of it, that isn't here as it should be.
    pub(crate) fn problem(
        &self,
        asset: Option<(&AssetId, Option<&str>)>,
        role: Option<Role>,
        error: &ConnectorError,
        retry: Retry,
    ) -> Problem {
        Problem {
            resource: role.map(|role| role.name().to_owned()),
            destination: Some(self.name.clone()),
            ..problem(asset, error, retry)
        }
    }
}

/// A file whose bytes are there, and that nobody sees yet.
pub(crate) struct Held {
    pub job: Job,
    pub key: String,
    /// What `commit` takes; none where the service shows it already.
    pub token: Option<Vec<u8>>,
    pub placement: Placement,
}

/// Brings one file's bytes there. What didn't come whole leaves nothing behind.
pub(crate) async fn transfer(
    context: &Arc<Context>,
    place: &Place,
    job: Job,
    located: Located,
) -> Result<Held, (Job, Trouble)> {
    let job = Job {
        related: related(context, place, &job),
        ..job
    };
    let result = attempts(context, place, job, located).await;
    if let Err((job, trouble)) = &result {
        clear_away(context, place, job, &trouble.error).await;
    }
    result
}

/// The other files of the asset as they are at the source now, where they are there already: what a pair is joined to.
fn related(context: &Context, place: &Place, job: &Job) -> Vec<Related> {
    if job.asset.resources.len() < 2 {
        return Vec::new();
    }
    // An index that can't be read shows when the file is recorded.
    let placements = context
        .state
        .placements(place.id, &job.library.key, &job.asset.id)
        .unwrap_or_default();
    placements
        .into_iter()
        .filter(|placement| placement.resource != job.file.resource)
        .filter(|placement| {
            let now = job.asset.resource(&placement.resource);
            now.is_some_and(|resource| resource.version == placement.version)
        })
        .map(|placement| Related {
            role: placement.role,
            target: placement.entry.target,
        })
        .collect()
}

/// Takes away what a transfer left that came to nothing, unless it can go on with the next run.
async fn clear_away(context: &Context, place: &Place, job: &Job, error: &ConnectorError) {
    context.readings.forgo(place.lane, &FileKey::of(job));
    let key = job.idempotency_key(&place.identity);
    let upload = context.state.upload(place.id, &key);
    let goes_on = matches!(
        error.class,
        ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Cancelled
    );
    if upload.is_some() && goes_on {
        return;
    }
    let orphan = camroll_model::Orphan {
        path: job.file.path.clone(),
        idempotency_key: key.clone(),
        held: None,
        checkpoint: upload.map(|upload| upload.checkpoint),
    };
    let cleared = match place.link.connection().abort(vec![orphan]).await {
        Ok(answers) => answers.into_iter().collect::<Result<Vec<()>, _>>().map(drop),
        Err(error) => Err(error),
    };
    match cleared {
        Ok(()) => {
            let forgotten = context
                .state
                .drop_intents(place.id, std::slice::from_ref(&key))
                .and_then(|()| context.state.forget_upload(place.id, &key));
            if let Err(error) = forgotten {
                tracing::warn!("{error}");
            }
            place.drafts.end(&key);
        }
        Err(error) => tracing::info!(code = error.code, "a draft stays until the next run: {}", error.message),
    }
}

/// Gives up what was uploaded of a file, so that it begins anew.
async fn forget_upload(context: &Context, place: &Place, job: &Job) {
    let key = job.idempotency_key(&place.identity);
    let Some(upload) = context.state.upload(place.id, &key) else {
        return;
    };
    let orphan = camroll_model::Orphan {
        path: job.file.path.clone(),
        idempotency_key: key.clone(),
        held: None,
        checkpoint: Some(upload.checkpoint),
    };
    if let Err(error) = place.link.connection().abort(vec![orphan]).await {
        tracing::info!(
            code = error.code,
            "what was uploaded stays until it is written over: {}",
            error.message
        );
    }
    // Without its checkpoint the next try doesn't go on from it, whatever lies there.
    if let Err(error) = context.state.forget_upload(place.id, &key) {
        tracing::warn!("{error}");
    }
}

/// As often as that can help.
async fn attempts(context: &Arc<Context>, place: &Place, job: Job, located: Located) -> Result<Held, (Job, Trouble)> {
    context.progress.tell(Event::Started {
        path: job.file.path.clone(),
        size: job.file.size,
    });
    let mut located = located;
    let mut fetches = 0;
    let mut renewed = false;
    loop {
        if context.stop.asked() == StopRequest::Now {
            return Err((job, Trouble::source(cancelled())));
        }
        fetches += 1;
        // A service that asked for a rest gets it before anything is fetched for it.
        if let Err(error) = place.link.rest().await {
            return Err((job, Trouble::destination(error)));
        }
        if let Err(error) = place.allowance.begin(counted(&job, &located)) {
            return Err((job, Trouble::destination(error)));
        }
        let looks = place.link.looks().await;
        match once(context, place, &job, &located).await {
            Ok(held) => {
                place.link.went_well();
                return Ok(held);
            }
            Err(trouble) => {
                let error = &trouble.error;
                let again = match error.class {
                    ErrorClass::Transient | ErrorClass::RateLimited if trouble.side == Side::Destination => {
                        place.link.failed(error, fetches, FETCHES) == Again::Yes
                    }
                    ErrorClass::Corrupt | ErrorClass::Expired | ErrorClass::Transient => true,
                    // A session that ended in mid-run may be renewed without a person; once, and both have to say so.
                    ErrorClass::Unauthenticated if trouble.side == Side::Destination && !renewed => {
                        renewed = true;
                        match place.link.renew(looks).await {
                            Ok(()) => true,
                            Err(looked_at) => {
                                let error = crate::link::refusal(trouble.error, looked_at);
                                return Err((job, Trouble::destination(error)));
                            }
                        }
                    }
                    _ => false,
                };
                if !again || fetches >= FETCHES {
                    return Err((job, trouble));
                }
                if error.class == ErrorClass::Corrupt {
                    // Which of what was uploaded is wrong isn't known: nothing of it is gone on from.
                    forget_upload(context, place, &job).await;
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
                    Err(error) => return Err((job, Trouble::source(error))),
                };
            }
        }
    }
}

/// Bytes that a file counts with in what a day is allowed.
fn counted(job: &Job, located: &Located) -> u64 {
    let told = located.size.or_else(|| job.resource()?.size);
    told.unwrap_or(0)
}

async fn once(context: &Arc<Context>, place: &Place, job: &Job, located: &Located) -> Result<Held, Trouble> {
    let resource = job.resource().ok_or_else(|| Trouble::source(gone(job)))?;
    if located.version != job.file.version {
        return Err(Trouble::source(ConnectorError::new(
            ErrorClass::NotFound,
            "sync/changed-meanwhile",
            "It changed at the source since it was listed; the next run takes the new one.",
        )));
    }
    let expected = if located.digests.is_empty() {
        resource.digests.clone()
    } else {
        located.digests.clone()
    };
    let size = located.size.or(resource.size);
    let key = job.idempotency_key(&place.identity);
    let placement = proposed(job, size, &expected);
    let reading = Reading::of(&place.features, size, &context.readings.spool);
    let counted = counted(job, located);
    let mut known = None;
    let mut promised = expected.clone();
    if reading == Reading::Twice {
        context.allowance.begin(counted).map_err(Trouble::source)?;
        let proven = look_ahead(context, job, located, expected.clone(), context.digests.for_size(size))
            .await
            .map_err(Trouble::source)?;
        promised.clone_from(&proven.digests);
        known = Some(proven);
    }
    let mut intake = camroll_host::pipe(PipeOptions {
        size,
        digests: promised,
        compute: context.digests.for_size(size),
        window: WINDOW,
        spool: Some(Arc::clone(&context.readings.spool)),
        turns: Some(Arc::clone(&context.readings.turns)),
    });
    let passed = Arc::new(AtomicBool::new(false));
    let upload = context.state.upload(place.id, &key);
    let evidence = Arc::new(OnceLock::new());
    let options = OutletOptions {
        keep: reading.keep(&place.features, size),
        gate: going_on_with(
            upload.as_ref().and_then(|upload| upload.prefix),
            Arc::clone(&evidence),
            intend(&context.state, place, &key, job, placement.clone(), Arc::clone(&passed)),
        ),
    };
    let looked = known.clone();
    let claim = match known {
        // What others read straight through goes by while it is looked at.
        Some(_) => Claim::Yours,
        None => context.readings.claim(place.lane, job, &intake).await,
    };
    let (mut outlet, fetching) = match claim {
        Claim::Another(parked) => (parked.begin(options), None),
        Claim::Yours => {
            if let Err(error) = context.allowance.begin(counted) {
                // Others may wait for these bytes.
                intake.fail(error.clone());
                return Err(Trouble::source(error));
            }
            let outlet = intake.outlet(options);
            let (context, job, located) = (Arc::clone(context), job.clone(), located.clone());
            // On a task of its own: others may read the same bytes, however this destination ends.
            let fetching = tokio::spawn(async move { read(&context, &job, &located, intake).await });
            (outlet, Some(fetching))
        }
    };
    if let Some(known) = known {
        outlet = outlet.knowing(known);
    } else if reading == Reading::WholeFirst {
        outlet.passed().await.map_err(Trouble::source)?;
    }
    let proof = outlet.evidence();
    // The gate opens with the last bytes: long after this.
    let _ = evidence.set(outlet.evidence());
    let file = StageFile {
        asset: Some((*job.asset).clone()),
        role: Some(job.file.role),
        path: job.file.path.clone(),
        media_type: resource.media_type.clone(),
        modified: job.modified(),
        related: job.related.clone(),
        replaces: job.replaces.as_ref().map(|placed| placed.entry.clone()),
        idempotency_key: key.clone(),
        checkpoint: upload.map(|upload| upload.checkpoint),
    };
    place.uploads.lock().insert(key.clone());
    let staged = place
        .link
        .connection()
        .stage(file, outlet.saving(saver(&context.state, place, &key, &job.file.path)))
        .await;
    let staged = match (staged, fetching) {
        (Ok(staged), _) => staged,
        (Err(error), None) if is_destinations_own(&error) => return Err(Trouble::destination(error)),
        (Err(error), None) => return Err(Trouble::source(error)),
        // What the destination couldn't take is its own word. A failing source shows there only as a body that broke off: then the source's word counts.
        (Err(error), Some(_)) if is_destinations_own(&error) => return Err(Trouble::destination(error)),
        (Err(error), Some(fetching)) => {
            return Err(match fetching.await {
                Ok(Err(fetched)) if fetched.code != "host/not-taken" => Trouble::source(fetched),
                _ => Trouble::destination(error),
            });
        }
    };
    // Of what was looked at before, the service may know that it has it, and take none of it: then that reading passed.
    let proven = proof.proven().or(looked).ok_or_else(|| {
        Trouble::source(ConnectorError::new(
            ErrorClass::Transient,
            "sync/not-passed",
            "The source's bytes had not passed when the destination had them.",
        ))
    })?;
    if !passed.load(Ordering::Acquire) && !is_there_without(&staged, &proven.digests) {
        return Err(Trouble::destination(ConnectorError::new(
            ErrorClass::Unexpected,
            "sync/not-all-taken",
            "The destination's connector says that the file is there, and didn't take all of its bytes.",
        )));
    }
    let placement = Placement {
        size: proven.size,
        digests: proven.digests,
        ..placement
    };
    let (token, placement) = match staged {
        Staged::Held(token) => {
            context
                .state
                .staged(place.id, &key, &token)
                .map_err(|error| Trouble::destination(state_failed(&error)))?;
            (Some(token), placement)
        }
        Staged::Stored(stored) => (None, shown(place, &key, *stored, placement)),
    };
    if placement.ownership == Ownership::Found {
        place.allowance.did_not_move(counted).map_err(Trouble::destination)?;
    }
    Ok(Held {
        job: job.clone(),
        key,
        token,
        placement,
    })
}

/// Whether a file can be there though its bytes weren't taken now: it was before, or a staging whose answer was lost brought it and the service tells the very digest.
fn is_there_without(staged: &Staged, proven: &[Digest]) -> bool {
    match staged {
        Staged::Held(_) => false,
        Staged::Stored(stored) => stored.already_there || stored.entry.digests.iter().any(|told| proven.contains(told)),
    }
}

/// The placement of a file that the service shows at once. What was there before isn't ours, unless a run before this one brought it and was cut off before it knew.
fn shown(place: &Place, key: &str, stored: camroll_model::Stored, intended: Placement) -> Placement {
    let proof = proof_of(&stored.checked, &stored.entry, &intended);
    let ownership = match stored.already_there && !place.interrupted.lock().contains(key) {
        true => Ownership::Found,
        false => intended.ownership,
    };
    Placement {
        entry: stored.entry,
        proof,
        ownership,
        ..intended
    }
}

/// How a destination reads a file, by what it needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// As it comes.
    Straight,
    /// When all of it is here.
    WholeFirst,
    /// Once to know it, once to send it.
    Twice,
}

impl Reading {
    fn of(features: &Features, size: Option<u64>, spool: &Spool) -> Self {
        let Some(needs) = features.needs_of(size.unwrap_or(0)) else {
            return Self::Straight;
        };
        if needs.digests.is_empty() && !needs.preview && !(needs.size && size.is_none()) {
            Self::Straight
        } else if spool.holds(size.unwrap_or(0)) {
            Self::WholeFirst
        } else {
            Self::Twice
        }
    }

    fn keep(self, features: &Features, size: Option<u64>) -> Keep {
        let window = features.needs_of(size.unwrap_or(0)).map_or(0, |needs| needs.window);
        match (self, window) {
            (Self::WholeFirst, _) | (_, u64::MAX) => Keep::Whole,
            (_, 0) => Keep::Nothing,
            (_, window) => Keep::Behind(window),
        }
    }
}

/// Makes durable where an upload can go on.
fn saver(state: &Arc<State>, place: &Place, key: &str, path: &str) -> Saver {
    let (state, destination, key, path) = (Arc::clone(state), place.id, key.to_owned(), path.to_owned());
    Arc::new(move |checkpoint: Checkpoint| {
        let state = Arc::clone(&state);
        let upload = Upload {
            destination,
            key: key.clone(),
            path: path.clone(),
            checkpoint: checkpoint.state,
            prefix: checkpoint.prefix,
        };
        Box::pin(async move {
            tokio::task::spawn_blocking(move || state.save_upload(&upload))
                .await
                .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()))?
                .map_err(|error| state_failed(&error))
        })
    })
}

/// Before that gate: an upload that was cut off goes on only if what was uploaded is what the source gives now. It may have been wrong then, and the end that would have told never came.
fn going_on_with(uploaded: Option<Prefix>, evidence: Arc<OnceLock<Evidence>>, gate: Gate) -> Gate {
    let Some(uploaded) = uploaded else { return gate };
    Box::new(move |proven: Proven| {
        let now = evidence.get().and_then(|evidence| evidence.prefix(uploaded.length));
        if now == Some(uploaded) {
            return gate(proven);
        }
        Box::pin(async {
            Err(ConnectorError::new(
                ErrorClass::Corrupt,
                "sync/other-bytes-uploaded",
                "What was uploaded of it before it was cut off isn't what the source gives now; it is uploaded anew.",
            ))
        })
    })
}

/// Makes the intent durable when the source's bytes have passed, and before the last of them leaves.
fn intend(
    state: &Arc<State>,
    place: &Place,
    key: &str,
    job: &Job,
    placement: Placement,
    passed: Arc<AtomicBool>,
) -> Gate {
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
                .map_err(|error| state_failed(&error))?;
            passed.store(true, Ordering::Release);
            Ok(())
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

/// What the service's answer proves: a digest that it compared, of the whole or of every part, or one that it tells and that is the host's.
pub(crate) fn proof_of(checked: &[Algorithm], entry: &Entry, placement: &Placement) -> Proof {
    if !checked.is_empty() {
        Proof::ServiceChecked
    } else if entry.digests.iter().any(|theirs| placement.digests.contains(theirs)) {
        Proof::ServiceReported
    } else {
        Proof::Accepted
    }
}

/// Whether the service says that what it has isn't what was sent: another size, or another value of a digest that is known. It may be wrong about that (an ETag that is no MD5), so what was
/// sent is read back then, whatever proof is demanded.
pub(crate) fn is_contradicted(placement: &Placement) -> bool {
    let Entry { size, digests, .. } = &placement.entry;
    size.is_some_and(|size| size != placement.size)
        || digests.iter().any(|told| {
            let mut ours = placement.digests.iter();
            ours.any(|ours| ours.algorithm == told.algorithm && ours.value != told.value)
        })
}

/// Whether a failed `stage` speaks of the destination, and not of the body that broke off.
fn is_destinations_own(error: &ConnectorError) -> bool {
    !matches!(error.class, ErrorClass::Corrupt | ErrorClass::Cancelled) && !error.is_in_body()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_otherwise_is_noticed() {
        let digest = |algorithm, byte| Digest {
            algorithm,
            value: vec![byte; 16],
        };
        let placement = |size, told| Placement {
            source: camroll_model::SourceKey {
                connector: "c".to_owned(),
                account: "a".to_owned(),
                library: "l".to_owned(),
            },
            asset: "x".into(),
            resource: "r".into(),
            role: Role::Original,
            recipe: camroll_model::Recipe::as_is(),
            version: "1".to_owned(),
            entry: Entry {
                target: camroll_model::Target::at("x.jpg"),
                folder: false,
                size,
                modified: None,
                version: None,
                digests: told,
                attributes: Vec::new(),
            },
            size: 3,
            digests: vec![digest(Algorithm::Md5, 1), digest(Algorithm::Sha256, 2)],
            proof: Proof::Accepted,
            ownership: Ownership::Ours,
        };
        let says = |size, told| is_contradicted(&placement(size, told));
        assert!(!says(None, Vec::new()));
        assert!(!says(
            Some(3),
            vec![digest(Algorithm::Md5, 1), digest(Algorithm::Sha1, 9)]
        ));
        assert!(says(Some(2), Vec::new()));
        assert!(says(Some(3), vec![digest(Algorithm::Md5, 9)]));
    }
}

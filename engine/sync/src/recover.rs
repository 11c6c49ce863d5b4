//! What a crash left at a destination: a whole draft is published, a published file is recognised and recorded, the rest is taken away, drafts that no intent names among it.

use std::sync::Arc;

use camroll_host::Disposal;
use camroll_model::{
    ConnectorError, Entry, ErrorClass, Orphan, Ownership, Placement, Problem, Proof, Retry, Stored, Target,
};
use camroll_state::{Intent, Moved, Placed, Published, State, failpoint};

use crate::archive::OWN;
use crate::commit::{look_for, may_be_there};
use crate::identity::miscounted;
use crate::manifest::open_manifest;
use crate::survey::{read_digests, stat};
use crate::transfer::{Place, is_contradicted, proof_of, state_failed};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recovered {
    /// Files that are placed now and were not recorded.
    pub placed: u64,
    /// Intents that came to nothing; their drafts were taken away.
    pub discarded: u64,
    /// Drafts without an intent that were taken away.
    pub swept: u64,
    /// Intents that couldn't be settled, and why. They stay.
    pub problems: Vec<Problem>,
}

/// Settles all open intents of a destination. What can't be settled of one file stays with that file and is told; a line that breaks, or a sign-in that ended, says nothing of any: it ends this, and what it concerns stays as it is.
pub(crate) async fn recover(state: &Arc<State>, place: &Place, demanded: Proof) -> Result<Recovered, ConnectorError> {
    let mut recovered = Recovered::default();
    let open = state.open_intents(place.id);
    for batch in open.chunks(64) {
        let mut settled = Settled::default();
        let ended = settle(state, place, demanded, batch, &mut settled).await;
        recovered.placed += settled.placed.len() as u64;
        recovered.discarded += settled.dropped.len() as u64;
        recovered.problems.extend(settled.problems);
        let now = crate::clock::now();
        let published = settled
            .placed
            .into_iter()
            .map(|(intent, placement)| Published {
                placed: Placed {
                    intent: Some(intent.key.clone()),
                    folded: place.folded(&placement),
                    placement,
                },
                replaced: intent.replaces.is_some().then(|| now.into()),
            })
            .collect();
        let dropped: Vec<String> = settled.dropped.iter().map(|intent| intent.key.clone()).collect();
        let (state, destination) = (Arc::clone(state), place.id);
        tokio::task::spawn_blocking(move || {
            state.record_published(destination, published)?;
            state.drop_intents(destination, &dropped)
        })
        .await
        .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()))?
        .map_err(|error| state_failed(&error))?;
        ended?;
    }
    // An intent comes when the bytes have passed: killed before that, a draft is known by its name alone, and a photo that changed since asks for another name.
    let intended = state
        .open_intents(place.id)
        .into_iter()
        .map(|intent| intent.key)
        .collect();
    recovered.swept = place.link.connection().sweep_drafts(intended).await?;
    Ok(recovered)
}

/// What a batch of intents came to.
#[derive(Default)]
struct Settled<'a> {
    placed: Vec<(&'a Intent, Placement)>,
    /// Nothing of them is left.
    dropped: Vec<&'a Intent>,
    problems: Vec<Problem>,
}

impl Settled<'_> {
    /// An intent stays open: the next run looks again. What says nothing of it ends the settling.
    fn leave(&mut self, place: &Place, intent: &Intent, error: ConnectorError) -> Result<(), ConnectorError> {
        if may_be_there(&error) {
            return Err(error);
        }
        self.tell(place, intent, &error);
        Ok(())
    }

    fn tell(&mut self, place: &Place, intent: &Intent, error: &ConnectorError) {
        let Placement { asset, role, .. } = &*intent.placement;
        self.problems
            .push(place.problem(Some((asset, None)), Some(*role), error, Retry::NextRun));
    }
}

/// Settles some intents. What was settled stands in `settled` also where it ends early.
async fn settle<'a>(
    state: &State,
    place: &Place,
    demanded: Proof,
    batch: &'a [Intent],
    settled: &mut Settled<'a>,
) -> Result<(), ConnectorError> {
    let (held, cut_off): (Vec<_>, Vec<_>) = batch.iter().partition(|intent| intent.held.is_some());
    let mut lost = cut_off;
    let mut asked = held;
    let mut tries = 0;
    while !asked.is_empty() {
        tries += 1;
        let answers = commit_held(place, &asked).await?;
        let mut unsure = Vec::new();
        for (intent, answer) in asked.into_iter().zip(answers) {
            let stored = match answer {
                Ok(stored) => stored,
                // It may be there, or still be held.
                Err(error) if may_be_there(&error) => {
                    unsure.push((intent, error));
                    continue;
                }
                Err(_) => {
                    lost.push(intent);
                    continue;
                }
            };
            let intended = (*intent.placement).clone();
            let placement = Placement {
                proof: proof_of(&stored.checked, &stored.entry, &intended),
                entry: stored.entry,
                ..intended
            };
            match proven(place, demanded, placement).await {
                Ok(Some(placement)) => settled.placed.push((intent, placement)),
                Ok(None) => lost.push(intent),
                Err(error) => settled.leave(place, intent, error)?,
            }
        }
        if let Some((_, error)) = unsure.iter().find(|(_, error)| error.class != ErrorClass::Transient) {
            return Err(error.clone());
        }
        if tries == 2 {
            // The place answers, and not for these: something else is at work on them, and mustn't keep all others back.
            for (intent, error) in &unsure {
                settled.tell(place, intent, error);
            }
            break;
        }
        // With the link's pauses: whether the place answers at all. If it does, only the line had broken.
        if !unsure.is_empty() {
            place.link.call(|there| async move { there.probe().await }).await?;
        }
        asked = unsure.into_iter().map(|(intent, _)| intent).collect();
    }
    let mut given_up = Vec::new();
    for intent in lost {
        if let Some(from) = moves_from(place, intent) {
            match moved_there(place, intent, intent.placement.ownership).await {
                Err(error) => settled.leave(place, intent, error)?,
                Ok(Some(placement)) => {
                    let moved = Moved {
                        from,
                        to: Placed {
                            intent: Some(intent.key.clone()),
                            folded: place.folded(&placement),
                            placement,
                        },
                        at: crate::clock::now().into(),
                    };
                    state
                        .record_moved(place.id, moved)
                        .map_err(|error| state_failed(&error))?;
                    // It isn't in the archive's manifest under its new name yet.
                    state
                        .set_memo(&open_manifest(place.id), "open")
                        .map_err(|error| state_failed(&error))?;
                }
                Ok(None) => state
                    .drop_intents(place.id, std::slice::from_ref(&intent.key))
                    .map_err(|error| state_failed(&error))?,
            }
            continue;
        }
        match published(place, demanded, intent).await {
            Ok(Some(placement)) => settled.placed.push((intent, placement)),
            Ok(None) => {
                // Where things have no path, only staging it again tells whether it is there.
                if place.rules.is_none() {
                    place.interrupted.lock().insert(intent.key.clone());
                }
                given_up.push(intent);
            }
            Err(error) => settled.leave(place, intent, error)?,
        }
    }
    // An upload with a checkpoint goes on when its file's turn comes; if it doesn't come, `sweep_uploads` takes it away.
    let (drafted, going_on): (Vec<_>, Vec<_>) = given_up
        .into_iter()
        .partition(|intent| intent.held.is_some() || state.upload(place.id, &intent.key).is_none());
    settled.dropped.extend(going_on);
    let answers = abort_all(place, &drafted).await?;
    let mut ended = None;
    for (intent, answer) in drafted.into_iter().zip(answers) {
        match answer {
            Ok(()) => settled.dropped.push(intent),
            // The others were taken away all the same.
            Err(error) => ended = settled.leave(place, intent, error).err().or(ended),
        }
    }
    ended.map_or(Ok(()), Err)
}

/// Publishes what is held.
async fn commit_held(place: &Place, held: &[&Intent]) -> Result<Vec<Result<Stored, ConnectorError>>, ConnectorError> {
    let tokens = held.iter().filter_map(|intent| intent.held.clone()).collect();
    let there = place.link.connection();
    together_or_alone("commit", tokens, |tokens| there.commit(tokens)).await
}

/// Takes drafts away.
async fn abort_all(place: &Place, intents: &[&Intent]) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
    let orphans = intents
        .iter()
        .map(|intent| Orphan {
            path: intent.placement.path().unwrap_or_default().to_owned(),
            idempotency_key: intent.key.clone(),
            held: intent.held.clone(),
            checkpoint: None,
        })
        .collect();
    let there = place.link.connection();
    together_or_alone("abort", orphans, |orphans| there.abort(orphans)).await
}

/// A call for many. One that fails as a whole for one of them is made again for each alone.
async fn together_or_alone<Item: Clone, Answer, Asked>(
    what: &str,
    items: Vec<Item>,
    call: impl Fn(Vec<Item>) -> Asked,
) -> Result<Vec<Result<Answer, ConnectorError>>, ConnectorError>
where
    Asked: Future<Output = Result<Vec<Result<Answer, ConnectorError>>, ConnectorError>>,
{
    if items.is_empty() {
        return Ok(Vec::new());
    }
    match call(items.clone()).await {
        Ok(answers) if answers.len() == items.len() => return Ok(answers),
        Ok(answers) => return Err(miscounted(what, items.len(), answers.len())),
        Err(error) if may_be_there(&error) => return Err(error),
        Err(_) => {}
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match call(vec![item]).await {
            Ok(mut one) if one.len() == 1 => one.remove(0),
            Ok(other) => Err(miscounted(what, 1, other.len())),
            Err(error) => Err(error),
        });
    }
    Ok(answers)
}

/// What an intent brought, found where it was to be and proved.
async fn published(place: &Place, demanded: Proof, intent: &Intent) -> Result<Option<Placement>, ConnectorError> {
    match look_for(place, &intent.placement).await? {
        Some(placement) => proven(place, demanded, placement).await,
        None => Ok(None),
    }
}

/// The placement with as much proof as is demanded; none where what lies there isn't what was sent.
async fn proven(place: &Place, demanded: Proof, placement: Placement) -> Result<Option<Placement>, ConnectorError> {
    if placement.proof >= demanded && !is_contradicted(&placement) {
        return Ok(Some(placement));
    }
    let read = read_digests(&place.link, &placement.entry.target, &placement.digests).await?;
    Ok(read.map(|_| Placement {
        proof: Proof::ReadBack,
        ..placement
    }))
}

/// Where a file is that an intent gives another path; none for an intent that brings one.
fn moves_from(place: &Place, intent: &Intent) -> Option<String> {
    let was = Placement {
        entry: intent.replaces.clone()?,
        ..(*intent.placement).clone()
    };
    let from = place.folded(&was);
    (from != place.folded(&intent.placement)).then_some(from)
}

/// What an intended move came to: the file at its new path, if it is there, is the one that was placed, and is gone from where it was.
///
/// Where something answers to both names, the move was cut off between a copy or a second link and the removal of the first, or both names are one file's: a place that doesn't tell letters' case or
/// composition apart, a folder that is a link to the other one. To remove one name of such a file would be to lose it. So nothing is removed under a name that was asked for: what has the old name is
/// renamed to one that nobody else has, and goes only once the new name is seen to have the bytes all the same.
///
/// `other` says whose a second file of these bytes is that already had the new name.
///
/// # Errors
/// Where it couldn't be settled; the intent must stay, so that the next run looks again.
pub(crate) async fn moved_there(
    place: &Place,
    intent: &Intent,
    other: Ownership,
) -> Result<Option<Placement>, ConnectorError> {
    let Some(was) = &intent.replaces else { return Ok(None) };
    let aside = Placement {
        entry: Entry {
            target: Target::at(aside(&intent.key)),
            ..was.clone()
        },
        ..(*intent.placement).clone()
    };
    // A run was killed before it had done with it.
    if let Some(set_aside) = look_for(place, &aside).await? {
        return from_aside(place, intent, set_aside.entry, other).await;
    }
    let Some(old) = stat(&place.link, was.target.path.as_deref().unwrap_or_default()).await? else {
        return look_for(place, &intent.placement).await;
    };
    if old.version != was.version || old.size != was.size {
        return Ok(None);
    }
    if look_for(place, &intent.placement).await?.is_none() {
        return Ok(None);
    }
    let there = place.link.connection();
    match there.rename(old, aside.path().unwrap_or_default().to_owned()).await {
        Ok(set_aside) => {
            failpoint("aside/after");
            from_aside(place, intent, set_aside, other).await
        }
        Err(error) if may_be_there(&error) => Err(error),
        // It has both names still, as the next plan finds them.
        Err(_) => Ok(None),
    }
}

/// What was set aside goes where the new name has the same bytes without it, else it gets that name; or its old one again, where something else has come to the new one.
async fn from_aside(
    place: &Place,
    intent: &Intent,
    set_aside: Entry,
    other: Ownership,
) -> Result<Option<Placement>, ConnectorError> {
    let there = place.link.connection();
    if let Some(moved) = look_for(place, &intent.placement).await? {
        there.remove(set_aside, Disposal::Delete).await?;
        return Ok(Some(Placement {
            ownership: other,
            ..moved
        }));
    }
    let path = intent.placement.path().unwrap_or_default().to_owned();
    match there.rename(set_aside.clone(), path).await {
        Ok(entry) => Ok(Some(Placement {
            entry,
            ..(*intent.placement).clone()
        })),
        Err(error) if may_be_there(&error) => Err(error),
        Err(_) => {
            let was = intent.replaces.as_ref().and_then(|was| was.target.path.clone());
            there.rename(set_aside, was.unwrap_or_default()).await?;
            Ok(None)
        }
    }
}

/// Where a file is while it isn't known whether its two names are one file's.
fn aside(key: &str) -> String {
    format!("{OWN}moving/{key}")
}

/// Takes away uploads that were cut off and that this run, which saw all that is wanted, didn't go on with. How many.
pub(crate) async fn sweep_uploads(state: &Arc<State>, place: &Place) -> Result<u64, ConnectorError> {
    let mut swept = 0;
    for upload in state.uploads(place.id) {
        if place.uploads.lock().contains(&upload.key) {
            continue;
        }
        let orphan = Orphan {
            path: upload.path,
            idempotency_key: upload.key.clone(),
            held: None,
            checkpoint: Some(upload.checkpoint),
        };
        let answers = place.link.connection().abort(vec![orphan]).await?;
        answers.into_iter().collect::<Result<Vec<()>, _>>()?;
        state
            .forget_upload(place.id, &upload.key)
            .map_err(|error| state_failed(&error))?;
        swept += 1;
    }
    Ok(swept)
}

//! What a crash left at a destination: a whole draft is published, a published file is recognised and recorded, the rest is taken away, drafts that no intent names among it.

use std::sync::Arc;

use camroll_model::{ConnectorError, Orphan, Placement, Proof};
use camroll_state::{Intent, Moved, Placed, State};

use crate::commit::look_for;
use crate::identity::miscounted;
use crate::manifest::open_manifest;
use crate::survey::read_digests;
use crate::transfer::{Place, is_contradicted, proof_of, state_failed};

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// Files that are placed now and were not recorded.
    pub placed: u64,
    /// Intents that came to nothing; their drafts were taken away.
    pub discarded: u64,
    /// Drafts without an intent that were taken away.
    pub swept: u64,
}

/// Settles all open intents of a destination.
pub(crate) async fn recover(state: &Arc<State>, place: &Place, demanded: Proof) -> Result<Recovered, ConnectorError> {
    let mut recovered = Recovered::default();
    let open = state.open_intents(place.id);
    for batch in open.chunks(64) {
        let (held, cut_off): (Vec<_>, Vec<_>) = batch.iter().partition(|intent| intent.held.is_some());
        let mut placed: Vec<(String, Placement)> = Vec::new();
        let mut lost = cut_off;
        let tokens: Vec<_> = held.iter().filter_map(|intent| intent.held.clone()).collect();
        if !tokens.is_empty() {
            let asked = tokens.len();
            let answers = place.link.connection().commit(tokens).await?;
            if answers.len() != asked {
                return Err(miscounted("commit", asked, answers.len()));
            }
            for (intent, answer) in held.into_iter().zip(answers) {
                match answer {
                    Ok(stored) => {
                        let intended = (*intent.placement).clone();
                        let placement = Placement {
                            proof: proof_of(&stored.checked, &stored.entry, &intended),
                            entry: stored.entry,
                            ..intended
                        };
                        match proven(place, demanded, placement).await? {
                            Some(placement) => placed.push((intent.key.clone(), placement)),
                            None => lost.push(intent),
                        }
                    }
                    Err(_) => lost.push(intent),
                }
            }
        }
        let mut dropped = Vec::new();
        for intent in lost {
            if let Some(from) = moves_from(place, intent) {
                match moved_there(place, intent).await? {
                    Some(placement) => {
                        let moved = Moved {
                            from,
                            to: Placed {
                                intent: Some(intent.key.clone()),
                                folded: place.folded(&placement),
                                placement,
                            },
                            at: jiff::Timestamp::now().into(),
                        };
                        state
                            .record_moved(place.id, moved)
                            .map_err(|error| state_failed(&error))?;
                        // It isn't in the archive's manifest under its new name yet.
                        state
                            .set_memo(&open_manifest(place.id), "open")
                            .map_err(|error| state_failed(&error))?;
                    }
                    None => state
                        .drop_intents(place.id, std::slice::from_ref(&intent.key))
                        .map_err(|error| state_failed(&error))?,
                }
                continue;
            }
            let found = match look_for(place, &intent.placement).await? {
                Some(placement) => proven(place, demanded, placement).await?,
                None => None,
            };
            match found {
                Some(placement) => placed.push((intent.key.clone(), placement)),
                None => {
                    // Where things have no path, only staging it again tells whether it is there.
                    if place.rules.is_none() {
                        place.interrupted.lock().insert(intent.key.clone());
                    }
                    dropped.push(intent);
                }
            }
        }
        // An upload with a checkpoint goes on when its file's turn comes; if it doesn't come, `sweep_uploads` takes it away.
        let orphans: Vec<_> = dropped
            .iter()
            .filter(|intent| intent.held.is_some() || state.upload(place.id, &intent.key).is_none())
            .map(|intent| Orphan {
                path: intent.placement.path().unwrap_or_default().to_owned(),
                idempotency_key: intent.key.clone(),
                held: intent.held.clone(),
                checkpoint: None,
            })
            .collect();
        if !orphans.is_empty() {
            place.link.connection().abort(orphans).await?;
        }
        recovered.placed += placed.len() as u64;
        recovered.discarded += dropped.len() as u64;
        let placed = placed
            .into_iter()
            .map(|(key, placement)| Placed {
                intent: Some(key),
                folded: place.folded(&placement),
                placement,
            })
            .collect();
        let dropped: Vec<String> = dropped.iter().map(|intent| intent.key.clone()).collect();
        let (state, destination) = (Arc::clone(state), place.id);
        tokio::task::spawn_blocking(move || {
            state.record_placed(destination, placed)?;
            state.drop_intents(destination, &dropped)
        })
        .await
        .map_err(|panic| ConnectorError::new(camroll_model::ErrorClass::Unexpected, "sync/panic", panic.to_string()))?
        .map_err(|error| state_failed(&error))?;
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
pub(crate) async fn moved_there(place: &Place, intent: &Intent) -> Result<Option<Placement>, ConnectorError> {
    let Some(was) = &intent.replaces else { return Ok(None) };
    let target = was.target.clone();
    let still_there = place
        .link
        .call(|there| {
            let target = target.clone();
            async move { there.stat(target).await }
        })
        .await?;
    match still_there {
        Some(_) => Ok(None),
        None => look_for(place, &intent.placement).await,
    }
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

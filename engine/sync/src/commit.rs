//! Makes what was staged visible, in batches, proves it as far as the spec demands, and records it: published, then journalled, then in the index.

use camroll_model::{ConnectorError, ErrorClass, Placement, Proof, Target};
use camroll_state::{Placed, Published, State};

use crate::identity::miscounted;
use crate::survey::read_digests;
use crate::transfer::{Held, Place, is_contradicted, proof_of, state_failed};

/// What became of a staged file.
pub(crate) struct Committed {
    pub held: Held,
    pub result: Result<Placement, ConnectorError>,
}

/// Publishes a batch and records what was published.
pub(crate) async fn commit(
    state: &std::sync::Arc<State>,
    place: &Place,
    demanded: Proof,
    batch: Vec<Held>,
) -> Vec<Committed> {
    let tokens: Vec<_> = batch.iter().filter_map(|held| held.token.clone()).collect();
    let asked = tokens.len();
    let answers = match place.link.connection().commit(tokens).await {
        Ok(answers) if answers.len() == asked => answers,
        Ok(answers) => vec![Err(miscounted("commit", asked, answers.len())); asked],
        Err(error) => vec![Err(error); asked],
    };
    let mut committed = Vec::with_capacity(asked);
    for (held, answer) in batch.into_iter().zip(answers) {
        let result = match answer {
            Ok(stored) => {
                let proof = proof_of(&stored.checked, &stored.entry, &held.placement);
                Ok(Placement {
                    entry: stored.entry,
                    proof,
                    ..held.placement.clone()
                })
            }
            // Committed before a crash, or lost: only looking tells.
            Err(error) if error.class == ErrorClass::Expired => look_for(place, &held.placement)
                .await
                .and_then(|found| found.ok_or(error)),
            Err(error) => Err(error),
        };
        committed.push(Committed { held, result });
    }
    prove(place, demanded, &mut committed).await;
    record(state, place, &mut committed).await;
    committed
}

/// Takes in a file that the service showed as soon as it had it: proved and recorded like one that was committed.
pub(crate) async fn accept(
    state: &std::sync::Arc<State>,
    place: &Place,
    demanded: Proof,
    held: Held,
) -> Vec<Committed> {
    let placement = held.placement.clone();
    let mut shown = vec![Committed {
        held,
        result: Ok(placement),
    }];
    prove(place, demanded, &mut shown).await;
    record(state, place, &mut shown).await;
    shown
}

/// Finds a file that was published under the path of its intent: by a digest that the service tells, else by reading it. A service that keeps files where they can't be read for hours is asked
/// for nothing then.
pub(crate) async fn look_for(place: &Place, intended: &Placement) -> Result<Option<Placement>, ConnectorError> {
    let Some(path) = intended.path() else { return Ok(None) };
    let target = Target::at(path);
    let there = place
        .link
        .call(|there| {
            let target = target.clone();
            async move { there.stat(target).await }
        })
        .await?;
    let Some(entry) = there.filter(|entry| entry.size == Some(intended.size)) else {
        return Ok(None);
    };
    let found = Placement {
        entry,
        ..intended.clone()
    };
    let reported = proof_of(&[], &found.entry, &found);
    if reported == Proof::ServiceReported && !is_contradicted(&found) {
        return Ok(Some(Placement {
            proof: found.proof.max(reported),
            ..found
        }));
    }
    Ok(read_digests(&place.link, &target, &intended.digests)
        .await?
        .map(|_| Placement {
            proof: Proof::ReadBack,
            ..found
        }))
}

/// Reads back where the spec demands more proof than the service gave, or where the service says that it has something else.
async fn prove(place: &Place, demanded: Proof, committed: &mut [Committed]) {
    for one in committed {
        let Ok(placement) = &mut one.result else { continue };
        if placement.proof >= demanded && !is_contradicted(placement) {
            continue;
        }
        match read_digests(&place.link, &placement.entry.target, &placement.digests).await {
            Ok(Some(_)) => placement.proof = Proof::ReadBack,
            Ok(None) => one.result = Err(differs()),
            Err(error) => one.result = Err(error),
        }
    }
}

/// Whether a file that couldn't be committed, looked for or proved may be there all the same: nothing was said of it. Then its intent stays, and the next run looks before it does anything else.
pub(crate) fn may_be_there(error: &ConnectorError) -> bool {
    matches!(
        error.class,
        ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Cancelled | ErrorClass::Unauthenticated
    )
}

/// What was read back isn't what was sent.
pub(crate) fn differs() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Corrupt,
        "sync/read-back-differs",
        "What was read back isn't what was sent. The file stays where it is, and isn't counted as placed.",
    )
}

async fn record(state: &std::sync::Arc<State>, place: &Place, committed: &mut [Committed]) {
    let now = crate::clock::now();
    let published: Vec<Published> = committed
        .iter()
        .filter_map(|one| {
            let placement = one.result.as_ref().ok()?;
            Some(Published {
                placed: Placed {
                    intent: Some(one.held.key.clone()),
                    folded: place.folded(placement),
                    placement: placement.clone(),
                },
                replaced: one.held.job.replaces.is_some().then(|| now.into()),
            })
        })
        .collect();
    if published.is_empty() {
        return;
    }
    let (state, destination) = (std::sync::Arc::clone(state), place.id);
    let recorded = tokio::task::spawn_blocking(move || state.record_published(destination, published)).await;
    let failed = match recorded {
        Ok(Ok(())) => return,
        Ok(Err(error)) => state_failed(&error),
        Err(panic) => ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()),
    };
    for one in committed {
        if one.result.is_ok() {
            one.result = Err(failed.clone());
        }
    }
}

//! Where a file stands at a destination, as the index keys it.

use camroll_model::{NameRules, Placement, Target};
use camroll_state::{DestinationId, Placed, Stands, State, StateError};
use sha2::{Digest as _, Sha256};

use crate::archive::PAGE;

/// Between an object's id and whose it is. No id has it: it can't stand in a URL or in JSON that a service wrote.
const WHOSE: char = '\0';

/// The key of a placement. Where there are names, one thing is at one path. Where things have only an id, one object may be several assets' (equal content is one object there):
/// each of them stands on its own, and the object is gone with the last of them.
pub(crate) fn spot(rules: Option<&NameRules>, placement: &Placement) -> String {
    let target = &placement.entry.target;
    match (rules, &target.path, &target.id) {
        (Some(rules), Some(path), _) => camroll_plan::fold(path, rules).as_str().to_owned(),
        (Some(_), None, id) => id.clone().unwrap_or_default(),
        (None, path, id) => {
            let id = id.as_ref().or(path.as_ref()).cloned().unwrap_or_default();
            format!("{id}{WHOSE}{}", owner(placement))
        }
    }
}

/// What the keys of all placements at a target begin with: the whole key where there are names.
pub(crate) fn spots_of(rules: Option<&NameRules>, target: &Target) -> Option<Spots> {
    match rules {
        Some(rules) => {
            let path = target.path.as_deref().or(target.id.as_deref())?;
            Some(Spots::One(camroll_plan::fold(path, rules).as_str().to_owned()))
        }
        None => {
            let id = target.id.as_deref().or(target.path.as_deref())?;
            Some(Spots::All(format!("{id}{WHOSE}")))
        }
    }
}

/// What stands at a target by the journal; several where one object is several assets'.
pub(crate) fn standing_at(
    state: &State,
    destination: DestinationId,
    rules: Option<&NameRules>,
    target: &Target,
) -> Result<Vec<Stands>, StateError> {
    Ok(match spots_of(rules, target) {
        None => Vec::new(),
        Some(Spots::One(folded)) => state.standing(destination, &folded)?.into_iter().collect(),
        Some(Spots::All(prefix)) => state.standing_under(destination, &prefix)?,
    })
}

/// Keys what stands at a destination by the rules that hold there now, where those before were others: a connector may learn that a place takes two names for one. Files that are one by the new rules
/// can't both be kept: of those the last that was recorded is, and the other's asset is planned again.
pub(crate) fn rekey(state: &State, destination: DestinationId, rules: Option<&NameRules>) -> Result<(), StateError> {
    let Some(rules) = rules else { return Ok(()) };
    let memo = format!("keyed-by/{}", destination.0);
    let now = format!("{} {:?}", rules.case_sensitive, rules.unicode);
    if state.memo(&memo)?.is_some_and(|before| before == now) {
        return Ok(());
    }
    let mut from = 0;
    loop {
        let page = state.standing_page(destination, from, PAGE)?;
        let Some(last) = page.last() else { break };
        from = last.number + 1;
        let other: Vec<Stands> = page
            .into_iter()
            .filter(|stands| spot(Some(rules), &stands.placement) != stands.folded)
            .collect();
        let gone = other.iter().map(|stands| stands.folded.clone()).collect();
        let placed = other
            .into_iter()
            .map(|stands| Placed {
                intent: None,
                folded: spot(Some(rules), &stands.placement),
                placement: stands.placement,
            })
            .collect();
        // In this order: cut off between, a file has two keys and not none.
        state.record_placed(destination, placed)?;
        state.record_vanished(destination, gone, crate::clock::now().into())?;
    }
    state.set_memo(&memo, &now)
}

/// The keys of what stands at a target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spots {
    /// That one.
    One(String),
    /// All that begin so.
    All(String),
}

fn owner(placement: &Placement) -> String {
    let mut hash = Sha256::new();
    for part in [
        placement.source.connector.as_str(),
        &placement.source.account,
        &placement.source.library,
        placement.asset.as_str(),
        placement.resource.as_str(),
        &placement.recipe.0,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

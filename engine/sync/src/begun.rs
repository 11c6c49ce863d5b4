//! Which files this run has begun to send, told to the state before the first byte of each: what a run that is killed leaves of them is taken away by the next one that hears all, whatever that one wants
//! to send by then.

use std::collections::BTreeMap;

use camroll_host::Reach;
use camroll_model::{ConnectorError, Orphan};
use camroll_state::{Begun, DestinationId, State};
use parking_lot::Mutex;

use crate::transfer::{Place, state_failed};

/// The files of one destination, by their keys, each with its path.
#[derive(Default)]
pub(crate) struct Drafts {
    /// Begun by this run, or about to be.
    now: Mutex<BTreeMap<String, String>>,
    /// Begun by runs before this one.
    before: Mutex<BTreeMap<String, String>>,
}

impl Drafts {
    /// What runs before this one left.
    pub(crate) fn of(state: &State, destination: DestinationId) -> Self {
        let before = state.begun(destination).into_iter().map(|one| (one.key, one.path));
        Self {
            now: Mutex::default(),
            before: Mutex::new(before.collect()),
        }
    }

    /// Says durably that these may be begun from now on.
    pub(crate) fn begin(
        &self,
        state: &State,
        place: &Place,
        files: Vec<(String, String)>,
    ) -> Result<(), ConnectorError> {
        if !leaves_drafts(place) {
            return Ok(());
        }
        self.now.lock().extend(files);
        self.keep(state, place.id)
    }

    /// Nothing is left of it but what was to be.
    pub(crate) fn end(&self, key: &str) {
        self.now.lock().remove(key);
    }

    fn keep(&self, state: &State, destination: DestinationId) -> Result<(), ConnectorError> {
        let (now, before) = (self.now.lock(), self.before.lock());
        let begun: Vec<Begun> = now
            .iter()
            .chain(before.iter())
            .map(|(key, path)| Begun {
                key: key.clone(),
                path: path.clone(),
            })
            .collect();
        state
            .set_begun(destination, &begun)
            .map_err(|error| state_failed(&error))
    }
}

/// Whether drafts can stay somewhere without a word: a folder of this machine is swept as a whole, and where nothing has a path nothing is a draft.
fn leaves_drafts(place: &Place) -> bool {
    place.rules.is_some() && place.link.connection().reach() != Reach::Nowhere
}

/// Takes away what runs before this one began and this run, which saw all that is wanted, sent no more. How many.
pub(crate) async fn sweep_begun(state: &State, place: &Place) -> Result<u64, ConnectorError> {
    if !leaves_drafts(place) {
        return Ok(0);
    }
    // What was staged again was ended by that, or is among those of now.
    let sent = place.uploads.lock().clone();
    let open: Vec<String> = state
        .open_intents(place.id)
        .into_iter()
        .map(|intent| intent.key)
        .collect();
    let mut swept = 0;
    let before = place.drafts.before.lock().clone();
    for (key, path) in before {
        if open.contains(&key) || state.upload(place.id, &key).is_some() {
            continue;
        }
        if !sent.contains(&key) {
            let orphan = Orphan {
                path,
                idempotency_key: key.clone(),
                held: None,
                checkpoint: None,
            };
            let answers = place.link.connection().abort(vec![orphan]).await?;
            answers.into_iter().collect::<Result<Vec<()>, _>>()?;
            swept += 1;
        }
        place.drafts.before.lock().remove(&key);
    }
    place.drafts.now.lock().retain(|key, _| sent.contains(key));
    place.drafts.keep(state, place.id)?;
    Ok(swept)
}

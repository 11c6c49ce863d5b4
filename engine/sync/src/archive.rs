//! A destination as the commands see it that look after an archive: who it is, what stands there by the journal, and whose wishes depend on it.

use std::sync::Arc;

use camroll_host::Connection;
use camroll_model::{DestinationKey, Features, Placement, Problem, Proof, Target};
use camroll_spec::Destination;
use camroll_state::{AssetStatus, DestinationId, Lane, Placed, SourceId, Stands, State, StatusScope, StatusState};

use crate::context::Mode;
use crate::failure::Failure;
use crate::identity::identify;
use crate::link::Link;
use crate::spot::{spot, standing_at};
use crate::stop::{Stop, StopRequest};

/// Placements that are looked at together.
pub(crate) const PAGE: usize = 500;
/// Where camroll's own files are.
pub(crate) const OWN: &str = ".camroll/";

/// A destination that was asked who it is.
pub(crate) struct Archive {
    pub name: String,
    pub link: Link,
    pub key: DestinationKey,
    pub features: Features,
    pub state: Arc<State>,
}

impl Archive {
    /// Asks it. Where another place is than the one that placements were recorded for, this fails.
    pub(crate) async fn open(
        state: &Arc<State>,
        destination: &Destination,
        connection: &Connection,
        stop: &Stop,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let name = destination.name.to_string();
        let link = Link::new(connection.clone(), stop.clone());
        let (key, identity) = identify(state, &link, &name, &destination.connection.settings, mode).await?;
        Ok(Self {
            name,
            link,
            key,
            features: identity.features,
            state: Arc::clone(state),
        })
    }

    /// Its number; none where nothing was ever placed there.
    pub(crate) fn placed_id(&self) -> Result<Option<DestinationId>, Failure> {
        if self.state.placement_count(&self.key)? == 0 {
            return Ok(None);
        }
        Ok(self.state.known_destination(&self.key)?)
    }

    /// What stands at a target by the journal; several where one object is several assets'.
    pub(crate) fn standing(&self, id: DestinationId, target: &Target) -> Result<Vec<Stands>, Failure> {
        Ok(standing_at(&self.state, id, self.features.names.as_ref(), target)?)
    }

    /// Where a placement stands, as the index keys it.
    pub(crate) fn folded(&self, placement: &Placement) -> String {
        spot(self.features.names.as_ref(), placement)
    }

    /// Records what is known better now, and counts it at every spec that writes there.
    pub(crate) fn record_better(&self, id: DestinationId, better: Vec<(Stands, Placement)>) -> Result<(), Failure> {
        let lanes = self.state.lanes_at(&self.key)?;
        let placed = better
            .iter()
            .map(|(stands, placement)| Placed {
                intent: None,
                folded: stands.folded.clone(),
                placement: placement.clone(),
            })
            .collect();
        self.state.record_placed(id, placed)?;
        for (stands, placement) in better {
            if stands.placement.proof != placement.proof {
                let (from, to) = (stands.placement.proof, placement.proof);
                self.restate(&lanes, &placement, |status| move_proof(status, from, to))?;
            }
        }
        Ok(())
    }

    /// Forgets placements that are gone or damaged, and makes their assets dirty wherever a spec wants them: the next sync brings them again.
    pub(crate) fn make_dirty(
        &self,
        id: DestinationId,
        lost: &[(Stands, Problem)],
        now: jiff::Timestamp,
    ) -> Result<(), Failure> {
        let lanes = self.state.lanes_at(&self.key)?;
        for (stands, problem) in lost {
            let proof = stands.placement.proof;
            self.restate(&lanes, &stands.placement, |status| {
                if let Some(count) = status.placed.get_mut(proof as usize)
                    && *count > 0
                {
                    *count -= 1;
                    status.pending += 1;
                }
                status.state = StatusState::Pending;
                status.problems = vec![problem.clone()];
            })?;
        }
        // Dirty first, and durably: cut off here, a sync finds the placement and the next `verify` tells the file again. The other way round no sync would bring it, and nobody would ask for it.
        self.state.checkpoint()?;
        let folded = lost.iter().map(|(stands, _)| stands.folded.clone()).collect();
        self.state.record_vanished(id, folded, now.into())?;
        Ok(())
    }

    fn restate(&self, lanes: &[Lane], placement: &Placement, change: impl Fn(&mut AssetStatus)) -> Result<(), Failure> {
        let source: SourceId = self.state.source(&placement.source)?;
        for lane in lanes {
            if let Some(mut status) = lane.status(source, &placement.asset)?
                && status.scope == StatusScope::In
            {
                change(&mut status);
                lane.record(vec![(source, placement.asset.clone(), status)], &[])?;
            }
        }
        Ok(())
    }
}

fn move_proof(status: &mut AssetStatus, from: Proof, to: Proof) {
    if let Some(count) = status.placed.get_mut(from as usize)
        && *count > 0
    {
        *count -= 1;
        if let Some(count) = status.placed.get_mut(to as usize) {
            *count += 1;
        }
    }
}

/// Does the work, and lets go of what blocks in connectors once the person asks for that.
pub(crate) async fn heeding<T>(stop: &Stop, connections: &[&Connection], work: impl Future<Output = T>) -> T {
    let hard_stop = async {
        stop.wait(StopRequest::Now).await;
        for connection in connections {
            connection.stop();
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        done = work => done,
        () = hard_stop => unreachable!("it never ends"),
    }
}

//! Calls of a destination.

use camroll_model::{ConnectorError, Entries, Entry, Identity, Orphan, StageFile, Staged, Stored, Target};

use super::{Connection, lacks, lend, take_back};
use crate::bodies::{Body, Intake, Outlet, Sink};
use crate::convert::{self, as_many};
use crate::files::Reach;
use crate::imports::CallKind;

/// What becomes of a thing that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It goes to the service's bin.
    Trash,
    /// It is gone.
    Remove,
}

impl Connection {
    /// Who the destination is, and what it can do.
    pub async fn probe(&self) -> Result<Identity, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        convert::identity(call!(seat, destination.call_probe())?)
    }

    /// Brings the bytes. Paths below `.camroll/` are the engine's own: only for a file without an asset.
    pub async fn stage(&self, file: StageFile, body: Outlet) -> Result<Staged, ConnectorError> {
        let reach = match (&file.asset, Reach::of(&file.path)) {
            (None, Reach::Own) => Reach::Own,
            _ => Reach::Library,
        };
        let mut seat = self.seat(CallKind::Other, reach).await?;
        let (body, lent) = lend(&mut seat, Body::of_outlet(body))?;
        let guests = seat.guests();
        let Some(guest) = &guests.destination else {
            return Err(lacks("destination"));
        };
        let answered = guest
            .call_stage(&mut seat.instance.store, &convert::file_out(file), lent)
            .await;
        take_back(&mut seat, body);
        convert::staged(seat.end(answered)?)
    }

    /// Makes what was staged visible; one result for each, in the order given.
    pub async fn commit(&self, items: Vec<Vec<u8>>) -> Result<Vec<Result<Stored, ConnectorError>>, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let stored = call!(seat, destination.call_commit(&items))?;
        as_many("commit", items.len(), stored)?
            .into_iter()
            .map(|each| self.each(each, convert::stored))
            .collect()
    }

    /// Takes away what was staged and won't be committed; one result for each, in the order given.
    pub async fn abort(&self, items: Vec<Orphan>) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
        let asked: Vec<_> = items.into_iter().map(convert::orphan_out).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let aborted = call!(seat, destination.call_abort(&asked))?;
        as_many("abort", asked.len(), aborted)?
            .into_iter()
            .map(|each| self.each(each, Ok))
            .collect()
    }

    /// All below `prefix`, page by page.
    pub async fn list(&self, prefix: String, next: Option<Vec<u8>>) -> Result<Entries, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::of(&prefix)).await?;
        convert::entries(call!(seat, browsing.call_list(&prefix, next.as_deref()))?)
    }

    /// What is there; none if nothing is.
    pub async fn stat(&self, target: Target) -> Result<Option<Entry>, ConnectorError> {
        let reach = reach_of(&target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        call!(seat, browsing.call_stat(&convert::target_out(target)))?
            .map(convert::entry)
            .transpose()
    }

    /// Puts the bytes that are there into the intake, from `offset` on, to the end. Doesn't finish the intake.
    pub async fn read(&self, target: Target, offset: u64, into: &mut Intake) -> Result<(), ConnectorError> {
        let reach = reach_of(&target);
        let target = convert::target_out(target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        let (sink, lent) = lend(&mut seat, Sink::of(into, 0))?;
        let guests = seat.guests();
        let Some(guest) = &guests.browsing else {
            return Err(lacks("browsing"));
        };
        let answered = guest.call_read(&mut seat.instance.store, &target, offset, lent).await;
        take_back(&mut seat, sink);
        seat.end(answered)
    }

    /// Removes what is there, if it is what is expected.
    pub async fn remove(&self, expected: Entry, disposal: Disposal) -> Result<(), ConnectorError> {
        let reach = reach_of(&expected.target);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        call!(
            seat,
            editing.call_remove(&convert::entry_out(expected), disposal == Disposal::Trash)
        )
    }

    /// Gives it another path, if it is what is expected. `folder`: where folders have ids, the new one.
    pub async fn rename(&self, expected: Entry, path: String, folder: Option<Target>) -> Result<Entry, ConnectorError> {
        let reach = reach_of(&expected.target);
        let folder = folder.map(convert::target_out);
        let mut seat = self.seat(CallKind::Other, reach).await?;
        convert::entry(call!(
            seat,
            editing.call_rename(&convert::entry_out(expected), &path, folder.as_ref())
        )?)
    }
}

fn reach_of(target: &Target) -> Reach {
    target.path.as_deref().map_or(Reach::Library, Reach::of)
}

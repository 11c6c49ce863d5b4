//! Calls of a source.

use camroll_model::{AssetId, Change, ConnectorError, ErrorClass, Library, LibraryId, Located, Page, ResourceRef};

use super::{Connection, lacks, lend, take_back};
use crate::bodies::{Intake, Sink};
use crate::convert::{self, as_many};
use crate::files::Reach;
use crate::imports::CallKind;

impl Connection {
    /// All libraries of the account.
    pub async fn libraries(&self) -> Result<Vec<Library>, ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        convert::libraries(call!(seat, source.call_libraries())?)
    }

    /// What changed since the cursor; without one, everything. Calls for one library go to one instance, one after the other.
    pub async fn changes(&self, library: &LibraryId, cursor: Option<Vec<u8>>) -> Result<Page, ConnectorError> {
        let (instance, home) = self.0.pool.of_library(library).await;
        let mut seat = self.sit(instance, home, CallKind::Other, Reach::Library).await?;
        convert::page(call!(seat, source.call_changes(library.as_str(), cursor.as_deref()))?)
    }

    /// One change for each asset, in order; 200 at most.
    pub async fn describe(&self, library: &LibraryId, ids: Vec<AssetId>) -> Result<Vec<Change>, ConnectorError> {
        let asked: Vec<String> = ids.into_iter().map(|id| id.0).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let changes = call!(seat, source.call_describe(library.as_str(), &asked))?;
        as_many("describe", asked.len(), changes)?
            .into_iter()
            .map(convert::change)
            .collect()
    }

    /// Where the bytes are, for up to 200 resources, in the order asked.
    pub async fn locate(
        &self,
        library: &LibraryId,
        items: Vec<ResourceRef>,
    ) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
        let asked: Vec<_> = items.into_iter().map(convert::reference_out).collect();
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let located = call!(seat, source.call_locate(library.as_str(), &asked))?;
        as_many("locate", asked.len(), located)?
            .into_iter()
            .map(|each| self.each(each, convert::located))
            .collect()
    }

    /// Puts bytes into the intake, from where it is on, to the end. One call of the connector (two where it can't begin at an offset): after a
    /// transient failure the caller calls again. Doesn't finish the intake.
    pub async fn fetch(&self, locator: Vec<u8>, into: &mut Intake) -> Result<(), ConnectorError> {
        let offset = into.offset();
        match self.fetch_from(&locator, offset, Sink::of(into, 0)).await {
            Err(error) if error.class == ErrorClass::Unsupported && offset > 0 => {
                self.fetch_from(&locator, 0, Sink::of(into, into.offset())).await
            }
            fetched => fetched,
        }
    }

    async fn fetch_from(&self, locator: &[u8], offset: u64, sink: Sink) -> Result<(), ConnectorError> {
        let mut seat = self.seat(CallKind::Other, Reach::Library).await?;
        let (sink, lent) = lend(&mut seat, sink)?;
        let guests = seat.guests();
        let Some(guest) = &guests.source else {
            return Err(lacks("source"));
        };
        let answered = guest.call_fetch(&mut seat.instance.store, locator, offset, lent).await;
        take_back(&mut seat, sink);
        seat.end(answered)
    }
}

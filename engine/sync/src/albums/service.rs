//! Albums of a service: made or found by their names, filled by its own ids of what was placed.

use std::collections::HashMap;

use camroll_model::{Album, AlbumPath, ConnectorError, ErrorClass};
use camroll_state::{AlbumPlace, AlbumThere, MemberThere};

use super::told;
use super::wanted::Change;
use crate::context::Context;
use crate::failure::Failure;
use crate::identity::miscounted;
use crate::lane::LaneReport;
use crate::transfer::Place;

/// Files in one call.
const BATCH: usize = 500;

/// The folders of albums that were made or found in this run, by the source's id.
#[derive(Default)]
pub(super) struct Shelf {
    folders: HashMap<String, String>,
}

impl Shelf {
    /// Brings one album to what it should hold. How much of it failed; what the whole service can't do is the lane's failure.
    #[allow(
        clippy::too_many_arguments,
        reason = "one album with all that stays the same over all of them"
    )]
    pub(super) async fn keep(
        &mut self,
        context: &Context,
        place: &Place,
        at: &AlbumPlace,
        album: &Album,
        albums: &HashMap<String, Album>,
        change: Change,
        report: &mut LaneReport,
    ) -> Result<u64, Failure> {
        let mut change = change;
        // Once more from nothing where somebody deleted the album.
        for again in [true, false] {
            match self.keep_once(context, place, at, album, albums, &change).await {
                Ok(failed) => {
                    for (_, error) in failed.iter().take(8) {
                        report.problems.push(told(place, Some(&album.name), error));
                    }
                    return Ok(failed.len() as u64);
                }
                Err(Failure::Destination(_, error)) if error.class == ErrorClass::NotFound && again => {
                    context.state.forget_album_there(at)?;
                    change.put.append(&mut change.stays);
                    change.taken_out.clear();
                }
                Err(Failure::Destination(name, error)) => {
                    let whole = matches!(error.class, ErrorClass::Unauthenticated | ErrorClass::Cancelled)
                        || error.code == crate::link::BREAKER_OPEN;
                    if whole {
                        return Err(Failure::Destination(name, error));
                    }
                    report.problems.push(told(place, Some(&album.name), &error));
                    return Ok(1);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(0)
    }

    async fn keep_once(
        &mut self,
        context: &Context,
        place: &Place,
        at: &AlbumPlace,
        album: &Album,
        albums: &HashMap<String, Album>,
        change: &Change,
    ) -> Result<Vec<(MemberThere, ConnectorError)>, Failure> {
        let failed = |error| Failure::Destination(place.name.clone(), error);
        let name = AlbumPath::of(album, albums).to_string();
        let known = context.state.album_there(at)?;
        let id = match known {
            Some(AlbumThere {
                id: Some(id),
                name: called,
            }) if called == name => id,
            known => {
                let (parent, called) = match place.features.has_trait("album-folders") {
                    true => (
                        self.folder(place, album, albums).await.map_err(failed)?,
                        album.name.clone(),
                    ),
                    false => (None, name.clone()),
                };
                let asked = Album {
                    name: called,
                    ..album.clone()
                };
                let before = known.and_then(|known| known.id);
                let id = ensure(place, asked, parent, before).await.map_err(failed)?;
                let there = AlbumThere {
                    id: Some(id.clone()),
                    name,
                };
                context.state.set_album_there(at, &there)?;
                id
            }
        };
        let mut wrong = Vec::new();
        for batch in change.put.chunks(BATCH) {
            let ended = set(place, &id, batch, &[]).await.map_err(failed)?;
            let put = sort(batch, ended, &mut wrong);
            context.state.record_members(at, &put, &[])?;
        }
        for batch in change.taken_out.chunks(BATCH) {
            let ended = set(place, &id, &[], batch).await.map_err(failed)?;
            let gone = sort(batch, ended, &mut wrong);
            context.state.record_members(at, &[], &gone)?;
        }
        Ok(wrong)
    }

    /// The folder that an album is in, with those above it.
    async fn folder(
        &mut self,
        place: &Place,
        album: &Album,
        albums: &HashMap<String, Album>,
    ) -> Result<Option<String>, ConnectorError> {
        let mut above = Vec::new();
        let mut parent = album.parent.as_ref();
        while let Some(folder) = parent.and_then(|id| albums.get(id)) {
            if above.len() >= 32 {
                break;
            }
            above.push(folder);
            parent = folder.parent.as_ref();
        }
        let mut holder = None;
        for folder in above.into_iter().rev() {
            let there = match self.folders.get(&folder.id) {
                Some(there) => there.clone(),
                None => {
                    let there = ensure(place, folder.clone(), holder, None).await?;
                    self.folders.insert(folder.id.clone(), there.clone());
                    there
                }
            };
            holder = Some(there);
        }
        Ok(holder)
    }
}

/// Those that it went well for; the others are noted.
fn sort(
    batch: &[MemberThere],
    ended: Vec<Result<(), ConnectorError>>,
    wrong: &mut Vec<(MemberThere, ConnectorError)>,
) -> Vec<MemberThere> {
    let mut well = Vec::with_capacity(batch.len());
    for (member, ended) in batch.iter().zip(ended) {
        match ended {
            Ok(()) => well.push(member.clone()),
            Err(error) => wrong.push((member.clone(), error)),
        }
    }
    well
}

async fn ensure(
    place: &Place,
    album: Album,
    parent: Option<String>,
    known: Option<String>,
) -> Result<String, ConnectorError> {
    place
        .link
        .call(|there| {
            let (album, parent, known) = (album.clone(), parent.clone(), known.clone());
            async move { there.ensure_album(album, parent, known).await }
        })
        .await
}

async fn set(
    place: &Place,
    album: &str,
    put: &[MemberThere],
    taken_out: &[MemberThere],
) -> Result<Vec<Result<(), ConnectorError>>, ConnectorError> {
    let targets = |members: &[MemberThere]| members.iter().map(|member| member.target.clone()).collect::<Vec<_>>();
    let (put, taken_out) = (targets(put), targets(taken_out));
    let asked = put.len() + taken_out.len();
    let ended = place
        .link
        .call(|there| {
            let (album, put, taken_out) = (album.to_owned(), put.clone(), taken_out.clone());
            async move { there.set_members(album, put, taken_out).await }
        })
        .await?;
    if ended.len() == asked {
        Ok(ended)
    } else {
        Err(miscounted("albums.set-members", asked, ended.len()))
    }
}

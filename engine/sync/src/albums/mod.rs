//! Albums: what a destination's albums should hold, less what they hold by our hand, is put there; what a person took out of an album is taken out.
//!
//! Where a destination has no albums, lists under `.camroll/albums` say the same. An album is never deleted, nor is anything taken out of one because it left the source.

mod list;
mod memberships;
mod service;
mod wanted;

use std::collections::HashMap;

use camroll_model::{Album, AlbumPath, ConnectorError, ErrorClass, Problem, Retry};
use camroll_state::AlbumPlace;

use crate::context::{Context, HeardLibrary};
use crate::failure::Failure;
use crate::lane::LaneReport;
use crate::progress::Event;
use crate::transfer::Place;
use list::Lists;
pub use memberships::Memberships;
pub(crate) use memberships::{lacking, unknown};
use service::Shelf;
use wanted::Change;

/// How a destination keeps albums.
enum Keeping {
    /// It has albums.
    Service(Shelf),
    /// It has files: they are listed.
    Lists(Lists),
}

/// What was done.
#[derive(Debug, Default)]
struct Done {
    albums: u64,
    put: u64,
    taken_out: u64,
    failed: u64,
}

/// Brings a destination's albums to what the source says. Costs a few keys where nothing changed.
pub(crate) async fn keep_albums(context: &Context, place: &Place, report: &mut LaneReport) -> Result<(), Failure> {
    let memo = format!("albums/{}/{}", place.id.0, context.spec.name);
    let stamp = stamp(context, place)?;
    if context.state.memo(&memo)?.as_deref() == Some(stamp.as_str()) {
        return Ok(());
    }
    let mut keeping = if place.link.connection().exports_albums() {
        Keeping::Service(Shelf::default())
    } else if place.rules.is_some() {
        Keeping::Lists(Lists::default())
    } else {
        let error = ConnectorError::new(
            ErrorClass::Unsupported,
            "albums/none-there",
            "The destination has neither albums nor files to list them in; they are not kept.",
        );
        report.problems.push(told(place, None, &error));
        return Ok(());
    };
    let mut done = Done::default();
    for library in &context.libraries {
        let albums: HashMap<String, Album> = context
            .state
            .albums(library.id)?
            .into_iter()
            .map(|album| (album.id.clone(), album))
            .collect();
        let mut ids: Vec<&String> = albums.keys().collect();
        ids.sort_unstable();
        for id in ids {
            let Some(album) = albums.get(id).filter(|album| !is_folder(album)) else {
                continue;
            };
            if context.stop.is_asked() {
                return Err(Failure::Interrupted);
            }
            keep_one(context, place, library, album, &albums, &mut keeping, &mut done, report).await?;
        }
    }
    if let Keeping::Lists(lists) = &mut keeping {
        lists.write(context, place).await?;
    }
    if done.put + done.taken_out > 0 {
        context.progress.tell(Event::Notice(format!(
            "Albums at {}: {} changed, {} files put into them, {} taken out.",
            place.name, done.albums, done.put, done.taken_out
        )));
    }
    if done.failed == 0 {
        context.state.set_memo(&memo, &stamp)?;
    }
    Ok(())
}

#[allow(
    clippy::too_many_arguments,
    reason = "one album with all that stays the same over all of them"
)]
async fn keep_one(
    context: &Context,
    place: &Place,
    library: &HeardLibrary,
    album: &Album,
    albums: &HashMap<String, Album>,
    keeping: &mut Keeping,
    done: &mut Done,
    report: &mut LaneReport,
) -> Result<(), Failure> {
    let at = AlbumPlace {
        destination: place.id,
        source: library.id,
        album: album.id.clone(),
    };
    let change = Change::of(context, place, library, &at)?;
    let known = context.state.album_there(&at)?;
    // An empty album is made when something is in it.
    let called = AlbumPath::of(album, albums).to_string();
    if change.is_nothing() && (known.is_none() || known.is_some_and(|known| known.name == called)) {
        return Ok(());
    }
    let put = change.put.len() as u64;
    let taken_out = change.taken_out.len() as u64;
    let ended = match keeping {
        Keeping::Service(shelf) => shelf.keep(context, place, &at, album, albums, change, report).await?,
        Keeping::Lists(lists) => {
            lists.keep(context, &at, called, &change)?;
            0
        }
    };
    done.albums += 1;
    done.put += put;
    done.taken_out += taken_out;
    done.failed += ended;
    Ok(())
}

fn is_folder(album: &Album) -> bool {
    album.traits.iter().any(|name| name == "folder")
}

/// What albums depend on, in short: who is in them, and what is placed.
fn stamp(context: &Context, place: &Place) -> Result<String, Failure> {
    let mut stamp = String::new();
    for library in &context.libraries {
        stamp.push_str(&format!(
            "{}:{} ",
            library.id.0,
            context.state.albums_version(library.id)?
        ));
    }
    let (newest, count) = context.state.placements_stamp(place.id)?;
    stamp.push_str(&format!("{newest}/{count}"));
    Ok(stamp)
}

/// A problem with an album, for the receipt.
fn told(place: &Place, album: Option<&str>, error: &ConnectorError) -> Problem {
    let retry = match error.class {
        ErrorClass::Transient | ErrorClass::RateLimited => Retry::NextRun,
        _ => Retry::Person,
    };
    Problem {
        name: album.map(|album| format!("album {album}")),
        ..place.problem(None, None, error, retry)
    }
}

//! Hears the source: pages of changes go into the catalogue, each with its cursor in one transaction.

use camroll_model::{AssetId, Change, ConnectorError, ErrorClass, Page, Problem, Retry};
use camroll_plan::{Scope, scope};
use camroll_state::{AlbumsHeard, Ordinal};

use crate::albums::lacking;
use crate::context::{Context, HeardLibrary, problem};
use crate::failure::Failure;
use crate::progress::Event;

/// Ids in one `describe`, by the interface.
const DESCRIBE_LIMIT: usize = 200;
/// Listings from the start in one run, when the source says that its cursor is too old.
const FRESH_STARTS: u32 = 2;
/// Assets that are missing without a word and are named in a receipt.
const NAMED: usize = 50;

/// What hearing a library came to.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Whether the cursor moved on.
    pub advanced: bool,
    /// What couldn't be read.
    pub problems: Vec<Problem>,
    /// All was heard, and what the spec asks for isn't in it: nothing can be planned.
    pub failure: Option<Failure>,
}

/// Hears all that is new in a library. `told` is called after each page that went into the catalogue.
pub(crate) async fn hear(context: &Context, library: &HeardLibrary, told: impl Fn()) -> Result<Heard, Failure> {
    let mut heard = Heard::default();
    ask_again(context, library, &mut heard).await?;
    list_for_albums(context, library)?;
    let mut fresh_starts = 0;
    loop {
        if context.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        let cursor = context.state.cursor(library.id)?;
        let asked = context
            .source
            .call(|source| {
                let (id, cursor) = (library.library.id.clone(), cursor.clone());
                async move { source.changes(&id, cursor).await }
            })
            .await;
        let page = match asked {
            Ok(page) => page,
            Err(error) if error.class == ErrorClass::Expired && fresh_starts < FRESH_STARTS => {
                fresh_starts += 1;
                context.progress.tell(Event::Notice(format!(
                    "The source no longer knows where camroll had read to; {} is listed again. Nothing is sent twice.",
                    library.library.name
                )));
                context.state.forget_cursor(library.id)?;
                continue;
            }
            Err(error) => return Err(Failure::Source(error)),
        };
        let more = page.more;
        if let Some(assets) = page.done {
            context.progress.tell(Event::Heard {
                assets,
                total: page.total,
            });
        }
        heard.advanced |= cursor.as_ref() != Some(&page.cursor);
        let page = complete(context, library, page).await?;
        heard.problems.extend(page.changes.iter().filter_map(unread));
        context.state.apply_page(library.id, &page)?;
        told();
        if !more {
            heard.failure = lacking(&context.state, &context.spec, library.id, &library.library.name)?;
            return Ok(heard);
        }
    }
}

/// Where a spec asks for albums that couldn't all be read when the library was listed, has it listed again: changes tell nothing of them.
fn list_for_albums(context: &Context, library: &HeardLibrary) -> Result<(), Failure> {
    if !context.spec.asks_for_albums()
        || context.state.albums_heard(library.id)? != AlbumsHeard::Lacking
        || context.state.cursor(library.id)?.is_none()
    {
        return Ok(());
    }
    context.progress.tell(Event::Notice(format!(
        "The albums of {} aren't all known, and the spec asks for them; it is listed again. Nothing is sent twice.",
        library.library.name
    )));
    Ok(context.state.forget_cursor(library.id)?)
}

/// What couldn't be read, as the receipt tells it.
fn unread(change: &Change) -> Option<Problem> {
    let Change::Unread { what, error } = change else {
        return None;
    };
    Some(Problem {
        asset: Some(what.clone()),
        ..problem(None, error, Retry::NextRun)
    })
}

/// What a whole listing no longer told, and nothing says why, as the receipt tells it: by name as far as there is room for them beside what else went wrong. What the spec's filters leave out
/// concerns nobody.
pub(crate) fn unexplained(
    context: &Context,
    library: &HeardLibrary,
    missing: &[Ordinal],
) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    let mut besides = 0;
    for ordinal in missing {
        // One that was told again since is no longer missing.
        let Some(known) = context
            .state
            .asset_at(library.id, *ordinal)?
            .filter(|known| known.unexplained)
        else {
            continue;
        };
        // What is gone is in no album any more either, so where albums are asked for that says nothing of what it was.
        let is_left_out = scope(&known.asset, &[], &library.library, &context.spec) != Scope::In;
        if is_left_out && !context.spec.asks_for_albums() {
            continue;
        }
        if problems.len() == NAMED {
            besides += 1;
            continue;
        }
        problems.push(unexplained_missing(
            Some((&known.asset.id, known.asset.name.as_deref())),
            "It was in the library before and no longer is, and nothing says that it was deleted. What was synced of it stays at every destination. If you didn't delete it: look for it at the source.".to_owned(),
        ));
    }
    if besides > 0 {
        problems.push(unexplained_missing(
            None,
            format!(
                "{besides} more are no longer in {}, and nothing says that they were deleted. What was synced of them stays at every destination.",
                library.library.name
            ),
        ));
    }
    Ok(problems)
}

fn unexplained_missing(asset: Option<(&AssetId, Option<&str>)>, message: String) -> Problem {
    let error = ConnectorError::new(ErrorClass::NotFound, "source/unexplained-missing", message);
    problem(asset, &error, Retry::Person)
}

/// Asks for what was told before and couldn't be read. The cursor is past it, so nothing else would bring it, and a run that says that all is placed would say so without it.
async fn ask_again(context: &Context, library: &HeardLibrary, heard: &mut Heard) -> Result<(), Failure> {
    // Without a cursor all is told once more.
    let Some(cursor) = context.state.cursor(library.id)? else {
        return Ok(());
    };
    let owed = context.state.unread(library.id)?;
    for names in owed.chunks(DESCRIBE_LIMIT) {
        if context.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        let ids: Vec<AssetId> = names.iter().map(|name| AssetId(name.clone())).collect();
        let described = match describe(context, library, &ids).await {
            Ok(described) => described,
            Err(error)
                if matches!(
                    error.class,
                    ErrorClass::Transient
                        | ErrorClass::RateLimited
                        | ErrorClass::Unauthenticated
                        | ErrorClass::Cancelled
                ) =>
            {
                return Err(Failure::Source(error));
            }
            // What can't be asked for must not keep all else from being heard.
            Err(error) => {
                heard.problems.push(problem(None, &error, Retry::NextRun));
                continue;
            }
        };
        let (mut changes, mut answered) = (Vec::new(), Vec::new());
        for (id, change) in ids.iter().zip(described) {
            match &change {
                Change::Unread { .. } => {
                    heard.problems.extend(unread(&change));
                    changes.push(change);
                    continue;
                }
                Change::Asset(_) => changes.push(change),
                // Of an id that is no asset's (an album that couldn't be read) nothing follows: listings tell albums.
                Change::Tombstone { .. } if context.state.asset(library.id, id)?.is_some() => changes.push(change),
                _ => {}
            }
            answered.push(id.0.clone());
        }
        let page = Page {
            changes,
            cursor: cursor.clone(),
            more: true,
            done: None,
            total: None,
        };
        context.state.apply_page(library.id, &page)?;
        context.state.forget_unread(library.id, &answered)?;
    }
    Ok(())
}

/// Asks for what the page only touches on, before it goes into the catalogue: so a crash can't lose it.
async fn complete(context: &Context, library: &HeardLibrary, mut page: Page) -> Result<Page, Failure> {
    let wanted = context.state.undescribed(library.id, &page.changes)?;
    for ids in wanted.chunks(DESCRIBE_LIMIT) {
        let described = describe(context, library, ids).await.map_err(Failure::Source)?;
        page.changes.extend(described);
    }
    Ok(page)
}

/// Assets as they are now, in order.
async fn describe(context: &Context, library: &HeardLibrary, ids: &[AssetId]) -> Result<Vec<Change>, ConnectorError> {
    let described = context
        .source
        .call(|source| {
            let (library, ids) = (library.library.id.clone(), ids.to_vec());
            async move { source.describe(&library, ids).await }
        })
        .await?;
    if described.len() != ids.len() {
        return Err(ConnectorError::new(
            ErrorClass::Unexpected,
            "sync/describe-count",
            format!(
                "The source was asked for {} assets and told {}.",
                ids.len(),
                described.len()
            ),
        ));
    }
    Ok(described)
}

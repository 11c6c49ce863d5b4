//! Hears the source: pages of changes go into the catalogue, each with its cursor in one transaction.

use camroll_model::{Change, ConnectorError, ErrorClass, Page, Problem, Retry};

use crate::context::{Context, HeardLibrary, problem};
use crate::failure::Failure;
use crate::progress::Event;

/// Ids in one `describe`, by the interface.
const DESCRIBE_LIMIT: usize = 200;
/// Listings from the start in one run, when the source says that its cursor is too old.
const FRESH_STARTS: u32 = 2;

/// What hearing a library came to.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Whether the cursor moved on.
    pub advanced: bool,
    /// What couldn't be read, and what is missing without a tombstone.
    pub problems: Vec<Problem>,
}

/// Hears all that is new in a library. `told` is called after each page that went into the catalogue.
pub(crate) async fn hear(context: &Context, library: &HeardLibrary, told: impl Fn()) -> Result<Heard, Failure> {
    let mut heard = Heard::default();
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
        for change in &page.changes {
            if let Change::Unread { what, error } = change {
                let mut unread = problem(None, error, Retry::NextRun);
                unread.asset = Some(what.clone());
                heard.problems.push(unread);
            }
        }
        context.state.apply_page(library.id, &page)?;
        told();
        if !more {
            return Ok(heard);
        }
    }
}

/// Asks for what the page only touches on, before it goes into the catalogue: so a crash can't lose it.
async fn complete(context: &Context, library: &HeardLibrary, mut page: Page) -> Result<Page, Failure> {
    let wanted = context.state.undescribed(library.id, &page.changes)?;
    for ids in wanted.chunks(DESCRIBE_LIMIT) {
        let described = context
            .source
            .call(|source| {
                let (library, ids) = (library.library.id.clone(), ids.to_vec());
                async move { source.describe(&library, ids).await }
            })
            .await
            .map_err(Failure::Source)?;
        if described.len() != ids.len() {
            return Err(Failure::Source(ConnectorError::new(
                ErrorClass::Unexpected,
                "sync/describe-count",
                format!(
                    "The source was asked for {} assets and told {}.",
                    ids.len(),
                    described.len()
                ),
            )));
        }
        page.changes.extend(described);
    }
    Ok(page)
}

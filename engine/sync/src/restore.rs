//! Files back from a destination into a folder: from the journal's word where there is one, else from the archive's own manifest.
//!
//! Every byte is checked on its way, a file gets its name only when it is whole and durable, and what is in the folder already is never replaced.

mod file;
mod report;

use std::sync::Arc;

use camroll_model::{AlbumPath, Asset, AssetKind, ConnectorError, ErrorClass, Library, Placement, Problem, Retry};
use camroll_plan::{Scope, scope};
use camroll_spec::{Filter, HiddenFilter, Spec};
use camroll_state::{AlbumsHeard, State};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::albums::Memberships;
use crate::archive::{Archive, PAGE, heeding};
use crate::context::Mode;
use crate::failure::Failure;
use crate::link::Link;
use crate::manifest_reader::ManifestReader;
use crate::progress::{Arrival, Event};
use file::{Ended, Wanted, bring_one};
pub use report::{Choice, FiltersChoice, Knowledge, RestoreReport, RestoreRequest};

/// Problems that are named; the rest are counted.
const PROBLEMS: usize = 1000;

struct Restoring<'a> {
    request: &'a RestoreRequest,
    /// The spec with the choice for filters.
    asked: Spec,
    /// Which albums assets are in, as far as that is asked.
    memberships: Memberships,
    from: Link,
    into: Link,
    report: RestoreReport,
}

/// Restores.
pub async fn restore(state: &Arc<State>, request: &RestoreRequest) -> Result<RestoreReport, Failure> {
    heeding(&request.stop, &[&request.connection, &request.into], go(state, request)).await
}

async fn go(state: &Arc<State>, request: &RestoreRequest) -> Result<RestoreReport, Failure> {
    let name = request.destination.name.to_string();
    let from = Link::new(request.connection.clone(), request.stop.clone());
    // Without state nothing is known of who should be there, so nobody is asked.
    let known = match request.knowledge {
        Some(Knowledge::Manifest) => None,
        _ => {
            let archive = Archive::open(
                state,
                &request.destination,
                &request.connection,
                &request.stop,
                Mode::Plan,
            )
            .await?;
            archive.placed_id()?
        }
    };
    if known.is_none() && request.knowledge == Some(Knowledge::State) {
        return Err(nothing(&name, "The journal has nothing that was placed at"));
    }
    let asked = asked(request);
    if asked.asks_for_albums() && !knows_albums(state)? {
        request.progress.tell(Event::Notice(
            "The filter asks for albums, and not all of who is in which is known here: files that may be in them are left out. Without `--in-scope` all come back.".to_owned(),
        ));
    }
    let mut restoring = Restoring {
        request,
        memberships: Memberships::read(state, [&asked], state.sources()?.into_iter().map(|(_, id)| id))?,
        asked,
        into: Link::new(request.into.clone(), request.stop.clone()),
        report: RestoreReport {
            destination: name.clone(),
            from: if known.is_some() {
                Knowledge::State
            } else {
                Knowledge::Manifest
            },
            chosen: 0,
            restored: 0,
            already_there: 0,
            failed: 0,
            bytes: 0,
            not_chosen: 0,
            problems: Vec::new(),
            mismatch: false,
        },
        from,
    };
    // Drafts of a restore that was killed.
    request
        .into
        .sweep_drafts(std::collections::HashSet::new())
        .await
        .map_err(|error| restoring.folder(error))?;
    match known {
        Some(id) => {
            let mut at = 0;
            loop {
                let page = state.standing_page(id, at, PAGE)?;
                let Some(last) = page.last() else { break };
                at = last.number + 1;
                let mut wanted = Vec::new();
                for stands in page {
                    let asset = catalogued(state, &restoring.memberships, &stands.placement)?;
                    restoring.choose(stands.placement, None, asset, &mut wanted);
                }
                restoring.bring(wanted).await?;
            }
        }
        None => {
            let reader = ManifestReader::open(&restoring.from)
                .await
                .map_err(|error| restoring.failed(error))?;
            if reader.files() == 0 {
                let identity = restoring
                    .from
                    .call(|there| async move { there.probe().await })
                    .await
                    .map_err(|error| restoring.failed(error))?;
                return Err(match identity.features.names {
                    Some(_) => nothing(&name, "There is no `.camroll/manifest` at"),
                    None => without_paths(&name),
                });
            }
            if reader.unread > 0 {
                request.progress.tell(Event::Notice(format!(
                    "{} lines of the manifest can't be read, or can't be checked; their files are not restored.",
                    reader.unread
                )));
            }
            for segment in 0..reader.segments() {
                let files = reader
                    .files_of(segment)
                    .await
                    .map_err(|error| restoring.failed(error))?;
                let mut wanted = Vec::new();
                for told in files {
                    let asset = catalogued(state, &restoring.memberships, &told.placement)?;
                    restoring.choose(told.placement, told.name, asset, &mut wanted);
                }
                restoring.bring(wanted).await?;
            }
        }
    }
    Ok(restoring.report)
}

fn nothing(name: &str, what: &str) -> Failure {
    Failure::Guard {
        code: "restore/nothing-known",
        message: format!(
            "{what} {name:?}, so it isn't known what is there. If it is the right place, its files are plain files: copy them."
        ),
        destination: Some(name.to_owned()),
    }
}

/// Where things have no path there is no manifest beside them, and which of them camroll placed is only in the journal.
fn without_paths(name: &str) -> Failure {
    Failure::Guard {
        code: "restore/no-manifest",
        message: format!(
            "Things at {name:?} have no path, so no manifest lies beside them: only the state of the machine that placed them says which they are. Restore there, or download them from the service itself."
        ),
        destination: Some(name.to_owned()),
    }
}

/// The spec with what was asked for in the place of its filters.
fn asked(request: &RestoreRequest) -> Spec {
    let mut spec = (*request.spec).clone();
    let mut all = vec![match request.choice.filters {
        FiltersChoice::Everything => Filter::Hidden(HiddenFilter::Include),
        FiltersChoice::InScope => spec.filters.clone(),
    }];
    all.extend(request.choice.taken.map(Filter::Taken));
    if !request.choice.names.is_empty() {
        all.push(Filter::Name(request.choice.names.clone()));
    }
    spec.filters = Filter::All(all);
    spec
}

/// Whether every library's albums were heard whole. Without state nobody's were.
fn knows_albums(state: &State) -> Result<bool, Failure> {
    let sources = state.sources()?;
    for (_, id) in &sources {
        if state.albums_heard(*id)? != AlbumsHeard::Whole {
            return Ok(false);
        }
    }
    Ok(!sources.is_empty())
}

/// The asset as the catalogue has it, its albums and its library.
fn catalogued(
    state: &State,
    memberships: &Memberships,
    placement: &Placement,
) -> Result<Option<(Asset, Vec<AlbumPath>, Library)>, Failure> {
    let key = &placement.source;
    let Some((_, id)) = state.sources()?.into_iter().find(|(known, _)| known == key) else {
        return Ok(None);
    };
    let library = state
        .libraries(&key.connector, &key.account)?
        .into_iter()
        .find(|library| library.id.as_str() == key.library);
    let Some((known, library)) = state.asset(id, &placement.asset)?.zip(library) else {
        return Ok(None);
    };
    let albums = memberships.of(state, id, &placement.asset)?;
    Ok(Some((known.asset, albums, library)))
}

/// An asset of which only its file is known.
fn bare(placement: &Placement, name: Option<String>) -> Asset {
    let file = placement.path().and_then(|path| path.rsplit('/').next());
    Asset {
        id: placement.asset.clone(),
        keys: Vec::new(),
        version: String::new(),
        kind: AssetKind::Other,
        traits: Vec::new(),
        name: name.or_else(|| file.map(str::to_owned)),
        taken: placement.entry.modified,
        taken_offset: None,
        added: None,
        favorite: false,
        hidden: false,
        resources: Vec::new(),
        attributes: Vec::new(),
    }
}

impl Restoring<'_> {
    fn failed(&self, error: ConnectorError) -> Failure {
        if self.request.stop.is_asked() {
            return Failure::Interrupted;
        }
        Failure::Destination(self.report.destination.clone(), error)
    }

    fn folder(&self, error: ConnectorError) -> Failure {
        if self.request.stop.is_asked() {
            return Failure::Interrupted;
        }
        Failure::Destination("the folder to restore to".to_owned(), error)
    }

    fn choose(
        &mut self,
        placement: Placement,
        name: Option<String>,
        known: Option<(Asset, Vec<AlbumPath>, Library)>,
        wanted: &mut Vec<Wanted>,
    ) {
        let in_scope = self.request.choice.filters == FiltersChoice::InScope;
        let chosen = match &known {
            Some((asset, albums, library)) => scope(asset, albums, library, &self.asked) == Scope::In,
            // What the spec's filters ask isn't known of it.
            None if in_scope => false,
            None => {
                let library = Library {
                    id: placement.source.library.as_str().into(),
                    name: placement.source.library.clone(),
                    kind: String::new(),
                    count: None,
                    attributes: Vec::new(),
                };
                scope(&bare(&placement, name.clone()), &[], &library, &self.asked) == Scope::In
            }
        };
        if !chosen {
            self.report.not_chosen += 1;
            return;
        }
        let name = known.and_then(|(asset, ..)| asset.name).or(name);
        let path = match placement.path() {
            Some(path) => path.to_owned(),
            // Where things have no path, the name is told apart by the file's own id.
            None => {
                let id = hex::encode(&Sha256::digest(format!("{}/{}", placement.asset, placement.resource))[..4]);
                format!("{id}-{}", name.as_deref().unwrap_or("file").replace('/', "_"))
            }
        };
        self.report.chosen += 1;
        wanted.push(Wanted { placement, name, path });
    }

    async fn bring(&mut self, wanted: Vec<Wanted>) -> Result<(), Failure> {
        self.request.progress.tell(Event::Planned {
            files: wanted.len() as u64,
            bytes: wanted.iter().map(|one| one.placement.size).sum(),
        });
        let transfers = self.request.spec.transfers_at(&self.request.destination);
        let (from, into) = (self.from.clone(), self.into.clone());
        let mut bringing = futures::stream::iter(wanted)
            .map(|one| {
                let (from, into) = (from.clone(), into.clone());
                async move {
                    let ended = bring_one(&from, &into, &one).await;
                    (one, ended)
                }
            })
            .buffer_unordered(transfers);
        while let Some((one, ended)) = bringing.next().await {
            self.take(one, ended)?;
            if self.request.stop.is_asked() {
                return Err(Failure::Interrupted);
            }
        }
        Ok(())
    }

    fn take(&mut self, one: Wanted, ended: Ended) -> Result<(), Failure> {
        let error = match ended {
            Ended::Restored => {
                self.report.restored += 1;
                self.report.bytes += one.placement.size;
                self.request.progress.tell(Event::Placed {
                    path: one.path,
                    size: one.placement.size,
                    how: Arrival::Sent,
                });
                return Ok(());
            }
            Ended::AlreadyThere => {
                self.report.already_there += 1;
                self.request.progress.tell(Event::Placed {
                    path: one.path,
                    size: 0,
                    how: Arrival::Sent,
                });
                return Ok(());
            }
            Ended::Failed(error) => error,
        };
        if matches!(
            error.class,
            ErrorClass::Quota | ErrorClass::Cancelled | ErrorClass::Unauthenticated
        ) || matches!(
            error.code.as_str(),
            "files/read-only" | "files/vanished" | crate::link::BREAKER_OPEN
        ) {
            return Err(self.failed(error));
        }
        self.report.failed += 1;
        self.report.mismatch |= matches!(error.code.as_str(), "restore/missing" | "restore/damaged");
        self.request.progress.tell(Event::Failed {
            path: one.path.clone(),
            message: error.message.clone(),
        });
        if self.report.problems.len() < PROBLEMS {
            self.report.problems.push(Problem {
                asset: Some(one.placement.asset.to_string()),
                name: one.name,
                resource: Some(one.placement.role.name().to_owned()),
                destination: Some(self.report.destination.clone()),
                code: error.code,
                message: format!("{}: {}", one.path, error.message),
                retry: Retry::Person,
            });
        }
        Ok(())
    }
}

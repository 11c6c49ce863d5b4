//! Takes over what lies at a destination already, so that a sync sends none of it: first what the archive's own manifest names, then what is a file of the library by its content.
//!
//! Equal size and name only nominate a file. It is taken over after the destination told its digest, or after every byte of it was read.

mod compare;
mod report;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{Asset, ConnectorError, Entry, ErrorClass, Ownership, Placement, Problem, Proof, Recipe, Retry};
use camroll_plan::{Scope, held, scope};
use camroll_state::{DestinationId, Ordinal, Placed, Presence, State};
use futures::StreamExt as _;

use crate::albums::Memberships;
use crate::archive::{Archive, OWN, PAGE, heeding};
use crate::candidates::Candidates;
use crate::context::{HeardLibrary, Mode, Relayout};
use crate::failure::Failure;
use crate::identity::write_file;
use crate::manifest::line;
use crate::manifest_reader::{ManifestReader, Told, name_behind_all};
use crate::progress::{Arrival, Event};
use crate::run::{RunRequest, hear_all};
use compare::{There, compare, look};
pub use report::{AdoptReport, AdoptRequest};

/// Problems that are named; the rest are counted.
const PROBLEMS: usize = 1000;

struct Adopting<'a> {
    request: &'a AdoptRequest,
    archive: Archive,
    id: DestinationId,
    candidates: Candidates,
    report: AdoptReport,
}

/// Takes over.
pub async fn adopt(state: &Arc<State>, request: &AdoptRequest) -> Result<AdoptReport, Failure> {
    let mut connections = vec![&request.connection];
    connections.extend(request.source.as_ref().map(|(source, _)| source));
    heeding(&request.stop, &connections, go(state, request)).await
}

async fn go(state: &Arc<State>, request: &AdoptRequest) -> Result<AdoptReport, Failure> {
    let archive = Archive::open(
        state,
        &request.destination,
        &request.connection,
        &request.stop,
        Mode::Sync,
    )
    .await?;
    let id = state.destination(&archive.key)?;
    let mut adopting = Adopting {
        request,
        id,
        candidates: Candidates::default(),
        report: AdoptReport {
            destination: archive.name.clone(),
            by_manifest: 0,
            by_content: 0,
            known_before: state.placements_at(id)?,
            mismatches: 0,
            others: 0,
            problems: Vec::new(),
        },
        archive,
    };
    adopting.take_over_found().await?;
    adopting.by_manifest().await?;
    let unknown = adopting.unknown().await?;
    adopting.report.others = unknown.values().map(|files| files.len() as u64).sum();
    if adopting.report.others > 0
        && let Some((source, sign_in)) = &request.source
    {
        let run = RunRequest {
            spec: Arc::clone(&request.spec),
            source: source.clone(),
            sign_in: sign_in.clone(),
            destinations: Vec::new(),
            progress: Arc::clone(&request.progress),
            stop: request.stop.clone(),
            mode: Mode::Plan,
            relayout: Relayout::Count,
            approval: None,
        };
        let libraries = hear_all(state, &run).await?;
        adopting.by_content(&libraries, unknown).await?;
    }
    state.checkpoint()?;
    Ok(adopting.report)
}

impl Adopting<'_> {
    fn failed(&self, error: ConnectorError) -> Failure {
        if self.request.stop.is_asked() {
            return Failure::Interrupted;
        }
        Failure::Destination(self.archive.name.clone(), error)
    }

    fn go_on(&self) -> Result<(), Failure> {
        if self.request.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        Ok(())
    }

    /// What a sync found there becomes the person's word: taken over, and told to the archive's manifest, which until then has only what camroll brought.
    async fn take_over_found(&self) -> Result<(), Failure> {
        let run = self.name_of_segments().await?;
        let mut segment = 0;
        let mut from = 0;
        loop {
            let page = self.archive.state.standing_page(self.id, from, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.number + 1;
            let (mut placed, mut lines) = (Vec::new(), String::new());
            for stands in page {
                if stands.placement.ownership != Ownership::Found {
                    continue;
                }
                let source = self.archive.state.source(&stands.placement.source)?;
                let known = self.archive.state.asset(source, &stands.placement.asset)?;
                let name = known.and_then(|known| known.asset.name);
                lines.push_str(&line(&stands.placement, name.as_deref()));
                lines.push('\n');
                placed.push(Placed {
                    intent: None,
                    folded: stands.folded,
                    placement: Placement {
                        ownership: Ownership::Adopted,
                        ..stands.placement
                    },
                });
            }
            if placed.is_empty() {
                continue;
            }
            self.tell_manifest(&run, segment, lines).await?;
            segment += 1;
            self.archive.state.record_placed(self.id, placed)?;
        }
    }

    async fn name_of_segments(&self) -> Result<String, Failure> {
        name_behind_all(&self.archive.link, &ulid::Ulid::new().to_string())
            .await
            .map_err(|error| self.failed(error))
    }

    /// The archive explains itself, whatever filled it.
    async fn tell_manifest(&self, run: &str, segment: u32, lines: String) -> Result<(), Failure> {
        if self.archive.features.names.is_none() {
            return Ok(());
        }
        let path = format!(".camroll/manifest/{run}-{segment:04}.ndjson");
        let there = self.archive.link.connection();
        write_file(there, &path, "application/x-ndjson", Bytes::from(lines))
            .await
            .map_err(|error| self.failed(error))
    }

    async fn by_manifest(&mut self) -> Result<(), Failure> {
        let reader = ManifestReader::open(&self.archive.link)
            .await
            .map_err(|error| self.failed(error))?;
        if reader.unread > 0 {
            self.request.progress.tell(Event::Notice(format!(
                "{} lines of the manifest can't be read, or can't be checked; their files count as any other's.",
                reader.unread
            )));
        }
        let transfers = self.request.spec.transfers_at(&self.request.destination);
        for segment in 0..reader.segments() {
            let told = reader.files_of(segment).await.map_err(|error| self.failed(error))?;
            let mut new: Vec<Told> = Vec::new();
            for one in told {
                if self.archive.standing(self.id, &one.placement.entry.target)?.is_empty() {
                    new.push(one);
                }
            }
            self.request.progress.tell(Event::Planned {
                files: new.len() as u64,
                bytes: 0,
            });
            let link = self.archive.link.clone();
            let mut looking = futures::stream::iter(new)
                .map(|one| {
                    let link = link.clone();
                    async move {
                        let there = look(&link, &Candidates::default(), &one.placement).await;
                        (one, there)
                    }
                })
                .buffer_unordered(transfers);
            let mut placed = Vec::new();
            while let Some((one, there)) = looking.next().await {
                self.go_on()?;
                match there {
                    Ok(There::Same(placement)) => {
                        self.report.by_manifest += 1;
                        self.request.progress.tell(Event::Placed {
                            path: placement.path().unwrap_or_default().to_owned(),
                            size: placement.size,
                            how: Arrival::Sent,
                        });
                        placed.push(self.placed(*placement));
                    }
                    Ok(There::Missing) => self.tell(
                        &one.placement,
                        "adopt/missing",
                        "The manifest names it, and it isn't there. A sync sends it again, if the source has it.",
                    ),
                    Ok(There::Other) => self.tell(
                        &one.placement,
                        "adopt/other-content",
                        "It isn't what the manifest says, so it isn't taken over and stays as it is. A sync sends the right one beside it, if the source has it.",
                    ),
                    Err(error) if error.class == ErrorClass::Cancelled => return Err(self.failed(error)),
                    Err(error) => self.tell_failed(&one.placement, &error),
                }
            }
            self.archive.state.record_placed(self.id, placed)?;
        }
        Ok(())
    }

    fn placed(&self, placement: Placement) -> Placed {
        Placed {
            intent: None,
            folded: self.archive.folded(&placement),
            placement,
        }
    }

    fn tell(&mut self, placement: &Placement, code: &str, message: &str) {
        self.report.mismatches += 1;
        self.push(placement, code, message);
    }

    fn tell_failed(&mut self, placement: &Placement, error: &ConnectorError) {
        self.push(placement, &error.code, &error.message);
    }

    fn push(&mut self, placement: &Placement, code: &str, message: &str) {
        if self.report.problems.len() >= PROBLEMS {
            return;
        }
        self.report.problems.push(Problem {
            asset: Some(placement.asset.to_string()),
            name: None,
            resource: Some(placement.role.name().to_owned()),
            destination: Some(self.archive.name.clone()),
            code: code.to_owned(),
            message: format!("{}: {message}", placement.path().unwrap_or_default()),
            retry: Retry::Person,
        });
    }

    /// The files there that nobody holds, by their size.
    async fn unknown(&self) -> Result<HashMap<u64, Vec<Entry>>, Failure> {
        let mut unknown: HashMap<u64, Vec<Entry>> = HashMap::new();
        let mut next = None;
        loop {
            let page = self
                .archive
                .link
                .call(|there| {
                    let next = next.clone();
                    async move { there.list(String::new(), next).await }
                })
                .await
                .map_err(|error| self.failed(error))?;
            for entry in page.entries {
                let own = entry.target.path.as_deref().is_some_and(|path| path.starts_with(OWN));
                let (false, false, Some(size)) = (entry.folder, own, entry.size) else {
                    continue;
                };
                if self.archive.standing(self.id, &entry.target)?.is_empty() {
                    unknown.entry(size).or_default().push(entry);
                }
            }
            self.go_on()?;
            next = page.next;
            if next.is_none() {
                return Ok(unknown);
            }
        }
    }

    async fn by_content(
        &mut self,
        libraries: &[HeardLibrary],
        mut unknown: HashMap<u64, Vec<Entry>>,
    ) -> Result<(), Failure> {
        let run = self.name_of_segments().await?;
        let mut segment = 0;
        let state = &self.archive.state;
        let ids = libraries.iter().map(|library| library.id);
        let memberships = Memberships::read(state, [&*self.request.spec], ids)?;
        for library in libraries {
            let mut from = Ordinal(0);
            loop {
                let page = self.archive.state.assets(library.id, from, PAGE)?;
                let Some(last) = page.last() else { break };
                from = Ordinal(last.ordinal.0 + 1);
                let (mut placed, mut lines) = (Vec::new(), String::new());
                for known in page {
                    let albums = memberships.of(&self.archive.state, library.id, &known.asset.id)?;
                    if known.presence != Presence::Here
                        || scope(&known.asset, &albums, &library.library, &self.request.spec) != Scope::In
                    {
                        continue;
                    }
                    for placement in self.match_asset(&known.asset, library, &mut unknown).await? {
                        lines.push_str(&line(&placement, known.asset.name.as_deref()));
                        lines.push('\n');
                        placed.push(self.placed(placement));
                    }
                    self.go_on()?;
                }
                if placed.is_empty() {
                    continue;
                }
                self.report.by_content += placed.len() as u64;
                self.report.others -= placed.len() as u64;
                self.tell_manifest(&run, segment, lines).await?;
                segment += 1;
                self.archive.state.record_placed(self.id, placed)?;
            }
        }
        Ok(())
    }

    /// The files of an asset that lie there, each taken out of what is unknown.
    async fn match_asset(
        &self,
        asset: &Asset,
        library: &HeardLibrary,
        unknown: &mut HashMap<u64, Vec<Entry>>,
    ) -> Result<Vec<Placement>, Failure> {
        let placements = self.archive.state.placements(self.id, &library.key, &asset.id)?;
        let mut matched = Vec::new();
        for one in held(asset, &library.key, &self.request.spec.versions, &placements) {
            let Some(resource) = asset.resource(&one.resource) else {
                continue;
            };
            let Some(size) = resource.size else { continue };
            let Some(files) = unknown.get_mut(&size) else { continue };
            if one.by.is_some() || resource.digests.is_empty() {
                continue;
            }
            // The one of that name is the likeliest.
            let name = resource.name.as_deref().or(asset.name.as_deref()).unwrap_or_default();
            files.sort_by_key(|file| !named(file, name));
            let mut found = None;
            for (index, file) in files.iter().enumerate() {
                let wanted = Placement {
                    source: library.key.clone(),
                    asset: asset.id.clone(),
                    resource: resource.id.clone(),
                    role: resource.role,
                    recipe: Recipe::as_is(),
                    version: resource.version.clone(),
                    entry: file.clone(),
                    size,
                    digests: resource.digests.clone(),
                    proof: Proof::Accepted,
                    ownership: Ownership::Adopted,
                };
                match compare(&self.archive.link, &self.candidates, file.clone(), &wanted).await {
                    Ok(There::Same(placement)) => {
                        found = Some((index, placement));
                        break;
                    }
                    Ok(_) => {}
                    // One that can't be read is nobody's.
                    Err(error) if matches!(error.class, ErrorClass::PermissionDenied | ErrorClass::Unsupported) => {}
                    Err(error) => return Err(self.failed(error)),
                }
            }
            if let Some((index, placement)) = found {
                files.remove(index);
                self.request.progress.tell(Event::Placed {
                    path: placement.path().unwrap_or_default().to_owned(),
                    size,
                    how: Arrival::Found,
                });
                matched.push(*placement);
            }
        }
        Ok(matched)
    }
}

fn named(file: &Entry, name: &str) -> bool {
    let path = file.target.path.as_deref().unwrap_or_default();
    path.rsplit('/')
        .next()
        .is_some_and(|file| file.eq_ignore_ascii_case(name))
}

//! What lies at a destination against what the journal says was placed there.
//!
//! The listing is gone through page by page, each entry looked up by its path, and a bit kept for each placement that was seen: memory doesn't grow with the archive but for
//! that bit. What the listing didn't show is asked for by name before it counts as missing.

mod judge;
mod report;
mod seen;

use std::collections::HashMap;
use std::sync::Arc;

use camroll_model::{ConnectorError, Entry, Placement, Problem, Proof, Retry};
use camroll_plan::{Scope, held, is_sidecar, scope, with_sidecar};
use camroll_state::{Catalogued, DestinationId, Presence, Stands, State, StatusScope};
use futures::StreamExt as _;

use crate::albums::Memberships;
use crate::archive::{Archive, OWN, PAGE, heeding};
use crate::context::Mode;
use crate::failure::Failure;
use crate::progress::{Arrival, Event};
use crate::survey::read_digests;
use crate::trouble::is_the_places;
use judge::{Judged, judge};
pub use report::{Depth, Mending, Mismatch, Repair, VerifyReport, VerifyRequest};
use seen::Seen;

struct Verifying<'a> {
    request: &'a VerifyRequest,
    archive: Archive,
    id: DestinationId,
    report: VerifyReport,
    seen: Seen,
    /// What the listing says otherwise than the journal, by the placement's number.
    odd: HashMap<u64, (Judged, Entry)>,
}

/// Verifies a destination of a spec.
pub async fn verify(state: &Arc<State>, request: &VerifyRequest) -> Result<VerifyReport, Failure> {
    let work = async {
        let archive = Archive::open(
            state,
            &request.destination,
            &request.connection,
            &request.stop,
            Mode::Plan,
        )
        .await?;
        let Some(id) = archive.placed_id()? else {
            return Err(Failure::Guard {
                code: "verify/nothing-placed",
                message: format!(
                    "The journal has nothing that was placed at {:?}, so there is nothing to compare. If files of camroll's are there, take them over: `camroll adopt {}`.",
                    archive.name, request.spec.name
                ),
                destination: Some(archive.name.clone()),
            });
        };
        let mut verifying = Verifying {
            report: VerifyReport {
                destination: archive.name.clone(),
                placed: state.placements_at(id)?,
                as_placed: 0,
                read_back: 0,
                bytes_read: 0,
                others: 0,
                mismatches: Vec::new(),
                unread: Vec::new(),
            },
            request,
            archive,
            id,
            seen: Seen::default(),
            odd: HashMap::new(),
        };
        verifying.list().await?;
        verifying.compare().await?;
        state.checkpoint()?;
        Ok(verifying.report)
    };
    heeding(&request.stop, &[&request.connection], work).await
}

impl Verifying<'_> {
    fn failed(&self, error: ConnectorError) -> Failure {
        if self.request.stop.is_asked() {
            return Failure::Interrupted;
        }
        Failure::Destination(self.archive.name.clone(), error)
    }

    async fn list(&mut self) -> Result<(), Failure> {
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
                if entry.folder || own {
                    continue;
                }
                let standing = self.archive.standing(self.id, &entry.target)?;
                if standing.is_empty() {
                    self.report.others += 1;
                }
                for stands in standing {
                    self.seen.add(stands.number);
                    match judge(&entry, &stands.placement) {
                        Judged::Same => {}
                        Judged::Reported if stands.placement.proof >= Proof::ServiceReported => {}
                        other => drop(self.odd.insert(stands.number, (other, entry.clone()))),
                    }
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
            self.go_on()?;
        }
    }

    fn go_on(&self) -> Result<(), Failure> {
        if self.request.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        Ok(())
    }

    async fn compare(&mut self) -> Result<(), Failure> {
        if self.request.depth == Depth::Bytes {
            self.request.progress.tell(Event::Planned {
                files: self.report.placed,
                bytes: 0,
            });
        }
        let mut from = 0;
        loop {
            let page = self.archive.state.standing_page(self.id, from, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.number + 1;
            self.compare_page(page).await?;
            self.go_on()?;
        }
    }

    async fn compare_page(&mut self, page: Vec<Stands>) -> Result<(), Failure> {
        let (mut better, mut wrong, mut to_read) = (Vec::new(), Vec::new(), Vec::new());
        for stands in page {
            let looked = if self.seen.has(stands.number) {
                self.odd.remove(&stands.number)
            } else {
                Some(self.ask(&stands).await?)
            };
            match looked {
                None => to_read.push((stands, None)),
                Some((Judged::Differs(code, why), _)) => wrong.push((stands, code, why)),
                Some((Judged::Reported, entry)) if self.request.depth == Depth::Listing => {
                    let placement = Placement {
                        proof: stands.placement.proof.max(Proof::ServiceReported),
                        entry,
                        ..stands.placement.clone()
                    };
                    better.push((stands, placement));
                }
                Some((Judged::Touched, entry)) => to_read.push((stands, Some(entry))),
                Some((_, _)) => to_read.push((stands, None)),
            }
        }
        self.report.as_placed += better.len() as u64;
        // What is listed as it was placed is read only where every byte shall be; what was touched is read always, since only its bytes tell whether it is another file.
        let deep = self.request.depth == Depth::Bytes;
        let (mut read, mut taken) = (Vec::new(), Vec::new());
        for (stands, touched) in to_read {
            // What was wrong before is well again once it was read, and not because it has its size and its time.
            let was_wrong = self.archive.state.doubt(self.id, stands.number)?.is_some();
            match deep || touched.is_some() || was_wrong {
                true => read.push((stands, touched, was_wrong)),
                false => taken.push(stands),
            }
        }
        self.report.as_placed += taken.len() as u64;
        let transfers = self.request.spec.transfers_at(&self.request.destination);
        let link = &self.archive.link;
        let mut reading = futures::stream::iter(read)
            .map(|(stands, touched, was_wrong)| async move {
                let read = link_read(link, &stands.placement).await;
                (stands, touched, was_wrong, read)
            })
            .buffer_unordered(transfers);
        let mut read_all = Vec::new();
        while let Some(one) = reading.next().await {
            let stands = &one.0;
            self.request.progress.tell(Event::Placed {
                path: shown(&stands.placement),
                size: stands.placement.size,
                how: Arrival::Sent,
            });
            if self.request.stop.is_asked() {
                return Err(Failure::Interrupted);
            }
            read_all.push(one);
        }
        drop(reading);
        for (stands, touched, was_wrong, read) in read_all {
            match read {
                Ok(true) => {
                    self.report.as_placed += 1;
                    self.report.read_back += 1;
                    self.report.bytes_read += stands.placement.size;
                    if stands.placement.proof < Proof::ReadBack || touched.is_some() || was_wrong {
                        let placement = Placement {
                            proof: Proof::ReadBack,
                            entry: touched.unwrap_or_else(|| stands.placement.entry.clone()),
                            ..stands.placement.clone()
                        };
                        better.push((stands, placement));
                    }
                }
                Ok(false) => {
                    let why = "Its bytes were read back, and they aren't the ones that were placed.".to_owned();
                    wrong.push((stands, "verify/other-bytes", why));
                }
                Err(error) if is_the_places(&error) => return Err(self.failed(error)),
                Err(error) => {
                    let message = format!("It couldn't be read: {} ({}).", error.message, error.code);
                    let told = self.mismatch(&stands, "verify/unread", message, Mending::Unknown);
                    self.report.unread.push(told);
                }
            }
        }
        if !better.is_empty() {
            self.archive.record_better(self.id, better)?;
        }
        self.tell_wrong(wrong)
    }

    /// Looks at one that the listing didn't show.
    async fn ask(&self, stands: &Stands) -> Result<(Judged, Entry), Failure> {
        let target = stands.placement.entry.target.clone();
        let there = self
            .archive
            .link
            .call(|there| {
                let target = target.clone();
                async move { there.stat(target).await }
            })
            .await
            .map_err(|error| self.failed(error))?;
        Ok(match there {
            Some(entry) if !entry.folder => (judge(&entry, &stands.placement), entry),
            _ => {
                let why = "It isn't there any more.".to_owned();
                (Judged::Differs("verify/missing", why), stands.placement.entry.clone())
            }
        })
    }

    fn tell_wrong(&mut self, wrong: Vec<(Stands, &'static str, String)>) -> Result<(), Failure> {
        let mut dirty = Vec::new();
        let doubts = wrong
            .iter()
            .map(|(stands, code, _)| (stands.folded.clone(), Some((*code).to_owned())));
        self.archive.state.record_doubts(self.id, doubts.collect())?;
        for (stands, code, why) in wrong {
            let again = self.can_be_sent_again(&stands.placement)?;
            let mending = match (again, self.request.repair) {
                (Again::SourceLacksIt | Again::NobodyTakesIt, _) => Mending::Impossible,
                (Again::Yes, Repair::Tell) => Mending::Possible,
                (Again::Yes, Repair::MakeDirty) => Mending::Planned,
            };
            let missing = code == "verify/missing";
            let next = match (mending, missing) {
                (Mending::Impossible, _) if again == Again::NobodyTakesIt => {
                    "No spec takes it any more, so no sync sends it: widen the filters, or bring it back from another copy."
                }
                (Mending::Impossible, _) => {
                    "The source no longer has it: bring it back from another copy (`camroll restore`, a snapshot, a backup)."
                }
                (Mending::Possible, true) => "`--repair` makes the next sync send it again.",
                (Mending::Possible, false) => {
                    "`--repair` makes the next sync send it again, beside this one, which stays as it is."
                }
                (_, true) => "The next sync sends it again.",
                (_, false) => {
                    "The next sync sends it again under a name of its own; this one stays as it is, since somebody may have changed it on purpose. Take it away if nobody wants it."
                }
            };
            let told = self.mismatch(&stands, code, format!("{why} {next}"), mending);
            if mending == Mending::Planned {
                let problem = Problem {
                    asset: Some(told.asset.clone()),
                    name: None,
                    resource: Some(told.role.to_owned()),
                    destination: Some(self.archive.name.clone()),
                    code: told.code.clone(),
                    message: format!("{}: {}", told.path, told.message),
                    retry: Retry::NextRun,
                };
                dirty.push((stands, problem));
            }
            self.report.mismatches.push(told);
        }
        if !dirty.is_empty() {
            self.archive.make_dirty(self.id, &dirty, crate::clock::now())?;
        }
        Ok(())
    }

    /// Whether a sync would bring it: the source has the asset and a spec takes it, or will be listed anew.
    fn can_be_sent_again(&self, placement: &Placement) -> Result<Again, Failure> {
        let state = &self.archive.state;
        let source = state.source(&placement.source)?;
        let has_it = match state.asset(source, &placement.asset)? {
            Some(known) if known.presence == Presence::Here && has_it(&known.asset, placement) => {
                return Ok(match self.is_taken(&known, placement)? {
                    true => Again::Yes,
                    false => Again::NobodyTakesIt,
                });
            }
            Some(_) => false,
            None => state.cursor(source)?.is_none(),
        };
        Ok(if has_it { Again::Yes } else { Again::SourceLacksIt })
    }

    /// Whether this spec takes the file as it is written now, or another one that writes there did when it looked last. What nobody takes is kept, and would be forgotten without being sent.
    fn is_taken(&self, known: &Catalogued, placement: &Placement) -> Result<bool, Failure> {
        let state = &self.archive.state;
        let (spec, key) = (&self.request.spec, &placement.source);
        let library = state
            .libraries(&key.connector, &key.account)?
            .into_iter()
            .find(|library| library.id.as_str() == key.library);
        let Some(library) = library else { return Ok(true) };
        let asset = with_sidecar(&known.asset, spec, &self.archive.features);
        let has_role = |resource| {
            let resource = asset.resource(resource);
            resource.is_some_and(|resource| resource.role == placement.role)
        };
        let wanted = held(&asset, key, &spec.versions, &[]);
        // Rare enough to be read each time: it is asked of what isn't as it was placed.
        let albums = Memberships::read(state, [&**spec], [known.source])?.of(state, known.source, &known.asset.id)?;
        if scope(&known.asset, &albums, &library, spec) == Scope::In && wanted.iter().any(|one| has_role(&one.resource))
        {
            return Ok(true);
        }
        for lane in state.lanes_at(&self.archive.key)? {
            if lane.spec() != spec.name.as_str()
                && let Some(status) = lane.status(known.source, &known.asset.id)?
                && status.scope == StatusScope::In
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn mismatch(&self, stands: &Stands, code: &str, message: String, mending: Mending) -> Mismatch {
        Mismatch {
            code: code.to_owned(),
            path: shown(&stands.placement),
            asset: stands.placement.asset.to_string(),
            role: stands.placement.role.name(),
            message,
            mending,
        }
    }
}

/// Whether a sync would bring a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    SourceLacksIt,
    NobodyTakesIt,
}

/// Whether the asset still has these very bytes: an older edit, or an original that changed, is the source's no longer.
fn has_it(asset: &camroll_model::Asset, placement: &Placement) -> bool {
    // A sidecar is made of what the source tells, and never the source's.
    is_sidecar(&placement.resource)
        || asset.resources.iter().any(|resource| {
            resource.available
                && resource.role == placement.role
                && (resource.version == placement.version
                    || resource.digests.iter().any(|digest| placement.digests.contains(digest)))
        })
}

/// Whether what is there is what was placed; read again where the network broke off.
async fn link_read(link: &crate::link::Link, placement: &Placement) -> Result<bool, ConnectorError> {
    link.call(|_| async { read_digests(link, &placement.entry.target, &placement.digests).await })
        .await
        .map(|read| read.is_some())
}

fn shown(placement: &Placement) -> String {
    placement
        .path()
        .or(placement.entry.target.id.as_deref())
        .unwrap_or_default()
        .to_owned()
}

//! `.camroll/manifest` at a destination: what is there and where it comes from, in lines of JSON, so that an archive explains itself without this machine.

use bytes::Bytes;
use camroll_model::{Asset, Placement};
use camroll_state::{DestinationId, State};
use serde_json::json;

use crate::context::{Context, Mode};
use crate::failure::Failure;
use crate::identity::write_file;
use crate::manifest_reader::name_behind_all;
use crate::transfer::Place;

/// Placements in a segment.
const SEGMENT: usize = 1000;

/// Collects what was placed in a run, and writes it there a segment at a time.
pub(crate) struct ManifestWriter {
    lines: Vec<u8>,
    count: usize,
    segment: u32,
    /// What its segments are named by: the run's id, or what sorts behind all that is there.
    name: String,
    marker: String,
    active: bool,
    /// A run before this one may not have told all that it placed.
    owes_earlier: bool,
}

/// The memo that says whether lines are owed to a destination's manifest. It is lost with the index: then they may be.
pub(crate) fn open_manifest(destination: DestinationId) -> String {
    format!("manifest-open/{}", destination.0)
}

/// A placement as the manifest has it.
pub(crate) fn line(placement: &Placement, name: Option<&str>) -> String {
    placed(placement, name).to_string()
}

fn placed(placement: &Placement, name: Option<&str>) -> serde_json::Value {
    let digests: serde_json::Map<String, serde_json::Value> = placement
        .digests
        .iter()
        .map(|digest| (digest.algorithm.name().to_owned(), digest.hex().into()))
        .collect();
    json!({
        "path": placement.path(), "role": placement.role.name(), "recipe": placement.recipe.0, "size": placement.size, "digests": digests,
        "connector": placement.source.connector, "account": placement.source.account, "library": placement.source.library,
        "asset": placement.asset.as_str(), "resource": placement.resource.as_str(), "version": placement.version, "name": name,
        "taken": placement.entry.modified.map(|time| time.seconds),
    })
}

/// The word that a file isn't there any more, by an act of ours.
fn removed_line(placement: &Placement, name: Option<&str>) -> String {
    let mut line = placed(placement, name);
    line["removed"] = true.into();
    line.to_string()
}

/// Whether a destination's manifest is known to have all that is placed there.
fn is_closed(state: &State, marker: &str) -> Result<bool, Failure> {
    Ok(state.memo(marker)?.is_some_and(|memo| memo == "closed"))
}

impl ManifestWriter {
    /// Begins. What a crash kept from being written is written at its end, from the journal's placements.
    pub(crate) fn new(context: &Context, place: &Place) -> Result<Self, Failure> {
        let marker = open_manifest(place.id);
        let active = place.rules.is_some() && context.mode == Mode::Sync;
        let owes_earlier = active && !is_closed(&context.state, &marker)? && context.state.placements_at(place.id)? > 0;
        Ok(Self {
            lines: Vec::new(),
            count: 0,
            segment: 0,
            name: context.run.clone(),
            owes_earlier,
            marker,
            active,
        })
    }

    fn push(&mut self, line: &str) {
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.push(b'\n');
        self.count += 1;
    }

    pub(crate) fn add(&mut self, placement: &Placement, asset: &Asset) {
        if self.active {
            self.push(&line(placement, asset.name.as_deref()));
        }
    }

    pub(crate) fn remove(&mut self, placement: &Placement, asset: &Asset) {
        if self.active {
            self.push(&removed_line(placement, asset.name.as_deref()));
        }
    }

    /// Says durably that lines are owed, before the first file is published.
    pub(crate) fn open(&self, context: &Context) -> Result<(), Failure> {
        if self.active && context.state.memo(&self.marker)?.is_none_or(|open| open != "open") {
            context.state.set_memo(&self.marker, "open")?;
            // The index keeps what it is told in memory for a while, and the journal's placements are durable at once.
            context.state.checkpoint()?;
        }
        Ok(())
    }

    pub(crate) async fn flush_full(&mut self, place: &Place) -> Result<(), Failure> {
        if self.count >= SEGMENT {
            self.flush(place).await
        } else {
            Ok(())
        }
    }

    pub(crate) async fn flush(&mut self, place: &Place) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        if self.segment == 0 {
            self.name = name_behind_all(&place.link, &self.name)
                .await
                .map_err(|error| Failure::Destination(place.name.clone(), error))?;
        }
        let path = format!(".camroll/manifest/{}-{:04}.ndjson", self.name, self.segment);
        let content = Bytes::from(std::mem::take(&mut self.lines));
        let written = write_file(place.link.connection(), &path, "application/x-ndjson", content.clone()).await;
        if let Err(error) = written {
            self.lines = content.to_vec();
            return Err(Failure::Destination(place.name.clone(), error));
        }
        self.count = 0;
        self.segment += 1;
        Ok(())
    }

    pub(crate) async fn finish(&mut self, context: &Context, place: &Place) -> Result<(), Failure> {
        if !self.active {
            return Ok(());
        }
        self.flush(place).await?;
        if self.owes_earlier {
            // It may take a while: who is to stop leaves it to the next run.
            if context.stop.is_asked() {
                return Ok(());
            }
            self.write_earlier(context, place).await?;
            self.owes_earlier = false;
        }
        if !is_closed(&context.state, &self.marker)? {
            context.state.set_memo(&self.marker, "closed")?;
        }
        Ok(())
    }

    /// Tells all that is placed, in segments like any others: one of a whole library would be larger than what is read of one. Last, so that it is the newest word on each path.
    async fn write_earlier(&mut self, context: &Context, place: &Place) -> Result<(), Failure> {
        let mut from = 0;
        loop {
            let page = context.state.all_placements(place.id, from, SEGMENT)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = last + 1;
            for (_, placement) in &page {
                let source = context.state.source(&placement.source)?;
                let known = context.state.asset(source, &placement.asset)?;
                let name = known.and_then(|known| known.asset.name);
                self.push(&line(placement, name.as_deref()));
            }
            self.flush(place).await?;
        }
    }
}

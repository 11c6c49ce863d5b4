//! `.camroll/manifest` at a destination: what is there and where it comes from, in lines of JSON, so that an archive explains itself without this machine.

use bytes::Bytes;
use camroll_model::{Asset, Placement};
use camroll_state::DestinationId;
use serde_json::json;

use crate::context::{Context, Mode};
use crate::failure::Failure;
use crate::identity::write_file;
use crate::transfer::Place;

/// Placements in a segment.
const SEGMENT: usize = 1000;

/// Collects what was placed in a run, and writes it there a segment at a time.
pub(crate) struct ManifestWriter {
    lines: Vec<u8>,
    count: usize,
    segment: u32,
    run: String,
    marker: String,
    active: bool,
}

/// The memo that says whether lines are owed to a destination's manifest.
pub(crate) fn open_manifest(destination: DestinationId) -> String {
    format!("manifest-open/{}", destination.0)
}

/// A placement as the manifest has it.
pub(crate) fn line(placement: &Placement, name: Option<&str>) -> String {
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
    .to_string()
}

impl ManifestWriter {
    /// Begins. What a crash kept from being written is written first, from the journal's placements.
    pub(crate) fn new(context: &Context, place: &Place) -> Result<Self, Failure> {
        let marker = open_manifest(place.id);
        let mut writer = Self {
            lines: Vec::new(),
            count: 0,
            segment: 0,
            run: context.run.clone(),
            marker,
            active: place.rules.is_some(),
        };
        if context.mode == Mode::Plan {
            writer.active = false;
        }
        if writer.active && context.state.memo(&writer.marker)?.is_some_and(|open| open == "open") {
            let mut from = 0;
            loop {
                let page = context.state.all_placements(place.id, from, SEGMENT)?;
                let Some((last, _)) = page.last() else { break };
                from = last + 1;
                for (_, placement) in &page {
                    writer.push(&line(placement, None));
                }
            }
        }
        Ok(writer)
    }

    /// Begins once more in a run whose writer finished: under names of its own, which sort behind those.
    pub(crate) fn after(context: &Context, place: &Place) -> Result<Self, Failure> {
        let mut writer = Self::new(context, place)?;
        writer.run.push_str("-moved");
        Ok(writer)
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

    /// Says durably that lines are owed, before the first file is published.
    pub(crate) fn open(&self, context: &Context) -> Result<(), Failure> {
        if self.active && context.state.memo(&self.marker)?.is_none_or(|open| open != "open") {
            context.state.set_memo(&self.marker, "open")?;
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

    async fn flush(&mut self, place: &Place) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        let path = format!(".camroll/manifest/{}-{:04}.ndjson", self.run, self.segment);
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
        if context.state.memo(&self.marker)?.is_some_and(|open| open == "open") {
            context.state.set_memo(&self.marker, "closed")?;
        }
        Ok(())
    }
}

//! `.camroll/albums` at a destination of files: every album with the paths of what is in it, in lines of JSON. The files of the newest run say all; older ones are taken away where that can be.

use bytes::Bytes;
use camroll_host::Disposal;
use camroll_model::ConnectorError;
use camroll_state::{AlbumPlace, AlbumThere, SourceId};
use serde_json::json;

use super::wanted::Change;
use crate::context::Context;
use crate::failure::Failure;
use crate::identity::write_file;
use crate::survey::stat;
use crate::transfer::Place;

/// Bytes of a file after which another one begins.
const SEGMENT: usize = 1 << 20;
/// Paths in a line; an album of more has several.
const LINE: usize = 1000;

/// The lists of a destination.
#[derive(Default)]
pub(super) struct Lists {
    changed: bool,
}

impl Lists {
    /// Records what an album holds; written all together.
    pub(super) fn keep(
        &mut self,
        context: &Context,
        at: &AlbumPlace,
        name: String,
        change: &Change,
    ) -> Result<(), Failure> {
        context.state.set_album_there(at, &AlbumThere { id: None, name })?;
        context.state.record_members(at, &change.put, &change.taken_out)?;
        context.state.set_memo(&owed(at), "yes")?;
        self.changed = true;
        Ok(())
    }

    /// Writes what was recorded, if that isn't what was written last.
    pub(super) async fn write(&self, context: &Context, place: &Place) -> Result<(), Failure> {
        let owed = owed_at(place.id.0);
        if !self.changed && context.state.memo(&owed)?.as_deref() != Some("yes") {
            return Ok(());
        }
        let run = &context.run;
        let mut segment = 0u32;
        let mut lines = String::new();
        for (at, there) in context.state.album_places(place.id)? {
            let source = source_of(context, at.source)?;
            let members = context.state.members_there(&at)?;
            for chunk in members.chunks(LINE) {
                let files: Vec<&str> = chunk
                    .iter()
                    .filter_map(|member| member.target.path.as_deref())
                    .collect();
                lines.push_str(
                    &json!({"album": there.name, "id": at.album, "library": source, "files": files}).to_string(),
                );
                lines.push('\n');
            }
            if lines.len() >= SEGMENT {
                put(place, run, segment, std::mem::take(&mut lines)).await?;
                segment += 1;
            }
        }
        if !lines.is_empty() || segment == 0 {
            put(place, run, segment, lines).await?;
            segment += 1;
        }
        let written = format!("album-lists/{}", place.id.0);
        let before = context.state.memo(&written)?;
        context.state.set_memo(&written, &format!("{run} {segment}"))?;
        context.state.set_memo(&owed, "no")?;
        if let Some(before) = before
            && let Err(error) = take_away(place, &before, run).await
        {
            tracing::info!(code = error.code, "older lists of albums stay: {}", error.message);
        }
        Ok(())
    }
}

fn owed(at: &AlbumPlace) -> String {
    owed_at(at.destination.0)
}

fn owed_at(destination: u32) -> String {
    format!("album-lists-owed/{destination}")
}

fn source_of(context: &Context, id: SourceId) -> Result<String, Failure> {
    if let Some(library) = context.library(id) {
        return Ok(library.library.name.clone());
    }
    let all = context.state.sources()?;
    let found = all.into_iter().find(|(_, known)| *known == id);
    Ok(found.map(|(key, _)| key.library).unwrap_or_default())
}

fn path(run: &str, segment: u32) -> String {
    format!(".camroll/albums/{run}-{segment:04}.ndjson")
}

async fn put(place: &Place, run: &str, segment: u32, lines: String) -> Result<(), Failure> {
    let there = place.link.connection();
    write_file(there, &path(run, segment), "application/x-ndjson", Bytes::from(lines))
        .await
        .map_err(|error| Failure::Destination(place.name.clone(), error))
}

/// Takes away the lists of a run before this one. Nothing of a person's is touched: their names are ours.
async fn take_away(place: &Place, before: &str, run: &str) -> Result<(), ConnectorError> {
    let Some((old, segments)) = before.split_once(' ') else {
        return Ok(());
    };
    if old == run || place.features.has_trait("immutable") {
        return Ok(());
    }
    for segment in 0..segments.parse::<u32>().unwrap_or(0) {
        if let Some(entry) = stat(&place.link, &path(old, segment)).await? {
            place.link.connection().remove(entry, Disposal::Delete).await?;
        }
    }
    Ok(())
}

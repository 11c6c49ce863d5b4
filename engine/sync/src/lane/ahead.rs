//! Looks at what lies where a batch's new files will probably be, many at a time: asked one after the other, a thousand files at a service that answers in 40 ms took as long as a thousand answers.

use std::collections::HashMap;

use camroll_host::Reach;
use camroll_model::{Action, Entry};
use camroll_plan::plan_asset;
use camroll_state::Catalogued;
use futures::stream::StreamExt as _;

use super::staging::Staging;
use super::{LaneRun, LaneShelf, presence};
use crate::failure::Failure;
use crate::survey::stat;

/// Questions under way.
const REQUESTS: usize = 16;
/// The same where each takes a connection of its own: servers count those, and a handshake costs more than an answer.
const CONNECTIONS: usize = 4;

/// What was seen, by path. It holds for one batch: what is there may change, and a file is never put over another whatever was seen.
pub(super) type Seen = HashMap<String, Option<Entry>>;

impl LaneRun {
    /// Plans the batch once without keeping anything of it, and asks for the paths that came out. Those that come out otherwise later are asked for then.
    pub(super) async fn look_ahead(&self, batch: &[Catalogued], staging: &Staging) -> Result<Seen, Failure> {
        let at_a_time = match self.place.link.connection().reach() {
            Reach::Nowhere => return Ok(Seen::new()),
            Reach::Requests => REQUESTS,
            Reach::Connections => CONNECTIONS,
        };
        if batch.len() < 2 || self.features.names.is_none() {
            return Ok(Seen::new());
        }
        let mut paths = Vec::new();
        for entry in batch {
            let Some(library) = self.context.library(entry.source) else {
                continue;
            };
            let wish = self.wish(library);
            let placements = self
                .context
                .state
                .placements(self.place.id, &library.key, &entry.asset.id)?;
            let shelf = LaneShelf {
                run: self,
                reserved: &staging.reserved,
            };
            let presence = presence(entry.presence);
            let asset = self.as_wished(&entry.asset);
            let albums = self.memberships.of(&self.context.state, library.id, &asset.id)?;
            let plan = plan_asset(presence, &asset, &albums, &library.key, &wish, &placements, &shelf);
            paths.extend(plan.actions.into_iter().filter_map(|action| match action {
                Action::Put { file, .. } => Some(file.path),
                Action::Replace { placed, .. } => placed.path().map(str::to_owned),
                Action::Remove { .. } => None,
            }));
        }
        Ok(futures::stream::iter(paths)
            .map(|path| async move { (stat(&self.place.link, &path).await, path) })
            .buffer_unordered(at_a_time)
            // What couldn't be looked at is looked at once more in its turn, and told there.
            .filter_map(|(there, path)| std::future::ready(there.ok().map(|there| (path, there))))
            .collect()
            .await)
    }
}

//! Files that lie elsewhere than a changed layout says: counted and told by a plan, moved by a sync that was given that plan.

use std::collections::HashMap;

use camroll_model::{Asset, ConnectorError, ErrorClass, Ownership, Placement, Retry, Target};
use camroll_plan::{Holder, fold, relayout};
use camroll_state::{Intent, Moved, Ordinal, Placed};
use sha2::{Digest as _, Sha256};

use super::{LaneReport, LaneRun, LaneShelf, PLAN_BATCH, presence};
use crate::context::{Mode, Relayout};
use crate::failure::Failure;
use crate::manifest::ManifestWriter;
use crate::preview::PreviewAction;
use crate::recover::moved_there;
use crate::stop::StopRequest;

impl LaneRun {
    /// Goes through all that is placed, in the catalogue's order, so that a plan and the sync that is given it see the same moves.
    pub(super) async fn relayout(&self, report: &mut LaneReport) -> Result<(), Failure> {
        let approved = self.approved.as_ref().filter(|approved| approved.has_moves());
        if self.context.mode == Mode::Sync && approved.is_none() {
            return Ok(());
        }
        let mut manifest = match self.context.mode {
            Mode::Sync => Some(ManifestWriter::new(&self.context, &self.place)?),
            Mode::Plan => None,
        };
        let mut reserved = HashMap::new();
        'all: for library in &self.context.libraries {
            let wish = self.wish(library);
            let mut from = Ordinal(0);
            loop {
                let assets = self.context.state.assets(library.id, from, PLAN_BATCH)?;
                let Some(last) = assets.last() else { break };
                from = Ordinal(last.ordinal.0 + 1);
                for entry in assets {
                    if self.context.stop.asked() != StopRequest::None {
                        break 'all;
                    }
                    let asset = &*self.as_wished(&entry.asset);
                    let placements = self.context.state.placements(self.place.id, &library.key, &asset.id)?;
                    let shelf = LaneShelf {
                        run: self,
                        reserved: &reserved,
                    };
                    let albums = self.memberships.of(&self.context.state, library.id, &asset.id)?;
                    let moves = relayout(
                        presence(entry.presence),
                        asset,
                        &albums,
                        &library.key,
                        &wish,
                        &placements,
                        &shelf,
                    );
                    for one in moves {
                        let Some(placement) = placements.get(one.placement) else {
                            continue;
                        };
                        let told = PreviewAction::moved(placement, asset, &one.path);
                        let Some(rules) = &self.features.names else { continue };
                        let holder = Holder::Asset {
                            source: library.key.clone(),
                            asset: asset.id.clone(),
                        };
                        reserved.insert(fold(&one.path, rules), Some(holder));
                        report.preview.elsewhere += 1;
                        match (&mut manifest, approved) {
                            (Some(manifest), Some(approved)) if approved.names_told(&told) => {
                                self.carry_out(asset, placement, &one.path, report, manifest).await?;
                            }
                            (None, _) if self.context.relayout == Relayout::List => report.preview.actions.push(told),
                            _ => {}
                        }
                    }
                }
            }
        }
        if let Some(mut manifest) = manifest {
            manifest.finish(&self.context, &self.place).await?;
        }
        match self.context.stop.is_asked() {
            true => Err(Failure::Interrupted),
            false => Ok(()),
        }
    }

    async fn carry_out(
        &self,
        asset: &Asset,
        placed: &Placement,
        path: &str,
        report: &mut LaneReport,
        manifest: &mut ManifestWriter,
    ) -> Result<(), Failure> {
        let mut intended = placed.clone();
        intended.entry.target = Target::at(path);
        let intent = Intent {
            destination: self.place.id,
            key: key(placed, path),
            placement: Box::new(intended),
            replaces: Some(placed.entry.clone()),
            held: None,
        };
        manifest.open(&self.context)?;
        self.context.state.intend(intent.clone())?;
        let renamed = self
            .place
            .link
            .connection()
            .rename(placed.entry.clone(), path.to_owned())
            .await;
        let moved = match renamed {
            Ok(entry) => Ok(Placement {
                entry,
                ..placed.clone()
            }),
            // An answer that was lost isn't a rename that wasn't done.
            Err(error) => match moved_there(&self.place, &intent, whose(&error, placed)).await {
                Ok(Some(moved)) => Ok(moved),
                Ok(None) => Err(error),
                // Not known: the intent stays, and the next run looks.
                Err(_) => return self.not_moved(asset, placed, error, report),
            },
        };
        match moved {
            Ok(moved) => {
                self.context.state.record_moved(
                    self.place.id,
                    Moved {
                        from: self.place.folded(placed),
                        to: Placed {
                            intent: Some(intent.key),
                            folded: self.place.folded(&moved),
                            placement: moved.clone(),
                        },
                        at: crate::clock::now().into(),
                    },
                )?;
                report.renamed += 1;
                manifest.add(&moved, asset);
                manifest.flush_full(&self.place).await
            }
            Err(error) => {
                self.context.state.drop_intents(self.place.id, &[intent.key])?;
                self.not_moved(asset, placed, error, report)
            }
        }
    }

    /// It is where it was, and safe there: what one file can't do is told, what the whole destination can't do ends the moving.
    fn not_moved(
        &self,
        asset: &Asset,
        placed: &Placement,
        error: ConnectorError,
        report: &mut LaneReport,
    ) -> Result<(), Failure> {
        if matches!(
            error.class,
            ErrorClass::Unsupported | ErrorClass::Unauthenticated | ErrorClass::Cancelled
        ) {
            return Err(Failure::Destination(self.place.name.clone(), error));
        }
        report
            .problems
            .push(self.problem(asset, Some(placed.role), &error, Retry::Person));
        report.not_done += 1;
        Ok(())
    }
}

/// Whose a file is that has the new name although the rename failed: one that refused to rename over it has brought nothing there.
fn whose(error: &ConnectorError, placed: &Placement) -> Ownership {
    match error.class {
        ErrorClass::Conflict => Ownership::Found,
        _ => placed.ownership,
    }
}

/// The same for the same move.
fn key(placed: &Placement, path: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [placed.path().unwrap_or_default(), path, &placed.version] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    format!("move-{}", hex::encode(&hasher.finalize()[..16]))
}

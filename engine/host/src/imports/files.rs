//! `files`: hands each call to the blocking threads, where `crate::files` does it.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use camroll_model::{ConnectorError, ErrorClass};
use tokio::sync::mpsc::channel;
use wasmtime::component::Resource;

use super::{Failure, Inside, blocking};
use crate::bindings::camroll::connector::{files, types};
use crate::bodies::{Body, Open, Piece, moving};
use crate::convert;
use crate::files::{Draft, FileFacts, Folder, Kind, Publication, Reach, set_modified, write_parts};

/// Blocks that wait for the writing thread.
const QUEUED: usize = 2;
/// Most entries of a folder that are told at once, and most drafts that are published at once.
const AT_ONCE: u32 = 1000;

impl Inside {
    fn folder(&self) -> Result<Arc<Folder>, ConnectorError> {
        self.shared.folder.clone().ok_or_else(|| {
            ConnectorError::new(
                ErrorClass::PermissionDenied,
                "host/no-folder-granted",
                "The connector's manifest names no folder, so it has none. It would have to say \"folder\" there.",
            )
        })
    }

    /// Does something with the folder on a blocking thread.
    async fn in_folder<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Arc<Folder>, Reach) -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let (folder, reach) = (self.folder()?, self.call.reach);
        self.ours(blocking(move || work(&folder, reach))).await
    }
}

impl files::HostDraft for Inside {
    async fn write(&mut self, draft: Resource<Draft>, bytes: Vec<u8>) -> Result<(), Failure> {
        let draft = self.table.get(&draft)?;
        let (file, name) = (draft.file(), draft.name().to_owned());
        Ok(self
            .ours(blocking(move || write_parts(&file, &name, &[Bytes::from(bytes)])))
            .await?)
    }

    async fn write_body(&mut self, draft: Resource<Draft>, body: Resource<Body>) -> Result<(), Failure> {
        let open = self.table.get(&body)?.open();
        let draft = self.table.get(&draft)?;
        let (file, name) = (draft.file(), draft.name().to_owned());
        let limit = self.shared.limits.no_progress;
        Ok(self
            .ours(async move {
                let mut open = open.lock().await;
                write_all(file, name, &mut open, limit).await
            })
            .await?)
    }

    async fn set_modified(&mut self, draft: Resource<Draft>, time: types::Instant) -> Result<(), Failure> {
        let draft = self.table.get(&draft)?;
        let (file, name, time) = (draft.file(), draft.name().to_owned(), convert::instant(time)?);
        Ok(self.ours(blocking(move || set_modified(&file, &name, time))).await?)
    }

    async fn drop(&mut self, draft: Resource<Draft>) -> wasmtime::Result<()> {
        self.table.delete(draft)?;
        Ok(())
    }
}

/// Writes what is left of a body: in one go while it is a single piece, else on a thread of its own beside reading.
async fn write_all(
    file: Arc<File>,
    name: String,
    body: &mut Open,
    limit: std::time::Duration,
) -> Result<(), ConnectorError> {
    let Some(first) = moving(limit, body.next()).await? else {
        return Ok(());
    };
    let Some(second) = moving(limit, body.next()).await? else {
        return blocking(move || write_parts(&file, &name, first.parts())).await;
    };
    let (into, mut pieces) = channel::<Piece>(QUEUED);
    let writing = blocking(move || {
        for piece in [first, second] {
            write_parts(&file, &name, piece.parts())?;
        }
        while let Some(piece) = pieces.blocking_recv() {
            write_parts(&file, &name, piece.parts())?;
        }
        Ok(())
    });
    let reading = async {
        while let Some(piece) = moving(limit, body.next()).await? {
            // The writer's error is told by `writing`.
            if into.send(piece).await.is_err() {
                break;
            }
        }
        drop(into);
        Ok(())
    };
    tokio::try_join!(reading, writing).map(|_| ())
}

impl files::Host for Inside {
    async fn create(&mut self, name: String) -> Result<Resource<Draft>, Failure> {
        let draft = self
            .in_folder(move |folder, reach| folder.create_draft(&name, reach))
            .await?;
        Ok(self.table.push(draft)?)
    }

    async fn publish(
        &mut self,
        items: Vec<files::Publication>,
    ) -> wasmtime::Result<Vec<Result<files::FileInfo, types::Error>>> {
        let asked = items.len();
        if asked > AT_ONCE as usize {
            return Ok(vec![Err(convert::error_out(too_many())); asked]);
        }
        let items: Vec<Publication> = items
            .into_iter()
            .map(|item| Publication {
                draft: item.draft,
                path: item.path,
                replaces: item.replaces,
            })
            .collect();
        let published = self.in_folder(move |folder, _| Ok(folder.publish(&items))).await;
        Ok(match published {
            Ok(published) => published
                .into_iter()
                .map(|each| each.map(info_out).map_err(convert::error_out))
                .collect(),
            Err(error) => vec![Err(convert::error_out(error)); asked],
        })
    }

    async fn discard(&mut self, drafts: Vec<String>) -> wasmtime::Result<()> {
        if let Err(error) = self.in_folder(move |folder, _| folder.discard(&drafts)).await {
            // The interface has no error for it: what stays is found again by its name.
            tracing::warn!(
                connection = self.shared.name,
                code = error.code,
                "drafts could not be discarded: {}",
                error.message
            );
        }
        Ok(())
    }

    async fn read_folder(
        &mut self,
        path: String,
        after: Option<String>,
        max: u32,
    ) -> Result<Vec<files::FileInfo>, Failure> {
        let max = max.min(AT_ONCE) as usize;
        let entries = self
            .in_folder(move |folder, reach| folder.read(&path, after.as_deref(), max, reach))
            .await?;
        Ok(entries.into_iter().map(info_out).collect())
    }

    async fn stat(&mut self, path: String) -> Result<Option<files::FileInfo>, Failure> {
        Ok(self
            .in_folder(move |folder, reach| folder.stat(&path, reach))
            .await?
            .map(info_out))
    }

    async fn open(&mut self, path: String, expected: Option<String>) -> Result<Resource<Body>, Failure> {
        let reader = self
            .in_folder(move |folder, reach| folder.open_file(&path, expected.as_deref(), reach))
            .await?;
        Ok(self.table.push(Body::of_file(reader))?)
    }

    async fn rename(&mut self, from: String, to: String, expected: Option<String>) -> Result<files::FileInfo, Failure> {
        Ok(info_out(
            self.in_folder(move |folder, reach| folder.rename(&from, &to, expected.as_deref(), reach))
                .await?,
        ))
    }

    async fn remove(&mut self, path: String, expected: Option<String>) -> Result<(), Failure> {
        Ok(self
            .in_folder(move |folder, reach| folder.remove(&path, expected.as_deref(), reach))
            .await?)
    }

    async fn volume(&mut self) -> Result<files::VolumeFacts, Failure> {
        let facts = self.in_folder(|folder, _| folder.volume()).await?;
        Ok(files::VolumeFacts {
            free: Some(facts.free),
            total: Some(facts.total),
            names: convert::name_rules_out(facts.names),
            max_size: facts.max_size,
            attributes: Vec::new(),
        })
    }
}

fn info_out(facts: FileFacts) -> files::FileInfo {
    files::FileInfo {
        path: facts.path,
        id: facts.id,
        kind: match facts.kind {
            Kind::File => files::FileKind::File,
            Kind::Folder => files::FileKind::Folder,
            Kind::Other => files::FileKind::Other,
        },
        size: facts.size,
        modified: convert::instant_out(facts.modified),
        version: facts.version,
    }
}

fn too_many() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unsupported,
        "host/too-many",
        format!("At most {AT_ONCE} drafts are published at once."),
    )
}

use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass, LimitUnit, NameRules, UnicodeForm};
use wasmtime::component::Resource;

use crate::bindings::camroll::connector::files as wit;
use crate::bindings::camroll::connector::types::{Error, Instant};
use crate::bodies::Body;
use crate::convert::{error_out, instant_in, instant_out, rules_out};
use crate::files::{
    Draft, FileFacts, FileKind, Folder, OpenFile, Publication, RelativePath, Version, discard, publish, remove, rename,
};
use crate::imports::Guest;

fn info(facts: FileFacts) -> wit::FileInfo {
    wit::FileInfo {
        path: facts.path,
        id: facts.id,
        kind: match facts.kind {
            FileKind::File => wit::FileKind::File,
            FileKind::Folder => wit::FileKind::Folder,
            FileKind::Other => wit::FileKind::Other,
        },
        size: facts.size,
        modified: instant_out(facts.modified),
        version: facts.version.0,
    }
}

/// Where there is no folder in the settings, there are no files.
fn no_folder() -> ConnectorError {
    ConnectorError::new(
        ErrorClass::PermissionDenied,
        "files/not-granted",
        "The connector's manifest names no folder.",
    )
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnectorError> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| {
            Err(ConnectorError::new(
                ErrorClass::Unexpected,
                "host/panic",
                panic.to_string(),
            ))
        })
        .map_err(error_out)
}

impl Guest {
    fn folder(&self) -> Result<Folder, Error> {
        self.shared.folder.clone().ok_or_else(|| error_out(no_folder()))
    }
}

/// What names can be on the file systems of Linux; those of Windows and cameras are told by their magic numbers (statfs(2)), and so are those behind which there may be any (NFS, FUSE): there names that
/// differ in letters' case or composition count as one, which costs a suffix and never a file.
fn name_rules(folder: &Folder) -> NameRules {
    const WINDOWS: [i64; 6] = [0x4d44, 0x2011_bab0, 0x5346_544e, 0x7366_746e, 0xff53_4d42, 0xfe53_4d42];
    const ANY: [i64; 2] = [0x6969, 0x6573_5546];
    let magic = rustix::fs::fstatfs(folder.root()).map_or(0, |facts| facts.f_type & 0xffff_ffff);
    let windows = WINDOWS.contains(&magic);
    let folds = windows || ANY.contains(&magic) || cfg!(target_os = "macos");
    NameRules {
        forbidden: if windows { "/\\:*?\"<>|" } else { "/" }.to_owned(),
        forbidden_first: String::new(),
        forbidden_last: if windows { ". " } else { "" }.to_owned(),
        reserved: if windows {
            ["CON", "PRN", "AUX", "NUL", "COM1", "LPT1"].map(str::to_owned).to_vec()
        } else {
            Vec::new()
        },
        case_sensitive: !folds,
        unicode: if folds && !windows {
            UnicodeForm::Nfc
        } else {
            UnicodeForm::Keep
        },
        name_limit: 255,
        path_limit: 4096,
        limits_in: if windows { LimitUnit::Utf16 } else { LimitUnit::Bytes },
        duplicates: false,
    }
}

impl wit::Host for Guest {
    async fn create(&mut self, name: String) -> wasmtime::Result<Result<Resource<Draft>, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match blocking(move || Draft::create(&folder, &name)).await {
            Ok(draft) => Ok(self.table.push(draft)?),
            Err(error) => Err(error),
        })
    }

    async fn publish(&mut self, items: Vec<wit::Publication>) -> wasmtime::Result<Vec<Result<wit::FileInfo, Error>>> {
        let count = items.len();
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(vec![Err(error); count]),
        };
        let items: Vec<_> = items
            .into_iter()
            .map(|item| Publication {
                draft: item.draft,
                path: item.path,
                replaces: item.replaces.map(Version),
            })
            .collect();
        Ok(match blocking(move || Ok(publish(&folder, &items))).await {
            Ok(results) => results
                .into_iter()
                .map(|result| result.map(info).map_err(error_out))
                .collect(),
            Err(error) => vec![Err(error); count],
        })
    }

    async fn discard(&mut self, drafts: Vec<String>) -> wasmtime::Result<()> {
        if let Ok(folder) = self.folder() {
            let _ = blocking(move || {
                discard(&folder, &drafts);
                Ok(())
            })
            .await;
        }
        Ok(())
    }

    async fn read_folder(
        &mut self,
        path: String,
        after: Option<String>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<wit::FileInfo>, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let found = blocking(move || {
            if !path.is_empty() {
                RelativePath::parse(&path)?;
            }
            folder.read_folder(&path, after.as_deref(), max.min(1000) as usize)
        })
        .await;
        Ok(found.map(|found| found.into_iter().map(info).collect()))
    }

    async fn stat(&mut self, path: String) -> wasmtime::Result<Result<Option<wit::FileInfo>, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        Ok(blocking(move || folder.stat(&RelativePath::parse(&path)?))
            .await
            .map(|found| found.map(info)))
    }

    async fn open(
        &mut self,
        path: String,
        expected: Option<String>,
    ) -> wasmtime::Result<Result<Resource<Body>, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let opened =
            blocking(move || OpenFile::open(&folder, &RelativePath::parse(&path)?, expected.map(Version).as_ref()))
                .await;
        Ok(match opened {
            Ok(file) => Ok(self.table.push(Body::file(file))?),
            Err(error) => Err(error),
        })
    }

    async fn rename(
        &mut self,
        from: String,
        to: String,
        expected: Option<String>,
    ) -> wasmtime::Result<Result<wit::FileInfo, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let renamed = blocking(move || {
            rename(
                &folder,
                &RelativePath::parse(&from)?,
                &RelativePath::parse(&to)?,
                expected.map(Version).as_ref(),
            )
        })
        .await;
        Ok(renamed.map(info))
    }

    async fn remove(&mut self, path: String, expected: Option<String>) -> wasmtime::Result<Result<(), Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        Ok(blocking(move || remove(&folder, &RelativePath::parse(&path)?, expected.map(Version).as_ref())).await)
    }

    async fn volume(&mut self) -> wasmtime::Result<Result<wit::VolumeFacts, Error>> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return Ok(Err(error)),
        };
        let facts = blocking(move || {
            folder.still_there()?;
            let (free, total) = folder.volume()?;
            Ok((free, total, name_rules(&folder)))
        })
        .await;
        Ok(facts.map(|(free, total, names)| wit::VolumeFacts {
            free: Some(free),
            total: Some(total),
            names: rules_out(names),
            max_size: None,
            attributes: Vec::new(),
        }))
    }
}

impl wit::HostDraft for Guest {
    async fn write(&mut self, draft: Resource<Draft>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        let writer = self.table.get(&draft)?.writer();
        Ok(writer.write(bytes.into()).await.map_err(error_out))
    }

    async fn write_body(
        &mut self,
        draft: Resource<Draft>,
        body: Resource<Body>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let writer = self.table.get(&draft)?.writer();
        let body = self.table.get_mut(&body)?;
        let moved = shared
            .unless_stopped(async {
                while let Some(bytes) = body.next().await? {
                    writer.write(bytes).await?;
                }
                Ok(())
            })
            .await;
        Ok(moved.map_err(error_out))
    }

    async fn set_modified(&mut self, draft: Resource<Draft>, time: Instant) -> wasmtime::Result<Result<(), Error>> {
        Ok(self
            .table
            .get(&draft)?
            .set_modified(instant_in(time))
            .map_err(error_out))
    }

    async fn drop(&mut self, draft: Resource<Draft>) -> wasmtime::Result<()> {
        if draft.owned() {
            self.table.delete(draft)?;
        }
        Ok(())
    }
}

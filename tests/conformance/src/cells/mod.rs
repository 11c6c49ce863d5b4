//! What is asked, cell by cell. Each has a folder of its own at the destination.

mod editing;
pub(crate) mod ids;
mod killed;
mod names;
mod putting;
mod trouble;

use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;

use camroll_host::Connection;
use camroll_model::{ConnectorError, Entry, ErrorClass, Target};

use crate::Service;
use crate::connect::connect;

/// What goes into the table, or what must not be.
pub(crate) type Outcome = Result<String, String>;
type Asked<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One row of the table.
pub(crate) struct Cell {
    /// The folder that it works in.
    pub(crate) id: &'static str,
    /// The row's heading.
    pub(crate) title: &'static str,
    /// Asks it.
    pub(crate) ask: for<'a> fn(&'a Setting<'a>) -> Asked<'a>,
}

macro_rules! cells {
    ($($id:literal $title:literal $ask:path;)*) => {
        /// All rows, in the order of the table.
        pub(crate) const CELLS: &[Cell] = &[$(Cell { id: $id, title: $title, ask: |setting| Box::pin($ask(setting)) }),*];
    };
}

cells! {
    "put" "put, stat, read back" putting::put;
    "empty" "an empty file" putting::empty;
    "taken" "put where something is: refused" putting::taken;
    "replace" "replace what is expected" putting::replace;
    "changed" "replace what changed: refused" putting::changed;
    "offset" "read from an offset" putting::offset;
    "list" "list, page by page" editing::list;
    "remove" "remove, only what is expected" editing::remove;
    "rename" "rename, never over something" editing::rename;
    "names" "names in every script" names::scripts;
    "forms" "é in two forms is" names::forms;
    "time" "the time of a file" putting::time;
    "large" "72 MiB, in parts where there are parts" putting::large;
    "wrong" "wrong at the last byte: nothing visible" trouble::wrong_at_the_end;
    "aborted" "staged and aborted: nothing left" trouble::aborted;
    "twice" "staged twice, committed once" trouble::staged_twice;
    "again" "committed again after a lost answer" trouble::committed_again;
    "refused" "wrong password" trouble::refused;
    "cut" "cut off in mid-body, then put" trouble::cut;
    "killed" "killed (SIGKILL) in mid-upload, then put" killed::then_put;
    "rest" "asked for a rest" trouble::rest;
    "slow" "a slow line" trouble::slow;
    "full" "more than there is room for" trouble::full;
}

/// A cell's service, connection and folder.
pub(crate) struct Setting<'a> {
    pub(crate) service: &'a dyn Service,
    pub(crate) connection: Connection,
    folder: &'static str,
}

impl<'a> Setting<'a> {
    pub(crate) fn of(service: &'a dyn Service, folder: &'static str) -> Self {
        Self {
            connection: connect(service, service.address(), service.secrets()),
            service,
            folder,
        }
    }

    /// Whether things there have paths, and not only ids.
    ///
    /// # Panics
    /// If it can't be looked at.
    pub(crate) async fn has_paths(&self) -> bool {
        let identity = self.connection.probe().await.expect("the service can be looked at");
        identity.features.names.is_some()
    }

    /// A path in the cell's folder.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Another connection, by a proxy.
    pub(crate) fn by(&self, proxy: SocketAddr) -> Connection {
        connect(self.service, Some(proxy), self.service.secrets())
    }

    pub(crate) async fn stat(&self, path: &str) -> Result<Option<Entry>, String> {
        self.connection
            .stat(Target::at(path))
            .await
            .map_err(|error| format!("stat of {path}: {error}"))
    }

    /// What is left of uploads and is no name of anything, where that can be seen.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        self.service.left_behind().unwrap_or_else(|| {
            let mut found = Vec::new();
            if let Some(files) = self.service.files() {
                staged(&files.join(".camroll"), &mut found);
            }
            found
        })
    }

    /// All below a prefix, and how many pages it took.
    pub(crate) async fn list(&self, prefix: &str) -> Result<(Vec<Entry>, usize), String> {
        let (mut entries, mut next, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = match self.connection.list(prefix.to_owned(), next).await {
                Ok(page) => page,
                // Some have no empty listing of a folder that isn't there.
                Err(error) if error.class == ErrorClass::NotFound && pages == 0 => return Ok((entries, pages)),
                Err(error) => return Err(format!("list of {prefix:?}: {error}")),
            };
            pages += 1;
            entries.extend(page.entries);
            next = page.next;
            if next.is_none() {
                return Ok((entries, pages));
            }
        }
    }
}

/// Files that are no names of anything.
fn staged(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            // Apache keeps properties in such folders.
            true if path.ends_with(".DAV") => {}
            true => staged(&path, found),
            // Apache's own, which it takes away when it notices that a request was cut off.
            false if entry.file_name().to_string_lossy().starts_with(".davfs.tmp") => {}
            false => found.push(path.display().to_string()),
        }
    }
}

/// What a destination says to whoever asks it to replace, remove or rename what can't be taken away for a time.
const STAYS: &str = "no: what is locked stays";

pub(crate) fn yes() -> Outcome {
    Ok("yes".to_owned())
}

/// What can't be asked.
pub(crate) fn no_question() -> Outcome {
    Ok("–".to_owned())
}

/// Holds, or says what doesn't.
pub(crate) fn holds(condition: bool, what: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what.into()) }
}

/// It failed, and with this class.
pub(crate) fn fails<T>(
    result: Result<T, ConnectorError>,
    class: ErrorClass,
    what: &str,
) -> Result<ConnectorError, String> {
    match result {
        Ok(_) => Err(format!("{what} went through")),
        Err(error) if error.class == class => Ok(error),
        Err(error) => Err(format!(
            "{what} failed by {:?} instead of {class:?}: {error}",
            error.class
        )),
    }
}

/// It went through.
pub(crate) fn succeeds<T>(result: Result<T, ConnectorError>, what: &str) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {:?}: {error}", error.class))
}

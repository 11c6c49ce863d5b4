//! What all parts of one run share.

use std::sync::Arc;

use camroll_model::{AssetId, ConnectorError, Library, Problem, Retry, SourceKey};
use camroll_spec::Spec;
use camroll_state::{SourceId, State};

use crate::allowance::Allowance;
use crate::digests::Digests;
use crate::link::Link;
use crate::progress::Progress;
use crate::reading::Readings;
use crate::stop::Stop;

/// Whether a run acts or only tells what it would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Acts.
    Sync,
    /// Tells; nothing is written to a destination.
    Plan,
}

/// Whether a plan tells each file that lies elsewhere than the layout says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayout {
    /// It says how many there are.
    Count,
    /// It tells each, so that a sync that is given the plan moves them.
    List,
}

/// What all parts of one run share.
pub(crate) struct Context {
    pub spec: Arc<Spec>,
    pub state: Arc<State>,
    pub source: Link,
    pub stop: Stop,
    pub progress: Arc<dyn Progress>,
    pub mode: Mode,
    pub relayout: Relayout,
    pub libraries: Vec<HeardLibrary>,
    /// What its destinations read of the source, once for all of them.
    pub readings: Readings,
    /// What may begin to be fetched.
    pub allowance: Allowance,
    /// Digests that are computed of a file as it goes by.
    pub digests: Digests,
    /// The run's id, in order of time.
    pub run: String,
    /// When the run began.
    pub now: jiff::Timestamp,
}

/// A library that the spec wants, and where the state keeps it.
#[derive(Clone, Debug)]
pub(crate) struct HeardLibrary {
    pub library: Library,
    pub key: SourceKey,
    pub id: SourceId,
}

impl Context {
    pub(crate) fn library(&self, id: SourceId) -> Option<&HeardLibrary> {
        self.libraries.iter().find(|library| library.id == id)
    }
}

/// A problem of one file or asset.
pub(crate) fn problem(asset: Option<(&AssetId, Option<&str>)>, error: &ConnectorError, retry: Retry) -> Problem {
    Problem {
        asset: asset.map(|(id, _)| id.to_string()),
        name: asset.and_then(|(_, name)| name.map(str::to_owned)),
        resource: None,
        destination: None,
        code: error.code.clone(),
        message: error.message.clone(),
        retry,
    }
}

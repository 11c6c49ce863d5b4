//! A loaded connector: what it is, and how connections of it are made.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use camroll_model::{ConnectorError, ErrorClass, Secret};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use crate::connection::{Connection, Shared};
use crate::engine::Ticker;
use crate::files::Folder;
use crate::imports::Inside;
use crate::instance::Indices;
use crate::limits::Limits;
use crate::load::INTERFACE;
use crate::manifest::Manifest;
use crate::net::{Net, NetOptions};
use crate::vault::{SessionStore, Vault};

/// What a connector can do besides `connect` and `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Export {
    /// Signing in is a conversation.
    Authentication,
    /// It can be read from.
    Source,
    /// It can be written to.
    Destination,
    /// Folders must be made there.
    Folders,
    /// What is there can be listed and read.
    Browsing,
    /// What is there can be removed and renamed.
    Editing,
    /// Metadata can be changed there.
    Annotating,
    /// It has albums.
    Albums,
}

impl Export {
    const ALL: [Self; 8] = [
        Self::Authentication,
        Self::Source,
        Self::Destination,
        Self::Folders,
        Self::Browsing,
        Self::Editing,
        Self::Annotating,
        Self::Albums,
    ];

    /// Its interface's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Folders => "folders",
            Self::Browsing => "browsing",
            Self::Editing => "editing",
            Self::Annotating => "annotating",
            Self::Albums => "albums",
        }
    }
}

/// The interfaces that a connector exports, seen in the component before anything of it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports(BTreeSet<Export>);

impl Exports {
    pub(crate) fn of(component: &Component, engine: &Engine) -> Self {
        let ty = component.component_type();
        let exported = |export: &Export| {
            ty.get_export(engine, &format!("camroll:connector/{}@{INTERFACE}", export.name()))
                .is_some()
        };
        Self(Export::ALL.into_iter().filter(exported).collect())
    }

    /// Whether it exports that interface.
    pub fn has(&self, export: Export) -> bool {
        self.0.contains(&export)
    }

    /// All that it exports.
    pub fn iter(&self) -> impl Iterator<Item = Export> + '_ {
        self.0.iter().copied()
    }
}

pub(crate) struct Loaded {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) digest: [u8; 32],
    pub(crate) pre: InstancePre<Inside>,
    pub(crate) indices: Indices,
    pub(crate) exports: Exports,
}

/// What a connection is made of.
pub struct ConnectRequest {
    /// For logs and messages.
    pub name: String,
    /// The spec's `with:`, with "secret:SLOT" where secrets stand.
    pub settings: serde_json::Value,
    /// The secrets, by slot.
    pub secrets: BTreeMap<String, Secret>,
    /// Where the connection's session is kept.
    pub store: Arc<dyn SessionStore>,
}

/// A loaded connector. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    loaded: Arc<Loaded>,
    ticker: Arc<Ticker>,
    net: Arc<NetOptions>,
    limits: Limits,
}

impl Connector {
    pub(crate) fn new(loaded: Loaded, ticker: Arc<Ticker>, net: Arc<NetOptions>, limits: Limits) -> Self {
        Self {
            loaded: Arc::new(loaded),
            ticker,
            net,
            limits,
        }
    }

    /// Its id, from the manifest.
    pub fn id(&self) -> &str {
        &self.loaded.manifest.id
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    /// SHA-256 of the component.
    pub fn digest(&self) -> [u8; 32] {
        self.loaded.digest
    }

    /// What it can do.
    pub fn exports(&self) -> &Exports {
        &self.loaded.exports
    }

    /// Makes a connection. Nothing of the connector runs yet: its settings are given to each instance when that is made. A folder that the settings
    /// name is opened here: `files/no-folder` if it isn't there.
    pub fn connect(&self, request: ConnectRequest) -> Result<Connection, ConnectorError> {
        let manifest = &self.loaded.manifest;
        let folder = match manifest.folder_of(&request.settings) {
            Some(path) => Some(Folder::open(&PathBuf::from(path))?),
            None => None,
        };
        let settings = Arc::new(request.settings);
        let vault = Vault::open(Arc::clone(manifest), request.secrets, request.store)?;
        let net = Net::new(
            Arc::clone(manifest),
            Arc::clone(&settings),
            Arc::clone(&vault),
            &self.net,
        )
        .map_err(|error| ConnectorError::new(ErrorClass::InvalidSetting, "host/network", error.to_string()))?;
        let memory = manifest.limits.memory.map_or(self.limits.memory, |wished| {
            usize::try_from(wished)
                .unwrap_or(usize::MAX)
                .min(self.limits.memory_at_most)
        });
        let shared = Shared {
            name: request.name,
            connector_id: manifest.id.clone(),
            settings: manifest.settings_for_guest(&settings).to_string(),
            vault,
            net,
            folder,
            memory,
            limits: self.limits.clone(),
            ticker: Arc::clone(&self.ticker),
            stop: crate::stop::Stop::new(),
            log: parking_lot::Mutex::new(crate::imports::LogBudget::full()),
        };
        Ok(Connection::new(Arc::clone(&self.loaded), shared))
    }
}

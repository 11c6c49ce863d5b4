use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use camroll_model::{ConnectorError, Secret};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::bindings::{Everything, exports::camroll::connector as able};
use crate::bodies::Throttle;
use crate::cache::{CodeCache, CodeCacheDir, compile};
use crate::connection::Connection;
use crate::engine::{Ticker, engine};
use crate::error::{HostError, LoadError};
use crate::files::Folder;
use crate::imports::{Guest, LogBudget, Shared};
use crate::limits::Limits;
use crate::load::manifest_of;
use crate::manifest::Manifest;
use crate::net::{Net, Resolve, SystemResolver};
use crate::tcp::Tcp;
use crate::vault::{SessionStore, Vault};

/// The most memory that a manifest may ask for, bytes: what Python and JavaScript need.
const MEMORY_LIMIT: usize = 512 << 20;

/// How a host is set up.
pub struct HostOptions {
    /// Where compiled connectors are kept; none: compiled anew each time.
    pub code_cache: Option<CodeCacheDir>,
    /// Who finds addresses.
    pub resolver: Arc<dyn Resolve>,
    /// What each instance may waste.
    pub limits: Limits,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            code_cache: None,
            resolver: Arc::new(SystemResolver),
            limits: Limits::default(),
        }
    }
}

/// A component that wasn't loaded yet.
#[derive(Clone, Copy)]
pub struct Component<'c> {
    bytes: &'c [u8],
    digest: Option<[u8; 32]>,
}

impl<'c> Component<'c> {
    /// With its SHA-256, which who has it must be sure of: code that was compiled for another component of that digest would run.
    pub fn with_digest(bytes: &'c [u8], digest: [u8; 32]) -> Self {
        Self {
            bytes,
            digest: Some(digest),
        }
    }
}

impl<'c, B: AsRef<[u8]> + ?Sized> From<&'c B> for Component<'c> {
    fn from(bytes: &'c B) -> Self {
        Self {
            bytes: bytes.as_ref(),
            digest: None,
        }
    }
}

/// SHA-256 of a component, by which its compiled form is found.
pub fn digest_of(component: &[u8]) -> [u8; 32] {
    Sha256::digest(component).into()
}

/// The sandbox: one a process.
pub struct Host {
    engine: wasmtime::Engine,
    ticker: Arc<Ticker>,
    cache: Option<CodeCache>,
    resolver: Arc<dyn Resolve>,
    limits: Limits,
}

impl Host {
    /// Sets it up.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let engine = engine()?;
        let ticker = Arc::new(Ticker::start(&engine)?);
        let cache = options.code_cache.as_ref().map(CodeCache::open).transpose()?;
        Ok(Self {
            engine,
            ticker,
            cache,
            resolver: options.resolver,
            limits: options.limits,
        })
    }

    /// Loads a component: its manifest and imports are checked before anything of it is compiled.
    pub fn load<'c>(&self, component: impl Into<Component<'c>>) -> Result<Connector, LoadError> {
        let Component {
            bytes: component,
            digest,
        } = component.into();
        let manifest = Arc::new(Manifest::parse(manifest_of(component)?)?);
        let digest = digest.unwrap_or_else(|| digest_of(component));
        let compiled = match &self.cache {
            Some(cache) => cache.component(&self.engine, &digest, component)?,
            None => compile(&self.engine, component)?,
        };
        let mut linker = Linker::<Guest>::new(&self.engine);
        let invalid = |error: wasmtime::Error| LoadError::Exports {
            reason: format!("{error:#}"),
        };
        Everything::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(invalid)?;
        let pre = linker.instantiate_pre(&compiled).map_err(invalid)?;
        let indices = Indices {
            connector: able::connector::GuestIndices::new(&pre).map_err(invalid)?,
            authentication: able::authentication::GuestIndices::new(&pre).ok(),
            source: able::source::GuestIndices::new(&pre).ok(),
            destination: able::destination::GuestIndices::new(&pre).ok(),
            browsing: able::browsing::GuestIndices::new(&pre).ok(),
            editing: able::editing::GuestIndices::new(&pre).ok(),
            annotating: able::annotating::GuestIndices::new(&pre).ok(),
            albums: able::albums::GuestIndices::new(&pre).ok(),
        };
        let limits = Limits {
            memory: manifest.limits.memory.unwrap_or(self.limits.memory).min(MEMORY_LIMIT),
            ..self.limits
        };
        Ok(Connector(Arc::new(Loaded {
            manifest,
            digest,
            pre,
            indices,
            limits,
            ticker: Arc::clone(&self.ticker),
            resolver: Arc::clone(&self.resolver),
        })))
    }
}

pub(crate) struct Indices {
    pub connector: able::connector::GuestIndices,
    pub authentication: Option<able::authentication::GuestIndices>,
    pub source: Option<able::source::GuestIndices>,
    pub destination: Option<able::destination::GuestIndices>,
    pub browsing: Option<able::browsing::GuestIndices>,
    pub editing: Option<able::editing::GuestIndices>,
    pub annotating: Option<able::annotating::GuestIndices>,
    pub albums: Option<able::albums::GuestIndices>,
}

pub(crate) struct Loaded {
    pub manifest: Arc<Manifest>,
    pub digest: [u8; 32],
    pub pre: InstancePre<Guest>,
    pub indices: Indices,
    pub limits: Limits,
    pub ticker: Arc<Ticker>,
    pub resolver: Arc<dyn Resolve>,
}

/// A component that was checked and compiled. Nothing of it has run.
#[derive(Clone)]
pub struct Connector(pub(crate) Arc<Loaded>);

/// What a connector exports, so what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exports(Vec<&'static str>);

impl Exports {
    /// Whether it exports that interface.
    pub fn has(&self, interface: &str) -> bool {
        self.0.contains(&interface)
    }

    /// All of them.
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }
}

/// How a connection is made.
pub struct ConnectRequest {
    /// Its name, for logs.
    pub name: String,
    /// The connector's settings, with "secret:SLOT" where secrets stand.
    pub settings: serde_json::Value,
    /// The secrets that come from the spec.
    pub secrets: BTreeMap<String, Secret>,
    /// Where what it remembers is kept.
    pub store: Arc<dyn SessionStore>,
    /// Bounds the bytes of files that pass in a second.
    pub throttle: Throttle,
}

impl Connector {
    /// What it says it is.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// SHA-256 of the component.
    pub fn digest(&self) -> [u8; 32] {
        self.0.digest
    }

    /// What it can do.
    pub fn exports(&self) -> Exports {
        let indices = &self.0.indices;
        let known = [
            ("connector", true),
            ("authentication", indices.authentication.is_some()),
            ("source", indices.source.is_some()),
            ("destination", indices.destination.is_some()),
            ("browsing", indices.browsing.is_some()),
            ("editing", indices.editing.is_some()),
            ("annotating", indices.annotating.is_some()),
            ("albums", indices.albums.is_some()),
        ];
        Exports(
            known
                .into_iter()
                .filter(|(_, there)| *there)
                .map(|(name, _)| name)
                .collect(),
        )
    }

    /// A connection with these settings. Nothing is asked of the service yet.
    pub fn connect(&self, request: ConnectRequest) -> Result<Connection, ConnectorError> {
        let manifest = Arc::clone(&self.0.manifest);
        let vault = Arc::new(Vault::open(request.store, request.secrets)?);
        let net = Net::new(
            Arc::clone(&manifest),
            &request.settings,
            Arc::clone(&vault),
            Arc::clone(&self.0.resolver),
            self.0.limits.idle,
        )?;
        let tcp = Tcp::new(
            &manifest,
            &request.settings,
            Arc::clone(&vault),
            Arc::clone(&self.0.resolver),
            self.0.limits.idle,
        )?;
        let folder = match &manifest.folder {
            None => None,
            // A setting that isn't there names no folder; whether it may be left out is the schema's to say.
            Some(rule) => match request
                .settings
                .pointer(&rule.setting)
                .and_then(serde_json::Value::as_str)
            {
                Some(path) => Some(Folder::open(Path::new(path))?),
                None => None,
            },
        };
        let shared = Shared {
            name: request.name,
            manifest,
            settings: request.settings.to_string(),
            vault,
            net,
            tcp,
            folder,
            findings: Arc::default(),
            limits: self.0.limits,
            throttle: request.throttle,
            stop: watch::Sender::new(false),
            log: LogBudget::default(),
        };
        Ok(Connection::new(Arc::clone(&self.0), Arc::new(shared)))
    }
}

//! Connections out of specs: the connector is loaded, its sign-in's store and its secrets are given to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use camroll_host::{
    Component, ConnectRequest, Connection, Connector, Host, LoadError, SessionStore, StoreError, Throttle,
};
use camroll_model::{ConnectorError, Secret};
use camroll_state::{SignIn, SignIns};
use parking_lot::Mutex;
use zeroize::Zeroizing;

/// Gives the component of a connector's id.
pub trait Bundle: Send + Sync {
    /// The component; none where there is no such connector.
    fn component(&self, id: &str) -> Option<Component<'_>>;
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such connector.
    #[error("there is no connector {0:?}")]
    Unknown(String),
    /// It can't be loaded.
    #[error("the connector {id} can't be loaded: {error}")]
    Load {
        /// Its id.
        id: String,
        /// Why.
        error: LoadError,
    },
    /// It refused its settings, or the host did.
    #[error("{0}")]
    Connect(ConnectorError),
}

/// Makes connections; loads each connector once.
pub struct Opener {
    host: Host,
    bundle: Box<dyn Bundle>,
    sign_ins: SignIns,
    loaded: Mutex<HashMap<String, Connector>>,
    /// Of each account whose bandwidth a spec bounds: all its connections share it.
    throttles: Mutex<HashMap<String, Throttle>>,
}

struct Kept(SignIn);

impl SessionStore for Kept {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.0.read().map_err(|error| StoreError(error.to_string()))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.write(bytes).map_err(|error| StoreError(error.to_string()))
    }
}

impl Opener {
    /// With a host, the connectors that there are, and the state's sign-ins.
    pub fn new(host: Host, bundle: Box<dyn Bundle>, sign_ins: SignIns) -> Self {
        Self {
            host,
            bundle,
            sign_ins,
            loaded: Mutex::default(),
            throttles: Mutex::default(),
        }
    }

    /// A connector, loaded.
    pub fn connector(&self, id: &str) -> Result<Connector, OpenError> {
        if let Some(known) = self.loaded.lock().get(id) {
            return Ok(known.clone());
        }
        let component = self
            .bundle
            .component(id)
            .ok_or_else(|| OpenError::Unknown(id.to_owned()))?;
        let connector = self.host.load(component).map_err(|error| OpenError::Load {
            id: id.to_owned(),
            error,
        })?;
        self.loaded.lock().insert(id.to_owned(), connector.clone());
        Ok(connector)
    }

    /// Where a connection's sign-in is kept.
    pub fn sign_in(&self, connection: &camroll_spec::Connection) -> Result<SignIn, OpenError> {
        let connector = self.connector(connection.connector.id().as_str())?;
        let manifest = connector.manifest();
        Ok(self
            .sign_ins
            .of(&manifest.id, &manifest.identity_of(&connection.settings)))
    }

    /// A connection.
    pub fn open(
        &self,
        connection: &camroll_spec::Connection,
        secrets: BTreeMap<String, Secret>,
    ) -> Result<Connection, OpenError> {
        let connector = self.connector(connection.connector.id().as_str())?;
        let sign_in = self.sign_in(connection)?;
        connector
            .connect(ConnectRequest {
                name: connection.name.to_string(),
                settings: connection.settings.clone(),
                secrets,
                store: Arc::new(Kept(sign_in)),
                throttle: self.throttle(connection),
            })
            .map_err(OpenError::Connect)
    }

    fn throttle(&self, connection: &camroll_spec::Connection) -> Throttle {
        let Some(bandwidth) = connection.pace.bandwidth else {
            return Throttle::default();
        };
        let mut throttles = self.throttles.lock();
        let throttle = throttles.entry(connection.account());
        throttle.or_insert_with(|| Throttle::of(bandwidth)).clone()
    }
}

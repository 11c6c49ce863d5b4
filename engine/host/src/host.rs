//! The host: one engine for all connectors of a process.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::Everything;
use crate::cache::{CodeCache, CodeCacheDir, compile};
use crate::connector::{Connector, Exports, Loaded};
use crate::engine::{Ticker, engine};
use crate::error::{HostError, LoadError};
use crate::imports::Inside;
use crate::instance::Indices;
use crate::limits::Limits;
use crate::load::manifest_of;
use crate::manifest::Manifest;
use crate::net::NetOptions;

/// How a host is made.
#[derive(Default)]
pub struct HostOptions {
    /// Where compiled connectors are kept; none: each is compiled anew.
    pub code_cache: Option<CodeCacheDir>,
    /// How connections reach the network: who resolves names, which roots are trusted.
    pub net: NetOptions,
    /// What each connector may waste.
    pub limits: Limits,
}

/// Loads connectors. One for a process; cheap to share.
pub struct Host {
    engine: Engine,
    linker: Linker<Inside>,
    ticker: Arc<Ticker>,
    cache: Option<Arc<CodeCache>>,
    net: Arc<NetOptions>,
    limits: Limits,
}

impl Host {
    /// Starts the sandbox.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let engine = engine()?;
        let mut linker = Linker::new(&engine);
        Everything::add_to_linker::<_, HasSelf<Inside>>(&mut linker, |inside| inside)
            .map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let ticker = Arc::new(Ticker::start(&engine)?);
        let cache = options
            .code_cache
            .as_ref()
            .map(CodeCache::open)
            .transpose()?
            .map(Arc::new);
        Ok(Self {
            engine,
            linker,
            ticker,
            cache,
            net: Arc::new(options.net),
            limits: options.limits,
        })
    }

    /// Looks at a component, reads its manifest, compiles it or takes what was compiled before. Nothing of it runs.
    pub async fn load(&self, component: &[u8]) -> Result<Connector, LoadError> {
        let manifest = Arc::new(Manifest::parse(manifest_of(component)?)?);
        let digest: [u8; 32] = Sha256::digest(component).into();
        let (engine, cache, wasm) = (self.engine.clone(), self.cache.clone(), component.to_vec());
        let compiled = tokio::task::spawn_blocking(move || match cache {
            Some(cache) => cache.component(&engine, &digest, &wasm),
            None => compile(&engine, &wasm),
        })
        .await
        .map_err(|error| LoadError::Invalid {
            reason: error.to_string(),
        })??;
        let pre = self
            .linker
            .instantiate_pre(&compiled)
            .map_err(|error| LoadError::Exports {
                reason: format!("{error:#}"),
            })?;
        let exports = Exports::of(&compiled, &self.engine);
        let indices = Indices::of(&pre)?;
        Ok(Connector::new(
            Loaded {
                manifest,
                digest,
                pre,
                indices,
                exports,
            },
            Arc::clone(&self.ticker),
            Arc::clone(&self.net),
            self.limits.clone(),
        ))
    }
}

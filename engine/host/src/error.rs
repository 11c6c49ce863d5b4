//! What can go wrong before a connector runs.

use std::path::PathBuf;

/// The host itself couldn't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// wasmtime refused its settings, or this machine can't run it.
    #[error("The sandbox can't be started on this machine: {0}")]
    Engine(String),
    /// A thread couldn't be started.
    #[error("The sandbox's clock thread can't be started: {0}")]
    Ticker(#[source] std::io::Error),
    /// The network couldn't be set up: roots, proxy, TLS.
    #[error("The network can't be set up: {0}")]
    Network(String),
    /// The folder for compiled connectors can't be used safely.
    #[error("The folder for compiled connectors, {path}, can't be used: {reason}")]
    CodeCache {
        /// The folder, or its key.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A component that can't be loaded. Nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not WebAssembly, or cut off.
    #[error("This is not a WebAssembly component: {reason}")]
    NotAComponent {
        /// What the parser met.
        reason: String,
    },
    /// A core module, as a compiler makes it.
    #[error(
        "This is a core WebAssembly module, not a component. Encode it first: connectors are packed as components (see docs/connectors)."
    )]
    CoreModule,
    /// Larger than the host takes.
    #[error("The component has {bytes} bytes; at most {limit} are taken.")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is taken.
        limit: usize,
    },
    /// It wants something that connectors aren't given.
    #[error(
        "The component imports {import:?}, which connectors aren't given. They get the interfaces of camroll:connector@{offered} and nothing else, no WASI either."
    )]
    ForeignImport {
        /// As the component names it.
        import: String,
        /// The version that this host offers.
        offered: &'static str,
    },
    /// It was built for another version of the interface.
    #[error(
        "The component was built for {found}; this camroll offers {offered}. Use a connector built for that version, or another camroll."
    )]
    WrongInterface {
        /// As the component names it.
        found: String,
        /// What this host offers.
        offered: &'static str,
    },
    /// No manifest in it.
    #[error("The component has no manifest (custom section \"camroll:manifest\"), so nothing can be granted to it.")]
    NoManifest,
    /// More than one manifest in it.
    #[error("The component has {count} manifests (custom section \"camroll:manifest\"); it must have one.")]
    SeveralManifests {
        /// How many.
        count: usize,
    },
    /// The manifest says something that can't be understood or granted.
    #[error("The component's manifest is wrong: {0}")]
    Manifest(#[from] crate::manifest::ManifestError),
    /// It doesn't export what a connector must, or exports it in another shape.
    #[error("The component doesn't fit the interface: {reason}")]
    Exports {
        /// What is missing or different.
        reason: String,
    },
    /// wasmtime refused it.
    #[error("The component is not valid: {reason}")]
    Invalid {
        /// What wasmtime says.
        reason: String,
    },
}

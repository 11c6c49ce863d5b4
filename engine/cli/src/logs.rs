//! The log: on standard error, so that standard output stays data.

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// Starts it. `CAMROLL_LOG` takes a filter as tracing-subscriber writes them; each `-v` is one level more.
pub fn start(verbose: u8, format: LogFormat) {
    let level = match verbose {
        0 => "warn",
        1 => "info,sled=warn",
        2 => "debug,sled=warn,hyper=info",
        _ => "trace,sled=info",
    };
    let filter = EnvFilter::try_from_env("CAMROLL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}

//! What is wrong with an installation, a source or a destination, and the way to mend it. A destination is tried with a small file of its own, which is taken away again.

mod finding;
mod trial;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use camroll_host::Connection;
use camroll_model::{ConnectorError, ErrorClass, Instant};
use camroll_state::SignIn;

use crate::exit::Exit;
use crate::link::Link;
use crate::stop::Stop;
pub use finding::{Finding, Verdict};
pub use trial::examine_destination;

/// Before this the clock is surely wrong: 2025-01-01.
const EARLIEST: i64 = 1_735_689_600;
/// After this as well: 2100-01-01.
const LATEST: i64 = 4_102_444_800;

/// The state's folder as the system shows it, and the clock. Opens nothing.
pub fn examine_state(folder: &Path, now: jiff::Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let second = now.as_second();
    findings.push(if (EARLIEST..LATEST).contains(&second) {
        Finding::well("clock", format!("it is {}", now.strftime("%Y-%m-%d %H:%M UTC")))
    } else {
        Finding::wrong(
            "clock",
            "doctor/clock",
            format!("It says {now}. Sign-ins, certificates and schedules can't work by that."),
            "set the clock, or have it set (timedatectl set-ntp true)",
            Exit::Guard,
        )
    });
    for (name, allowed) in [("", 0o700), ("sign-ins", 0o700), ("sign-ins/key", 0o600)] {
        let path = folder.join(name);
        let Ok(facts) = std::fs::metadata(&path) else { continue };
        let mode = facts.permissions().mode() & 0o777;
        if mode & !allowed != 0 {
            findings.push(Finding::wrong(
                "state",
                "doctor/permissions",
                format!(
                    "{} can be opened by others (mode {mode:o}). It holds what signs in to your accounts.",
                    path.display()
                ),
                format!("chmod {allowed:o} {}", path.display()),
                Exit::Guard,
            ));
        }
    }
    findings
}

/// Whether the source's settings and sign-in work.
pub async fn examine_source(source: &Connection, sign_in: SignIn, stop: &Stop) -> Vec<Finding> {
    let subject = "source";
    let link = Link::new(source.clone(), stop.clone());
    let looked = async {
        let _one_at_a_time = tokio::task::spawn_blocking(move || sign_in.lock())
            .await
            .map_err(|panic| ConnectorError::new(ErrorClass::Unexpected, "sync/panic", panic.to_string()))?
            .map_err(|error| ConnectorError::new(ErrorClass::Unexpected, "state/unusable", error.to_string()))?;
        source.reload().await?;
        link.call(|source| async move { source.check().await }).await
    };
    match looked.await {
        Ok(account) => {
            let until = account
                .expires
                .and_then(Instant::to_timestamp)
                .map(|time| format!(", until about {}", time.strftime("%Y-%m-%d")))
                .unwrap_or_default();
            vec![Finding::well(
                subject,
                format!("signed in to {} as {}{until}", source.connector_id(), account.name),
            )]
        }
        Err(error) => vec![Finding::failed(
            subject,
            "The sign-in doesn't work",
            &error,
            Exit::of_source(&error),
        )],
    }
}

use std::path::Path;
use std::sync::Arc;

use camroll_host::Connection;
use camroll_spec::{Connection as Written, ConnectionName, ConnectionOrigin, ConnectorId, ConnectorRef, Pace, Span};
use camroll_sync::{Choice, Exit, FiltersChoice, Knowledge, Opener, RestoreReport, RestoreRequest, restore};
use indicatif::HumanBytes;
use serde_json::json;

use crate::args::RestoreArguments;
use crate::bars::{Bars, Quiet};
use crate::commands::sync::stop_on_signals;
use crate::setup::{connect, open_state, open_story, opener, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

/// Problems that are told to a person.
const SHOWN: usize = 50;

pub async fn run(arguments: &RestoreArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let spec = specs::find_spec(&reading, &arguments.name)?;
    let destinations = specs::destinations(spec, arguments.from.as_deref())?;
    let Some(destination) = destinations.first().copied() else {
        return Err(Story::unexpected("a spec without a destination"));
    };
    let folder = state_folder(folder)?;
    let state = open_state(&folder)?;
    let opener = opener(&folder)?;
    let into = folder_to_restore_to(&opener, &arguments.to)?;
    let connection = connect(&opener, spec, &destination.connection)?;
    let quiet = if arguments.json { Quiet::Yes } else { Quiet::No };
    let bars = Arc::new(Bars::new(spec.name.as_str(), quiet));
    let span = Span {
        from: arguments.taken_from.map(|date| date.first()),
        to: arguments.taken_to.and_then(|date| date.after()),
    };
    let request = RestoreRequest {
        spec: Arc::new(spec.clone()),
        destination: destination.clone(),
        connection,
        into,
        choice: Choice {
            taken: (arguments.taken_from.is_some() || arguments.taken_to.is_some()).then_some(span),
            names: arguments.names.clone(),
            filters: if arguments.in_scope {
                FiltersChoice::InScope
            } else {
                FiltersChoice::Everything
            },
        },
        knowledge: arguments.from_manifest.then_some(Knowledge::Manifest),
        progress: Arc::clone(&bars) as _,
        stop: stop_on_signals(),
    };
    let restored = restore(&state, &request).await;
    bars.finish();
    drop(request);
    // Nothing of camroll's stays in the folder; what isn't empty isn't taken away.
    for own in [".camroll/drafts", ".camroll"] {
        let _ = std::fs::remove_dir(arguments.to.join(own));
    }
    let report = restored.map_err(|failure| Story::of_failure(&failure))?;
    if arguments.json {
        println!("{}", json!({"spec": spec.name.as_str(), "restore": report}));
    } else {
        tell(&report, &arguments.to);
    }
    Ok(report.exit())
}

/// The folder as a destination of its own: written as all files are, by a draft that gets its name when it is whole.
fn folder_to_restore_to(opener: &Opener, folder: &Path) -> Result<Connection, Story> {
    let wrong = |error: std::io::Error| Story::new(Exit::Guard, format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(wrong)?;
    let folder = std::fs::canonicalize(folder).map_err(wrong)?;
    let Some(path) = folder.to_str() else {
        return Err(Story::new(
            Exit::Usage,
            format!("{}: the folder's name isn't UTF-8.", folder.display()),
        ));
    };
    let written = Written {
        name: ConnectionName::parse("restore").map_err(|_| Story::unexpected("a name"))?,
        origin: ConnectionOrigin::InPlace,
        connector: ConnectorRef::Bundled(ConnectorId::parse("local").map_err(|_| Story::unexpected("a name"))?),
        settings: json!({ "path": path }),
        secrets: std::collections::BTreeMap::new(),
        pace: Pace::default(),
    };
    opener
        .open(&written, std::collections::BTreeMap::new())
        .map_err(open_story)
}

fn tell(report: &RestoreReport, folder: &Path) {
    let from = match report.from {
        Knowledge::State => "by the journal",
        Knowledge::Manifest => "by the archive's own manifest",
    };
    eprintln!(
        "{} → {} ({from}): {} files restored ({}), {} were there, {} failed; {} weren't asked for.",
        report.destination,
        folder.display(),
        report.restored,
        HumanBytes(report.bytes),
        report.already_there,
        report.failed,
        report.not_chosen
    );
    for problem in report.problems.iter().take(SHOWN) {
        eprintln!("  ! {} ({})", problem.message, problem.code);
    }
    let more = usize::try_from(report.failed)
        .unwrap_or(usize::MAX)
        .saturating_sub(SHOWN);
    if more > 0 {
        eprintln!("  ! and {more} more; --json names them");
    }
}

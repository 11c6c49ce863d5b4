use std::path::Path;
use std::sync::Arc;

use camroll_sync::{AdoptReport, AdoptRequest, Exit, adopt};
use serde_json::json;

use crate::args::AdoptArguments;
use crate::bars::{Bars, Quiet};
use crate::commands::sync::stop_on_signals;
use crate::setup::{connect, open_state, open_story, opener, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

/// Problems that are told to a person.
const SHOWN: usize = 50;

pub async fn run(arguments: &AdoptArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let spec = specs::find_spec(&reading, &arguments.name)?;
    let destinations = specs::destinations(spec, arguments.destination.as_deref())?;
    let folder = state_folder(folder)?;
    let state = open_state(&folder)?;
    let opener = opener(&folder)?;
    let stop = stop_on_signals();
    let mut exit = Exit::Done;
    let mut reports: Vec<AdoptReport> = Vec::new();
    let mut problems = Vec::new();
    for destination in destinations {
        let quiet = if arguments.json { Quiet::Yes } else { Quiet::No };
        let bars = Arc::new(Bars::new(destination.name.as_str(), quiet));
        let request = AdoptRequest {
            spec: Arc::new(spec.clone()),
            destination: destination.clone(),
            connection: connect(&opener, spec, &destination.connection)?,
            source: if arguments.manifest_only {
                None
            } else {
                let source = connect(&opener, spec, &spec.source.connection)?;
                let sign_in = opener.sign_in(&spec.source.connection).map_err(open_story)?;
                Some((source, sign_in))
            },
            progress: Arc::clone(&bars) as _,
            stop: stop.clone(),
        };
        let adopted = adopt(&state, &request).await;
        bars.finish();
        match adopted {
            Ok(report) => {
                exit = exit.worst(report.exit());
                if !arguments.json {
                    tell(&report, arguments);
                }
                reports.push(report);
            }
            Err(failure) => {
                problems.extend(failure.problem());
                eprintln!("{}:", destination.name);
                let story = Story::of_failure(&failure);
                story.tell();
                if failure.exit() == Exit::SignInNeeded {
                    eprintln!(
                        "  What the archive's manifest names is taken over. For the rest the library must be listed: `camroll login {}`, then this again.",
                        spec.name
                    );
                }
                exit = exit.worst(story.exit);
            }
        }
    }
    if arguments.json {
        println!(
            "{}",
            json!({"spec": spec.name.as_str(), "destinations": reports, "problems": problems})
        );
    }
    Ok(exit)
}

fn tell(report: &AdoptReport, arguments: &AdoptArguments) {
    eprintln!(
        "{}: {} files taken over by the archive's manifest, {} by their content; {} were known before, {} others stay untouched.",
        report.destination, report.by_manifest, report.by_content, report.known_before, report.others
    );
    for problem in report.problems.iter().take(SHOWN) {
        eprintln!("  ! {} ({})", problem.message, problem.code);
    }
    if report.problems.len() > SHOWN {
        eprintln!("  ! and {} more; --json names them", report.problems.len() - SHOWN);
    }
    if report.by_manifest + report.by_content > 0 {
        eprintln!(
            "  `camroll plan` shows what is still to be sent; nothing of what {} has.",
            arguments.name
        );
    }
}

use std::path::Path;
use std::sync::Arc;

use camroll_sync::{Depth, Exit, Mending, Repair, VerifyReport, VerifyRequest, verify};
use indicatif::HumanBytes;
use serde_json::json;

use crate::args::VerifyArguments;
use crate::bars::{Bars, Quiet};
use crate::commands::sync::stop_on_signals;
use crate::setup::{connect, open_state, opener, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

/// Files that are named to a person.
const SHOWN: usize = 50;

pub async fn run(arguments: &VerifyArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let spec = specs::find_spec(&reading, &arguments.name)?;
    let destinations = specs::destinations(spec, arguments.destination.as_deref())?;
    let folder = state_folder(folder)?;
    let state = open_state(&folder)?;
    let opener = opener(&folder)?;
    let stop = stop_on_signals();
    let mut exit = Exit::Done;
    let mut reports: Vec<VerifyReport> = Vec::new();
    let mut problems = Vec::new();
    for destination in destinations {
        let quiet = if arguments.json || !arguments.deep {
            Quiet::Yes
        } else {
            Quiet::No
        };
        let bars = Arc::new(Bars::new(destination.name.as_str(), quiet));
        let verified = match connect(&opener, spec, &destination.connection) {
            Ok(connection) => {
                let request = VerifyRequest {
                    spec: Arc::new(spec.clone()),
                    destination: destination.clone(),
                    connection,
                    depth: if arguments.deep { Depth::Bytes } else { Depth::Listing },
                    repair: if arguments.repair {
                        Repair::MakeDirty
                    } else {
                        Repair::Tell
                    },
                    progress: Arc::clone(&bars) as _,
                    stop: stop.clone(),
                };
                let verified = verify(&state, &request).await;
                verified.map_err(|failure| {
                    problems.extend(failure.problem());
                    Story::of_failure(&failure)
                })
            }
            Err(story) => Err(story),
        };
        bars.finish();
        match verified {
            Ok(report) => {
                exit = exit.worst(report.exit());
                if !arguments.json {
                    tell(&report, arguments);
                }
                reports.push(report);
            }
            Err(story) => {
                eprintln!("{}:", destination.name);
                story.tell();
                exit = exit.worst(story.exit);
            }
        }
        if exit == Exit::Interrupted {
            break;
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

fn tell(report: &VerifyReport, arguments: &VerifyArguments) {
    let read = if report.read_back > 0 {
        format!(", {} read back ({})", report.read_back, HumanBytes(report.bytes_read))
    } else {
        String::new()
    };
    eprintln!(
        "{}: {} of {} files as they were placed{read}; {} others there.",
        report.destination, report.as_placed, report.placed, report.others
    );
    for one in report.mismatches.iter().chain(&report.unread).take(SHOWN) {
        eprintln!("  ! {}: {} ({})", one.path, one.message, one.code);
    }
    let told = report.mismatches.len() + report.unread.len();
    if told > SHOWN {
        eprintln!("  ! and {} more; --json names them", told - SHOWN);
    }
    let planned = report
        .mismatches
        .iter()
        .filter(|one| one.mending == Mending::Planned)
        .count();
    if planned > 0 {
        eprintln!("  The next `camroll sync` sends {planned} of them again.");
    }
    if !arguments.deep && report.mismatches.is_empty() {
        eprintln!(
            "  The bytes themselves weren't read: `camroll verify {} --deep` does.",
            arguments.name
        );
    }
}

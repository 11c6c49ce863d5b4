use std::path::Path;

use camroll_model::Proof;
use camroll_spec::Spec;
use camroll_sync::{CopiesReport, CopiesRequest, copies};

use crate::args::{CopiesArguments, ProofLevel};
use crate::setup::{open_state, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

/// Assets that are named to a person.
const SHOWN: usize = 50;

pub fn run(arguments: &CopiesArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let chosen: Vec<&Spec> = match &arguments.name {
        Some(name) => vec![specs::find_spec(&reading, name)?],
        None => reading.specs.iter().collect(),
    };
    // With a broken spec it isn't known what is wanted, so nothing can be promised of all.
    if arguments.name.is_none() && reading.has_errors() {
        specs::show(&reading);
        return Ok(camroll_sync::Exit::InvalidSpec);
    }
    let state = open_state(&state_folder(folder)?)?;
    let request = CopiesRequest {
        specs: &chosen,
        at_least: arguments.at_least,
        proof: match arguments.proof {
            ProofLevel::Accepted => Proof::Accepted,
            ProofLevel::ServiceReported => Proof::ServiceReported,
            ProofLevel::ServiceChecked => Proof::ServiceChecked,
            ProofLevel::ReadBack => Proof::ReadBack,
        },
    };
    let report = copies(&state, &request).map_err(|failure| Story::of_failure(&failure))?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report).map_err(Story::unexpected)?);
    } else {
        tell(&report);
    }
    Ok(report.exit())
}

fn tell(report: &CopiesReport) {
    let day = report.as_of.get(..16).unwrap_or(&report.as_of).replace('T', " ");
    eprintln!(
        "{} of {} assets are at {} destinations or more (proof: {} or better), as of {day} UTC.",
        report.enough, report.assets, report.at_least, report.proof
    );
    for place in &report.destinations {
        eprintln!("  {}: {} assets", place.names.join(" = "), place.assets);
    }
    for name in &report.following {
        eprintln!("  {name} isn't counted: what you delete in the library is removed there, too (`deletions`).");
    }
    if (report.destinations.len() as u64) < u64::from(report.at_least) {
        match report.destinations.len() {
            0 => eprintln!("  No destination of these specs counts."),
            most => eprintln!(
                "  The specs name fewer than {} destinations that count: --at-least {most} is the most that can be.",
                report.at_least
            ),
        }
    }
    for one in report.below.iter().take(SHOWN) {
        let lacking: Vec<String> = one
            .lacking
            .iter()
            .map(|(place, files)| format!("{place} lacks {}", files.join(", ")))
            .collect();
        let counted = format!("{} of {}", one.copies, report.at_least);
        let parts: Vec<String> = std::iter::once(counted).chain(lacking).collect();
        eprintln!(
            "  ! {}: {}",
            one.name.as_deref().unwrap_or(&one.asset),
            parts.join("; ")
        );
    }
    if report.below.len() > SHOWN {
        eprintln!("  ! and {} more; --json names them", report.below.len() - SHOWN);
    }
}

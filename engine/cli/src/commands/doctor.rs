use std::path::Path;

use camroll_sync::{Exit, Finding, Verdict, examine_destination, examine_source, examine_state};
use serde_json::json;

use crate::args::DoctorArguments;
use crate::bundle;
use crate::commands::sync::stop_on_signals;
use crate::setup::{connect, open_state, open_story, opener, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

pub async fn run(arguments: &DoctorArguments, folder: Option<&Path>) -> Outcome {
    let folder = state_folder(folder)?;
    let fresh = !folder.exists();
    let mut findings = examine_state(&folder, jiff::Timestamp::now());
    // Held until the end: nobody syncs while destinations are tried.
    let _state = match open_state(&folder) {
        Ok(state) => {
            let known = state.known_destinations().unwrap_or_default();
            let known = known
                .into_iter()
                .filter(|id| state.placements_at(*id).is_ok_and(|placed| placed > 0))
                .count();
            let placed = if fresh {
                "made just now".to_owned()
            } else {
                format!("can be read; destinations with files of camroll's: {known}")
            };
            findings.push(Finding::well("state", format!("{}: {placed}", folder.display())));
            Some(state)
        }
        Err(story) => {
            let code = match story.exit {
                Exit::Held => "state/held",
                _ => "state/unusable",
            };
            findings.push(of_story("state", code, story));
            None
        }
    };
    let opener = opener(&folder)?;
    for bundle::Bundled { id, .. } in bundle::BUNDLED {
        findings.push(match opener.connector(id) {
            Ok(connector) => Finding::well(
                &format!("connector {id}"),
                format!("loads, version {}", connector.manifest().version),
            ),
            Err(error) => of_story(&format!("connector {id}"), "host/not-built", open_story(error)),
        });
    }
    if let Some(name) = &arguments.name {
        let reading = specs::read(&arguments.specs)?;
        let spec = specs::find_spec(&reading, name)?;
        let stop = stop_on_signals();
        let source = connect(&opener, spec, &spec.source.connection)
            .and_then(|source| Ok((source, opener.sign_in(&spec.source.connection).map_err(open_story)?)));
        match source {
            Ok((source, sign_in)) => findings.extend(examine_source(&source, sign_in, &stop).await),
            Err(story) => findings.push(of_story("source", "secret/missing", story)),
        }
        for destination in &spec.destinations {
            match connect(&opener, spec, &destination.connection) {
                Ok(connection) => findings.extend(examine_destination(&connection, spec, destination, &stop).await),
                Err(story) => {
                    let subject = format!("destination {}", destination.name);
                    findings.push(of_story(&subject, "secret/missing", story));
                }
            }
        }
    }
    let exit = findings
        .iter()
        .fold(Exit::Done, |exit, finding| exit.worst(finding.exit));
    if arguments.json {
        println!("{}", json!({ "findings": findings }));
    } else {
        for finding in &findings {
            tell(finding);
        }
        eprintln!("{}", summary(&findings));
    }
    Ok(exit)
}

/// A connection that wasn't made tells its own code; what comes from the spec or its secrets gets the one that fits.
fn of_story(subject: &str, code: &str, story: Story) -> Finding {
    let own = story
        .hint
        .as_deref()
        .and_then(|hint| hint.strip_prefix("camroll explain "));
    let code = own.unwrap_or(code);
    // The code has a place of its own.
    let message = story
        .message
        .strip_suffix(&format!(" ({code})"))
        .unwrap_or(&story.message);
    Finding::wrong(
        subject,
        code,
        message.to_owned(),
        story.hint.clone().unwrap_or_else(|| format!("camroll explain {code}")),
        story.exit,
    )
}

fn tell(finding: &Finding) {
    let mark = match finding.verdict {
        Verdict::Well => "ok",
        Verdict::Limit => "note",
        Verdict::Wrong => "WRONG",
    };
    let code = finding
        .code
        .as_ref()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    eprintln!("{mark:<6} {}: {}{code}", finding.subject, finding.message);
    if let Some(mend) = &finding.mend {
        eprintln!("       try: {mend}");
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict: Verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Wrong), count(Verdict::Limit)) {
        (0, 0) => "All is well.".to_owned(),
        (0, limits) => format!("All works; limits to know: {limits}."),
        (wrong, _) => format!("What is wrong: {wrong} of {}.", findings.len()),
    }
}

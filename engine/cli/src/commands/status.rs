use std::path::Path;

use camroll_sync::Exit;
use serde_json::json;

use crate::args::StatusArguments;
use crate::setup::{open_state, state_folder, state_story};
use crate::specs;
use crate::story::Outcome;

/// How long before the end of a sign-in a person is told, days.
const AHEAD: i64 = 7;

pub fn run(arguments: &StatusArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    specs::show(&reading);
    let state = open_state(&state_folder(folder)?)?;
    let mut all = Vec::new();
    for spec in &reading.specs {
        if arguments.name.as_deref().is_some_and(|name| name != spec.name.as_str()) {
            continue;
        }
        let totals = state.spec_totals(spec.name.as_str()).map_err(state_story)?;
        let last = state.last_run(spec.name.as_str()).map_err(state_story)?;
        let expires = last
            .as_ref()
            .and_then(|last| last.sign_in_expires)
            .and_then(camroll_model::Instant::to_timestamp);
        let days = expires.map(|time| (time.as_second() - jiff::Timestamp::now().as_second()) / 86_400);
        let receipt: serde_json::Value = last
            .as_ref()
            .and_then(|last| serde_json::from_str(&last.receipt).ok())
            .unwrap_or_default();
        let started = last.as_ref().and_then(|last| last.started.to_timestamp());
        if arguments.json {
            all.push(json!({
                "spec": spec.name.as_str(),
                "last_run": last.as_ref().map(|last| json!({"started": started.map(|time| time.to_string()), "exit": last.exit, "receipt": receipt})),
                "assets": {"in_scope": totals.in_scope, "settled": totals.settled, "pending": totals.pending, "failed": totals.failed, "out_of_scope": totals.out_of_scope},
                "sign_in_expires": expires.map(|time| time.to_string()),
                "needs_a_person": days.is_some_and(|days| days < AHEAD) || last.as_ref().is_some_and(|last| last.exit == Exit::SignInNeeded.code() || last.exit == Exit::Guard.code()),
            }));
            continue;
        }
        println!("{}", spec.name);
        match (&last, started) {
            (Some(last), Some(started)) => println!(
                "  last run   {} ended with exit code {}, {}",
                started.strftime("%Y-%m-%d %H:%M UTC"),
                last.exit,
                receipt["outcome"].as_str().unwrap_or("unknown")
            ),
            _ => println!(
                "  last run   none yet: `camroll login {}` signs in, `camroll sync {}` runs it",
                spec.name,
                spec.file.display()
            ),
        }
        println!(
            "  assets     {} in scope, {} settled, {} pending, {} failed; {} out of scope",
            totals.in_scope, totals.settled, totals.pending, totals.failed, totals.out_of_scope
        );
        if let (Some(expires), Some(days)) = (expires, days) {
            let soon = if days < AHEAD {
                format!(": soon. Run `camroll login {}` before", spec.name)
            } else {
                String::new()
            };
            println!(
                "  sign-in    until {} ({days} days){soon}",
                expires.strftime("%Y-%m-%d")
            );
        }
        for problem in receipt["problems"].as_array().into_iter().flatten().take(10) {
            println!(
                "  !          {} ({})",
                problem["message"].as_str().unwrap_or_default(),
                problem["code"].as_str().unwrap_or_default()
            );
        }
    }
    if let Some(name) = &arguments.name {
        specs::find_spec(&reading, name)?;
    }
    if arguments.json {
        println!("{}", json!({"specs": all}));
    }
    Ok(if reading.has_errors() {
        Exit::InvalidSpec
    } else {
        Exit::Done
    })
}

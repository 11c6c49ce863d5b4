use std::path::Path;
use std::sync::Arc;

use camroll_sync::{Exit, Relayout, SavedPlan, Silent, SpecPlan};
use indicatif::HumanBytes;

use crate::args::PlanArguments;
use crate::commands::sync::{Task, one, stop_on_signals};
use crate::saved_plan;
use crate::setup::{open_state, opener, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

/// Lines of a plan that are shown to a person.
const SHOWN: usize = 50;

pub async fn run(arguments: &PlanArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.paths.paths)?;
    specs::show(&reading);
    let mut exit = if reading.has_errors() {
        Exit::InvalidSpec
    } else {
        Exit::Done
    };
    let relayout = match arguments.relayout {
        true => Relayout::List,
        false => Relayout::Count,
    };
    let mut plans = Vec::new();
    let mut changes = 0;
    let mut cut_off = false;
    if !reading.specs.is_empty() {
        let folder = state_folder(folder)?;
        let state = open_state(&folder)?;
        let opener = opener(&folder)?;
        let stop = stop_on_signals();
        for spec in &reading.specs {
            let report = match one(&state, &opener, spec, Arc::new(Silent), &stop, Task::Plan(relayout)).await {
                Ok(report) => report,
                Err(story) => {
                    eprintln!("{}:", spec.name);
                    story.tell();
                    exit = exit.worst(story.exit);
                    continue;
                }
            };
            exit = exit.worst(report.exit);
            cut_off |= stop.is_asked();
            for problem in &report.receipt.problems {
                let whom = problem.name.as_deref().or(problem.destination.as_deref());
                let whom = whom.map(|whom| format!("{whom}: ")).unwrap_or_default();
                eprintln!("  ! {}, {whom}{} ({})", spec.name, problem.message, problem.code);
            }
            for (name, preview) in &report.previews {
                changes += preview.actions.len();
                if !arguments.json {
                    println!(
                        "{} → {name}: {} to send ({}), {} there already, {} assets looked at{}",
                        spec.name,
                        preview.actions.iter().filter(|action| action.sends()).count(),
                        HumanBytes(preview.bytes()),
                        preview.already_there,
                        preview.in_scope,
                        removing(preview.actions.iter().filter(|action| action.removes()).count())
                    );
                    if let Some(lacking) = preview.lacking() {
                        println!(
                            "  ! {name} has {} free: {} more are needed. A sync would stop before the first byte.",
                            HumanBytes(preview.free.unwrap_or(0)),
                            HumanBytes(lacking)
                        );
                    }
                    if let Some(proves) = preview.proves {
                        println!(
                            "  {name} by itself proves no more than {proves:?}, and the spec demands more: every file is read back from there and compared.",
                            proves = proves.name()
                        );
                    }
                    if let Some(why) = preview.removes_nothing {
                        println!("  ! What was deleted in the library stays at {name}: {why}.");
                    }
                    if preview.elsewhere > 0 && !arguments.relayout {
                        println!(
                            "  {} files lie elsewhere than the layout says now. They stay; `camroll plan --relayout` shows where they would go.",
                            preview.elsewhere
                        );
                    }
                    for action in preview.actions.iter().take(SHOWN) {
                        match &action.from {
                            Some(from) => println!("  {:<8} {from} → {}", action.action, action.path),
                            None => println!(
                                "  {:<8} {}  {}",
                                action.action,
                                action.path,
                                action.size.map(|size| HumanBytes(size).to_string()).unwrap_or_default()
                            ),
                        }
                    }
                    if preview.actions.len() > SHOWN {
                        println!("  … and {} more (--json tells all)", preview.actions.len() - SHOWN);
                    }
                }
            }
            plans.push(SpecPlan {
                spec: spec.name.to_string(),
                destinations: report.previews,
            });
        }
        state.checkpoint().map_err(crate::setup::state_story)?;
    }
    if cut_off {
        return Err(Story::new(
            Exit::Interrupted,
            "Interrupted: not all was heard and looked at, so this is no plan. Nothing was saved.",
        ));
    }
    let plan = SavedPlan::new(plans);
    if let Some(path) = &arguments.output {
        saved_plan::write(path, &plan)?;
        eprintln!("Saved. `camroll sync --plan {}` does exactly this.", path.display());
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&plan).map_err(Story::unexpected)?);
    }
    if arguments.exit_code && exit == Exit::Done && changes > 0 {
        return Ok(Exit::HasChanges);
    }
    Ok(exit)
}

fn removing(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", {count} to be removed"),
    }
}

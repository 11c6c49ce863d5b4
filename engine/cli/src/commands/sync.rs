use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use camroll_model::{Outcome as RunOutcome, Receipt};
use camroll_spec::Spec;
use camroll_state::State;
use camroll_sync::{
    Approval, Exit, Mode, OpenError, Opener, Progress, Relayout, RunReport, RunRequest, Silent, Stop, StopRequest,
    run as run_spec,
};
use indicatif::HumanBytes;

use crate::args::SyncArguments;
use crate::bars::{Bars, Quiet};
use crate::saved_plan;
use crate::setup::{connect, open_state, open_story, opener, secrets, state_folder};
use crate::specs;
use crate::story::{Outcome, Story};

pub async fn run(arguments: &SyncArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.paths.paths)?;
    specs::show(&reading);
    let mut exit = if reading.has_errors() {
        Exit::InvalidSpec
    } else {
        Exit::Done
    };
    let plan = arguments.plan.as_deref().map(saved_plan::read).transpose()?;
    let folder = state_folder(folder)?;
    let mut receipts: Vec<Receipt> = Vec::new();
    if !reading.specs.is_empty() {
        let state = open_state(&folder)?;
        let opener = opener(&folder)?;
        let stop = stop_on_signals();
        for spec in &reading.specs {
            if stop.is_asked() {
                exit = exit.worst(Exit::Interrupted);
                break;
            }
            let quiet = if arguments.quiet || arguments.json {
                Quiet::Yes
            } else {
                Quiet::No
            };
            let bars = Arc::new(Bars::new(spec.name.as_str(), quiet));
            let progress: Arc<dyn Progress> = if arguments.json {
                Arc::new(Silent)
            } else {
                Arc::clone(&bars) as _
            };
            let task = match &plan {
                None => Task::Sync,
                Some(plan) => match plan.approval(spec.name.as_str()) {
                    Some(approval) => Task::Apply(approval),
                    None => {
                        bars.finish();
                        eprintln!("{}: the plan doesn't speak of it; nothing is done.", spec.name);
                        continue;
                    }
                },
            };
            let result = one(&state, &opener, spec, progress, &stop, task).await;
            bars.finish();
            match result {
                Ok(report) => {
                    exit = exit.worst(report.exit);
                    if !arguments.json {
                        tell(&report.receipt);
                    }
                    receipts.push(report.receipt);
                }
                Err(story) => {
                    eprintln!("{}:", spec.name);
                    story.tell();
                    exit = exit.worst(story.exit);
                }
            }
        }
    }
    if arguments.json {
        println!("{}", serde_json::json!({"receipts": receipts}));
    }
    Ok(exit)
}

/// What is to be done with a spec.
pub enum Task {
    /// Tell what would be done.
    Plan(Relayout),
    /// Do what it wants.
    Sync,
    /// Do what a saved plan names.
    Apply(Approval),
}

/// Runs one spec.
pub async fn one(
    state: &Arc<State>,
    opener: &Opener,
    spec: &Spec,
    progress: Arc<dyn Progress>,
    stop: &Stop,
    task: Task,
) -> Result<RunReport, Story> {
    let (mode, relayout, approval) = match task {
        Task::Plan(relayout) => (Mode::Plan, relayout, None),
        Task::Sync => (Mode::Sync, Relayout::Count, None),
        Task::Apply(approval) => (Mode::Sync, Relayout::Count, Some(approval)),
    };
    let source = connect(opener, spec, &spec.source.connection)?;
    let sign_in = opener.sign_in(&spec.source.connection).map_err(open_story)?;
    let mut destinations = Vec::new();
    for destination in &spec.destinations {
        let connection = &destination.connection;
        destinations.push(match opener.open(connection, secrets(spec, connection)?) {
            Ok(connection) => Ok(connection),
            // Where there are others, they go on.
            Err(OpenError::Connect(error)) if spec.destinations.len() > 1 => Err(error),
            Err(error) => return Err(open_story(error)),
        });
    }
    let request = RunRequest {
        spec: Arc::new(spec.clone()),
        source,
        sign_in,
        destinations,
        progress,
        stop: stop.clone(),
        mode,
        relayout,
        approval,
    };
    Ok(run_spec(state, request).await)
}

/// Ctrl-C or SIGTERM: what is under way may end; five seconds later, or the second time, it is left as it is. All of it can be taken up again.
pub fn stop_on_signals() -> Stop {
    let stop = Stop::default();
    let asked = stop.clone();
    tokio::spawn(async move {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(error) => return tracing::warn!("signals can't be heard: {error}"),
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        eprintln!(
            "Stopping: what is under way ends. Once more, and it is left as it is; either way the next run goes on from there."
        );
        asked.ask(StopRequest::Gently);
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
        }
        asked.ask(StopRequest::Now);
    });
    stop
}

/// Tells a receipt to a person.
fn tell(receipt: &Receipt) {
    let sum =
        |pick: fn(&camroll_model::DestinationReceipt) -> u64| receipt.destinations.values().map(pick).sum::<u64>();
    let requests = receipt.requests.get("source").copied().unwrap_or(0);
    let outcome = match receipt.outcome {
        RunOutcome::Complete => "complete",
        RunOutcome::Partial => "not all of it",
        RunOutcome::Blocked => "stopped by a guard",
        RunOutcome::Interrupted => "interrupted",
        RunOutcome::Failed => "failed",
    };
    eprintln!(
        "{}: {outcome}. {} assets in scope, {} settled, {} pending, {} failed. {} requests, {:.1} s.",
        receipt.spec,
        receipt.assets.in_scope,
        receipt.assets.settled,
        receipt.assets.pending,
        receipt.assets.failed,
        requests,
        receipt.seconds
    );
    for (name, one) in &receipt.destinations {
        let proof: BTreeMap<&str, u64> = [
            ("read back", one.proof.read_back),
            ("checked by the service", one.proof.service_checked),
            ("reported by the service", one.proof.service_reported),
            ("accepted", one.proof.accepted),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
        let proof: Vec<String> = proof.iter().map(|(level, count)| format!("{count} {level}")).collect();
        eprintln!(
            "  {name}: {} files sent ({}), {} were there, {} replaced{}{}",
            one.resources.put,
            HumanBytes(one.bytes),
            one.resources.already_there,
            one.replaced,
            match one.removed {
                0 => String::new(),
                removed => format!(", {removed} removed"),
            },
            if proof.is_empty() {
                String::new()
            } else {
                format!("; proof: {}", proof.join(", "))
            }
        );
    }
    let _ = sum;
    for problem in receipt.problems.iter().take(20) {
        let what = problem.name.as_deref().or(problem.asset.as_deref()).unwrap_or_default();
        let colon = if what.is_empty() { "" } else { ": " };
        eprintln!("  ! {what}{colon}{} ({})", problem.message, problem.code);
    }
    if receipt.problems.len() > 20 {
        eprintln!(
            "  ! and {} more; `camroll sync --json` names them",
            receipt.problems.len() - 20
        );
    }
}

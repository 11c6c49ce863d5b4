//! A process that stages a file and is killed in the midst of it, as a power cut would.
//!
//! It is the program camroll-conformance-stager, which cargo builds beside the tests that use this library. What to do it reads from its standard input, since that holds
//! secrets; what was saved of the upload it prints, a line each.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::connect::connect_by;
use crate::content::content;
use crate::placing::Placing;

/// Longer than any upload here takes: a cell that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is to be staged.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    /// The connector's id.
    pub(crate) connector: String,
    pub(crate) settings: Value,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) path: String,
    /// What its content is made of.
    pub(crate) seed: u64,
    pub(crate) size: usize,
    /// How many bytes the source gives before it halts for ever; all of them where it doesn't.
    pub(crate) gives: Option<usize>,
}

/// A line of what it prints.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// Where the upload can go on.
    Checkpoint { reached: u64, state: String },
    /// The source gave what it gives.
    Halted,
}

impl Line {
    fn print(&self) {
        // A pipe gets each line when it ends.
        println!("{}", serde_json::to_string(self).expect("it has names only"));
    }
}

/// Where an upload was when it was killed.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// What the connector gets back.
    pub(crate) state: Vec<u8>,
    /// Bytes that it said are safe.
    pub(crate) bytes: u64,
}

/// The program: stages what the standard input orders and halts in the midst of it.
///
/// # Errors
/// Why it didn't halt: the order isn't one, the staging failed, or it came to its end.
pub async fn stage_and_halt() -> Result<Infallible, String> {
    let mut order = String::new();
    std::io::stdin()
        .read_to_string(&mut order)
        .map_err(|error| error.to_string())?;
    let order: Order = serde_json::from_str(&order).map_err(|error| format!("no order: {error}"))?;
    let connection = connect_by(&order.connector, order.settings, order.secrets);
    let placing =
        Placing::new(&connection, order.path, content(order.seed, order.size)).saving(Arc::new(|checkpoint| {
            let line = Line::Checkpoint {
                reached: checkpoint.reached,
                state: hex::encode(checkpoint.state),
            };
            Box::pin(async move {
                line.print();
                Ok(())
            })
        }));
    let halted = Arc::new(Notify::new());
    let placing = match order.gives {
        Some(bytes) => placing.halting(bytes, Arc::clone(&halted)),
        None => placing,
    };
    tokio::spawn(async move {
        halted.notified().await;
        Line::Halted.print();
    });
    match placing.stage().await {
        Ok(_) => Err("It was staged, and not cut off.".to_owned()),
        Err(error) => Err(format!("{:?}: {error}", error.class)),
    }
}

/// When it is killed.
pub(crate) enum Moment {
    /// When its source halted.
    SourceHalted,
    /// The same, and not before there is something to go on from.
    SourceHaltedAfterCheckpoint,
    /// When this is told.
    Told(Arc<Notify>),
}

/// Has a file staged by a process of its own, which is killed at a moment. What it saved last; none where it saved nothing.
///
/// # Errors
/// If the moment doesn't come.
pub(crate) async fn killed(order: &Order, moment: Moment) -> Result<Option<Reached>, String> {
    let mut child = start(order).await.map_err(|error| format!("the stager: {error}"))?;
    let out = child.stdout.take().ok_or("the stager has no output")?;
    let mut lines = BufReader::new(out).lines();
    let mut last = None;
    let mut halted = false;
    let coming = async {
        loop {
            let there = match &moment {
                Moment::SourceHalted => halted,
                Moment::SourceHaltedAfterCheckpoint => halted && last.as_ref().is_some_and(|at: &Reached| at.bytes > 0),
                Moment::Told(_) => false,
            };
            if there {
                return Ok(());
            }
            match lines.next_line().await.map_err(|error| error.to_string())? {
                Some(line) => read(&line, &mut last, &mut halted)?,
                None => return Err("the stager ended by itself".to_owned()),
            }
        }
    };
    let came = async {
        match &moment {
            Moment::Told(told) => tokio::select! {
                () = told.notified() => Ok(()),
                ended = coming => ended,
            },
            _ => coming.await,
        }
    };
    let came = tokio::time::timeout(PATIENCE, came).await;
    child.kill().await.map_err(|error| error.to_string())?;
    // What it said before it was killed counts: the engine would have it on its disk.
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        read(&line, &mut last, &mut halted)?;
    }
    match came {
        Ok(came) => came.map(|()| last),
        Err(_) => Err(format!(
            "nothing to kill it at within {PATIENCE:?}: its source {}, and it saved {}",
            if halted { "halted" } else { "didn't halt" },
            last.map_or("nothing".to_owned(), |at| format!("{} bytes", at.bytes)),
        )),
    }
}

fn read(line: &str, last: &mut Option<Reached>, halted: &mut bool) -> Result<(), String> {
    let line = serde_json::from_str(line).map_err(|error| format!("{line:?} of the stager: {error}"))?;
    match line {
        Line::Checkpoint { reached, state } => {
            let state = hex::decode(state).map_err(|error| error.to_string())?;
            *last = Some(Reached { state, bytes: reached });
        }
        Line::Halted => *halted = true,
    }
    Ok(())
}

async fn start(order: &Order) -> std::io::Result<Child> {
    let mut child = Command::new(program()?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut to) = child.stdin.take() {
        to.write_all(&serde_json::to_vec(order)?).await?;
    }
    Ok(child)
}

/// Cargo puts it into the folder above that of the tests' own programs.
fn program() -> std::io::Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.parent().and_then(|deps| deps.parent());
    let program = folder.unwrap_or(&tests).join("camroll-conformance-stager");
    match program.exists() {
        true => Ok(program),
        false => Err(std::io::Error::other(format!("{} isn't there", program.display()))),
    }
}

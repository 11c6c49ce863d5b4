//! Progress on a terminal: what was listed, what is sent.

use std::io::IsTerminal as _;
use std::time::Duration;

use camroll_sync::{Arrival, Event, Progress};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use parking_lot::Mutex;

/// A bar on standard error where that is a terminal; else only what a log should hold.
pub struct Bars {
    bar: Option<ProgressBar>,
    counts: Mutex<Counts>,
    quiet: Quiet,
}

/// Whether only trouble is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Only trouble.
    Yes,
    /// All.
    No,
}

#[derive(Default)]
struct Counts {
    heard: u64,
    total: Option<u64>,
    planned: u64,
    placed: u64,
    bytes: u64,
}

impl Bars {
    /// For a run of a spec.
    pub fn new(spec: &str, quiet: Quiet) -> Self {
        let bar = (quiet == Quiet::No && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {bar:30} {pos}/{len} files  {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(spec.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            bar,
            counts: Mutex::default(),
            quiet,
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }
}

impl Progress for Bars {
    fn tell(&self, event: Event) {
        let mut counts = self.counts.lock();
        match event {
            Event::Heard { assets, total } => {
                counts.heard = assets;
                counts.total = total.or(counts.total);
            }
            Event::Planned { files, .. } => counts.planned += files,
            Event::Started { .. } => return,
            Event::Placed { size, how, .. } => {
                counts.placed += 1;
                match how {
                    Arrival::Sent => counts.bytes += size,
                    Arrival::Found => counts.planned += 1,
                }
            }
            Event::Failed { path, message } => {
                drop(counts);
                return self.say(&format!("failed: {path}: {message}"));
            }
            Event::Notice(text) => {
                drop(counts);
                if self.quiet == Quiet::No {
                    self.say(&format!("note: {text}"));
                }
                return;
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_length(counts.planned);
            bar.set_position(counts.placed);
            let listed = match counts.total {
                Some(total) if total > counts.heard => format!("{} of {total} listed, ", counts.heard),
                _ => String::new(),
            };
            bar.set_message(format!("{listed}{}", HumanBytes(counts.bytes)));
        }
    }
}

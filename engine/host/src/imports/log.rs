//! `log`: what a connector says, under its connection's name, redacted and at a bounded rate.

use std::time::Instant;

use super::Inside;
use crate::bindings::camroll::connector::log;

/// Lines that may come at once, and lines a second afterwards.
const BURST: u32 = 200;
const PER_SECOND: u32 = 20;
/// Bytes of a message and of all its fields.
const LINE_LIMIT: usize = 4 << 10;
const FIELDS_LIMIT: usize = 16;

/// How much of its log a connection has left.
pub(crate) struct LogBudget {
    left: u32,
    filled: Instant,
    left_out: u64,
}

enum Verdict {
    Write { left_out_before: u64 },
    LeaveOut { first: bool },
}

impl LogBudget {
    pub(crate) fn full() -> Self {
        Self {
            left: BURST,
            filled: Instant::now(),
            left_out: 0,
        }
    }

    fn take(&mut self, now: Instant) -> Verdict {
        let refill = now.duration_since(self.filled).as_millis() * u128::from(PER_SECOND) / 1000;
        if refill > 0 {
            self.left = self
                .left
                .saturating_add(u32::try_from(refill).unwrap_or(BURST))
                .min(BURST);
            self.filled = now;
        }
        if self.left == 0 {
            self.left_out += 1;
            return Verdict::LeaveOut {
                first: self.left_out == 1,
            };
        }
        self.left -= 1;
        Verdict::Write {
            left_out_before: std::mem::take(&mut self.left_out),
        }
    }
}

impl log::Host for Inside {
    async fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let name = self.shared.name.as_str();
        let verdict = self.shared.log.lock().take(Instant::now());
        match verdict {
            Verdict::LeaveOut { first: true } => {
                tracing::warn!(target: "connector", connection = name, code = "host/log-flood", "the connector logs more than {PER_SECOND} lines a second: the rest is left out");
                return Ok(());
            }
            Verdict::LeaveOut { first: false } => return Ok(()),
            Verdict::Write { left_out_before: 0 } => {}
            Verdict::Write { left_out_before } => {
                tracing::warn!(target: "connector", connection = name, code = "host/log-flood", "{left_out_before} lines of the connector were left out");
            }
        }
        let mut line = message;
        for (key, value) in fields.into_iter().take(FIELDS_LIMIT) {
            if line.len() >= LINE_LIMIT {
                break;
            }
            line.push_str(&format!(" {key}={value}"));
        }
        // Redacted before it is cut: half a secret would not be recognised.
        let mut line: String = self
            .shared
            .redact(&line)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if line.len() > LINE_LIMIT {
            line.truncate(line.floor_char_boundary(LINE_LIMIT));
            line.push('…');
        }
        match level {
            log::Level::Debug => tracing::debug!(target: "connector", connection = name, "{line}"),
            log::Level::Info => tracing::info!(target: "connector", connection = name, "{line}"),
            log::Level::Warn => tracing::warn!(target: "connector", connection = name, "{line}"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_cut_and_said_once() {
        let (mut budget, now) = (LogBudget::full(), Instant::now());
        let verdicts: Vec<_> = (0..1000).map(|_| budget.take(now)).collect();
        let written = verdicts
            .iter()
            .filter(|verdict| matches!(verdict, Verdict::Write { .. }))
            .count();
        let said = verdicts
            .iter()
            .filter(|verdict| matches!(verdict, Verdict::LeaveOut { first: true }))
            .count();
        assert!((200..=201).contains(&written), "{written}");
        assert_eq!(said, 1);
        let later = budget.take(now + Duration::from_secs(1));
        assert!(matches!(later, Verdict::Write { left_out_before } if left_out_before as usize == 1000 - written));
    }
}

//! `schedule:`.

use std::time::Duration;

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::fields::{Keys, fields, find};
use super::{Faults, expect};
use crate::language::{Schedule, Trigger, Window};
use crate::text::{Node, short};
use crate::values::{Length, nearest};

/// Keys of `schedule:`.
pub(crate) const KEYS: Keys = Keys {
    of: "a schedule",
    known: &["every", "cron", "manual", "timezone", "window", "jitter"],
    later: &[],
};

/// The shortest time between two starts.
const SHORTEST: Duration = Duration::from_secs(60);

/// Reads `schedule:`.
pub(crate) fn schedule(node: &Node, faults: &mut Faults<'_>) -> Schedule {
    let mut schedule = Schedule::default();
    let before = faults.errors();
    let Some(entries) = fields(node, "schedule", KEYS, faults) else {
        return schedule;
    };
    let given: Vec<_> = entries
        .iter()
        .filter(|entry| matches!(entry.key.as_str(), "every" | "cron" | "manual"))
        .collect();
    if let [first, .., last] = given.as_slice() {
        let message = format!("\"{}\" and \"{}\" exclude each other", first.key, last.key);
        faults.error("spec/either-or", last.key_place, message).help =
            Some("a schedule has one of every, cron and manual".to_owned());
    }
    for entry in &given {
        if let Some(trigger) = trigger(&entry.key, &entry.node, faults) {
            schedule.trigger = trigger;
        }
    }
    if let Some(zone) = find(entries, "timezone").and_then(|node| timezone(node, faults)) {
        schedule.timezone = zone;
    }
    schedule.window = find(entries, "window").and_then(|node| window(node, faults));
    if let Some(jitter) = find(entries, "jitter").and_then(|node| duration(node, "jitter", faults)) {
        schedule.jitter = jitter;
    }
    if faults.errors() == before
        && let Some(start) = entries
            .iter()
            .find(|entry| matches!(entry.key.as_str(), "every" | "cron" | "window" | "jitter"))
    {
        faults.warning(
            "spec/no-daemon",
            start.key_place,
            format!("\"{}\" is read, and nothing runs this spec by itself yet", start.key),
            "run `camroll sync` from cron or a systemd timer",
        );
    }
    schedule
}

fn trigger(key: &str, node: &Node, faults: &mut Faults<'_>) -> Option<Trigger> {
    match key {
        "every" => {
            let every = duration(node, "every", faults)?;
            if every < SHORTEST {
                faults.error(
                    "spec/range",
                    node.place,
                    "\"every\" is shorter than a minute; expected at least 1m",
                );
                return None;
            }
            Some(Trigger::Every(every))
        }
        "cron" => {
            let line = expect::text(node, "cron", faults)?;
            let parser = CronParser::builder()
                .seconds(Seconds::Disallowed)
                .year(Year::Disallowed)
                .build();
            // Longer lines are no person's, and the parser's work grows with them.
            let parsed = if line.len() <= 200 {
                parser.parse(line).map_err(|error| error.to_string())
            } else {
                Err("it is too long".to_owned())
            };
            match parsed {
                Ok(_) => Some(Trigger::Cron(line.to_owned())),
                Err(reason) => {
                    let message = format!(
                        "\"cron\" can't be read: {reason}; expected five fields: minute, hour, day, month, weekday"
                    );
                    faults.error("spec/cron", node.place, message).help =
                        Some("\"0 3 * * *\" is every day at three, \"0 3 1 * *\" the first of every month".to_owned());
                    None
                }
            }
        }
        _ => {
            if expect::flag(node, "manual", faults)? {
                return Some(Trigger::Manual);
            }
            faults
                .error("spec/word", node.place, "\"manual: false\" doesn't say when to run")
                .help = Some("write every or cron instead".to_owned());
            None
        }
    }
}

fn duration(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<Duration> {
    let text = expect::scalar(node, key, Length::FORM, faults)?;
    let length = Length::parse(text);
    if length.is_none() {
        let message = format!("\"{key}\" is \"{}\"; expected {}", short(text), Length::FORM);
        faults.error("spec/duration", node.place, message).help =
            Some("units: w weeks, d days, h hours, m minutes, s seconds".to_owned());
    }
    length.map(|length| length.0)
}

fn timezone(node: &Node, faults: &mut Faults<'_>) -> Option<TimeZone> {
    let name = expect::text(node, "timezone", faults)?;
    // The zones in the binary, so that a spec means the same everywhere.
    let zones = jiff::tz::TimeZoneDatabase::bundled();
    match zones.get(name) {
        Ok(zone) => Some(zone),
        Err(_) => {
            let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
            let city = |name: &str| {
                names
                    .iter()
                    .find(|zone| {
                        zone.rsplit('/')
                            .next()
                            .is_some_and(|city| city.eq_ignore_ascii_case(name))
                    })
                    .cloned()
            };
            let near = city(&name.replace(' ', "_"))
                .or_else(|| nearest(name, names.iter().map(String::as_str)).map(str::to_owned));
            let message = format!(
                "there is no time zone \"{}\"; expected a name such as Europe/Berlin",
                short(name)
            );
            faults.error("spec/timezone", node.place, message).help =
                near.map(|word| format!("did you mean \"{word}\"?"));
            None
        }
    }
}

fn window(node: &Node, faults: &mut Faults<'_>) -> Option<Window> {
    let text = expect::text(node, "window", faults)?;
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let two = |text: &str| {
            (text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit())).then(|| text.parse::<i8>().ok())?
        };
        Time::new(two(hour)?, two(minute)?, 0, 0).ok()
    };
    let read = || {
        let (from, to) = text.split_once('-')?;
        let window = Window {
            from: time(from)?,
            to: time(to)?,
        };
        (window.from != window.to).then_some(window)
    };
    let window = read();
    if window.is_none() {
        let message = format!(
            "\"window\" is \"{}\"; expected two different times of day such as \"22:00-06:00\"",
            short(text)
        );
        faults.error("spec/window", node.place, message);
    }
    window
}

//! `filters:`: every line must hold, a list is any-of, `any`, `all` and `not` nest.

use super::fields::{Keys, fields};
use super::{Faults, expect};
use crate::language::{Favorite, Filter, HiddenFilter, KindFilter, NameGlob, SizeRange, Span};
use crate::text::{Entry, Node, Value, short};
use crate::values::{DateBound, WrittenDate};

/// Keys of a filter.
pub(crate) const KEYS: Keys = Keys {
    of: "a filter",
    known: &[
        "taken", "added", "kind", "name", "album", "size", "favorite", "hidden", "library", "any", "all", "not",
    ],
    later: &["resolution"],
};

const SPAN_KEYS: Keys = Keys {
    of: "a span of time",
    known: &["from", "to"],
    later: &[],
};

const RANGE_KEYS: Keys = Keys {
    of: "a range of sizes",
    known: &["min", "max"],
    later: &[],
};

/// Where a filter stands: at the top `hidden: true` brings hidden items in, below it takes them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Nested,
}

/// Reads `filters:`.
pub(crate) fn filters(node: &Node, faults: &mut Faults<'_>) -> Filter {
    let filter = filter(node, "filters", Level::Top, faults);
    // Hidden items are out unless something speaks of them.
    if filter.speaks_of_hidden() {
        return filter;
    }
    let hidden = Filter::Hidden(HiddenFilter::Exclude);
    match filter {
        Filter::All(mut lines) => {
            lines.push(hidden);
            Filter::All(lines)
        }
        other => Filter::All(vec![other, hidden]),
    }
}

/// A map whose lines must all hold, or a list of which one must.
fn filter(node: &Node, key: &str, level: Level, faults: &mut Faults<'_>) -> Filter {
    if let Value::List(nodes) = &node.value {
        if nodes.is_empty() {
            let message = format!("\"{key}\" is an empty list, of which nothing can hold");
            faults.error("spec/empty", node.place, message).help = Some("leave the line out".to_owned());
        }
        return Filter::Any(
            nodes
                .iter()
                .map(|node| filter(node, key, Level::Nested, faults))
                .collect(),
        );
    }
    let Some(entries) = fields(node, key, KEYS, faults) else {
        return Filter::All(Vec::new());
    };
    if entries.is_empty() && level == Level::Nested {
        faults.error(
            "spec/empty",
            node.place,
            format!("\"{key}\" has a filter without a line"),
        );
    }
    Filter::All(entries.iter().filter_map(|entry| line(entry, level, faults)).collect())
}

fn line(entry: &Entry, level: Level, faults: &mut Faults<'_>) -> Option<Filter> {
    let node = &entry.node;
    match entry.key.as_str() {
        "taken" => any(node, "taken", faults, |node, faults| {
            span(node, "taken", faults).map(Filter::Taken)
        }),
        "added" => any(node, "added", faults, |node, faults| {
            span(node, "added", faults).map(Filter::Added)
        }),
        "size" => any(node, "size", faults, |node, faults| {
            size(node, faults).map(Filter::Size)
        }),
        "kind" => list(node, "kind", faults, |node, faults| {
            expect::word(node, "kind", &KindFilter::ALL, faults)
        })
        .map(Filter::Kind),
        "name" => list(node, "name", faults, |node, faults| {
            pattern(node, "name", "\"IMG_*\"", faults)
        })
        .map(Filter::Name),
        "album" => list(node, "album", faults, |node, faults| {
            pattern(node, "album", "\"Trips/*\"", faults)
        })
        .map(Filter::Album),
        "library" => list(node, "library", faults, |node, faults| {
            expect::text(node, "library", faults).map(str::to_owned)
        })
        .map(Filter::Library),
        "favorite" => Some(Filter::Favorite(if expect::flag(node, "favorite", faults)? {
            Favorite::Yes
        } else {
            Favorite::No
        })),
        "hidden" => hidden(node, level, faults).map(Filter::Hidden),
        "any" | "all" => {
            let Value::List(nodes) = &node.value else {
                expect::wrong_type(node, &entry.key, "a list of filters", faults);
                return None;
            };
            if nodes.is_empty() {
                faults.error("spec/empty", node.place, format!("\"{}\" is an empty list", entry.key));
            }
            let filters = nodes
                .iter()
                .map(|node| filter(node, &entry.key, Level::Nested, faults))
                .collect();
            Some(if entry.key == "any" {
                Filter::Any(filters)
            } else {
                Filter::All(filters)
            })
        }
        "not" => Some(Filter::Not(Box::new(filter(node, "not", Level::Nested, faults)))),
        // Told by `fields`.
        _ => None,
    }
}

/// One condition, or a list of which one must hold.
fn any(
    node: &Node,
    key: &str,
    faults: &mut Faults<'_>,
    one: impl Fn(&Node, &mut Faults<'_>) -> Option<Filter>,
) -> Option<Filter> {
    if !matches!(node.value, Value::List(_)) {
        return one(node, faults);
    }
    let nodes = expect::one_or_more(node, key, faults);
    Some(Filter::Any(nodes.iter().filter_map(|node| one(node, faults)).collect()))
}

/// One value, or a list of them.
fn list<T>(
    node: &Node,
    key: &str,
    faults: &mut Faults<'_>,
    one: impl Fn(&Node, &mut Faults<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let nodes = expect::one_or_more(node, key, faults);
    let values: Vec<T> = nodes.iter().filter_map(|node| one(node, faults)).collect();
    (!values.is_empty()).then_some(values)
}

fn span(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<Span> {
    if !matches!(node.value, Value::Map(_)) {
        let date = date(node, key, faults)?;
        return Some(Span {
            from: Some(date.first()),
            to: date.after(),
        });
    }
    let entries = fields(node, key, SPAN_KEYS, faults)?;
    if entries.is_empty() {
        faults.error("spec/empty", node.place, format!("\"{key}\" has neither from nor to"));
    }
    let mut bound = |name: &str| match node.get(name) {
        Some(node) => date(node, name, faults).map(Some),
        None => Some(None),
    };
    let (from, to) = (bound("from"), bound("to"));
    let span = Span {
        from: from?.map(|date| date.first()),
        to: to?.and_then(|date| date.after()),
    };
    let empty = match (span.from, span.to) {
        (Some(DateBound::Civil(from)), Some(DateBound::Civil(to))) => from >= to,
        (Some(DateBound::Instant(from)), Some(DateBound::Instant(to))) => from >= to,
        _ => false,
    };
    if empty {
        faults
            .error(
                "spec/range",
                node.place,
                format!("\"{key}\" holds no moment: from is after to"),
            )
            .help = Some("change the two".to_owned());
    }
    Some(span)
}

fn date(node: &Node, key: &str, faults: &mut Faults<'_>) -> Option<WrittenDate> {
    let text = expect::scalar(node, key, WrittenDate::FORM, faults)?;
    let date = WrittenDate::parse(text);
    if date.is_none() {
        faults.error(
            "spec/date",
            node.place,
            format!("\"{key}\" is \"{}\"; expected {}", short(text), WrittenDate::FORM),
        );
    }
    date
}

fn size(node: &Node, faults: &mut Faults<'_>) -> Option<SizeRange> {
    let entries = fields(node, "size", RANGE_KEYS, faults)?;
    if entries.is_empty() {
        faults.error("spec/empty", node.place, "\"size\" has neither min nor max");
    }
    let mut bound = |name: &str| match node.get(name) {
        Some(node) => expect::size(node, name, faults).map(Some),
        None => Some(None),
    };
    let (min, max) = (bound("min"), bound("max"));
    let range = SizeRange { min: min?, max: max? };
    if let (Some(min), Some(max)) = (range.min, range.max)
        && min > max
    {
        faults.error("spec/range", node.place, "\"size\" holds nothing: min is more than max");
    }
    Some(range)
}

fn pattern(node: &Node, key: &str, example: &str, faults: &mut Faults<'_>) -> Option<NameGlob> {
    let text = expect::text(node, key, faults)?;
    match NameGlob::parse(text) {
        Ok(glob) => Some(glob),
        Err(reason) => {
            faults
                .error("spec/pattern", node.place, format!("\"{key}\" is no pattern: {reason}"))
                .help = Some(format!("* stands for any characters, ? for one: {example}"));
            None
        }
    }
}

fn hidden(node: &Node, level: Level, faults: &mut Faults<'_>) -> Option<HiddenFilter> {
    match (&node.value, level) {
        (Value::Text(word), _) if word == "only" => Some(HiddenFilter::Only),
        (Value::Bool(true), Level::Top) => Some(HiddenFilter::Include),
        (Value::Bool(true), Level::Nested) => Some(HiddenFilter::Only),
        (Value::Bool(false), _) => Some(HiddenFilter::Exclude),
        _ => {
            expect::wrong_type(node, "hidden", "true, false or only", faults);
            None
        }
    }
}

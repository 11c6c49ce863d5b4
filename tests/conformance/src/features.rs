//! What a destination says of itself, a row each: what the engine plans by, and nothing that was read in its code.

use camroll_host::Connection;
use camroll_model::{Features, Identity, Needs};

/// The rows of a destination's column.
///
/// # Panics
/// If it can't be asked.
pub(crate) async fn told(connection: &Connection) -> Vec<(&'static str, String)> {
    let Identity { id, features, free, .. } = connection.probe().await.expect("it says who it is");
    let has = |name: &str| yes(features.has_trait(name));
    vec![
        ("things have", named(&features)),
        ("names there", names(&features)),
        (
            "known again by",
            if id.is_some() {
                "the service's own id"
            } else {
                "`.camroll/id`"
            }
            .to_owned(),
        ),
        ("must be known before it is sent", needed(&features)),
        ("proof without reading", proof(&features).to_owned()),
        ("sets a file's time", has("set-modified")),
        ("takes the place of an older edit", has("replace")),
        ("goes on with what was cut off", has("resume")),
        ("equal content is one thing", has("dedupes")),
        ("can't be taken away for a time", has("immutable")),
        ("has a bin", has("trash")),
        (
            "joins Live Photos",
            yes(features.has_trait("pairs-video-first") || features.has_trait("pairs-still-first")),
        ),
        ("albums", albums(connection, &features).to_owned()),
        (
            "told of favourites, captions, dates later",
            yes(connection.exports_annotating()),
        ),
        ("files made visible together", features.commit_batch.to_string()),
        (
            "largest file",
            features.max_size.map_or_else(|| "no limit known".to_owned(), size),
        ),
        ("tells what is free", yes(free.is_some())),
    ]
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn named(features: &Features) -> String {
    match &features.names {
        Some(_) => "a path",
        None => "an id",
    }
    .to_owned()
}

fn names(features: &Features) -> String {
    let Some(rules) = &features.names else {
        return "shown only".to_owned();
    };
    let case = if rules.case_sensitive { "A isn't a" } else { "A is a" };
    let limit = format!("{} long", rules.name_limit);
    match rules.forbidden.chars().filter(|c| !c.is_control()).count() {
        0 => format!("{case}, {limit}"),
        // A bar would end the cell.
        _ => format!("{case}, {limit}, without `{}`", rules.forbidden.replace('|', "¦")),
    }
}

fn needed(features: &Features) -> String {
    let one = |needs: &Needs| {
        let mut all = needs.digests.clone();
        if needs.size {
            all.insert(0, "size".to_owned());
        }
        if needs.window == u64::MAX {
            all.push("all of it".to_owned());
        }
        let what = if all.is_empty() {
            "nothing".to_owned()
        } else {
            all.join(", ")
        };
        match needs.from {
            0 => what,
            from => format!("from {} on {what}", size(from)),
        }
    };
    match features.needs.as_slice() {
        [] => "nothing".to_owned(),
        all => all.iter().map(one).collect::<Vec<_>>().join("; "),
    }
}

fn proof(features: &Features) -> &'static str {
    if !features.checked_digests.is_empty() {
        "service-checked"
    } else if !features.digests.is_empty() {
        "service-reported"
    } else {
        "accepted"
    }
}

fn albums(connection: &Connection, features: &Features) -> &'static str {
    match (connection.exports_albums(), &features.names) {
        (true, _) => "albums",
        (false, Some(_)) => "lists",
        (false, None) => "none",
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(*unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            (size(5 << 40), size((1 << 20) + 1), size(7)),
            ("5 TiB".into(), "1.0 MiB".into(), "7 bytes".into())
        );
    }
}

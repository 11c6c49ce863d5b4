//! The generated tables of docs/connectors: a row for each cell, a column for each server.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// A table of docs/connectors.
pub(crate) struct Table {
    file: &'static str,
    head: &'static str,
}

/// What was asked of each server.
pub(crate) const CONFORMANCE: Table = Table {
    file: "conformance.md",
    head: "# What was asked of destinations

Each column is a connector against a server on loopback, a real one where the heading doesn't say \"simulated\" (`tests/clouds`); each cell was run. Generated: `UPDATE=1 cargo test -p camroll-conformance` writes a column anew, and without `UPDATE` the tests compare it.
`–`: can't be asked of it, and why where that isn't plain.

",
};

/// What each says of itself.
pub(crate) const FEATURES: Table = Table {
    file: "features.md",
    head: "# What destinations can do

What each connector says of a server when it is asked who it is: what camroll plans by. The servers are those of [conformance.md](conformance.md), which says what was tried of it. Generated with that table.

",
};

fn path(table: &Table) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/connectors")
        .join(table.file)
}

type Column = (String, Vec<(String, String)>);

/// The columns of a table that `write` wrote.
fn read(text: &str) -> Vec<Column> {
    let mut rows = text.lines().filter(|line| line.starts_with('|')).map(|line| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    });
    let mut columns: Vec<Column> = rows
        .next()
        .into_iter()
        .flat_map(|head| head.into_iter().skip(1))
        .map(|name| (name, Vec::new()))
        .collect();
    for row in rows.skip(1) {
        let mut cells = row.into_iter();
        let Some(title) = cells.next() else { continue };
        for ((_, column), cell) in columns.iter_mut().zip(cells) {
            column.push((title.clone(), cell));
        }
    }
    columns
}

fn write(table: &Table, columns: &[Column], titles: &[&str]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!(
        "{}| | {} |\n|---|{}\n",
        table.head,
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for title in titles {
        let cells: Vec<&str> = columns
            .iter()
            .map(|(_, column)| {
                let cell = column.iter().find(|(known, _)| known == title);
                cell.map_or("not run", |(_, outcome)| outcome.as_str())
            })
            .collect();
        text.push_str(&format!("| {title} | {} |\n", cells.join(" | ")));
    }
    text
}

/// Compares a column with the table's, or puts it there.
///
/// # Panics
/// If they differ.
pub(crate) fn agree(table: &Table, name: &str, outcomes: &[(&str, String)]) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let known = fs::read_to_string(path(table)).unwrap_or_default();
    let mut columns = read(&known);
    let outcomes: Vec<(String, String)> = outcomes
        .iter()
        .map(|(title, outcome)| ((*title).to_owned(), outcome.clone()))
        .collect();
    let there = columns.iter_mut().find(|(column, _)| column == name);
    if env::var_os("UPDATE").is_none() {
        let there = there.map(|(_, column)| column.as_slice()).unwrap_or_default();
        assert_eq!(
            there, outcomes,
            "docs/connectors/{} says something else of {name} (the first); UPDATE=1 writes what was found",
            table.file
        );
        return;
    }
    match there {
        Some((_, column)) => *column = outcomes.clone(),
        None => columns.push((name.to_owned(), outcomes.clone())),
    }
    columns.sort_by(|one, other| one.0.cmp(&other.0));
    let titles: Vec<&str> = outcomes.iter().map(|(title, _)| title.as_str()).collect();
    fs::write(path(table), write(table, &columns, &titles)).expect("docs can be written");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let columns: Vec<Column> = vec![
            (
                "a: x".into(),
                vec![("put".into(), "yes".into()), ("list".into(), "–".into())],
            ),
            (
                "b: y".into(),
                vec![("put".into(), "yes".into()), ("list".into(), "no".into())],
            ),
        ];
        assert_eq!(read(&write(&CONFORMANCE, &columns, &["put", "list"])), columns);
    }
}

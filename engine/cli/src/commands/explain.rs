use std::path::Path;
use std::sync::Arc;

use camroll_model::{Library, SourceKey};
use camroll_state::{Catalogued, Ordinal, Presence, State, StatusScope};
use camroll_sync::{Exit, Memberships};
use serde_json::json;

use crate::args::ExplainArguments;
use crate::codes;
use crate::setup::{open_state, state_folder, state_story};
use crate::specs;
use crate::story::{Outcome, Story};

pub fn run(arguments: &ExplainArguments, folder: Option<&Path>) -> Outcome {
    let Some(wanted) = &arguments.asset else {
        return match codes::explain(&arguments.subject) {
            Some(page) => {
                if arguments.json {
                    println!("{}", json!({"code": arguments.subject, "page": page}));
                } else {
                    // The pages are Markdown; on a terminal the stars would only stand in the way.
                    println!("{}\n\n{}", arguments.subject, page.replace("**", ""));
                }
                Ok(Exit::Done)
            }
            None => Err(unknown(&arguments.subject)),
        };
    };
    let reading = specs::read(&arguments.specs)?;
    let spec = specs::find_spec(&reading, &arguments.subject)?;
    let state = open_state(&state_folder(folder)?)?;
    let found = search(&state, spec.source.connection.connector.id().as_str(), wanted)?;
    if found.is_empty() {
        return Err(Story::new(
            Exit::Usage,
            format!("The catalogue has no asset whose name is {wanted:?} or whose id begins so."),
        )
        .hint("if it is new, `camroll plan` hears of it; names are compared whole, as IMG_0001.HEIC"));
    }
    let libraries = found.iter().map(|(_, _, entry)| entry.source);
    let memberships = Memberships::read(&state, [spec], libraries).map_err(|failure| Story::of_failure(&failure))?;
    let deletions: serde_json::Map<String, serde_json::Value> = spec
        .destinations
        .iter()
        .map(|destination| (destination.name.to_string(), destination.deletions.name().into()))
        .collect();
    let mut all = Vec::new();
    for (library, key, entry) in found {
        let albums = memberships
            .of(&state, entry.source, &entry.asset.id)
            .map_err(|failure| Story::of_failure(&failure))?;
        let mut places = Vec::new();
        for destination in state.known_destinations().map_err(state_story)? {
            let doubted = state.doubted(destination).map_err(state_story)?;
            for placement in state
                .placements(destination, &key, &entry.asset.id)
                .map_err(state_story)?
            {
                let found = doubted
                    .iter()
                    .find(|one| one.placement == placement)
                    .map(|one| &one.code);
                places.push(json!({"found": found, "path": placement.path(), "role": placement.role.name(), "size": placement.size, "proof": placement.proof.name(),
                    "ownership": placement.ownership, "digests": placement.digests.iter().map(ToString::to_string).collect::<Vec<_>>()}));
            }
        }
        let scope = match entry.presence {
            Presence::Gone(departure) => json!({"gone": departure}),
            Presence::Here => match camroll_plan::scope(&entry.asset, &albums, &library, spec) {
                camroll_plan::Scope::In => json!("in"),
                camroll_plan::Scope::Out(reason) => json!({"out": reason.code(), "why": reason.sentence()}),
                camroll_plan::Scope::Gone => json!("gone"),
            },
        };
        let statuses: Vec<_> = state
            .statuses_of(spec.name.as_str(), entry.source, &entry.asset.id)
            .map_err(state_story)?
            .into_iter()
            .flatten()
            .map(|status| json!({"scope": match &status.scope { StatusScope::In => "in", StatusScope::Out(_) => "out", StatusScope::Gone => "gone" }, "state": format!("{:?}", status.state).to_lowercase(), "problems": status.problems}))
            .collect();
        all.push(json!({"asset": entry.asset.id.as_str(), "name": entry.asset.name, "library": library.name, "scope": scope,
            "files": entry.asset.resources.iter().map(|resource| json!({"role": resource.role.name(), "size": resource.size, "media_type": resource.media_type, "available": resource.available})).collect::<Vec<_>>(),
            "deletions": deletions, "placements": places, "status": statuses, "unexplained_missing": entry.unexplained}));
    }
    if arguments.json {
        println!("{}", json!({"assets": all}));
        return Ok(Exit::Done);
    }
    for one in &all {
        tell(one);
    }
    Ok(Exit::Done)
}

/// Codes have a slash in them, names of specs don't: so one is known from the other.
fn unknown(subject: &str) -> Story {
    if !subject.contains('/') {
        return Story::new(
            Exit::Usage,
            format!("{subject:?} isn't the code of an error. If it is a spec, say which asset of it."),
        )
        .hint(format!("camroll explain {subject} IMG_0001.HEIC"));
    }
    let story = Story::new(Exit::Usage, format!("{subject:?} isn't a code that camroll knows."));
    match camroll_spec::nearest(subject, codes::all()) {
        Some(near) => story.hint(format!("did you mean {near}?")),
        None => story.hint("a code stands in brackets at the end of a message, such as (apple/adp-on)"),
    }
}

fn tell(one: &serde_json::Value) {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    println!(
        "{} ({}), in {}",
        one["name"].as_str().unwrap_or("without a name"),
        text(&one["asset"]),
        text(&one["library"])
    );
    match &one["scope"] {
        serde_json::Value::String(_) => println!("  The spec takes it."),
        scope if scope["gone"].is_string() => {
            println!("  It left the library ({}).", text(&scope["gone"]));
            for (destination, deletions) in one["deletions"].as_object().into_iter().flatten() {
                let what = match deletions.as_str() {
                    Some("mirror") => "goes as well, within the brake: `deletions: mirror`",
                    Some("trash") => "goes into the bin there, within the brake: `deletions: trash`",
                    _ => "stays: `deletions: keep`",
                };
                println!("    At {destination}, what camroll brought {what}.");
            }
        }
        scope => println!("  The spec doesn't take it. {}", text(&scope["why"])),
    }
    for file in one["files"].as_array().into_iter().flatten() {
        let waits = if file["available"] == false {
            ", bytes not uploaded yet"
        } else {
            ""
        };
        println!(
            "  has    {:<14} {} bytes, {}{waits}",
            text(&file["role"]),
            file["size"],
            text(&file["media_type"])
        );
    }
    for place in one["placements"].as_array().into_iter().flatten() {
        println!(
            "  there  {:<14} {} ({}, {})",
            text(&place["role"]),
            text(&place["path"]),
            text(&place["proof"]),
            text(&place["ownership"])
        );
        if let Some(found) = place["found"].as_str() {
            println!("         It wasn't so when it was looked at last ({found}), and counts as no copy.");
        }
        for digest in place["digests"].as_array().into_iter().flatten() {
            println!("         {:<14} {}", "", text(digest));
        }
    }
    for status in one["status"].as_array().into_iter().flatten() {
        println!("  state  {}", text(&status["state"]));
        for problem in status["problems"].as_array().into_iter().flatten() {
            println!("  !      {} ({})", text(&problem["message"]), text(&problem["code"]));
        }
    }
}

/// Assets of that name, or whose id begins so.
fn search(state: &Arc<State>, connector: &str, wanted: &str) -> Result<Vec<(Library, SourceKey, Catalogued)>, Story> {
    let mut found = Vec::new();
    for (key, id) in state.sources().map_err(state_story)? {
        if key.connector != connector {
            continue;
        }
        let library = state
            .libraries(&key.connector, &key.account)
            .map_err(state_story)?
            .into_iter()
            .find(|library| library.id.as_str() == key.library)
            .unwrap_or(Library {
                id: key.library.as_str().into(),
                name: key.library.clone(),
                kind: String::new(),
                count: None,
                attributes: Vec::new(),
            });
        let mut from = Ordinal(0);
        loop {
            let page = state.assets(id, from, 500).map_err(state_story)?;
            let Some(last) = page.last() else { break };
            from = Ordinal(last.ordinal.0 + 1);
            for entry in page {
                let named = entry
                    .asset
                    .name
                    .as_deref()
                    .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
                if found.len() < 20 && (named || entry.asset.id.as_str().starts_with(wanted)) {
                    found.push((library.clone(), key.clone(), entry));
                }
            }
        }
    }
    Ok(found)
}

use camroll_sync::Exit;
use serde_json::json;

use crate::args::{ConnectorArguments, ConnectorCommand};
use crate::bundle;
use crate::story::{Outcome, Story};

pub fn run(arguments: &ConnectorArguments) -> Outcome {
    match &arguments.command {
        ConnectorCommand::List { json } => list(*json),
        ConnectorCommand::Info { id, json } => info(id, *json),
    }
}

fn manifest(id: &str) -> Result<serde_json::Value, Story> {
    let bundled = bundle::of(id).ok_or_else(|| {
        let known: Vec<&str> = bundle::BUNDLED.iter().map(|known| known.id).collect();
        Story::new(
            Exit::Usage,
            format!(
                "There is no connector {id:?}. There is: {}. Connectors that aren't bundled can't be used yet.",
                known.join(", ")
            ),
        )
        .hint(match camroll_spec::nearest(id, known.iter().copied()) {
            Some(near) => format!("camroll connector info {near}"),
            None => "camroll connector list".to_owned(),
        })
    })?;
    serde_json::from_str(bundled.manifest).map_err(Story::unexpected)
}

fn list(json: bool) -> Outcome {
    let mut all = Vec::new();
    for bundle::Bundled { id, .. } in bundle::BUNDLED {
        let manifest = manifest(id)?;
        all.push(json!({"id": id, "version": manifest["version"], "title": manifest["title"], "roles": manifest["roles"], "summary": manifest["summary"]}));
    }
    if json {
        println!("{}", json!({"connectors": all}));
        return Ok(Exit::Done);
    }
    for one in all {
        let roles: Vec<&str> = one["roles"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect();
        println!(
            "{:<16} {:<8} {:<12} {}",
            one["id"].as_str().unwrap_or_default(),
            one["version"].as_str().unwrap_or_default(),
            roles.join(", "),
            one["summary"].as_str().unwrap_or_default()
        );
    }
    Ok(Exit::Done)
}

fn info(id: &str, json: bool) -> Outcome {
    let manifest = manifest(id)?;
    if json {
        println!("{manifest}");
        return Ok(Exit::Done);
    }
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    println!(
        "{} {}: {}",
        text(&manifest["title"]),
        text(&manifest["version"]),
        text(&manifest["summary"])
    );
    let section = |title: &str, rows: Vec<(String, String)>| {
        if !rows.is_empty() {
            println!("\n{title}");
            for (left, right) in rows {
                println!("  {left:<16} {right}");
            }
        }
    };
    let members = |key: &str| manifest[key].as_object().cloned().unwrap_or_default();
    section(
        "reaches",
        members("origins")
            .into_iter()
            .map(|(name, rule)| {
                (
                    name,
                    format!("{}: {}", address(&rule, &manifest["learns"]), text(&rule["why"])),
                )
            })
            .chain(manifest["hosts"].as_array().into_iter().flatten().map(|host| {
                (
                    "".to_owned(),
                    format!("{}: {}", text(&host["pattern"]), text(&host["why"])),
                )
            }))
            .chain(members("tcp").into_iter().map(|(name, rule)| {
                let host = text(&rule["host"]);
                let whose = host.trim_start_matches('/');
                let ports = match rule["beside"].as_bool() {
                    Some(true) => "at its port, and at others that it names",
                    _ => "at its port",
                };
                (
                    name,
                    format!(
                        "the host that the setting {whose:?} names, {ports}: {}",
                        text(&rule["why"])
                    ),
                )
            }))
            .collect(),
    );
    section(
        "secrets",
        members("slots")
            .into_iter()
            .map(|(name, rule)| (name, text(&rule["why"])))
            .collect(),
    );
    let properties = manifest["settings"]["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    section(
        "settings",
        properties
            .into_iter()
            .map(|(name, rule)| (name, text(&rule["description"])))
            .collect(),
    );
    if manifest["folder"].is_object() {
        println!(
            "\nfiles\n  only in the folder that the setting {:?} names",
            text(&manifest["folder"]["setting"]).trim_start_matches('/')
        );
    }
    Ok(Exit::Done)
}

/// Where an origin of a manifest is: fixed, by the value of a setting, or learnt from an answer.
fn address(rule: &serde_json::Value, learns: &serde_json::Value) -> String {
    if let Some(fixed) = rule["address"].as_str() {
        return fixed.to_owned();
    }
    let by = rule["by"].as_object().into_iter().flatten();
    let mut places: Vec<&str> = by
        .flat_map(|(_, values)| values.as_object().into_iter().flatten())
        .filter_map(|(_, place)| place.as_str())
        .collect();
    places.dedup();
    if !places.is_empty() {
        return places.join(" or ");
    }
    if let Some(lesson) = rule["learnt"].as_str() {
        let under: Vec<String> = learns[lesson]["under"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|suffix| Some(format!("https://*{}", suffix.as_str()?)))
            .collect();
        return format!("{}, as the service says", under.join(" or "));
    }
    "the address in the settings".to_owned()
}

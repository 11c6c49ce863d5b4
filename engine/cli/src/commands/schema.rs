use camroll_spec::{receipt_schema, spec_schema};
use camroll_sync::Exit;

use crate::args::{SchemaArguments, SchemaKind};
use crate::specs;
use crate::story::{Outcome, Story};

pub fn run(arguments: &SchemaArguments) -> Outcome {
    let spec = spec_schema(&specs::connectors()?);
    let text = |schema: &serde_json::Value| {
        serde_json::to_string_pretty(schema)
            .map(|text| text + "\n")
            .map_err(Story::unexpected)
    };
    if let Some(folder) = &arguments.write {
        for (name, schema) in [
            ("camroll.schema.json", &spec),
            ("receipt.schema.json", &receipt_schema()),
        ] {
            let path = folder.join(name);
            std::fs::write(&path, text(schema)?)
                .map_err(|error| Story::new(Exit::Unexpected, format!("{}: {error}", path.display())))?;
        }
        return Ok(Exit::Done);
    }
    print!(
        "{}",
        text(&match arguments.kind {
            SchemaKind::Spec => spec,
            SchemaKind::Receipt => receipt_schema(),
        })?
    );
    Ok(Exit::Done)
}

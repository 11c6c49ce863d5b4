//! JSON Schemas for editors: what `camroll schema` prints and `schema/` holds.

mod connectors;
mod shape;
mod written;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::settings::Connectors;

/// The schema of a spec, with the settings of these connectors in it. Draft 7, for that is what editors know best.
pub fn spec_schema(connectors: &Connectors) -> Value {
    let mut schema = draft7::<written::Document>();
    connectors::merge(&mut schema, connectors);
    schema["$id"] = json!("https://github.com/camroll/camroll/schema/1/camroll.schema.json");
    shape::in_order(&mut schema);
    schema
}

/// The schema of a receipt.
pub fn receipt_schema() -> Value {
    let mut schema = draft7::<camroll_model::Receipt>();
    schema["$id"] = json!("https://github.com/camroll/camroll/schema/1/receipt.schema.json");
    shape::in_order(&mut schema);
    schema
}

fn draft7<T: schemars::JsonSchema>() -> Value {
    let schema: Schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    shape::for_editors(&mut schema);
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::spec_schema;
    use crate::read;
    use crate::settings::Connectors;

    /// The reader and the schema know the same keys: neither can get a key that the other doesn't have.
    #[test]
    fn reader_and_schema_have_the_same_keys() {
        let schema = spec_schema(&Connectors::default());
        let same = |definition: &str, keys: read::fields::Keys, silent: &[&str]| {
            let of = if definition.is_empty() {
                &schema
            } else {
                &schema["definitions"][definition]
            };
            let mut in_schema: Vec<&str> = of["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
                .collect();
            let mut in_reader: Vec<&str> = keys.known.iter().copied().filter(|key| !silent.contains(key)).collect();
            in_schema.sort_unstable();
            in_reader.sort_unstable();
            assert_eq!(in_schema, in_reader, "{definition}");
            assert_eq!(of["additionalProperties"], Value::Bool(false), "{definition}");
        };
        // Read while they ask for nothing; not offered by editors, because they aren't built.
        same("", read::document::KEYS, &["conversion", "kind"]);
        same("Connection", read::connection::KEYS, &[]);
        same("Source", read::connection::SOURCE_KEYS, &[]);
        same("Destination", read::destination::KEYS, &[]);
        same("Filters", read::filters::KEYS, &[]);
        same("Schedule", read::schedule::KEYS, &[]);
        same("Limits", read::limits::KEYS, &[]);
        same("Pace", read::pace::KEYS, &[]);
        same("Destructive", read::limits::DESTRUCTIVE_KEYS, &[]);
    }
}

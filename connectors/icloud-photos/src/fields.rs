//! Values of CloudKit records, read leniently: fields are missing, empty or of another type in real libraries.

use base64::Engine as _;
use serde_json::Value;

/// A record's field.
pub fn field<'a>(record: &'a Value, name: &str) -> Option<&'a Value> {
    record.get("fields")?.get(name)?.get("value")
}

/// A whole number, also where it is written as a text or a boolean.
pub fn integer(record: &Value, name: &str) -> Option<i64> {
    match field(record, name)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|real| real as i64)),
        Value::Bool(flag) => Some((*flag).into()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether a flag is set.
pub fn flag(record: &Value, name: &str) -> bool {
    integer(record, name).is_some_and(|number| number != 0)
}

/// A text as it stands.
pub fn text<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    field(record, name)?.as_str().filter(|text| !text.is_empty())
}

/// A text that is base64 of UTF-8 where its type says so, else plain.
pub fn encoded_text(record: &Value, name: &str) -> Option<String> {
    let value = text(record, name)?;
    let kind = record
        .get("fields")?
        .get(name)?
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kind == "STRING" {
        return Some(value.to_owned());
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(value).ok()?;
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

/// Milliseconds since 1970, where the date is one that a camera could have written: years 1800 to 2200.
pub fn date(record: &Value, name: &str) -> Option<i64> {
    const FIRST: i64 = -5_364_662_400_000;
    const LAST: i64 = 7_258_118_400_000;
    integer(record, name).filter(|time| (FIRST..LAST).contains(time))
}

/// A record's name.
pub fn name(record: &Value) -> Option<&str> {
    record
        .get("recordName")?
        .as_str()
        .filter(|name| !name.is_empty() && name.len() <= 512)
}

/// A record's type.
pub fn kind(record: &Value) -> &str {
    record.get("recordType").and_then(Value::as_str).unwrap_or_default()
}

/// The name of an asset's master.
pub fn master_of(asset: &Value) -> Option<&str> {
    field(asset, "masterRef")?.get("recordName")?.as_str()
}

//! What must be changed of an asset there so that it says what the source says. What the source doesn't say is left alone.

use camroll_connector::types::{Asset as Source, Instant, Value};
use serde_json::{Map, Value as Json};

use crate::answers::{Asset, Visibility};
use crate::dates;

/// Degrees that two places may differ by and still be one: about a metre.
const NEAR: f64 = 0.000_01;

/// The changes, as `PUT /assets/{id}` takes them; empty where there are none.
pub fn changes(there: &Asset, source: &Source) -> Map<String, Json> {
    let mut changes = Map::new();
    // The moving half of a Live Photo has nothing of its own.
    if there.visibility == Visibility::Hidden {
        return changes;
    }
    if there.is_favorite != source.favorite {
        changes.insert("isFavorite".into(), source.favorite.into());
    }
    // What lies in the archive and isn't hidden may have been put there by a person: it stays.
    if there.visibility == Visibility::Timeline && source.hidden {
        changes.insert("visibility".into(), "archive".into());
    }
    let exif = there.exif_info.clone().unwrap_or_default();
    if let Some(caption) = caption(source).filter(|caption| exif.description.as_deref() != Some(*caption)) {
        changes.insert("description".into(), caption.into());
    }
    if let Some(taken) = taken(there, source) {
        changes.insert("dateTimeOriginal".into(), taken.into());
    }
    if let (Some(latitude), Some(longitude)) = (degrees(source, "latitude", 90.0), degrees(source, "longitude", 180.0))
    {
        let near = |there: Option<f64>, wanted: f64| there.is_some_and(|there| (there - wanted).abs() < NEAR);
        if !(near(exif.latitude, latitude) && near(exif.longitude, longitude)) {
            changes.insert("latitude".into(), latitude.into());
            changes.insert("longitude".into(), longitude.into());
        }
    }
    changes
}

/// The caption, if the source has one.
pub fn caption(source: &Source) -> Option<&str> {
    match attribute(source, "caption") {
        Some(Value::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The time to set; none where it is the right one to the second. A wall clock without a zone says no more than the file does.
fn taken(there: &Asset, source: &Source) -> Option<String> {
    let wanted = source
        .taken
        .filter(|_| !source.traits.iter().any(|one| one == "wall-clock"))?;
    let exif = there
        .exif_info
        .as_ref()
        .and_then(|exif| exif.date_time_original.as_deref());
    let known: Option<Instant> = exif.or(there.file_created_at.as_deref()).and_then(dates::read);
    if known.is_some_and(|known| known.seconds == wanted.seconds) {
        return None;
    }
    dates::at(wanted, source.taken_offset.unwrap_or(0))
}

fn degrees(source: &Source, name: &str, limit: f64) -> Option<f64> {
    match attribute(source, name) {
        Some(Value::Real(number)) if number.abs() <= limit => Some(*number),
        _ => None,
    }
}

fn attribute<'a>(source: &'a Source, name: &str) -> Option<&'a Value> {
    source
        .attributes
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use camroll_connector::types::AssetKind;

    use super::*;
    use crate::entries::tests::asset;

    fn source() -> Source {
        Source {
            id: "a".into(),
            keys: Vec::new(),
            version: String::new(),
            kind: AssetKind::Photo,
            traits: Vec::new(),
            name: None,
            taken: Some(Instant {
                seconds: 1_600_000_000,
                nanoseconds: 5,
            }),
            taken_offset: Some(7200),
            added: None,
            favorite: true,
            hidden: true,
            resources: Vec::new(),
            attributes: vec![
                ("caption".into(), Value::Text("The sea".into())),
                ("latitude".into(), Value::Real(54.5)),
                ("longitude".into(), Value::Real(13.4)),
            ],
        }
    }

    #[test]
    fn everything_that_differs_is_set() {
        let there = asset(r#""fileCreatedAt":"2020-09-13T12:26:41.000Z""#);
        let expected = serde_json::json!({
            "isFavorite": true, "visibility": "archive", "description": "The sea",
            "dateTimeOriginal": "2020-09-13T14:26:40.000000005+02:00", "latitude": 54.5, "longitude": 13.4,
        });
        assert_eq!(Json::Object(changes(&there, &source())), expected);
    }

    #[test]
    fn what_is_right_or_not_said_is_left_alone() {
        let there = asset(
            r#""isFavorite":true,"visibility":"archive","exifInfo":{"description":"The sea","dateTimeOriginal":"2020-09-13T14:26:40+02:00","latitude":54.500001,"longitude":13.4}"#,
        );
        assert!(changes(&there, &source()).is_empty());
        let mut silent = source();
        silent.attributes.clear();
        silent.taken = None;
        let there = asset(r#""isFavorite":true,"visibility":"archive","exifInfo":{"description":"Written there"}"#);
        assert!(changes(&there, &silent).is_empty());
        silent.hidden = false;
        assert!(changes(&there, &silent).is_empty(), "the archive is a person's, too");
        let mut clock = source();
        clock.traits.push("wall-clock".into());
        let there = asset(r#""fileCreatedAt":"2021-09-13T12:26:41.000Z""#);
        assert!(!changes(&there, &clock).contains_key("dateTimeOriginal"));
    }

    #[test]
    fn locked_and_hidden_stay_where_they_are() {
        assert!(changes(&asset(r#""visibility":"hidden""#), &source()).is_empty());
        assert!(!changes(&asset(r#""visibility":"locked""#), &source()).contains_key("visibility"));
    }
}

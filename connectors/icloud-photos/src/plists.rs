//! Values that CloudKit keeps as binary property lists: an asset's keywords, and where it was taken. Read as a run of events, and a bounded one: a list may name the same part again and again, so that a
//! hundred bytes of it unfold to more than any memory holds.

use std::io::Cursor;

use base64::Engine as _;
use plist::stream::{BinaryReader, Event, OwnedEvent};
use serde_json::Value;

use crate::fields::text;

/// Events that one list may have.
const MOST: usize = 4_000;

/// Where an asset was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres over the sea.
    pub altitude: Option<f64>,
}

/// A field's events; none where it isn't a list, or one without end.
fn events(record: &Value, name: &str) -> Option<Vec<OwnedEvent>> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text(record, name)?)
        .ok()?;
    let mut reader = BinaryReader::new(Cursor::new(bytes));
    let events = reader.by_ref().take(MOST).collect::<Result<Vec<_>, _>>().ok()?;
    reader.next().is_none().then_some(events)
}

/// An array of texts; what is in it besides is passed over.
pub fn texts(record: &Value, name: &str) -> Option<Vec<String>> {
    let events = events(record, name)?;
    let [Event::StartArray(_), within @ .., Event::EndCollection] = events.as_slice() else {
        return None;
    };
    let texts: Vec<String> = within
        .iter()
        .filter_map(|event| match event {
            Event::String(text) if !text.is_empty() => Some(text.to_string()),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then_some(texts)
}

/// A dictionary with `lat`, `lon` and perhaps `alt`, where they are on this earth.
pub fn place(record: &Value, name: &str) -> Option<Place> {
    let events = events(record, name)?;
    let number = |key: &str| {
        let mut pairs = events.windows(2);
        pairs.find_map(|pair| match pair {
            [Event::String(found), Event::Real(number)] if found == key => Some(*number),
            [Event::String(found), Event::Integer(number)] if found == key => {
                number.as_signed().map(|number| number as f64)
            }
            _ => None,
        })
    };
    let place = Place {
        latitude: number("lat")?,
        longitude: number("lon")?,
        altitude: number("alt").filter(|altitude| altitude.is_finite()),
    };
    // Comparisons that no NaN passes.
    (place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(bytes: &[u8]) -> Value {
        let value = base64::engine::general_purpose::STANDARD.encode(bytes);
        json!({"fields": {"f": {"value": value, "type": "ENCRYPTED_BYTES"}}})
    }

    /// Made by Python 3's plistlib: `dumps(["Meer", "été", "", 5], fmt=FMT_BINARY)`.
    const KEYWORDS: &[u8] = b"bplist00\xa4\x01\x02\x03\x04TMeerc\x00\xe9\x00t\x00\xe9P\x10\x05\x08\x0d\x12\x19\x1a\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x1c";
    /// `dumps({"lat": 48.137, "lon": -11.5, "alt": 519}, fmt=FMT_BINARY)`.
    const PLACE: &[u8] = b"bplist00\xd3\x01\x02\x03\x04\x05\x06SlatSlonSalt#@H\x11\x897K\xc6\xa8#\xc0'\x00\x00\x00\x00\x00\x00\x11\x02\x07\x08\x0f\x13\x17\x1b$-\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x000";

    #[test]
    fn keywords_are_the_texts_of_an_array() {
        assert_eq!(
            texts(&record(KEYWORDS), "f"),
            Some(vec!["Meer".to_owned(), "été".to_owned()])
        );
        assert_eq!(texts(&record(PLACE), "f"), None);
    }

    #[test]
    fn a_place_is_a_dictionary_of_numbers() {
        let expected = Place {
            latitude: 48.137,
            longitude: -11.5,
            altitude: Some(519.0),
        };
        assert_eq!(place(&record(PLACE), "f"), Some(expected));
        assert_eq!(place(&record(KEYWORDS), "f"), None);
    }

    #[test]
    fn what_is_no_list_or_has_no_end_is_nothing() {
        for bytes in [&b""[..], b"bplist00", b"<plist/>", &KEYWORDS[..30]] {
            assert_eq!((texts(&record(bytes), "f"), place(&record(bytes), "f")), (None, None));
        }
        assert_eq!(texts(&json!({"fields": {"f": {"value": "%%"}}}), "f"), None);
        // Sixty arrays, each with the next one twice: 2^60 texts.
        let mut list = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for number in 0..60_u8 {
            offsets.push(list.len() as u8);
            list.extend([0xa2, number + 1, number + 1]);
        }
        offsets.push(list.len() as u8);
        list.extend(b"Qx");
        let table = list.len() as u64;
        list.extend(&offsets);
        list.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        for number in [61_u64, 0, table] {
            list.extend(number.to_be_bytes());
        }
        assert_eq!(texts(&record(&list), "f"), None);
    }
}

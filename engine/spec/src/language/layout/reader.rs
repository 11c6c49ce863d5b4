//! From a layout's text to its segments, all faults told with their place in the text.

use super::{Field, LAYOUT_FIELDS, Layout, LayoutFault, Segment, Strftime};
use crate::values::nearest;

/// The reading of one layout: segments with their places, and faults.
#[derive(Default)]
pub(super) struct Reader {
    pub segments: Vec<(Segment, (usize, usize))>,
    pub faults: Vec<LayoutFault>,
}

impl Reader {
    pub fn read(&mut self, chars: &[char]) {
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            match (c, chars.get(at + 1)) {
                ('{', Some('{')) | ('}', Some('}')) => {
                    self.text(c, at, at + 2);
                    at += 2;
                }
                ('{', _) => at = self.field(chars, at),
                ('}', _) => {
                    self.faults.push(LayoutFault::new(
                        (at, at + 1),
                        "layout/brace",
                        "a \"}\" without its \"{\"",
                        "for the character itself write \"}}\"",
                    ));
                    at += 1;
                }
                ('/', _) => {
                    self.segments.push((Segment::Separator, (at, at + 1)));
                    at += 1;
                }
                (c, _) if c.is_control() || c == '\\' => {
                    self.faults.push(LayoutFault::new(
                        (at, at + 1),
                        "layout/character",
                        format!("{c:?} can't be in a path"),
                        "folders are separated by \"/\"",
                    ));
                    at += 1;
                }
                _ => {
                    self.text(c, at, at + 1);
                    at += 1;
                }
            }
        }
    }

    fn text(&mut self, c: char, start: usize, end: usize) {
        if let Some((Segment::Text(text), place)) = self.segments.last_mut() {
            text.push(c);
            place.1 = end;
        } else {
            self.segments.push((Segment::Text(c.to_string()), (start, end)));
        }
    }

    /// Reads from a "{" to its "}"; gives where to go on.
    fn field(&mut self, chars: &[char], start: usize) -> usize {
        let Some(length) = chars.iter().skip(start).position(|c| *c == '}') else {
            self.faults.push(LayoutFault::new(
                (start, chars.len()),
                "layout/brace",
                "a \"{\" without its \"}\"",
                "close the field: {name}",
            ));
            return chars.len();
        };
        let end = start + length + 1;
        let inner: String = chars.iter().skip(start + 1).take(length - 1).collect();
        let (name, format) = match inner.split_once(':') {
            Some((name, format)) => (name.trim(), Some(format)),
            None => (inner.trim(), None),
        };
        let place = (start, end);
        match (name, format) {
            ("taken" | "added", Some(format)) => self.date(name, format, start),
            ("taken" | "added", None) => self.faults.push(LayoutFault::new(
                place,
                "layout/date-format",
                format!("\"{{{name}}}\" doesn't say how the date is written"),
                format!("write {{{name}:%Y}}, {{{name}:%Y-%m-%d}} …"),
            )),
            (known, Some(_)) if plain_field(known).is_some() => self.faults.push(LayoutFault::new(
                place,
                "layout/format",
                format!("\"{known}\" takes no format"),
                format!("write {{{known}}}"),
            )),
            (known, None) => match plain_field(known) {
                Some(field) => self.segments.push((Segment::Field(field), place)),
                None => self.unknown(known, place),
            },
            (unknown, Some(_)) => self.unknown(unknown, place),
        }
        end
    }

    fn unknown(&mut self, name: &str, place: (usize, usize)) {
        let help = match nearest(name, LAYOUT_FIELDS) {
            Some(word) => format!("did you mean {{{word}}}?"),
            None => format!("the fields are {}", LAYOUT_FIELDS.join(", ")),
        };
        let message = format!("there is no field \"{name}\"");
        self.faults
            .push(LayoutFault::new(place, "layout/unknown-field", message, help));
    }

    /// A date; a "/" in its format separates folders like any other.
    fn date(&mut self, name: &str, format: &str, start: usize) {
        let mut at = start + 1 + name.chars().count() + 1;
        for (index, piece) in format.split('/').enumerate() {
            let place = (at, at + piece.chars().count());
            at = place.1 + 1;
            if index > 0 {
                self.segments.push((Segment::Separator, (place.0 - 1, place.0)));
            }
            match Strftime::parse(piece) {
                Ok(format) if name == "taken" => self.segments.push((Segment::Field(Field::Taken(format)), place)),
                Ok(format) => self.segments.push((Segment::Field(Field::Added(format)), place)),
                Err(message) => self.faults.push(LayoutFault::new(
                    place,
                    "layout/date-format",
                    message,
                    "%Y year, %m month, %d day, %H hour, %M minute, %S second, %B month's name, %V week",
                )),
            }
        }
    }

    /// What a path can't be: absolute, with empty parts, "..", or inside camroll's own folder.
    pub fn check_path(&mut self, length: usize) {
        let mut part = String::new();
        let mut part_start = 0;
        let mut first = true;
        let mut faults = Vec::new();
        let ends = self.segments.iter().map(|(segment, place)| (Some(segment), *place));
        for (segment, place) in ends.chain([(None, (length, length))]) {
            match segment {
                Some(Segment::Text(text)) => part.push_str(text),
                // Any character that is neither "." nor part of ".camroll": a field is never empty.
                Some(Segment::Field(_)) => part.push('\u{fffd}'),
                Some(Segment::Separator) | None => {
                    let range = (part_start, place.0.max(part_start + 1).min(length.max(part_start + 1)));
                    let wrong = match part.as_str() {
                        "" if first => Some("a layout is relative: it doesn't begin with \"/\""),
                        "" if segment.is_none() => Some("a layout ends with a file's name, not with \"/\""),
                        "" => Some("a folder without a name"),
                        "." | ".." => Some("\".\" and \"..\" can't be folders of a layout"),
                        own if first && own.eq_ignore_ascii_case(".camroll") => Some("\".camroll\" is camroll's own"),
                        padded if padded.trim() != padded => Some("a name can't begin or end with a blank"),
                        _ => None,
                    };
                    if let Some(message) = wrong {
                        let help = format!("the default is \"{}\"", Layout::DEFAULT);
                        faults.push(LayoutFault::new(range, "layout/path", message, help));
                    }
                    part.clear();
                    part_start = place.1;
                    first = false;
                }
            }
        }
        // A field that could not be read leaves a gap that isn't the path's fault.
        if self.faults.is_empty() {
            self.faults.append(&mut faults);
        }
    }
}

fn plain_field(name: &str) -> Option<Field> {
    Some(match name {
        "name" => Field::Name,
        "stem" => Field::Stem,
        "ext" => Field::Ext,
        "album" => Field::Album,
        "kind" => Field::Kind,
        "library" => Field::Library,
        "favorite" => Field::Favorite,
        "camera" => Field::Camera,
        "id" => Field::Id,
        "id8" => Field::Id8,
        _ => return None,
    })
}

//! How files are called at a destination: `{taken:%Y}/{taken:%m}/{name}`.

mod reader;

use std::fmt;

use jiff::Zoned;

use reader::Reader;

/// A parsed layout: parts of a path, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Never empty, never two separators in a row, none at the ends.
    pub parts: Vec<Segment>,
}

/// A piece of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// As it stands.
    Text(String),
    /// The "/" between folders.
    Separator,
    /// A value of the asset.
    Field(Field),
}

/// A value of an asset that a layout can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// When it was taken, in its own time zone.
    Taken(Strftime),
    /// When it came into the library.
    Added(Strftime),
    /// The file's name with its extension.
    Name,
    /// The file's name without its extension.
    Stem,
    /// The extension, without the dot.
    Ext,
    /// The album that it is in; of several the first by name.
    Album,
    /// What sort of item it is.
    Kind,
    /// The library's name.
    Library,
    /// Whether it is a favourite.
    Favorite,
    /// The camera that took it: the attribute "camera".
    Camera,
    /// The asset's id.
    Id,
    /// Eight characters of the id's hash.
    Id8,
}

/// A date's format; only specifiers whose text can stand in a path.
#[derive(Clone, PartialEq, Eq)]
pub struct Strftime(String);

/// What is wrong with a layout, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutFault {
    /// The first character, counted from 0.
    pub start: usize,
    /// The first character after.
    pub end: usize,
    /// Short and stable, as in `layout/unknown-field`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl LayoutFault {
    fn new(range: (usize, usize), code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            start: range.0,
            end: range.1,
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// The fields, for completions and for the nearest word.
pub const LAYOUT_FIELDS: [&str; 12] = [
    "taken", "added", "name", "stem", "ext", "album", "kind", "library", "favorite", "camera", "id", "id8",
];

impl Layout {
    /// What holds without `layout:`.
    pub const DEFAULT: &'static str = "{taken:%Y}/{taken:%m}/{name}";
    /// Longest layout, characters.
    pub const MAX: usize = 1024;

    /// Reads a layout; all faults of it at once.
    pub fn parse(text: &str) -> Result<Self, Vec<LayoutFault>> {
        let chars: Vec<char> = text.chars().collect();
        if chars.is_empty() || chars.len() > Self::MAX {
            return Err(vec![LayoutFault::new(
                (0, chars.len()),
                "layout/length",
                format!("a layout has 1 to {} characters", Self::MAX),
                format!("the default is \"{}\"", Self::DEFAULT),
            )]);
        }
        let mut reader = Reader::default();
        reader.read(&chars);
        reader.check_path(chars.len());
        if reader.faults.is_empty() {
            Ok(Self {
                parts: reader.segments.into_iter().map(|(segment, _)| segment).collect(),
            })
        } else {
            reader.faults.sort_by_key(|fault| fault.start);
            Err(reader.faults)
        }
    }

    /// Whether two files of equal date can come out under different names by themselves.
    pub fn tells_files_apart(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Segment::Field(Field::Name | Field::Stem | Field::Id | Field::Id8)))
    }

    /// Whether it asks in which album a file is.
    pub(crate) fn asks_for_albums(&self) -> bool {
        self.parts.contains(&Segment::Field(Field::Album))
    }

    /// Whether file names end as their type says.
    pub fn keeps_extension(&self) -> bool {
        matches!(self.parts.last(), Some(Segment::Field(Field::Name | Field::Ext)))
    }
}

impl Default for Layout {
    fn default() -> Self {
        let date = |format: &str| Segment::Field(Field::Taken(Strftime(format.to_owned())));
        Self {
            parts: vec![
                date("%Y"),
                Segment::Separator,
                date("%m"),
                Segment::Separator,
                Segment::Field(Field::Name),
            ],
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Segment::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Segment::Separator => f.write_str("/")?,
                Segment::Field(field) => write!(f, "{field}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(format) => write!(f, "{{taken:{}}}", format.0),
            Self::Added(format) => write!(f, "{{added:{}}}", format.0),
            Self::Name => f.write_str("{name}"),
            Self::Stem => f.write_str("{stem}"),
            Self::Ext => f.write_str("{ext}"),
            Self::Album => f.write_str("{album}"),
            Self::Kind => f.write_str("{kind}"),
            Self::Library => f.write_str("{library}"),
            Self::Favorite => f.write_str("{favorite}"),
            Self::Camera => f.write_str("{camera}"),
            Self::Id => f.write_str("{id}"),
            Self::Id8 => f.write_str("{id8}"),
        }
    }
}

/// Specifiers whose text has no "/" and no line break, whatever the date.
const SPECIFIERS: &str = "YyCGgmBbhdejUWVuwaAHIklMSfNpPZzsqFRT";

impl Strftime {
    /// Takes a format if every specifier in it can stand in a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a date needs a format".to_owned());
        }
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                continue;
            }
            let mut specifier = chars.next();
            while let Some('-' | '_' | '0' | '^' | '#') = specifier {
                specifier = chars.next();
            }
            match specifier {
                Some('%') => {}
                Some(letter) if SPECIFIERS.contains(letter) => {}
                Some(letter) => return Err(format!("\"%{letter}\" is no date specifier that can stand in a path")),
                None => return Err("\"%\" at the end of a date format".to_owned()),
            }
        }
        let probe = jiff::civil::date(2024, 3, 5)
            .at(7, 8, 9, 0)
            .to_zoned(jiff::tz::TimeZone::UTC);
        let format = Self(text.to_owned());
        match probe
            .map_err(|error| error.to_string())
            .and_then(|probe| format.format(&probe))
        {
            Ok(_) => Ok(format),
            Err(error) => Err(error),
        }
    }

    /// The format as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The date's text; the error says what could not be written.
    pub fn format(&self, time: &Zoned) -> Result<String, String> {
        jiff::fmt::strtime::format(&self.0, time).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Strftime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> LayoutFault {
        Layout::parse(text).expect_err(text).remove(0)
    }

    #[test]
    fn the_default_is_what_its_text_says() {
        assert_eq!(Layout::parse(Layout::DEFAULT), Ok(Layout::default()));
        assert_eq!(Layout::default().to_string(), Layout::DEFAULT);
    }

    #[test]
    fn a_slash_in_a_date_separates_folders() {
        assert_eq!(Layout::parse("{taken:%Y/%m}/{name}"), Ok(Layout::default()));
    }

    #[test]
    fn faults_have_their_place_and_the_nearest_field() {
        let wrong = fault("{taken:%Y}/{nmae}");
        assert_eq!((wrong.start, wrong.end, wrong.code), (11, 17, "layout/unknown-field"));
        assert!(wrong.help.contains("{name}"), "{}", wrong.help);
        let wrong = fault("x/{taken:%Y-%D}");
        assert_eq!((wrong.start, wrong.end, wrong.code), (9, 14, "layout/date-format"));
        assert_eq!(Layout::parse("{nope}/{taken:%!}").expect_err("two faults").len(), 2);
    }

    #[test]
    fn paths_that_leave_or_hide_are_refused() {
        for bad in [
            "/{name}",
            "{name}/",
            "a//{name}",
            "../{name}",
            "a/../{name}",
            "./{name}",
            ".camroll/{name}",
            ".CamRoll/{name}",
            "a\\{name}",
            "a\n{name}",
            " {name}",
        ] {
            assert!(Layout::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "{name}",
            ".hidden/{name}",
            "a.b/{stem}.{ext}",
            "{{x}}/{id8}",
            "Fotos ä/{camera}/{name}",
            "{album}/{name}",
        ] {
            let layout = Layout::parse(good).expect(good);
            assert_eq!(layout.to_string(), good);
        }
    }

    #[test]
    fn an_album_takes_no_format() {
        assert_eq!(fault("{album:%Y}/{name}").code, "layout/format");
    }
}

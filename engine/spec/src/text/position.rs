//! Where something stands in a file.

use serde::Serialize;

/// A point in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Counted from 1.
    pub line: u32,
    /// Characters, counted from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// So many characters further on in the same line.
    pub(crate) fn right(self, characters: usize) -> Self {
        let columns = u32::try_from(characters).unwrap_or(u32::MAX);
        Self {
            column: self.column.saturating_add(columns),
            ..self
        }
    }

    /// The byte offset in the file's text; the text's length where the text is shorter.
    pub fn offset(self, text: &str) -> usize {
        let mut begin = 0;
        for _ in 1..self.line {
            match text.get(begin..).and_then(|rest| rest.find('\n')) {
                Some(length) => begin += length + 1,
                None => return text.len(),
            }
        }
        let rest = text.get(begin..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let columns = usize::try_from(self.column.saturating_sub(1)).unwrap_or(usize::MAX);
        begin + line.char_indices().nth(columns).map_or(line.len(), |(at, _)| at)
    }
}

/// A stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The first character.
    pub start: Position,
    /// The first character after.
    pub end: Position,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self::point(Position::START);

    /// A single point.
    pub const fn point(at: Position) -> Self {
        Self { start: at, end: at }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn offsets_count_bytes_and_columns_count_characters() {
        let text = "äb: c\nd: é\n";
        let offset = |line, column| Position { line, column }.offset(text);
        assert_eq!(offset(1, 1), 0);
        assert_eq!(offset(1, 2), 2);
        assert_eq!(offset(2, 4), 10);
        assert_eq!(offset(1, 99), 6);
        assert_eq!(offset(9, 1), text.len());
    }
}

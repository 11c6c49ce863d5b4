//! The last gate: whether a path can be at a destination at all.

use std::fmt;

use camroll_model::{NameRules, UnicodeForm};
use unicode_normalization::{is_nfc, is_nfd};

use super::fold::{is_own_folder, same_letters};
use super::spell::{NAME_CAP, PATH_CAP, is_control, limit, units};

/// Why a path can't be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// A part that is empty, "." or "..".
    Part,
    /// In camroll's own folder.
    OwnFolder,
    /// A character that can't be in a name there, or not at that place of it.
    Character(char),
    /// A name that the place keeps for itself.
    Reserved(String),
    /// Composed otherwise than the place writes it.
    Form,
    /// Longer than a name or path can be there.
    TooLong,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part => f.write_str("a folder or file would have no name"),
            Self::OwnFolder => f.write_str("it would lie in camroll's own folder"),
            Self::Character(c) => write!(f, "it would have the character {c:?}, which can't be there"),
            Self::Reserved(name) => write!(f, "the place keeps the name {name:?} for itself"),
            Self::Form => f.write_str("its accents can't be written as the place writes them"),
            Self::TooLong => f.write_str("its path would be longer than the place allows"),
        }
    }
}

/// Whether that path can be at a place with these rules.
pub(crate) fn check(path: &str, rules: &NameRules) -> Result<(), NameFault> {
    if units(path, rules.limits_in) > limit(rules.path_limit, PATH_CAP) {
        return Err(NameFault::TooLong);
    }
    path.split('/')
        .enumerate()
        .try_for_each(|(depth, part)| check_part(part, depth, rules))
}

fn check_part(part: &str, depth: usize, rules: &NameRules) -> Result<(), NameFault> {
    let (Some(first), Some(last)) = (part.chars().next(), part.chars().next_back()) else {
        return Err(NameFault::Part);
    };
    if part == "." || part == ".." {
        return Err(NameFault::Part);
    }
    if depth == 0 && is_own_folder(part) {
        return Err(NameFault::OwnFolder);
    }
    if units(part, rules.limits_in) > limit(rules.name_limit, NAME_CAP) {
        return Err(NameFault::TooLong);
    }
    if let Some(c) = part.chars().find(|c| is_control(*c) || rules.forbidden.contains(*c)) {
        return Err(NameFault::Character(c));
    }
    if rules.forbidden_first.contains(first) {
        return Err(NameFault::Character(first));
    }
    if rules.forbidden_last.contains(last) {
        return Err(NameFault::Character(last));
    }
    if let Some(name) = reserved(part, rules) {
        return Err(NameFault::Reserved(name.to_owned()));
    }
    let formed = match rules.unicode {
        UnicodeForm::Nfc => is_nfc(part),
        UnicodeForm::Nfd => is_nfd(part),
        UnicodeForm::Keep => true,
    };
    if formed { Ok(()) } else { Err(NameFault::Form) }
}

/// The reserved name that this part is, without regard to case or extension.
pub(super) fn reserved<'a>(part: &str, rules: &'a NameRules) -> Option<&'a str> {
    let base = bare(part);
    rules
        .reserved
        .iter()
        .map(String::as_str)
        .find(|name| same_letters(base, name) || same_letters(part, name))
}

/// The part up to its first dot, without blanks at the end: Windows takes "con .txt" for "CON", too.
pub(super) fn bare(part: &str) -> &str {
    part.split('.').next().unwrap_or(part).trim_end()
}

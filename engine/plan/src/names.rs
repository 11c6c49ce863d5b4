//! Names as a destination can hold them, and as it compares them.

use camroll_model::{LimitUnit, NameRules, UnicodeForm};
use unicode_casefold::UnicodeCaseFold as _;
use unicode_normalization::UnicodeNormalization as _;

/// A path as a destination compares it: two that are equal here are one file there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedPath(String);

impl FoldedPath {
    /// Its text, for state.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Folds a path by a destination's rules.
pub fn fold(path: &str, rules: &NameRules) -> FoldedPath {
    let formed: String = match rules.unicode {
        UnicodeForm::Keep => path.to_owned(),
        UnicodeForm::Nfc | UnicodeForm::Nfd => path.nfc().collect(),
    };
    FoldedPath(if rules.case_sensitive {
        formed
    } else {
        formed.case_fold().collect()
    })
}

fn length(text: &str, unit: LimitUnit) -> usize {
    match unit {
        LimitUnit::Bytes => text.len(),
        LimitUnit::Utf16 => text.encode_utf16().count(),
    }
}

/// A name that the destination can hold: what it can't is written as "_".
pub(crate) fn hold(name: &str, rules: &NameRules) -> String {
    let formed: String = match rules.unicode {
        UnicodeForm::Nfd => name.nfd().collect(),
        UnicodeForm::Nfc => name.nfc().collect(),
        UnicodeForm::Keep => name.to_owned(),
    };
    let mut held: String = formed
        .chars()
        .map(|c| {
            if c == '/' || c.is_control() || rules.forbidden.contains(c) {
                '_'
            } else {
                c
            }
        })
        .collect();
    if held.starts_with(|c| rules.forbidden_first.contains(c)) {
        held.insert(0, '_');
    }
    while held.ends_with(|c| rules.forbidden_last.contains(c)) && !held.is_empty() {
        held.pop();
        held.push('_');
        if held.chars().all(|c| c == '_') {
            break;
        }
    }
    let stem = held.split('.').next().unwrap_or_default();
    if rules
        .reserved
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(stem))
    {
        held.insert(0, '_');
    }
    let limit = (rules.name_limit.max(16) as usize).min(255);
    if length(&held, rules.limits_in) > limit {
        let (stem, extension) = split(&held);
        let extension = if extension.len() > 16 {
            String::new()
        } else {
            extension.to_owned()
        };
        let room = limit.saturating_sub(length(&extension, rules.limits_in) + 1);
        let mut cut = String::new();
        for c in stem.chars() {
            if length(&cut, rules.limits_in)
                + if rules.limits_in == LimitUnit::Bytes {
                    c.len_utf8()
                } else {
                    c.len_utf16()
                }
                > room
            {
                break;
            }
            cut.push(c);
        }
        held = if extension.is_empty() {
            cut
        } else {
            format!("{cut}.{extension}")
        };
    }
    if held.is_empty() || held == "." || held == ".." {
        "_".to_owned()
    } else {
        held
    }
}

/// Stem and extension: "a.b.jpg" is "a.b" and "jpg"; ".hidden" has none.
pub(crate) fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.is_empty() && !extension.contains('/') => {
            (stem, extension)
        }
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn rules(case_sensitive: bool) -> NameRules {
        NameRules {
            forbidden: if case_sensitive { "/" } else { "/\\:*?\"<>|" }.into(),
            forbidden_first: String::new(),
            forbidden_last: if case_sensitive { "" } else { ". " }.into(),
            reserved: vec!["CON".into()],
            case_sensitive,
            unicode: UnicodeForm::Nfc,
            name_limit: 255,
            path_limit: 4096,
            limits_in: LimitUnit::Bytes,
            duplicates: false,
        }
    }

    proptest! {
        #[test]
        fn held_names_are_names(name in "\\PC{0,300}", sensitive: bool) {
            let held = hold(&name, &rules(sensitive));
            prop_assert!(!held.is_empty() && held != "." && held != ".." && !held.contains('/') && held.len() <= 255);
            prop_assert!(!held.chars().any(char::is_control));
        }

        #[test]
        fn folding_twice_is_folding_once(path in "\\PC{0,60}") {
            let once = fold(&path, &rules(false));
            prop_assert_eq!(fold(once.as_str(), &rules(false)), once);
        }
    }

    #[test]
    fn case_counts_where_the_place_says_so() {
        assert_ne!(fold("A.jpg", &rules(true)), fold("a.jpg", &rules(true)));
        assert_eq!(fold("É.jpg", &rules(false)), fold("e\u{301}.JPG", &rules(false)));
        assert_eq!(hold("CON.jpg", &rules(false)), "_CON.jpg");
    }
}

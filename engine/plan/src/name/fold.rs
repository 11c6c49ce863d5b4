//! How a destination compares paths. Two paths that it takes for one always fold to one; a few that it tells apart may, too, which costs a
//! suffix and never a file.

use camroll_model::{NameRules, UnicodeForm};
use serde::{Deserialize, Serialize};
use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

/// A path as the destination compares it. Never shown, never written to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FoldedPath(String);

impl FoldedPath {
    /// The text, for the state's index.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As [`FoldedPath::as_str`], owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Folds a path by a destination's rules: letters' case where it doesn't count there (full case folding, Unicode's default), composition
/// where names in both forms are one name.
pub fn fold(path: &str, rules: &NameRules) -> FoldedPath {
    let one_form = rules.unicode != UnicodeForm::Keep;
    FoldedPath(match (rules.case_sensitive, one_form) {
        (true, false) => path.to_owned(),
        (true, true) => path.nfc().collect(),
        (false, false) => letters(path.chars()),
        // Canonical caseless matching, Unicode 3.13, D145.
        (false, true) => letters(letters(path.nfd()).nfd()).nfc().collect(),
    })
}

/// Case folding by table, and lower case after it: the table is older than some scripts that have case.
fn letters(chars: impl Iterator<Item = char>) -> String {
    chars.case_fold().flat_map(char::to_lowercase).collect()
}

/// Whether two names are one where neither case nor composition counts.
pub(crate) fn same_letters(a: &str, b: &str) -> bool {
    letters(a.nfd()).nfd().eq(letters(b.nfd()).nfd())
}

/// Whether a file system could take that name for camroll's own folder: in any case, with characters that HFS+ ignores, or with the dots and
/// blanks at the end that Windows drops.
pub(crate) fn is_own_folder(part: &str) -> bool {
    let seen: String = part
        .chars()
        .filter(
            |c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'),
        )
        .collect();
    same_letters(seen.trim_end_matches(['.', ' ']), ".camroll")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::name::plain_rules;

    fn rules(case_sensitive: bool, unicode: UnicodeForm) -> NameRules {
        NameRules {
            case_sensitive,
            unicode,
            ..plain_rules()
        }
    }

    #[test]
    fn a_place_that_keeps_names_apart_keeps_them_apart() {
        let rules = rules(true, UnicodeForm::Keep);
        for (a, b) in [("a/IMG.HEIC", "a/img.heic"), ("e\u{301}.jpg", "é.jpg")] {
            assert_ne!(fold(a, &rules), fold(b, &rules));
        }
    }

    #[test]
    fn case_and_composition_fold_where_they_do_not_count() {
        let insensitive = rules(false, UnicodeForm::Nfd);
        for (a, b) in [
            ("2024/IMG_1.HEIC", "2024/img_1.heic"),
            ("Å.jpg", "a\u{30a}.JPG"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("STRASSE", "straße"),
            ("\u{1e911}", "\u{1e933}"),
            ("Ꭰ", "\u{ab70}"),
        ] {
            assert_eq!(fold(a, &insensitive), fold(b, &insensitive), "{a} {b}");
        }
        let composed = rules(true, UnicodeForm::Nfc);
        assert_eq!(fold("e\u{301}", &composed), fold("é", &composed));
        assert_ne!(fold("É", &composed), fold("é", &composed));
    }

    #[test]
    fn the_own_folder_is_known_in_all_its_spellings() {
        for own in [".camroll", ".CamRoll", ".cam\u{200c}roll", ".camroll. .", ".CAMROLL "] {
            assert!(is_own_folder(own), "{own:?}");
        }
        for other in ["camroll", ".camroll2", "x.camroll", ""] {
            assert!(!is_own_folder(other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>(), sensitive: bool, form in 0..3_u8) {
            let form = [UnicodeForm::Nfc, UnicodeForm::Nfd, UnicodeForm::Keep][form as usize];
            let rules = rules(sensitive, form);
            let once = fold(&text, &rules);
            prop_assert_eq!(fold(once.as_str(), &rules), once);
        }

        #[test]
        fn both_forms_fold_to_one(text in any::<String>(), sensitive: bool) {
            let rules = rules(sensitive, UnicodeForm::Nfc);
            let (nfc, nfd): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(fold(&nfc, &rules), fold(&nfd, &rules));
        }

        #[test]
        fn slashes_stay_where_they_are(text in any::<String>()) {
            let rules = rules(false, UnicodeForm::Nfc);
            prop_assert_eq!(fold(&text, &rules).as_str().matches('/').count(), text.matches('/').count());
        }
    }
}

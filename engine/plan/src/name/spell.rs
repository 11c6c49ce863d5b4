//! Writes a name so that a place can hold it.
//!
//! What can't be there is written as its fullwidth twin where there is one (`:` as `：`, `/` as `／`), so that people still read it and a
//! script can turn it back; control characters and the rest become `_`.

use camroll_model::{LimitUnit, NameRules, UnicodeForm};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::fold::is_own_folder;
use super::legal::{bare, reserved};

/// The longest name that is ever planned, where a place allows more or says nothing (0).
pub(super) const NAME_CAP: usize = 1_024;
/// The longest path that is ever planned, where a place allows more or says nothing (0).
pub(super) const PATH_CAP: usize = 32_000;

/// What holds where a place has no paths: a name to show.
pub(crate) fn plain_rules() -> NameRules {
    NameRules {
        forbidden: "/".to_owned(),
        forbidden_first: String::new(),
        forbidden_last: String::new(),
        reserved: Vec::new(),
        case_sensitive: true,
        unicode: UnicodeForm::Keep,
        name_limit: 255,
        path_limit: 0,
        limits_in: LimitUnit::Bytes,
        duplicates: true,
    }
}

/// How long a text is by a place's measure.
pub(crate) fn units(text: &str, unit: LimitUnit) -> usize {
    match unit {
        LimitUnit::Bytes => text.len(),
        LimitUnit::Utf16 => text.chars().map(char::len_utf16).sum(),
    }
}

/// A limit that a place tells, within what is ever planned.
pub(super) fn limit(told: u32, cap: usize) -> usize {
    match usize::try_from(told).unwrap_or(cap) {
        0 => cap,
        told => told.min(cap),
    }
}

/// Control characters, and those that break lines or turn the reading direction: a name must read as what it is.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes names by a place's rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speller<'a> {
    rules: &'a NameRules,
}

impl<'a> Speller<'a> {
    pub(crate) fn new(rules: &'a NameRules) -> Self {
        Self { rules }
    }

    pub(crate) fn rules(self) -> &'a NameRules {
        self.rules
    }

    /// A whole folder name; `fallback` where nothing of the text can be there.
    pub(crate) fn folder(self, raw: &str, first: bool, fallback: &str) -> String {
        let mut name = self.end(&self.letters(raw));
        if name.is_empty() {
            name = self.end(&self.letters(fallback));
        }
        let name = self.unreserved(name, first);
        self.end(self.cut(&name, self.name_limit()))
    }

    /// A file name up to its suffixes and extension. Empty where nothing of the text can be there.
    pub(crate) fn head(self, raw: &str, first: bool) -> String {
        let name = self.letters(raw);
        if name.chars().all(|c| c == '.' || c.is_whitespace()) {
            return String::new();
        }
        self.unreserved(name, first)
    }

    /// The end of a file name: its extension and what a layout writes after it.
    pub(crate) fn tail(self, raw: &str) -> String {
        self.formed(raw).chars().filter_map(|c| self.letter(c)).collect()
    }

    /// The whole file name, put together.
    pub(crate) fn end(self, name: &str) -> String {
        let mut name = self.formed(name);
        while name.ends_with(|c: char| c == '.' || c.is_whitespace()) {
            name.pop();
        }
        while let Some(last) = name
            .chars()
            .next_back()
            .filter(|c| self.rules.forbidden_last.contains(*c))
        {
            name.pop();
            if let Some(other) = self
                .instead(last)
                .filter(|other| !self.rules.forbidden_last.contains(*other))
            {
                name.push(other);
            }
        }
        name
    }

    /// The longest beginning of at most so many units that doesn't tear a letter from its accents or an emoji from its parts.
    pub(crate) fn cut(self, name: &str, room: usize) -> &str {
        if units(name, self.rules.limits_in) <= room {
            return name;
        }
        let (mut used, mut end, mut before) = (0, 0, '\0');
        for (at, c) in name.char_indices() {
            let joined = is_combining_mark(c) || is_joiner(c) || is_joiner(before);
            if !joined {
                end = at;
            }
            used += match self.rules.limits_in {
                LimitUnit::Bytes => c.len_utf8(),
                LimitUnit::Utf16 => c.len_utf16(),
            };
            if used > room {
                break;
            }
            before = c;
        }
        name.get(..end).unwrap_or_default()
    }

    /// The longest name, in the place's units.
    pub(crate) fn name_limit(self) -> usize {
        limit(self.rules.name_limit, NAME_CAP)
    }

    /// The longest path, in the place's units.
    pub(crate) fn path_limit(self) -> usize {
        limit(self.rules.path_limit, PATH_CAP)
    }

    /// Composed as the place writes it, every character one that can be there, no blank and nothing forbidden at the beginning.
    fn letters(self, raw: &str) -> String {
        let text: String = self.formed(raw).chars().filter_map(|c| self.letter(c)).collect();
        let text = text.trim_start();
        let Some(first) = text.chars().next().filter(|c| self.rules.forbidden_first.contains(*c)) else {
            return text.to_owned();
        };
        let rest = text.get(first.len_utf8()..).unwrap_or_default();
        match self
            .instead(first)
            .filter(|other| !self.rules.forbidden_first.contains(*other))
        {
            Some(other) => format!("{other}{rest}"),
            None => format!("_{text}"),
        }
    }

    fn formed(self, text: &str) -> String {
        match self.rules.unicode {
            UnicodeForm::Nfc => text.nfc().collect(),
            UnicodeForm::Nfd => text.nfd().collect(),
            UnicodeForm::Keep => text.to_owned(),
        }
    }

    fn letter(self, c: char) -> Option<char> {
        if c == '/' || is_control(c) || self.rules.forbidden.contains(c) {
            self.instead(c)
        } else {
            Some(c)
        }
    }

    fn instead(self, c: char) -> Option<char> {
        let twin = match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0),
            _ => None,
        };
        [twin, Some('_'), Some('-')]
            .into_iter()
            .flatten()
            .find(|other| *other != c && !self.rules.forbidden.contains(*other))
    }

    /// Reserved names get a `_` before their first dot, camroll's own folder one at its beginning.
    fn unreserved(self, mut name: String, first: bool) -> String {
        if first && is_own_folder(&name) {
            name.insert(0, '_');
        }
        if reserved(&name, self.rules).is_some() {
            let end = bare(&name).len();
            name.insert(end, '_');
        }
        name
    }
}

/// What holds an emoji's parts together: the joiner, variation selectors, skin tones.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check;
    use super::*;

    fn windows() -> NameRules {
        NameRules {
            forbidden: "<>:\"/\\|?*".to_owned(),
            forbidden_last: ". ".to_owned(),
            reserved: ["CON", "NUL", "COM1"].map(str::to_owned).to_vec(),
            case_sensitive: false,
            limits_in: LimitUnit::Utf16,
            ..plain_rules()
        }
    }

    #[test]
    fn what_cannot_be_there_gets_its_fullwidth_twin() {
        let rules = windows();
        let speller = Speller::new(&rules);
        assert_eq!(speller.head("a:b/c?", false), "a：b／c？");
        assert_eq!(speller.head("a\u{7}b\u{202e}c", false), "a_b_c");
        assert_eq!(speller.folder("trip. ", false, "unknown"), "trip");
        assert_eq!(speller.folder(" .. ", false, "unknown"), "unknown");
        assert_eq!(speller.head("...", false), "");
    }

    #[test]
    fn reserved_names_and_the_own_folder_are_stepped_aside_from() {
        let rules = windows();
        let speller = Speller::new(&rules);
        assert_eq!(speller.head("con", false), "con_");
        assert_eq!(speller.folder("Nul.x", false, "unknown"), "Nul_.x");
        assert_eq!(speller.head("console", false), "console");
        assert_eq!(speller.folder(".CamRoll", true, "unknown"), "_.CamRoll");
        assert_eq!(speller.folder(".CamRoll", false, "unknown"), ".CamRoll");
    }

    #[test]
    fn a_cut_keeps_letters_and_emoji_whole() {
        let rules = plain_rules();
        let speller = Speller::new(&rules);
        assert_eq!(speller.cut("abc", 3), "abc");
        assert_eq!(speller.cut("aé", 2), "a");
        assert_eq!(speller.cut("ae\u{301}x", 3), "a");
        assert_eq!(speller.cut("ae\u{301}x", 4), "ae\u{301}");
        assert_eq!(speller.cut("a👨\u{200d}👩\u{200d}👧", 12), "a");
        assert_eq!(speller.cut("ab", 0), "");
    }

    #[test]
    fn forbidden_beginnings_and_ends_are_replaced() {
        let mut rules = plain_rules();
        rules.forbidden_first = "-～~".to_owned();
        rules.forbidden_last = "!".to_owned();
        let speller = Speller::new(&rules);
        assert_eq!(speller.folder("-x!", false, "unknown"), "－x！");
        assert_eq!(speller.folder("~x", false, "unknown"), "_~x");
    }

    fn any_rules() -> impl Strategy<Value = NameRules> {
        let set = proptest::collection::vec(
            prop_oneof![any::<char>(), Just(':'), Just('.'), Just(' '), Just('~'), Just('_')],
            0..6,
        );
        (set.clone(), set.clone(), set, 0..3_u8, 0..2_u8, 0..300_u32).prop_map(
            |(inside, first, last, form, unit, name_limit)| NameRules {
                forbidden: inside.into_iter().collect(),
                forbidden_first: first.into_iter().collect(),
                forbidden_last: last.into_iter().collect(),
                reserved: vec!["CON".to_owned(), "desktop.ini".to_owned()],
                case_sensitive: form == 0,
                unicode: [UnicodeForm::Nfc, UnicodeForm::Nfd, UnicodeForm::Keep][form as usize],
                name_limit,
                path_limit: 0,
                limits_in: [LimitUnit::Bytes, LimitUnit::Utf16][unit as usize],
                duplicates: false,
            },
        )
    }

    proptest! {
        #[test]
        fn a_folder_is_legal_or_the_last_gate_says_why(text in any::<String>(), rules in any_rules(), first: bool) {
            let name = Speller::new(&rules).folder(&text, first, "unknown");
            prop_assert!(!name.contains('/') && name != "." && name != "..");
            prop_assert!(!name.contains(is_control));
            // Only hostile sets of rules leave nothing: those that forbid what would be written instead.
            let tame = !rules.forbidden.contains(['_', 'u', 'n', 'k', 'o', 'w', '-'])
                && !rules.forbidden_first.contains(['_', 'u', '-', '.'])
                && !rules.forbidden_last.contains(['_', '-', 'n'])
                && (rules.name_limit == 0 || rules.name_limit > 250);
            if tame && rules.unicode == UnicodeForm::Keep && text.chars().count() < 30 {
                prop_assert_eq!(check(&name, &rules), Ok(()), "{:?}", name);
            }
        }

        #[test]
        fn a_cut_is_a_beginning_that_fits(text in any::<String>(), room in 0..40_usize, rules in any_rules()) {
            let speller = Speller::new(&rules);
            let cut = speller.cut(&text, room);
            prop_assert!(text.starts_with(cut) && units(cut, rules.limits_in) <= room);
        }

        #[test]
        fn plain_names_of_every_script_stay_as_they_are(name in "[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}\\p{So}_-]{0,20}") {
            let rules = NameRules { unicode: UnicodeForm::Keep, ..windows() };
            prop_assume!(reserved(&name, &rules).is_none());
            prop_assert_eq!(Speller::new(&rules).head(&name, true), name);
        }
    }
}

//! The nearest right word to a wrong one.

/// The word that a person most likely meant; none when nothing is near.
pub fn nearest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer texts are no typing errors of any word, and comparing costs their product.
    if wrong.chars().count() > 64 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', ' ', '.'], "-");
    let wrong = plain(wrong);
    let mut best: Option<(f64, &'a str)> = None;
    for word in words {
        let known = plain(word);
        let likeness = if known == wrong {
            1.0
        } else {
            let prefix = wrong.len() >= 3 && (known.starts_with(&wrong) || wrong.starts_with(&known));
            let likeness = strsim::normalized_damerau_levenshtein(&wrong, &known);
            if prefix { likeness.max(0.75) } else { likeness }
        };
        if likeness >= 0.5 && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, word));
        }
    }
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let words = ["destination", "destinations", "source", "layout", "require_proof"];
        assert_eq!(nearest("destnation", words), Some("destination"));
        assert_eq!(nearest("require-proof", words), Some("require_proof"));
        assert_eq!(nearest("Layout", words), Some("layout"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest(&"x".repeat(10_000), words), None);
    }
}

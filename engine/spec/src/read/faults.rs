//! What is found wrong in one file, and which stretches of it must not be shown.

use std::path::Path;

use crate::text::{Diagnostic, Node, Place, Severity, Style, Value};

/// Collects diagnostics of one file.
#[derive(Debug)]
pub(crate) struct Faults<'f> {
    file: &'f Path,
    found: Vec<Diagnostic>,
    hidden: Vec<Place>,
}

impl<'f> Faults<'f> {
    pub fn new(file: &'f Path) -> Self {
        Self {
            file,
            found: Vec::new(),
            hidden: Vec::new(),
        }
    }

    pub fn file(&self) -> &'f Path {
        self.file
    }

    /// Adds an error; the caller may give it a help.
    pub fn error(&mut self, code: &'static str, place: Place, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push_mut(Diagnostic::error(code, self.file, place, message))
    }

    pub fn warning(&mut self, code: &'static str, place: Place, message: impl Into<String>, help: &str) {
        let warning = Diagnostic::new(Severity::Warning, code, self.file, place, message.into());
        self.found.push(warning.with_help(help));
    }

    /// So many errors so far: whoever reads a part compares before and after.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|fault| fault.is_error()).count()
    }

    /// Marks all scalars of a node as not to be shown.
    pub fn hide(&mut self, node: &Node) {
        match &node.value {
            Value::Null => {}
            Value::List(nodes) => nodes.iter().for_each(|node| self.hide(node)),
            Value::Map(entries) => entries.iter().for_each(|entry| self.hide(&entry.node)),
            _ => self.hidden.push(node.place),
        }
    }

    /// Warns of a bare word that other YAML readers, editors among them, don't take for a text.
    pub fn warn_of_trap(&mut self, node: &Node) {
        let (Value::Text(_), Some(written)) = (&node.value, &node.written) else {
            return;
        };
        if written.style == Style::Plain
            && let Some(other) = trap(&written.text)
        {
            let text = &written.text;
            let message = format!("{text} without quotes is {other} to some YAML readers");
            self.warning("yaml/trap", node.place, message, &format!("write \"{text}\""));
        }
    }

    pub fn into_parts(self) -> (Vec<Diagnostic>, Vec<Place>) {
        (self.found, self.hidden)
    }
}

/// What YAML 1.1 takes a bare word for that serde_yaml takes for a text.
fn trap(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "y" | "yes" | "n" | "no" | "on" | "off") {
        return Some("true or false");
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if text.len() > 1 && text.starts_with('0') && digits(text) {
        return Some("an octal number");
    }
    if let Some((hours, minutes)) = text.split_once(':')
        && digits(hours)
        && minutes.split(':').all(|part| digits(part) && part.len() <= 2)
    {
        return Some("a number to the base of sixty");
    }
    let mantissa = lower.split_once('e').is_some_and(|(mantissa, exponent)| {
        digits(&mantissa.replacen('.', "", 1)) && digits(exponent.trim_start_matches(['+', '-']))
    });
    mantissa.then_some("a number")
}

#[cfg(test)]
mod tests {
    use super::trap;

    #[test]
    fn words_that_others_read_otherwise() {
        for word in ["no", "Yes", "on", "0755", "22:00", "1:30:00", "1e3", "1.5e+3"] {
            assert!(trap(word).is_some(), "{word}");
        }
        for word in ["nope", "755", "0", "22:00-06:00", "a1e3", "skip", "2024-03-05", "0x"] {
            assert!(trap(word).is_none(), "{word}");
        }
    }
}

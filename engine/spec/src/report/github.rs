//! Lines that GitHub's runner turns into annotations of a pull request.

use crate::text::{Diagnostic, Severity};

/// One `::error file=…,line=…::…` a diagnostic.
pub fn github(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(line).collect()
}

fn line(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let file = property(&diagnostic.file.to_string_lossy());
    let (line, column, end) = (diagnostic.line, diagnostic.column, diagnostic.end);
    let title = property(diagnostic.code);
    let message = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    // Columns only mean something there where the stretch is within one line.
    let columns = if end.line == line {
        format!(",col={column},endColumn={}", end.column)
    } else {
        String::new()
    };
    format!(
        "::{level} file={file},line={line},endLine={}{columns},title={title}::{}\n",
        end.line,
        data(&message)
    )
}

/// The runner's own escapes for a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The runner's own escapes for a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text::Place;

    #[test]
    fn what_a_message_holds_starts_no_command_of_its_own() {
        let fault = Diagnostic::error("spec/word", Path::new("a,b:c.yaml"), Place::START, "100 %\n::error::x")
            .with_help("say 1");
        let line = github(&[fault]);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=1,endColumn=1,title=spec/word::100 %25%0A::error::x%0Asay 1\n"
        );
    }
}

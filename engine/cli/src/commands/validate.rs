use camroll_spec::{Severity, report};
use camroll_sync::Exit;

use crate::args::{ReportFormat, ValidateArguments};
use crate::specs;
use crate::story::Outcome;

pub fn run(arguments: &ValidateArguments) -> Outcome {
    let reading = specs::read(&arguments.paths.paths)?;
    match (arguments.json, arguments.format) {
        (true, _) => println!("{}", report::json(&reading)),
        (false, Some(ReportFormat::Github)) => print!("{}", report::github(&reading.diagnostics)),
        (false, Some(ReportFormat::Sarif)) => {
            println!("{}", report::sarif(&reading.diagnostics, env!("CARGO_PKG_VERSION")))
        }
        (false, None) => {
            specs::show(&reading);
            let errors = reading
                .diagnostics
                .iter()
                .filter(|one| one.severity == Severity::Error)
                .count();
            if errors == 0 {
                let names: Vec<&str> = reading.specs.iter().map(|spec| spec.name.as_str()).collect();
                eprintln!(
                    "{} {} valid: {}",
                    names.len(),
                    if names.len() == 1 { "spec is" } else { "specs are" },
                    names.join(", ")
                );
            } else {
                let first = reading.diagnostics.iter().find(|one| one.is_error());
                let code = first.map_or("CODE", |first| first.code);
                eprintln!(
                    "{errors} {}. `camroll explain {code}` says more.",
                    if errors == 1 { "error" } else { "errors" }
                );
            }
        }
    }
    Ok(if reading.has_errors() {
        Exit::InvalidSpec
    } else {
        Exit::Done
    })
}

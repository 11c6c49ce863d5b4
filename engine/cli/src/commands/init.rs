use std::io::{BufRead as _, IsTerminal as _, Write as _};

use camroll_spec::{FileRole, SourceFile, read};
use camroll_sync::Exit;

use crate::args::InitArguments;
use crate::specs;
use crate::story::{Outcome, Story};

pub fn run(arguments: &InitArguments) -> Outcome {
    if arguments.file.exists() {
        return Err(Story::new(
            Exit::Usage,
            format!("{} is there already; it isn't overwritten.", arguments.file.display()),
        )
        .hint("name another file"));
    }
    if !std::io::stdin().is_terminal() {
        // Nobody can be asked: all that is missing is said at once.
        let missing: Vec<&str> = [
            ("--apple-id you@example.com", arguments.apple_id.is_none()),
            ("--to /mnt/nas/photos", arguments.to.is_none()),
        ]
        .into_iter()
        .filter_map(|(flag, lacks)| lacks.then_some(flag))
        .collect();
        if !missing.is_empty() {
            return Err(Story::new(
                Exit::Usage,
                format!(
                    "Nobody is here to be asked, so this must be given: {}.",
                    missing.join(", ")
                ),
            )
            .hint("camroll init --apple-id you@example.com --to /mnt/nas/photos"));
        }
    }
    let apple_id = match &arguments.apple_id {
        Some(address) => address.clone(),
        None => ask("Your Apple Account's address", "--apple-id")?,
    };
    let folder = match &arguments.to {
        Some(folder) => folder.display().to_string(),
        None => ask("The folder that the library shall be in", "--to")?,
    };
    let name = arguments.name.clone().unwrap_or_else(|| "my-photos".to_owned());
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let text = format!(
        "# yaml-language-server: $schema=./camroll.schema.json\n# Editors complete and check this file once `camroll schema > camroll.schema.json` has put the schema beside it.\nversion: 1\nname: {name}\n\nsource:\n  connector: icloud-photos\n  with:\n    apple_id: {}\n    password: {{ env: {} }}\n\ndestination:\n  connector: local\n  with:\n    path: {}\n",
        quoted(&apple_id),
        arguments.password_env,
        quoted(&folder)
    );
    refuse_what_is_wrong(&text, arguments)?;
    std::fs::write(&arguments.file, text)
        .map_err(|error| Story::new(Exit::Unexpected, format!("{}: {error}", arguments.file.display())))?;
    eprintln!("Wrote {}. Next:", arguments.file.display());
    eprintln!(
        "  export {}=…   # the account's own password; it is never sent",
        arguments.password_env
    );
    eprintln!("  camroll login {name}");
    eprintln!("  camroll plan {}", arguments.file.display());
    Ok(Exit::Done)
}

/// What `validate` would refuse isn't written: a name with blanks, an address that is none.
fn refuse_what_is_wrong(text: &str, arguments: &InitArguments) -> Result<(), Story> {
    let file = SourceFile {
        path: arguments.file.clone(),
        text: text.to_owned(),
        role: FileRole::Asked,
    };
    let reading = read(&[file], &specs::connectors()?);
    if reading.has_errors() {
        specs::show(&reading);
        return Err(Story::new(
            Exit::Usage,
            "A spec of these answers would be wrong; nothing was written.",
        ));
    }
    Ok(())
}

fn ask(what: &str, flag: &str) -> Result<String, Story> {
    if !std::io::stdin().is_terminal() {
        return Err(needed(what, flag));
    }
    eprint!("{what}: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(Story::unexpected)?;
    match line.trim() {
        "" => Err(needed(what, flag)),
        text => Ok(text.to_owned()),
    }
}

fn needed(what: &str, flag: &str) -> Story {
    Story::new(Exit::Usage, format!("{what} is needed.")).hint(format!("give {flag}"))
}

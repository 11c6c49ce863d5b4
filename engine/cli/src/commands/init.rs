use std::io::{BufRead as _, IsTerminal as _, Write as _};

use camroll_sync::Exit;

use crate::args::InitArguments;
use crate::story::{Outcome, Story};

pub fn run(arguments: &InitArguments) -> Outcome {
    if arguments.file.exists() {
        return Err(Story::new(
            Exit::Usage,
            format!("{} is there already; it isn't overwritten.", arguments.file.display()),
        )
        .hint("name another file"));
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
        "# yaml-language-server: $schema=https://camroll.example/schema/camroll.schema.json\n# Write the schema beside your specs with `camroll schema > camroll.schema.json`, and name it in the line above.\nversion: 1\nname: {name}\n\nsource:\n  connector: icloud-photos\n  with:\n    apple_id: {}\n    password: {{ env: {} }}\n\ndestination:\n  connector: local\n  with:\n    path: {}\n",
        quoted(&apple_id),
        arguments.password_env,
        quoted(&folder)
    );
    let text = text.replacen(
        "https://camroll.example/schema/camroll.schema.json",
        "./camroll.schema.json",
        1,
    );
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

fn ask(what: &str, flag: &str) -> Result<String, Story> {
    if !std::io::stdin().is_terminal() {
        return Err(Story::new(Exit::Usage, format!("{what} is needed.")).hint(format!("give {flag}")));
    }
    eprint!("{what}: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(Story::unexpected)?;
    match line.trim() {
        "" => Err(Story::new(Exit::Usage, format!("{what} is needed.")).hint(format!("give {flag}"))),
        text => Ok(text.to_owned()),
    }
}

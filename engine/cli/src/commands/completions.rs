use camroll_sync::Exit;
use clap::CommandFactory as _;

use crate::args::{Arguments, CompletionsArguments};
use crate::story::Outcome;

pub fn run(arguments: &CompletionsArguments) -> Outcome {
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "camroll",
        &mut std::io::stdout(),
    );
    Ok(Exit::Done)
}

//! The `camroll` command: one file a command. It is the only room that prints: data on standard output, what is meant for people on standard error.

mod allocator;
mod args;
mod bars;
mod bundle;
mod codes;
mod commands;
mod logs;
mod not_built;
mod saved_plan;
mod setup;
mod specs;
mod story;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, Command};
use story::Outcome;

fn main() -> ExitCode {
    allocator::keep_little();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            match not_built::story_of(&error) {
                Some(story) => story.tell(),
                // Nothing but the program's name: who types that wants to know what there is.
                None if std::env::args_os().len() == 1 => eprint!("{}", Arguments::command().render_help()),
                None => drop(error.print()),
            }
            return ExitCode::from(code);
        }
    };
    logs::start(arguments.verbose, arguments.log);
    match run(arguments) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(story) => {
            story.tell();
            ExitCode::from(story.exit.code())
        }
    }
}

fn run(arguments: Arguments) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Threads that wait for the disk: each costs a stack and an arena of the allocator.
        .max_blocking_threads(12)
        .build()
        .map_err(story::Story::unexpected)?;
    let state = arguments.state;
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Init(command) => commands::init::run(&command),
            Command::Validate(command) => commands::validate::run(&command),
            Command::Login(command) => commands::login::run(&command, state.as_deref()).await,
            Command::Logout(command) => commands::logout::run(&command, state.as_deref()).await,
            Command::Plan(command) => commands::plan::run(&command, state.as_deref()).await,
            Command::Sync(command) => commands::sync::run(&command, state.as_deref()).await,
            Command::Status(command) => commands::status::run(&command, state.as_deref()),
            Command::Explain(command) => commands::explain::run(&command, state.as_deref()),
            Command::Verify(command) => commands::verify::run(&command, state.as_deref()).await,
            Command::Copies(command) => commands::copies::run(&command, state.as_deref()),
            Command::Restore(command) => commands::restore::run(&command, state.as_deref()).await,
            Command::Adopt(command) => commands::adopt::run(&command, state.as_deref()).await,
            Command::Doctor(command) => commands::doctor::run(&command, state.as_deref()).await,
            Command::Schema(command) => commands::schema::run(&command),
            Command::Connector(command) => commands::connector::run(&command),
            Command::State(command) => commands::state::run(&command, state.as_deref()),
            Command::Completions(command) => commands::completions::run(&command),
        }
    });
    // A connector that still waits for something doesn't keep the command from ending.
    runtime.shutdown_background();
    outcome
}

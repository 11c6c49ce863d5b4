use std::path::Path;

use camroll_state::State;
use camroll_sync::Exit;

use crate::args::{StateArguments, StateCommand};
use crate::setup::{state_folder, state_story};
use crate::story::Outcome;

pub fn run(arguments: &StateArguments, folder: Option<&Path>) -> Outcome {
    match arguments.command {
        StateCommand::Rebuild => {
            let folder = state_folder(folder)?;
            let opened = State::open(&folder).map_err(state_story)?;
            let opened = opened.state.rebuild().map_err(state_story)?;
            opened.state.checkpoint().map_err(state_story)?;
            eprintln!(
                "The index was made anew from the journal. The next sync lists the library again, and sends nothing that is there."
            );
            Ok(Exit::Done)
        }
    }
}

use std::path::Path;

use camroll_sync::Exit;

use crate::args::NameArguments;
use crate::setup::{connect, opener, state_folder};
use crate::specs;
use crate::story::Outcome;

pub async fn run(arguments: &NameArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let (spec, connection) = specs::find(&reading, &arguments.name)?;
    let opener = opener(&state_folder(folder)?)?;
    let connection = connect(&opener, spec, connection)?;
    match connection.sign_out().await {
        Ok(()) => eprintln!("Signed out. What was kept of the sign-in is gone."),
        Err(error) => eprintln!(
            "The service didn't take the sign-out ({error}); what was kept of the sign-in is gone all the same."
        ),
    }
    Ok(Exit::Done)
}

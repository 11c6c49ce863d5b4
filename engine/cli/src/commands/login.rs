use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use camroll_host::{Connection, Progress, Question};
use camroll_model::{Account, ConnectorError, ErrorClass, Secret};
use camroll_state::SignIn;
use camroll_sync::Exit;
use serde::{Deserialize, Serialize};

use crate::args::LoginArguments;
use crate::setup::{open_story, opener, secrets, state_folder, state_story};
use crate::specs;
use crate::story::{Outcome, Story};

/// A question that waits for its answer, so that another process can give it.
#[derive(Serialize, Deserialize)]
struct Waiting {
    step: Vec<u8>,
    text: String,
    choices: Vec<(String, String)>,
    /// Seconds since 1970; no longer than an hour.
    until: i64,
}

pub async fn run(arguments: &LoginArguments, folder: Option<&Path>) -> Outcome {
    let reading = specs::read(&arguments.specs)?;
    let (spec, connection) = specs::find(&reading, &arguments.name)?;
    let opener = opener(&state_folder(folder)?)?;
    let mut given = match &arguments.password_file {
        None => secrets(spec, connection)?,
        Some(_) => std::collections::BTreeMap::new(),
    };
    if let Some(path) = &arguments.password_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Story::new(Exit::InvalidSpec, format!("{}: {error}", path.display())))?;
        given.insert(
            "password".to_owned(),
            Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()),
        );
    }
    let sign_in = opener.sign_in(connection).map_err(open_story)?;
    let manifest = opener
        .connector(connection.connector.id().as_str())
        .map_err(open_story)?;
    let identity = manifest.manifest().identity_of(&connection.settings);
    let waiting = camroll_state::SignIns::open(&state_folder(folder)?)
        .map_err(state_story)?
        .of("waiting", &identity);
    let opened = opener.open(connection, given).map_err(open_story)?;
    let guard = tokio::task::spawn_blocking(move || sign_in.lock())
        .await
        .map_err(Story::unexpected)?
        .map_err(state_story)?;
    opened.reload().await.map_err(|error| failed(&error))?;
    let account = converse(arguments, &opened, &waiting).await?;
    drop(guard);
    match account {
        Some(account) => {
            let until = account
                .expires
                .and_then(camroll_model::Instant::to_timestamp)
                .map(|time| format!(" Apple's trust lasts until {}.", time.strftime("%Y-%m-%d")))
                .unwrap_or_default();
            eprintln!(
                "Signed in as {}.{until} The sign-in is kept encrypted; its key is a file that only you can read.",
                account.name
            );
            Ok(Exit::Done)
        }
        None => Ok(Exit::SignInNeeded),
    }
}

fn failed(error: &ConnectorError) -> Story {
    let exit = match error.class {
        ErrorClass::RateLimited | ErrorClass::Transient => Exit::Temporary,
        _ => Exit::of_source(error),
    };
    Story::new(exit, error.to_string()).hint(format!("camroll explain {}", error.code))
}

async fn converse(
    arguments: &LoginArguments,
    connection: &Connection,
    waiting: &SignIn,
) -> Result<Option<Account>, Story> {
    let now = jiff::Timestamp::now().as_second();
    let open: Option<Waiting> = waiting
        .read()
        .ok()
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Waiting>(&bytes).ok())
        .filter(|open| open.until > now);
    let mut code = arguments.code.clone();
    let mut question = match open {
        Some(open) => {
            eprintln!("Going on with the sign-in that was begun.");
            Question {
                kind: "code".into(),
                text: open.text,
                choices: open.choices,
                step: open.step,
                expires: None,
                attributes: Vec::new(),
            }
        }
        None => match connection.sign_in(None, None).await.map_err(|error| failed(&error))? {
            Progress::Done(account) => return Ok(Some(account)),
            Progress::Ask(question) => question,
        },
    };
    if arguments.sms && code.is_none() {
        question = match connection
            .sign_in(Some(question.step), Some("sms".into()))
            .await
            .map_err(|error| failed(&error))?
        {
            Progress::Done(account) => return Ok(Some(account)),
            Progress::Ask(question) => question,
        };
    }
    loop {
        keep(waiting, &question, now)?;
        let answer = match code.take() {
            Some(code) => code,
            None => match answer_to(arguments, &question).await? {
                Some(answer) => answer,
                None => return Ok(None),
            },
        };
        let said = connection.sign_in(Some(question.step.clone()), Some(answer)).await;
        match said {
            Ok(Progress::Done(account)) => {
                waiting.remove().map_err(state_story)?;
                return Ok(Some(account));
            }
            Ok(Progress::Ask(next)) => {
                if arguments.code.is_some() || arguments.code_file.is_some() {
                    keep(waiting, &next, now)?;
                    return Err(Story::new(Exit::SignInNeeded, next.text)
                        .hint(format!("camroll login {} --code CODE", arguments.name)));
                }
                question = next;
            }
            Err(error) => {
                waiting.remove().map_err(state_story)?;
                return Err(failed(&error));
            }
        }
    }
}

fn keep(waiting: &SignIn, question: &Question, now: i64) -> Result<(), Story> {
    let open = Waiting {
        step: question.step.clone(),
        text: question.text.clone(),
        choices: question.choices.clone(),
        until: now + 3600,
    };
    let bytes = serde_json::to_vec(&open).map_err(Story::unexpected)?;
    waiting.write(&bytes).map_err(state_story)
}

/// The person's answer; none where nobody is there to give one.
async fn answer_to(arguments: &LoginArguments, question: &Question) -> Result<Option<String>, Story> {
    if let Some(path) = &arguments.code_file {
        eprintln!("{} Waiting for it in {}.", question.text, path.display());
        loop {
            if let Ok(text) = std::fs::read_to_string(path)
                && !text.trim().is_empty()
            {
                return Ok(Some(text.trim().to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    eprintln!("The connector asks: {}", question.text);
    for (id, label) in &question.choices {
        eprintln!("  {id:<8} {label}");
    }
    if !std::io::stdin().is_terminal() {
        eprintln!(
            "Nobody is here to answer. Give it within an hour: camroll login {} --code CODE",
            arguments.name
        );
        return Ok(None);
    }
    eprint!("> ");
    let _ = std::io::stderr().flush();
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await
    .map_err(Story::unexpected)?
    .map_err(Story::unexpected)?;
    Ok(Some(line.trim().to_owned()))
}

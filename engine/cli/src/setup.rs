//! What commands need: the state, the sandbox, connections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camroll_host::{CodeCacheDir, Component, Connection, Host, HostOptions};
use camroll_model::Secret;
use camroll_spec::{Spec, SystemSecrets, resolve_secrets};
use camroll_state::{SignIns, State, StateError};
use camroll_sync::{Bundle, Exit, OpenError, Opener};

use crate::bundle;
use crate::story::Story;

struct Bundled;

impl Bundle for Bundled {
    fn component(&self, id: &str) -> Option<Component<'_>> {
        bundle::of(id).map(|bundled| Component::with_digest(bundled.component, bundled.digest))
    }
}

/// The state's folder: as given, else by XDG.
pub fn state_folder(given: Option<&Path>) -> Result<PathBuf, Story> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|folder| folder.join("camroll"))
        .ok_or_else(|| {
            Story::new(Exit::Usage, "There is no home folder to keep the state in.").hint("give --state DIR")
        })
}

/// Opens the state, and tells what a person should know of it.
pub fn open_state(folder: &Path) -> Result<Arc<State>, Story> {
    let opened = State::open(folder).map_err(state_story)?;
    for notice in &opened.notices {
        eprintln!("note: {notice}");
    }
    Ok(Arc::new(opened.state))
}

/// What is wrong with a state, as a story.
pub fn state_story(error: StateError) -> Story {
    let exit = if matches!(error, StateError::Held { .. }) {
        Exit::Held
    } else {
        Exit::Unexpected
    };
    Story::new(exit, error.to_string())
}

/// The sandbox with the bundled connectors.
pub fn opener(folder: &Path) -> Result<Opener, Story> {
    let sign_ins = SignIns::open(folder).map_err(state_story)?;
    let host = Host::new(HostOptions {
        code_cache: Some(CodeCacheDir {
            folder: folder.join("code"),
            key: folder.join("sign-ins").join("code-key"),
        }),
        ..HostOptions::default()
    })
    .map_err(Story::unexpected)?;
    Ok(Opener::new(host, Box::new(Bundled), sign_ins))
}

/// The secrets of a connection, read from where the spec says.
pub fn secrets(spec: &Spec, connection: &camroll_spec::Connection) -> Result<BTreeMap<String, Secret>, Story> {
    match resolve_secrets(spec.name.as_str(), connection, &SystemSecrets::default()) {
        Ok(secrets) => Ok(secrets
            .into_iter()
            .map(|(slot, secret)| (slot.as_str().to_owned(), secret))
            .collect()),
        Err(diagnostics) => {
            let all: Vec<String> = diagnostics.iter().map(|one| one.message.clone()).collect();
            let story = Story::new(Exit::InvalidSpec, all.join("\n"));
            Err(match diagnostics.into_iter().find_map(|one| one.help) {
                Some(help) => story.hint(help),
                None => story,
            })
        }
    }
}

/// A connection of a spec.
pub fn connect(opener: &Opener, spec: &Spec, connection: &camroll_spec::Connection) -> Result<Connection, Story> {
    let secrets = secrets(spec, connection)?;
    opener.open(connection, secrets).map_err(open_story)
}

/// Why there is no connection, as a story.
pub fn open_story(error: OpenError) -> Story {
    let exit = match &error {
        OpenError::Connect(error) => Exit::of_destination(error),
        OpenError::Unknown(_) => Exit::InvalidSpec,
        OpenError::Load { .. } => Exit::Unexpected,
    };
    let story = Story::new(exit, error.to_string());
    match &error {
        OpenError::Connect(error) => story.hint(format!("camroll explain {}", error.code)),
        OpenError::Unknown(_) | OpenError::Load { .. } => story,
    }
}

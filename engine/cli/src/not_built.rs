//! Commands that the documents name and that this version doesn't have: said in words, not as a typing error.

use camroll_sync::Exit;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::story::Story;

/// Each with what does the nearest to it today.
const NOT_BUILT: &[(&str, &str)] = &[(
    "run",
    "`camroll sync` runs once; a systemd timer or cron can call it as often as you like",
)];

/// What to say of a command that isn't built; none where the error is another one.
pub fn story_of(error: &clap::Error) -> Option<Story> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let (name, instead) = NOT_BUILT.iter().find(|(name, _)| name == named)?;
    Some(Story::new(Exit::Usage, format!("`camroll {name}` isn't built yet.")).hint(*instead))
}

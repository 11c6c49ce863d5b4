//! Commands that the documents name and that this version doesn't have: said in words, not as a typing error.

use camroll_sync::Exit;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::story::Story;

/// A command that isn't built, with what does the nearest to it today.
struct NotBuilt {
    /// The command that it is one of; none where it stands by itself.
    of: Option<&'static str>,
    names: &'static [&'static str],
    instead: &'static str,
}

const NOT_BUILT: &[NotBuilt] = &[
    NotBuilt {
        of: None,
        names: &["run"],
        instead: "`camroll sync` runs once; a systemd timer or cron can call it as often as you like",
    },
    NotBuilt {
        of: Some("state"),
        names: &["export", "import"],
        instead: "to move it, copy the whole state folder (--state names it) while no camroll runs, and use one of the two from then on; it holds the sign-ins and their key, so keep it secret",
    },
    NotBuilt {
        of: Some("state"),
        names: &["compact"],
        instead: "the journal grows with what is placed and isn't shortened yet; leave its files as they are",
    },
    NotBuilt {
        of: Some("state"),
        names: &["key"],
        instead: "the key of the sign-ins is the file sign-ins/key in the state folder, readable for you alone; `camroll logout NAME` forgets a sign-in",
    },
    NotBuilt {
        of: Some("connector"),
        names: &["new", "test", "add", "update", "remove"],
        instead: "`camroll connector list` shows those that are bundled; others can't be used yet",
    },
    NotBuilt {
        of: Some("schema"),
        names: &["policy"],
        instead: "there is no policy.yaml yet: what a person starts may use all that its spec names",
    },
];

/// What to say of a command that isn't built; none where the error is another one.
pub fn story_of(error: &clap::Error) -> Option<Story> {
    let (of, name) = match error.kind() {
        ErrorKind::InvalidSubcommand => (parent(error), text(error, ContextKind::InvalidSubcommand)?),
        // Which schema is a value of `schema`, not a command below it.
        ErrorKind::InvalidValue if text(error, ContextKind::InvalidArg)? == "[KIND]" => {
            (Some("schema".to_owned()), text(error, ContextKind::InvalidValue)?)
        }
        _ => return None,
    };
    let known = NOT_BUILT
        .iter()
        .find(|known| known.of == of.as_deref() && known.names.contains(&name))?;
    let command = known.of.map_or_else(String::new, |of| format!("{of} "));
    Some(Story::new(Exit::Usage, format!("`camroll {command}{name}` isn't built yet.")).hint(known.instead))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The command below which the unknown one was given, by the usage that the error would show: "Usage: camroll state [OPTIONS] <COMMAND>".
fn parent(error: &clap::Error) -> Option<String> {
    let ContextValue::StyledStr(usage) = error.get(ContextKind::Usage)? else {
        return None;
    };
    let usage = usage.to_string();
    let word = usage.split_whitespace().nth(2)?;
    word.starts_with(|first: char| first.is_ascii_lowercase())
        .then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{NOT_BUILT, story_of};
    use crate::args::Arguments;

    fn said(words: &[&str]) -> Option<String> {
        let error = Arguments::try_parse_from(["camroll"].iter().chain(words)).err()?;
        story_of(&error).map(|story| story.message)
    }

    #[test]
    fn each_is_told_with_its_whole_name_wherever_options_stand() {
        for known in NOT_BUILT {
            for name in known.names {
                let words: Vec<&str> = known.of.iter().chain([name]).copied().collect();
                let expected = format!("`camroll {}` isn't built yet.", words.join(" "));
                assert_eq!(said(&words).as_ref(), Some(&expected));
                let behind_options = [&["--state", "x"][..], &words].concat();
                assert_eq!(said(&behind_options).as_ref(), Some(&expected));
            }
        }
    }

    #[test]
    fn what_stands_behind_it_is_not_read() {
        for (words, name) in [
            (&["state", "key", "export"][..], "state key"),
            (&["state", "export", "--to", "x"], "state export"),
            (&["connector", "add", "--yes", "x"], "connector add"),
        ] {
            assert_eq!(said(words), Some(format!("`camroll {name}` isn't built yet.")));
        }
    }

    #[test]
    fn a_typing_error_stays_one_and_what_is_built_is_not_denied() {
        for words in [
            &["sinc"][..],
            &["state", "keys"],
            &["connector", "run"],
            &["state", "run"],
            &["export"],
            &["schema", "polcy"],
            &["completions", "policy"],
        ] {
            assert_eq!(said(words), None, "{words:?}");
        }
        let command = Arguments::command();
        for known in NOT_BUILT {
            let at = known.of.map_or(Some(&command), |of| command.find_subcommand(of));
            let at = at.expect("the command that it is one of");
            for name in known.names {
                assert!(at.find_subcommand(name).is_none(), "{name} is built");
            }
        }
    }
}

//! Gives uploads their names: by a MOVE that replaces nothing, or only what was expected.

use camroll_connector::http::Answer;
use camroll_connector::types::{Entry, Error, ErrorClass, Instant, Target};

use crate::address::parent;
use crate::chunked::whole;
use crate::clocks::Timed;
use crate::failures::{conflict, gone};
use crate::multistatus;
use crate::properties::Properties;
use crate::propfind::Besides;
use crate::upload::{Held, Replaced};
use crate::wire::Session;

impl Replaced {
    /// What is known of an entry.
    pub fn of(entry: Entry) -> Self {
        Self {
            version: entry.version,
            size: entry.size,
            modified: entry.modified.map(|time| time.seconds),
        }
    }

    fn entry(&self, path: &str) -> Entry {
        Entry {
            target: Target {
                path: Some(path.to_owned()),
                id: None,
            },
            folder: false,
            size: self.size,
            modified: self.modified.map(|seconds| Instant {
                seconds,
                nanoseconds: 0,
            }),
            version: self.version.clone(),
            digests: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// Whether a MOVE went through: 207 is a yes with failures inside.
pub fn moved(session: &Session, answer: &Answer) -> Result<(), Error> {
    match answer.status {
        207 => {
            let mut failed = None;
            // An answer that can't be read is no success: what stands there is looked at afterwards anyway.
            let _ = multistatus::read(answer.body.as_slice(), |item| failed = failed.or(item.failure()));
            match failed {
                Some(status) => Err(session.failed(
                    &Answer {
                        status,
                        headers: Vec::new(),
                        body: Vec::new(),
                    },
                    "MOVE",
                )),
                None => Ok(()),
            }
        }
        200..=299 => Ok(()),
        _ => Err(session.failed(answer, "MOVE")),
    }
}

/// Whether the way is free for an upload.
fn free(session: &Session, held: &Held, there: Option<Properties>) -> Result<(), Error> {
    let wanted = match (&held.replaces, there) {
        (None, None) => true,
        (Some(replaced), Some(there)) => !there.differs(&replaced.entry(&held.path)),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if wanted {
        return Ok(());
    }
    // What is there may be this very file, of a call whose answer was lost.
    session.still_staged(&held.name)?;
    Err(conflict())
}

/// Publishes all, each on its own.
pub fn publish(session: &Session, held: &[Held]) -> Vec<Result<Entry, Error>> {
    let open = |results: &[Result<(), Error>]| -> Vec<usize> {
        (0..results.len()).filter(|&index| results[index].is_ok()).collect()
    };
    // That "Overwrite: F" is obeyed isn't known of every server. And its yes to a PUT isn't enough: what it cut off mustn't get a name.
    let folders: Vec<&str> = held.iter().map(|held| parent(&held.path).unwrap_or_default()).collect();
    let wanted: Vec<String> = held.iter().map(|held| session.url(&held.path)).collect();
    let staged: Vec<String> = held.iter().map(|held| session.staging(&held.name)).collect();
    let looks = wanted.iter().chain(&staged).map(|url| session.looking(url)).collect();
    let made = session.ensure_all(&folders, looks);
    let mut there = made
        .beside
        .into_iter()
        .zip(wanted.iter().chain(&staged))
        .map(|(answer, url)| session.seen(url, answer));
    let wanted: Vec<_> = there.by_ref().take(held.len()).collect();
    let mut signed_out = None;
    let mut results: Vec<Result<(), Error>> = Vec::with_capacity(held.len());
    let mut times: Vec<Option<i64>> = Vec::with_capacity(held.len());
    for ((folder, held), (wanted, staged)) in made.folders.into_iter().zip(held).zip(wanted.into_iter().zip(there)) {
        for failed in [folder.as_ref().err(), wanted.as_ref().err(), staged.as_ref().err()]
            .into_iter()
            .flatten()
        {
            if failed.class == ErrorClass::Unauthenticated {
                signed_out.get_or_insert_with(|| failed.clone());
            }
        }
        let modified = |there: &Properties| there.modified.map(|time| time.seconds);
        times.push(staged.as_ref().ok().and_then(|there| modified(there.as_ref()?)));
        let ready = || -> Result<(), Error> {
            folder?;
            free(session, held, wanted?)?;
            whole(held.size, staged?.ok_or_else(gone)?.size)
        };
        results.push(ready());
    }
    // What a server says to those behind it, such as that there were too many, isn't what a person has to mend.
    if let Some(why) = signed_out {
        for result in &mut results {
            *result = Err(why.clone());
        }
    }

    let timed: Vec<(usize, Timed)> = open(&results)
        .into_iter()
        .filter_map(|index| {
            let file = Timed {
                url: session.staging(&held[index].name),
                wanted: held[index].modified?,
                there: times[index],
            };
            Some((index, file))
        })
        .collect();
    let (indexes, files): (Vec<usize>, Vec<Timed>) = timed.into_iter().unzip();
    let mut patched = Vec::new();
    for (index, set) in indexes.into_iter().zip(session.set_times(&files)) {
        match set {
            Some(Ok(())) => patched.push(index),
            Some(Err(failed)) => results[index] = Err(failed),
            None => {}
        }
    }

    let moving = open(&results);
    let requests = moving.iter().map(|&index| request(session, &held[index])).collect();
    for (index, answer) in moving.into_iter().zip(session.ask_all(requests)) {
        results[index] = match answer {
            Ok(answer) => named(session, &held[index], &answer),
            Err(broken) if broken.class == ErrorClass::Transient => again(session, &held[index]),
            Err(failed) => Err(failed),
        };
    }

    let done = open(&results);
    let urls: Vec<String> = done.iter().map(|&index| session.url(&held[index].path)).collect();
    let mut told = done
        .into_iter()
        .zip(session.look_all(&urls, Besides::Nothing))
        .collect::<std::collections::BTreeMap<_, _>>();
    let have_it: Vec<bool> = patched
        .iter()
        .filter_map(|index| Some((index, told.get(index)?.as_ref().ok()?.as_ref()?.modified.as_ref()?)))
        .map(|(index, there)| held[*index].modified == Some(there.seconds))
        .collect();
    session.learn(&have_it);
    results
        .into_iter()
        .enumerate()
        .map(|(index, result)| {
            result?;
            let there = told.remove(&index).unwrap_or(Ok(None))?.ok_or_else(gone)?;
            whole(held[index].size, there.size)?;
            Ok(there.entry(held[index].path.clone()))
        })
        .collect()
}

fn request<'a>(session: &Session, held: &Held) -> camroll_connector::http::Builder<'a> {
    session
        .request("MOVE", &session.staging(&held.name))
        .header("Destination", session.url(&held.path))
        .header("Overwrite", if held.replaces.is_some() { "T" } else { "F" })
}

/// A MOVE whose answer never came, as when a kept connection closes in the moment that it is used: it is sent again, unless it was done. What stands there is looked at afterwards in any case.
fn again(session: &Session, held: &Held) -> Result<(), Error> {
    match session.look(&session.staging(&held.name))? {
        Some(_) => named(session, held, &session.ask(request(session, held))?),
        None => Ok(()),
    }
}

/// What the answer to a MOVE comes to.
fn named(session: &Session, held: &Held, answer: &Answer) -> Result<(), Error> {
    match answer.status {
        // No longer there, or the folder is gone that was there before.
        403 | 404 | 409 => {
            session.still_staged(&held.name)?;
            if session.look(&session.url(&held.path))?.is_some() && held.replaces.is_none() {
                return Err(conflict());
            }
            session.forget_folders();
            session.ensure(parent(&held.path).unwrap_or_default())?;
            moved(session, &session.ask(request(session, held))?)
        }
        // Some say 400 for what stands in the way.
        400 | 412 => {
            session.still_staged(&held.name)?;
            match session.look(&session.url(&held.path))? {
                Some(_) => Err(conflict()),
                None => Err(session.failed(answer, "MOVE")),
            }
        }
        _ => moved(session, answer),
    }
}

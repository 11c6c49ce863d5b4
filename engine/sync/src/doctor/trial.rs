//! A destination is tried with a small file of its own, which is taken away again.

use bytes::Bytes;
use camroll_host::{Connection, Disposal};
use camroll_model::{
    ConnectorError, Entry, ErrorClass, Features, Instant, Orphan, StageFile, Staged, Target, Value, attribute,
};
use camroll_plan::{RemovesNothing, removes_nothing};
use camroll_spec::{Destination, Spec};

use super::finding::Finding;
use crate::exit::Exit;
use crate::identity::miscounted;
use crate::link::Link;
use crate::stop::Stop;

/// The time that the tried file gets: 2001-02-03 04:05:06 UTC.
const TRIED_TIME: i64 = 981_173_106;
/// Less free space than this is told.
const LITTLE: u64 = 1 << 30;

struct Trial<'a> {
    subject: String,
    link: &'a Link,
    features: Features,
    path: String,
    findings: Vec<Finding>,
}

/// What the file that is tried holds, and another one, and the newer one that takes its place, and the one that comes too late. Of different sizes, so that they can be told apart where sizes and times are all that
/// is told.
const FIRST: &[u8] = b"camroll tries whether it can write here, and takes this away again.\n";
const SECOND: &[u8] = b"in its place\n";
const NEWER: &[u8] = b"a newer one in its place\n";
const LATE: &[u8] = b"one that knows the first alone, and comes when it is gone\n";

/// Which of the files that are written to one path: each has a draft of its own.
#[derive(Clone, Copy)]
enum Which {
    First,
    Second,
    Newer,
    Late,
}

impl Which {
    const ALL: [Self; 4] = [Self::First, Self::Second, Self::Newer, Self::Late];

    fn content(self) -> Bytes {
        Bytes::from_static(match self {
            Self::First => FIRST,
            Self::Second => SECOND,
            Self::Newer => NEWER,
            Self::Late => LATE,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Newer => "newer",
            Self::Late => "late",
        }
    }
}

/// Tries a destination: writes a small file, reads it back, looks at its time, has another one refused in its place, has a newer one take it, has one refused that knows only what was there before, and takes it away.
/// `destination` is what the spec says of it, one of its own.
pub async fn examine_destination(
    connection: &Connection,
    spec: &Spec,
    destination: &Destination,
    stop: &Stop,
) -> Vec<Finding> {
    let subject = format!("destination {}", destination.name);
    let demanded = destination.require_proof;
    let link = Link::new(connection.clone(), stop.clone());
    let identity = match link.call(|there| async move { there.probe().await }).await {
        Ok(identity) => identity,
        Err(error) => {
            let exit = Exit::of_destination(&error);
            return vec![Finding::failed(&subject, "It can't be reached", &error, exit)];
        }
    };
    let mut trial = Trial {
        path: format!(".camroll/probe-{}.txt", ulid::Ulid::new()),
        subject,
        link: &link,
        features: identity.features,
        findings: Vec::new(),
    };
    match identity.free {
        Some(free) if free < LITTLE => {
            let told = format!("it has {} MiB free", free >> 20);
            trial.limit("doctor/little-space", &told, "make room before the next sync");
        }
        Some(free) => trial.well(format!("there, with {} GiB free", free >> 30)),
        None => trial.well("there; it doesn't tell how much is free".to_owned()),
    }
    let proves = trial.features.proves();
    if proves < demanded {
        let told = format!(
            "by itself it proves no more than {proves}, and the spec demands {demanded}: every file is read back from there"
        );
        trial.limit(
            "doctor/reads-back",
            &told,
            "nothing, if reading costs nothing there; else demand less (require_proof)",
        );
    }
    if let Some(why) = removes_nothing(spec, destination, &trial.features) {
        let told =
            format!("the spec has what was deleted in the library removed here (`deletions`), and it stays: {why}");
        let step = match why {
            RemovesNothing::Locked => "nothing, if that is what the lock is for; else say `deletions: keep`",
            RemovesNothing::ByAlbum => "say `deletions: keep`, or filter by something else",
            RemovesNothing::NoBin => "say `deletions: mirror` to remove it for good, or `deletions: keep`",
        };
        trial.limit("doctor/keeps-departed", &told, step);
    }
    if trial.features.has_trait("immutable") {
        trial.limit(
            "doctor/immutable",
            "nothing was written to try it: what is written there can't be taken away again",
            "try the same settings with a bucket that isn't locked",
        );
        return trial.findings;
    }
    if trial.features.names.is_none() {
        trial.limit(
            "doctor/not-tried",
            "nothing was written to try it: it would show up among the photos",
            "let the first sync show the rest",
        );
        return trial.findings;
    }
    trial.run().await;
    trial.findings
}

impl Trial<'_> {
    fn well(&mut self, message: String) {
        self.findings.push(Finding::well(&self.subject, message));
    }

    fn limit(&mut self, code: &str, message: &str, mend: &str) {
        self.findings.push(Finding::limit(&self.subject, code, message, mend));
    }

    fn wrong(&mut self, code: &str, message: &str, mend: &str, exit: Exit) {
        self.findings
            .push(Finding::wrong(&self.subject, code, message, mend, exit));
    }

    fn failed(&mut self, doing: &str, error: &ConnectorError) {
        let exit = match Exit::of_destination(error) {
            Exit::Done => Exit::Guard,
            exit => exit,
        };
        self.findings.push(Finding::failed(&self.subject, doing, error, exit));
    }

    async fn run(&mut self) {
        let written = self.write(Which::First, None).await;
        match &written {
            Err(error) => self.failed("A file can't be written", error),
            Ok(()) => {
                self.well("a file was written".to_owned());
                self.look().await;
                self.write_again().await;
                self.replace().await;
            }
        }
        self.clean_up(written.is_ok()).await;
    }

    fn key(&self, which: Which) -> String {
        let id: String = self.path.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{}-{id}", which.word())
    }

    async fn write(&self, which: Which, replaces: Option<Entry>) -> Result<(), ConnectorError> {
        let file = StageFile {
            asset: None,
            role: None,
            path: self.path.clone(),
            media_type: "text/plain".to_owned(),
            modified: Some(Instant {
                seconds: TRIED_TIME,
                nanoseconds: 0,
            }),
            related: Vec::new(),
            replaces,
            idempotency_key: self.key(which),
            checkpoint: None,
        };
        let there = self.link.connection();
        match there.stage(file, camroll_host::from_bytes(which.content())).await? {
            Staged::Stored(_) => Ok(()),
            Staged::Held(token) => there
                .commit(vec![token])
                .await?
                .pop()
                .unwrap_or_else(|| Err(miscounted("commit", 1, 0)))
                .map(drop),
        }
    }

    async fn stat(&self) -> Result<Option<Entry>, ConnectorError> {
        let target = Target::at(self.path.clone());
        self.link
            .call(|there| {
                let target = target.clone();
                async move { there.stat(target).await }
            })
            .await
    }

    async fn read(&self) -> Result<Bytes, ConnectorError> {
        let target = Target::at(self.path.clone());
        self.link
            .call(|there| {
                let target = target.clone();
                async move {
                    let mut intake = camroll_host::memory(4096);
                    there.read(target, 0, &mut intake).await?;
                    intake.into_bytes().await
                }
            })
            .await
    }

    async fn look(&mut self) {
        match self.stat().await {
            Ok(Some(entry)) => self.look_at_time(&entry),
            Ok(None) => self.wrong(
                "doctor/not-shown",
                "what was written isn't shown afterwards",
                "look whether another program moves files away there",
                Exit::Guard,
            ),
            Err(error) => self.cannot_read(&error),
        }
        match self.read().await {
            Ok(bytes) if bytes == FIRST => self.well("it was read back, and is the same".to_owned()),
            Ok(_) => self.wrong(
                "doctor/other-bytes",
                "what was read back isn't what was written",
                "don't keep anything there until it is known why",
                Exit::Mismatch,
            ),
            Err(error) => self.cannot_read(&error),
        }
    }

    fn cannot_read(&mut self, error: &ConnectorError) {
        if error.class == ErrorClass::Unsupported {
            self.limit(
                "doctor/cannot-read",
                "files can't be listed or read back from there: `verify`, `restore` and proof by reading need that",
                "keep a copy at another destination, too",
            );
        } else {
            self.failed("What was written can't be read", error);
        }
    }

    fn look_at_time(&mut self, entry: &Entry) {
        let precision = match attribute(&self.features.attributes, "modified-precision") {
            Some(Value::Integer(seconds)) => *seconds,
            _ => 2,
        };
        let kept = entry
            .modified
            .is_some_and(|time| (time.seconds - TRIED_TIME).abs() <= precision.max(1));
        match (kept, self.features.has_trait("set-modified")) {
            (true, _) => self.well("files keep the time when the photo was taken".to_owned()),
            (false, false) => self.limit(
                "doctor/no-times",
                "files there get the time when they arrive, not when the photo was taken",
                "nothing is lost: the time stays in the photo and in .camroll/manifest",
            ),
            (false, true) => self.limit(
                "doctor/no-times",
                "the destination says that it keeps files' times, and it gave this one another",
                "look at how it is mounted, or at its settings",
            ),
        }
    }

    async fn write_again(&mut self) {
        let claimed = self.features.has_trait("conditional-create");
        match self.write(Which::Second, None).await {
            Err(error) if error.class == ErrorClass::Conflict => {
                let still = self.read().await.is_ok_and(|bytes| bytes == FIRST);
                if still {
                    self.well("another file in its place was refused".to_owned());
                }
            }
            Err(error) => self.failed("A file in the place of another one should be refused as that", &error),
            Ok(()) if claimed => self.wrong(
                "doctor/overwrites",
                "a file was overwritten, though the destination says that it refuses that",
                "don't let two programs write there at once; tell the connector's authors",
                Exit::Guard,
            ),
            Ok(()) => self.limit(
                "doctor/overwrites",
                "it can't refuse a file in the place of another one: camroll looks before it writes, but between the two somebody else could write",
                "let nobody else write there while a sync runs",
            ),
        }
    }

    /// A newer file takes its place, as an edit that was edited again would; then one comes that knows only what was there before. If it isn't refused, an edit could take the place of what somebody else put there.
    async fn replace(&mut self) {
        if !self.features.has_trait("replace") {
            return;
        }
        // What can't be looked at was told before.
        let Ok(Some(before)) = self.stat().await else { return };
        if let Err(error) = self.write(Which::Newer, Some(before.clone())).await {
            self.failed("A newer file can't take the place of an older one", &error);
            return;
        }
        match self.read().await {
            Ok(bytes) if bytes == NEWER => self.well("a newer file took its place".to_owned()),
            Ok(_) => {
                self.wrong(
                    "doctor/other-bytes",
                    "what was read back isn't the newer file that took its place",
                    "don't keep anything there until it is known why",
                    Exit::Mismatch,
                );
                return;
            }
            Err(error) => {
                self.cannot_read(&error);
                return;
            }
        }
        match self.write(Which::Late, Some(before)).await {
            Err(error) if error.class != ErrorClass::Conflict => {
                self.failed(
                    "A file in the place of one that changed meanwhile should be refused as that",
                    &error,
                );
                return;
            }
            Err(_) if self.read().await.is_ok_and(|bytes| bytes == NEWER) => {
                self.well("one that knew only what was there before was refused".to_owned());
                return;
            }
            Ok(()) | Err(_) => {}
        }
        self.wrong(
            "doctor/replaces-what-changed",
            "a file that had changed meanwhile was replaced: what somebody else puts there could be lost",
            "let nobody else write there, or keep no edits there (versions: [original]); tell the connector's authors",
            Exit::Guard,
        );
    }

    async fn clean_up(&mut self, written: bool) {
        let orphans = Which::ALL
            .map(|which| Orphan {
                path: self.path.clone(),
                idempotency_key: self.key(which),
                held: None,
                checkpoint: None,
            })
            .to_vec();
        if let Err(error) = self.link.connection().abort(orphans).await {
            tracing::debug!(code = error.code, "drafts of the trial");
        }
        let removed = match self.stat().await {
            Ok(Some(entry)) => self.link.connection().remove(entry, Disposal::Delete).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match removed {
            Ok(()) => self.well("it was taken away again".to_owned()),
            Err(_) if !written => {}
            Err(error) => {
                let message = format!(
                    "the file that was tried, {}, can't be taken away: {}",
                    self.path, error.message
                );
                self.limit("doctor/not-removed", &message, "take it away by hand");
            }
        }
    }
}

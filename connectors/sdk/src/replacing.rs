//! One file takes another's place where a rename replaces nothing: the old one goes aside first, so that it can be put back.
//!
//! Between the two renames nothing has the name. What a kill left there is mended when the same file is published again, or given up.

use serde::{Deserialize, Serialize};

use crate::log;
use crate::paths::{aside, draft};
use crate::types::{Error, ErrorClass};

/// The server's files, by their paths below the folder.
pub trait Files {
    /// What is known of one.
    type Seen;
    /// What is kept of one that is to go.
    type Replaced;
    /// Whether it is that one.
    fn is(seen: &Self::Seen, replaced: &Self::Replaced) -> bool;
    /// What is at a path; none where nothing is.
    fn look(&mut self, path: &str) -> Result<Option<Self::Seen>, Error>;
    /// Bytes, where they are known.
    fn size(seen: &Self::Seen) -> Option<u64>;
    /// Gives a file another path, at which nothing is.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error>;
    /// Takes one away.
    fn remove(&mut self, path: &str) -> Result<(), Error>;
}

/// What `stage` leaves for `commit`: a draft that is to get a name.
#[derive(Serialize, Deserialize)]
pub struct Held<Replaced> {
    pub key: String,
    pub path: String,
    pub size: u64,
    /// What it takes the place of.
    pub replaces: Option<Replaced>,
}

impl<Replaced> Held<Replaced> {
    /// Mends what a kill left of giving it its name.
    ///
    /// # Errors
    /// Whatever the server says.
    pub fn mend<F: Files<Replaced = Replaced>>(&self, files: &mut F) -> Result<(), Error> {
        match &self.replaces {
            Some(replaced) => self.replacement().mend(files, |seen| F::is(seen, replaced)),
            None => Ok(()),
        }
    }

    /// Its way to the other one's name.
    pub fn replacement(&self) -> Replacement<'_> {
        Replacement {
            key: &self.key,
            path: &self.path,
            size: self.size,
        }
    }
}

/// A file that is to take another's place.
pub struct Replacement<'a> {
    /// Its draft derives from it.
    pub key: &'a str,
    /// Where the other one is.
    pub path: &'a str,
    /// Bytes of the new one.
    pub size: u64,
}

impl Replacement<'_> {
    /// Replaces what was looked at just before, and found to be what is to go.
    ///
    /// # Errors
    /// Where the server refuses the first rename, all is as it was; where it refuses the second, the old one is put back.
    pub fn replace(&self, files: &mut impl Files) -> Result<(), Error> {
        let (draft, aside) = (draft(self.key)?, aside(self.key)?);
        if files.look(&aside)?.is_some() {
            // The name is taken: this one was replaced long ago, and couldn't be taken away then.
            files.remove(&aside)?;
        }
        files.rename(self.path, &aside)?;
        if let Err(why) = files.rename(&draft, self.path) {
            files.rename(&aside, self.path)?;
            return Err(why);
        }
        match files.remove(&aside) {
            // The next run comes by it again.
            Err(why) if is_for_the_moment(&why) => Err(why),
            // The new one has its name all the same.
            Err(why) => {
                log::write(
                    log::Level::Info,
                    "a file that was replaced stays in .camroll/staging",
                    &[("why".into(), why.message)],
                );
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Mends what a kill left in the midst: the old one is put back where nothing has its name, and taken away where the new one has it. Anything else stays as it is.
    ///
    /// # Errors
    /// Whatever the server says.
    pub fn mend<F: Files>(&self, files: &mut F, is_expected: impl Fn(&F::Seen) -> bool) -> Result<(), Error> {
        let aside = aside(self.key)?;
        let Some(old) = files.look(&aside)? else {
            return Ok(());
        };
        match files.look(self.path)? {
            None if is_expected(&old) => files.rename(&aside, self.path),
            // Only the second rename takes the draft away and leaves one of its size under the name.
            Some(new) if F::size(&new) == Some(self.size) && files.look(&draft(self.key)?)?.is_none() => {
                files.remove(&aside)
            }
            _ => Ok(()),
        }
    }
}

/// Whether the same may go well the next time.
fn is_for_the_moment(why: &Error) -> bool {
    matches!(
        why.class,
        ErrorClass::Transient | ErrorClass::RateLimited | ErrorClass::Unauthenticated | ErrorClass::Cancelled
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::errors::error;

    const PATH: &str = "2014/05/a-edited.jpg";
    const DRAFT: &str = ".camroll/staging/k.part";
    const ASIDE: &str = ".camroll/staging/k.part.old";
    const NEW: Replacement = Replacement {
        key: "k",
        path: PATH,
        size: 3,
    };

    /// A server whose RENAME replaces nothing, and that does so many changes before the line is cut.
    #[derive(Clone)]
    struct Strict {
        files: BTreeMap<String, &'static str>,
        changes: u32,
    }

    impl Strict {
        fn with(files: &[(&str, &'static str)]) -> Self {
            let files = files.iter().map(|(path, bytes)| ((*path).to_string(), *bytes));
            Self {
                files: files.collect(),
                changes: u32::MAX,
            }
        }

        fn change(&mut self) -> Result<(), Error> {
            self.changes = self
                .changes
                .checked_sub(1)
                .ok_or_else(|| error(ErrorClass::Transient, "test/cut", "cut"))?;
            Ok(())
        }

        fn there(&self) -> Vec<(&str, &str)> {
            self.files.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect()
        }
    }

    impl Files for Strict {
        type Seen = &'static str;
        type Replaced = &'static str;

        fn is(seen: &&'static str, replaced: &&'static str) -> bool {
            seen == replaced
        }

        fn look(&mut self, path: &str) -> Result<Option<&'static str>, Error> {
            Ok(self.files.get(path).copied())
        }

        fn size(seen: &&'static str) -> Option<u64> {
            Some(seen.len() as u64)
        }

        fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
            self.change()?;
            if self.files.contains_key(to) {
                return Err(error(ErrorClass::PermissionDenied, "test/there", to));
            }
            let bytes = self
                .files
                .remove(from)
                .ok_or_else(|| error(ErrorClass::NotFound, "test/missing", from))?;
            self.files.insert(to.to_string(), bytes);
            Ok(())
        }

        fn remove(&mut self, path: &str) -> Result<(), Error> {
            self.change()?;
            self.files.remove(path);
            Ok(())
        }
    }

    fn is_old(seen: &&'static str) -> bool {
        *seen == "older"
    }

    #[test]
    fn cut_off_after_any_change_it_ends_with_the_new_one() {
        for changes in 0..=3 {
            let mut server = Strict::with(&[(PATH, "older"), (DRAFT, "new")]);
            server.changes = changes;
            assert_eq!(NEW.replace(&mut server).is_ok(), changes == 3, "{changes}");
            server.changes = u32::MAX;
            NEW.mend(&mut server, is_old).unwrap();
            if server.files.contains_key(DRAFT) {
                assert_eq!(server.files.get(PATH), Some(&"older"), "{changes}");
                NEW.replace(&mut server).unwrap();
            }
            assert_eq!(server.there(), [(PATH, "new")], "{changes}");
        }
    }

    #[test]
    fn a_refused_second_rename_puts_the_old_one_back() {
        let mut server = Strict::with(&[(PATH, "older")]);
        assert!(NEW.replace(&mut server).is_err(), "there is no draft");
        assert_eq!(server.there(), [(PATH, "older")]);
    }

    #[test]
    fn a_draft_that_is_gone_too_leaves_the_old_one_under_its_name() {
        let mut server = Strict::with(&[(ASIDE, "older")]);
        NEW.mend(&mut server, is_old).unwrap();
        assert_eq!(server.there(), [(PATH, "older")]);
    }

    #[test]
    fn what_nobody_expected_stays_where_it_is() {
        for files in [
            // Another one aside than was to be replaced.
            vec![(ASIDE, "other"), (DRAFT, "new")],
            // Another one under the name than either of the two.
            vec![(ASIDE, "older"), (PATH, "of somebody")],
            // Of the new one's size, and the new one hasn't got its name yet.
            vec![(ASIDE, "older"), (DRAFT, "new"), (PATH, "own")],
        ] {
            let mut server = Strict::with(&files);
            let before = server.clone();
            NEW.mend(&mut server, is_old).unwrap();
            assert_eq!(server.there(), before.there());
        }
    }

    #[test]
    fn one_that_couldnt_be_taken_away_before_is_in_nobodys_way() {
        let mut server = Strict::with(&[(PATH, "older"), (DRAFT, "new"), (ASIDE, "oldest")]);
        NEW.replace(&mut server).unwrap();
        assert_eq!(server.there(), [(PATH, "new")]);
    }
}

//! Folders that couldn't be made: what would be in them fails, and nothing else.

use std::collections::BTreeMap;

use crate::paths::ancestry;
use crate::types::Error;

/// Each with why.
#[derive(Default)]
pub struct Refused(BTreeMap<String, Error>);

impl Refused {
    /// Takes note of one.
    pub fn insert(&mut self, folder: &str, why: Error) {
        self.0.insert(folder.to_owned(), why);
    }

    /// Why a folder isn't there: it, or what it would be in, couldn't be made.
    pub fn of(&self, folder: &str) -> Result<(), Error> {
        match ancestry(folder).into_iter().find_map(|above| self.0.get(above)) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::unexpected;

    #[test]
    fn what_is_below_a_refused_folder_is_refused_too() {
        let mut refused = Refused::default();
        refused.insert("2014/05", unexpected("x/y", "No."));
        for (folder, is_there) in [
            ("2014", true),
            ("2014/05", false),
            ("2014/05/a", false),
            ("2014/050", true),
            ("", true),
        ] {
            assert_eq!(refused.of(folder).is_ok(), is_there, "{folder}");
        }
    }
}

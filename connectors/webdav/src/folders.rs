//! Which folders are there, as far as one instance knows: each is made once.

use std::collections::{HashMap, HashSet};

/// What is known of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is there; what is in it isn't known.
    There,
    /// It wasn't there before this instance made it: what is wanted in it isn't there either.
    New,
}

/// The folders that an instance knows, by their addresses. All of it can be lost.
#[derive(Debug, Default)]
pub struct Folders {
    known: HashMap<String, Known>,
}

impl Folders {
    /// Takes note of one.
    pub fn insert(&mut self, url: String, known: Known) {
        self.known.insert(url, known);
    }

    /// Whether it is there.
    pub fn holds(&self, url: &str) -> bool {
        self.known.contains_key(url)
    }

    /// Forgets all: somebody took one away.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// What to make first of some chains of addresses, each from the top and behind an address that is there: the last of each, for what is above it mostly is there; all that
    /// isn't known, where what stands above was new.
    pub fn first(&self, chains: &[Vec<String>]) -> Vec<String> {
        self.of(chains, |above, unknown| match above {
            Some(Known::New) => unknown,
            Some(Known::There) | None => &unknown[unknown.len().saturating_sub(1)..],
        })
    }

    /// All of some chains that isn't known.
    pub fn unknown(&self, chains: &[Vec<String>]) -> Vec<String> {
        self.of(chains, |_, unknown| unknown)
    }

    /// Each once, and what is above before what is below.
    fn of<'c>(
        &self,
        chains: &'c [Vec<String>],
        choose: impl Fn(Option<Known>, &'c [String]) -> &'c [String],
    ) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut wanted = Vec::new();
        for chain in chains {
            let from = chain.iter().rposition(|url| self.holds(url)).map_or(0, |last| last + 1);
            let above = from
                .checked_sub(1)
                .and_then(|last| self.known.get(&chain[last]).copied());
            for url in choose(above, &chain[from..]) {
                if seen.insert(url) {
                    wanted.push(url.clone());
                }
            }
        }
        wanted.sort_by_key(|url| url.matches('/').count());
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(chains: &[&[&str]]) -> Vec<Vec<String>> {
        chains
            .iter()
            .map(|chain| chain.iter().map(|url| (*url).to_owned()).collect())
            .collect()
    }

    #[test]
    fn the_last_is_tried_first_and_all_that_isnt_known_where_what_is_above_was_new() {
        let mut folders = Folders::default();
        let two = chains(&[&["b/", "b/2014/", "b/2014/05/"], &["b/", "b/2014/", "b/2014/06/"]]);
        assert_eq!(folders.first(&two), ["b/2014/05/", "b/2014/06/"]);
        assert_eq!(folders.unknown(&two), ["b/", "b/2014/", "b/2014/05/", "b/2014/06/"]);

        folders.insert("b/".to_owned(), Known::There);
        assert_eq!(folders.first(&two), ["b/2014/05/", "b/2014/06/"]);
        folders.insert("b/".to_owned(), Known::New);
        assert_eq!(folders.first(&two), ["b/2014/", "b/2014/05/", "b/2014/06/"]);

        folders.insert("b/2014/05/".to_owned(), Known::There);
        assert_eq!(folders.first(&two), ["b/2014/", "b/2014/06/"]);
        assert_eq!(folders.first(&two[..1]), <[String; 0]>::default());
    }
}

//! Which digests are computed of a file as it goes by: our own, and those that a destination tells, compares or must know. Each costs time over every byte.

use camroll_model::{Algorithm, Features};

/// What a run's destinations want of files.
pub(crate) struct Digests(Vec<Features>);

impl Digests {
    /// For these destinations together: a file is read once for all of them.
    pub(crate) fn of(destinations: impl IntoIterator<Item = Features>) -> Self {
        Self(destinations.into_iter().collect())
    }

    /// Of a file of so many bytes.
    pub(crate) fn for_size(&self, size: Option<u64>) -> Vec<Algorithm> {
        let mut digests = vec![Algorithm::Sha256];
        for name in self.0.iter().flat_map(|features| features.digests_of(size)) {
            digests.extend(Algorithm::from_name(name).filter(|algorithm| !digests.contains(algorithm)));
        }
        digests
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camroll_model::Needs;

    fn needs(from: u64, digests: &[&str], of_use: Option<&[&str]>) -> Needs {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Needs {
            from,
            size: true,
            digests: owned(digests),
            window: 0,
            preview: false,
            of_use: of_use.map(owned),
        }
    }

    #[test]
    fn only_what_says_something_at_that_size() {
        let features = Features {
            needs: vec![needs(0, &["md5"], None), needs(1_000, &[], Some(&["crc32c"]))],
            names: None,
            digests: vec!["md5".to_owned()],
            checked_digests: vec!["md5".to_owned(), "crc32c".to_owned()],
            max_size: None,
            commit_batch: 1,
            traits: Vec::new(),
            attributes: Vec::new(),
        };
        let other = Features {
            needs: Vec::new(),
            digests: vec!["sha1".to_owned()],
            checked_digests: Vec::new(),
            ..features.clone()
        };
        let alone = Digests::of([features.clone()]);
        let (sha256, md5, crc) = (Algorithm::Sha256, Algorithm::Md5, Algorithm::Crc32c);
        assert_eq!(alone.for_size(Some(999)), [sha256, md5, crc]);
        assert_eq!(alone.for_size(Some(1_000)), [sha256, crc]);
        // It may turn out to be of any size.
        assert_eq!(alone.for_size(None), [sha256, md5, crc]);
        // Known before for small files, and looked at afterwards for large ones, though nothing is said of them.
        let silent = Features {
            needs: vec![needs(0, &["sha1"], None), needs(1_000, &[], None)],
            digests: Vec::new(),
            checked_digests: Vec::new(),
            ..features.clone()
        };
        assert_eq!(Digests::of([silent]).for_size(Some(1_000)), [sha256, Algorithm::Sha1]);
        let both = Digests::of([features, other]);
        assert_eq!(both.for_size(Some(1_000)), [sha256, crc, Algorithm::Sha1]);
        assert_eq!(Digests::of([]).for_size(None), [sha256]);
    }
}

//! Files at a destination that may be a photo's, which only reading tells. Many may have one size (RAW files of a camera do), so one that turned out to be another isn't read again for each photo of its size.

use std::collections::HashMap;

use camroll_model::{Algorithm, ConnectorError, Digest, Entry, ErrorClass, Target};
use parking_lot::Mutex;

use crate::link::Link;

/// What was read in vain, and what it was.
#[derive(Default)]
pub(crate) struct Candidates(Mutex<HashMap<Target, Vec<Digest>>>);

impl Candidates {
    /// Reads a file, and gives its digests if it is what `expected` says: those, SHA-256, and what the destination lists of it as far as that is true of these bytes. By those it is known again without being read.
    pub(crate) async fn read(
        &self,
        link: &Link,
        there: &Entry,
        expected: &[Digest],
    ) -> Result<Option<Vec<Digest>>, ConnectorError> {
        if let Some(known) = self.0.lock().get(&there.target)
            && differ(known, expected)
        {
            return Ok(None);
        }
        let algorithms = expected.iter().chain(&there.digests).map(|digest| digest.algorithm);
        let algorithms = algorithms.chain([Algorithm::Sha256]).collect();
        let mut intake = camroll_host::digest_only(Vec::new(), algorithms);
        match link.connection().read(there.target.clone(), 0, &mut intake).await {
            Ok(()) => {}
            Err(error) if error.class == ErrorClass::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let digests = intake.finish().await?.digests;
        if differ(&digests, expected) {
            self.0.lock().insert(there.target.clone(), digests);
            return Ok(None);
        }
        Ok(Some(but_for_what_is_listed_wrongly(digests, &there.digests, expected)))
    }
}

/// A service may list something as a digest that is none, such as the tag of what it encrypted. By that nothing is known again.
fn but_for_what_is_listed_wrongly(mut computed: Vec<Digest>, listed: &[Digest], expected: &[Digest]) -> Vec<Digest> {
    computed.retain(|one| expected.contains(one) || !differ(std::slice::from_ref(one), listed));
    computed
}

/// Whether two accounts of digests can't be of the same bytes.
fn differ(some: &[Digest], others: &[Digest]) -> bool {
    some.iter().any(|one| {
        let mut others = others.iter();
        others.any(|other| other.algorithm == one.algorithm && other.value != one.value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(algorithm: Algorithm, value: u8) -> Digest {
        Digest {
            algorithm,
            value: vec![value],
        }
    }

    #[test]
    fn only_the_same_algorithm_tells_files_apart() {
        let known = [digest(Algorithm::Md5, 1), digest(Algorithm::Sha256, 2)];
        assert!(!differ(&known[..1], &known[1..]));
        assert!(!differ(&known, &known[..1]));
        assert!(differ(&known, &[digest(Algorithm::Md5, 3)]));
    }

    #[test]
    fn what_is_listed_is_kept_only_where_it_is_true() {
        let expected = [digest(Algorithm::ApplePhotos, 1)];
        let computed = vec![
            digest(Algorithm::ApplePhotos, 1),
            digest(Algorithm::Md5, 2),
            digest(Algorithm::Sha256, 3),
        ];
        let kept = |listed: &[Digest]| but_for_what_is_listed_wrongly(computed.clone(), listed, &expected);
        assert_eq!(kept(&[digest(Algorithm::Md5, 2)]), computed);
        assert_eq!(
            kept(&[digest(Algorithm::Md5, 9)]),
            [computed[0].clone(), computed[2].clone()]
        );
    }
}

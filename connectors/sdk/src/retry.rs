//! Trying again: after a random part of a time that doubles, a bounded number of times. What a service asks for by itself is the engine's to obey.

use crate::types::{Error, ErrorClass};
use crate::{clock, random};

/// How often, and how long between.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Tries in all, at least one.
    pub tries: u32,
    /// The longest first pause, seconds; doubles with each.
    pub first: u32,
    /// The longest pause, seconds.
    pub longest: u32,
}

impl Backoff {
    /// What suits a request that is repeated at once: three tries, with pauses of up to 1 and 2 seconds.
    pub const SHORT: Self = Self {
        tries: 3,
        first: 1,
        longest: 4,
    };

    /// The longest pause after `failed` tries, seconds.
    fn ceiling(&self, failed: u32) -> u32 {
        self.first
            .saturating_mul(1u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX))
            .min(self.longest)
    }
}

/// Calls until it works, the tries are used up, or what fails isn't `transient`. Pauses are full jitter: anything from nothing to the longest.
pub fn retry<T>(backoff: Backoff, mut call: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    retry_with(backoff, &mut call, |longest| {
        let drawn = random::bytes(1).first().copied().unwrap_or(u8::MAX);
        match longest * u32::from(drawn) / 255 {
            0 => Ok(()),
            seconds => clock::wait(seconds),
        }
    })
}

fn retry_with<T>(
    backoff: Backoff,
    call: &mut impl FnMut() -> Result<T, Error>,
    mut pause: impl FnMut(u32) -> Result<(), Error>,
) -> Result<T, Error> {
    let mut failed = 0;
    loop {
        match call() {
            Err(error) if error.class == ErrorClass::Transient && failed + 1 < backoff.tries => {
                failed += 1;
                pause(backoff.ceiling(failed))?;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::{transient, unexpected};

    fn run(mut answers: Vec<Result<u8, Error>>) -> (bool, Vec<u32>) {
        let mut pauses = Vec::new();
        let backoff = Backoff {
            tries: 4,
            first: 1,
            longest: 2,
        };
        let result = retry_with(backoff, &mut || answers.remove(0), |longest| {
            pauses.push(longest);
            Ok(())
        });
        (result.is_ok(), pauses)
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let weak = || Err(transient("x", "x"));
        assert_eq!(run(vec![Ok(1)]), (true, vec![]));
        assert_eq!(run(vec![weak(), weak(), Ok(1)]), (true, vec![1, 2]));
        assert_eq!(run(vec![weak(), weak(), weak(), weak()]), (false, vec![1, 2, 2]));
        assert_eq!(run(vec![weak(), Err(unexpected("y", "y"))]), (false, vec![1]));
    }
}

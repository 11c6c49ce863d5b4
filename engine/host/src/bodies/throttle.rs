//! How many bytes of files a connection moves in a second, where a person bounds that.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use leaky_bucket::RateLimiter;

/// How often what was used up is given back.
const REFILL: Duration = Duration::from_millis(50);
/// Bytes that leave at a time: of a slow line, so that the other side sees some of them every second.
const PIECE: usize = 64 << 10;

/// A bound for the bytes of files that pass through connections in a second, both ways together; by default there is none. Connections that hold clones of it share the bound.
#[derive(Clone, Default)]
pub struct Throttle(Option<Arc<RateLimiter>>);

impl Throttle {
    /// So many bytes in a second.
    pub fn of(bytes_per_second: NonZeroU64) -> Self {
        let per_second = usize::try_from(bytes_per_second.get()).unwrap_or(usize::MAX);
        let refill = usize::try_from(REFILL.as_millis()).unwrap_or(50) * (per_second / 1000).max(1);
        let limiter = RateLimiter::builder()
            .refill(refill)
            .interval(REFILL)
            // What wasn't used is lost, but for one step: a line that was quiet isn't flooded afterwards.
            .max(refill)
            .initial(refill)
            .build();
        Self(Some(Arc::new(limiter)))
    }

    /// Waits until so many bytes may move.
    pub(crate) async fn pass(&self, bytes: usize) {
        if let Some(limiter) = &self.0 {
            limiter.acquire(bytes).await;
        }
    }

    /// How many of these bytes go at a time.
    pub(crate) fn piece(&self, bytes: usize) -> usize {
        match self.0 {
            Some(_) => bytes.min(PIECE),
            None => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;
    use std::time::{Duration, Instant};

    use super::Throttle;

    fn throttle(bytes: u64) -> Throttle {
        Throttle::of(NonZeroU64::new(bytes).expect("not 0"))
    }

    #[tokio::test]
    async fn what_passes_in_a_second_is_bounded_over_all_that_share_it() {
        let throttle = throttle(1_000_000);
        let begun = Instant::now();
        let pass = async |throttle: Throttle| {
            for _ in 0..5 {
                throttle.pass(50_000).await;
            }
        };
        tokio::join!(pass(throttle.clone()), pass(throttle));
        assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn more_than_a_step_holds_passes_all_the_same() {
        let begun = Instant::now();
        throttle(1_000_000).pass(400_000).await;
        assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn without_a_bound_nothing_waits() {
        let throttle = Throttle::default();
        // By any bound it would take longer than this test is waited for.
        throttle.pass(usize::MAX).await;
        assert_eq!(throttle.piece(1 << 20), 1 << 20);
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_takes_nothing_with_it() {
        let throttle = throttle(1_000_000);
        let waited = tokio::time::timeout(Duration::from_millis(100), throttle.pass(10_000_000_000)).await;
        assert!(waited.is_err());
        // Else this would be hours.
        throttle.pass(100_000).await;
    }
}

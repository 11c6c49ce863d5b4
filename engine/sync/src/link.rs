//! A connection with manners: what fails for a moment is tried again, a service that asks for rest gets it, and one that keeps failing is left alone.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use camroll_host::Connection;
use camroll_model::{ConnectorError, ErrorClass};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::stop::{Stop, StopRequest};

/// Tries of one call before it counts as failed.
const TRIES: u32 = 3;
/// Rounds of failed tries in a row that open the breaker.
const ROUNDS: u32 = 3;
/// The first pause; each further one is four times as long, and a random part of it is waited (full jitter).
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// Longest pause that is waited within a run; a service that asks for more ends it.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);

/// The code of the error that an open breaker answers.
pub const BREAKER_OPEN: &str = "sync/breaker-open";

/// Whether another try can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Yes,
    No,
}

/// A connection, and what is known of how its service feels. Cheap to clone.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    connection: Connection,
    stop: Stop,
    failed_rounds: AtomicU32,
    rest_until: parking_lot::Mutex<Option<Instant>>,
    /// The longest rest that it asked for and that isn't waited in a run.
    asked_rest: parking_lot::Mutex<Option<Duration>>,
    /// The number of checks done, so that those who wait for one don't repeat it.
    checks: Mutex<u64>,
}

impl Link {
    /// Around a connection; `stop` ends its pauses.
    pub fn new(connection: Connection, stop: Stop) -> Self {
        Self(Arc::new(Inner {
            connection,
            stop,
            failed_rounds: AtomicU32::new(0),
            rest_until: parking_lot::Mutex::new(None),
            asked_rest: parking_lot::Mutex::new(None),
            checks: Mutex::new(0),
        }))
    }

    /// The connection itself, for calls that mustn't be repeated.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// Whether the breaker is open: three rounds of failed tries in a row.
    pub fn is_broken(&self) -> bool {
        self.0.failed_rounds.load(Ordering::Relaxed) >= ROUNDS
    }

    /// The rest that the service asked for, where it was too long to be waited here.
    pub fn asked_rest(&self) -> Option<Duration> {
        *self.0.asked_rest.lock()
    }

    /// Makes a call, again where that can help: after a pause for what is transient or rate-limited, after a `check` for a sign-in that ended.
    pub async fn call<T, F, Fut>(&self, call: F) -> Result<T, ConnectorError>
    where
        F: Fn(Connection) -> Fut,
        Fut: Future<Output = Result<T, ConnectorError>>,
    {
        let mut tries = 0;
        let mut checked = false;
        loop {
            self.rest().await?;
            let seen = self.looks().await;
            let error = match call(self.0.connection.clone()).await {
                Ok(answer) => {
                    self.0.failed_rounds.store(0, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match error.class {
                ErrorClass::Unauthenticated if !checked => {
                    checked = true;
                    self.check_once(seen).await.map_err(|failed| refusal(error, failed))?;
                }
                ErrorClass::Transient | ErrorClass::RateLimited => {
                    tries += 1;
                    if self.failed(&error, tries, TRIES) == Again::No {
                        return Err(error);
                    }
                }
                _ => return Err(error),
            }
        }
    }

    /// Takes note of a try that came to nothing for now, also of one that was made elsewhere: the next one waits, and after too many in a row there is none.
    pub(crate) fn failed(&self, error: &ConnectorError, tries: u32, most: u32) -> Again {
        // Without a pause: who looked at that in the moment before the breaker opens would wait it out.
        if wanted_rest(error) > LONGEST_PAUSE {
            let mut asked = self.0.asked_rest.lock();
            *asked = (*asked).max(Some(wanted_rest(error)));
            self.0.failed_rounds.store(ROUNDS, Ordering::Relaxed);
            return Again::No;
        }
        self.pause(error, tries);
        if tries >= most {
            self.0.failed_rounds.fetch_add(1, Ordering::Relaxed);
            Again::No
        } else {
            Again::Yes
        }
    }

    /// Takes note of a call made elsewhere that went well.
    pub(crate) fn went_well(&self) {
        self.0.failed_rounds.store(0, Ordering::Relaxed);
    }

    /// Waits out the pause that the service asked for, or that its failures call for.
    pub(crate) async fn rest(&self) -> Result<(), ConnectorError> {
        if self.is_broken() {
            return Err(ConnectorError::new(
                ErrorClass::Transient,
                BREAKER_OPEN,
                "The service failed too often in a row; it is left alone for now.",
            ));
        }
        loop {
            let until = *self.0.rest_until.lock();
            match until {
                Some(until) if until > Instant::now() => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = self.0.stop.wait(StopRequest::Gently) => return Err(cancelled()),
                },
                _ => return Ok(()),
            }
        }
    }

    fn pause(&self, error: &ConnectorError, tries: u32) {
        let asked = wanted_rest(error);
        let pause = if asked > Duration::ZERO {
            asked
        } else {
            let longest = FIRST_PAUSE * 4u32.pow(tries - 1);
            longest.mul_f64(0.5 + 0.5 * random_fraction())
        };
        let until = Instant::now() + pause;
        let mut rest = self.0.rest_until.lock();
        if rest.is_none_or(|known| known < until) {
            *rest = Some(until);
        }
    }

    /// How many looks at the sign-in there were: what `renew` is told.
    pub(crate) async fn looks(&self) -> u64 {
        *self.0.checks.lock().await
    }

    /// Looks whether the sign-in is good after all, for who met its end in a call that isn't made here; once for all who met it at the same time.
    pub(crate) async fn renew(&self, seen: u64) -> Result<(), ConnectorError> {
        self.check_once(seen).await
    }

    /// One check for all calls that met the end of the sign-in at the same time.
    async fn check_once(&self, seen: u64) -> Result<(), ConnectorError> {
        let mut checks = self.0.checks.lock().await;
        if *checks == seen {
            self.0.connection.check().await?;
            *checks += 1;
        }
        Ok(())
    }
}

/// What is told of a sign-in that was refused and then looked at. That there were too many tries, which is what a service says next, isn't what a person has to mend.
pub(crate) fn refusal(refused: ConnectorError, looked_at: ConnectorError) -> ConnectorError {
    match looked_at.class {
        ErrorClass::RateLimited => refused,
        _ => looked_at,
    }
}

fn wanted_rest(error: &ConnectorError) -> Duration {
    Duration::from_secs(error.retry_after.unwrap_or(0).into())
}

/// The error of a call that the person stopped.
pub fn cancelled() -> ConnectorError {
    ConnectorError::new(ErrorClass::Cancelled, "sync/stopped", "The run was asked to stop.")
}

fn random_fraction() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness the pause is only less spread out.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

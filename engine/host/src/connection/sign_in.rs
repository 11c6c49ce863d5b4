//! Signing in, and whether that still holds.

use camroll_model::{Account, Attributes, ConnectorError, Instant};

use super::{Connection, lacks};
use crate::bindings::exports::camroll::connector::authentication;
use crate::convert;
use crate::files::Reach;
use crate::imports::CallKind;

/// How far a sign-in came.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Signed in.
    Done(Account),
    /// A person must answer.
    Ask(Question),
}

/// What a sign-in asks a person. The interface's `authentication.question`.
#[derive(Clone, PartialEq)]
pub struct Question {
    /// code, choice, page, approval, consent, secret.
    pub kind: String,
    /// Sentences for a person.
    pub text: String,
    /// What can be chosen or answered instead: id and label.
    pub choices: Vec<(String, String)>,
    /// What the next call needs. May carry secrets: kept encrypted, never printed.
    pub step: Vec<u8>,
    /// When the answer comes too late.
    pub expires: Option<Instant>,
    /// "url", "slot", "digits", "again-after" (seconds).
    pub attributes: Attributes,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("kind", &self.kind)
            .field("text", &self.text)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Whether settings and sign-in work. Called once a run.
    pub async fn check(&self) -> Result<Account, ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let mut seat = self.seat(CallKind::SignIn, Reach::Library).await?;
        let guest = seat.guests();
        let answered = guest.connector.call_check(&mut seat.instance.store).await;
        convert::account(seat.end(answered)?)
    }

    /// Signs in, step by step: the first call has neither step nor answer, each next one the step of the question before.
    pub async fn sign_in(&self, step: Option<Vec<u8>>, answer: Option<String>) -> Result<Progress, ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let mut seat = self.seat(CallKind::SignIn, Reach::Library).await?;
        let progress = call!(seat, authentication.call_sign_in(step.as_deref(), answer.as_deref()))?;
        Ok(match progress {
            authentication::Progress::Done(account) => Progress::Done(convert::account(account)?),
            authentication::Progress::Ask(question) => Progress::Ask(convert::question(question)?),
        })
    }

    /// Ends the session at the service, and forgets it here even if that fails.
    pub async fn sign_out(&self) -> Result<(), ConnectorError> {
        let _alone = self.0.signing_in.lock().await;
        let ended = async {
            let mut seat = self.seat(CallKind::SignOut, Reach::Library).await?;
            call!(seat, authentication.call_sign_out())
        }
        .await;
        self.0.pool.clear();
        self.0.shared.vault.forget()?;
        ended
    }
}

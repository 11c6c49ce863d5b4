use tokio::sync::watch;

/// How far a run was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopRequest {
    /// Go on.
    None,
    /// Begin nothing new; what is under way may end.
    Gently,
    /// Leave what is under way as well; all of it can be taken up again.
    Now,
}

/// Asks a run to stop. Cheap to clone; every clone hears it.
#[derive(Clone, Debug)]
pub struct Stop {
    request: watch::Sender<StopRequest>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            request: watch::Sender::new(StopRequest::None),
        }
    }
}

impl Stop {
    /// Asks for at least this much; never for less than was asked before.
    pub fn ask(&self, request: StopRequest) {
        self.request.send_if_modified(|asked| {
            let more = request > *asked;
            if more {
                *asked = request;
            }
            more
        });
    }

    /// What was asked so far.
    pub fn asked(&self) -> StopRequest {
        *self.request.borrow()
    }

    /// Whether nothing new shall begin.
    pub fn is_asked(&self) -> bool {
        self.asked() != StopRequest::None
    }

    /// Returns once at least this much is asked.
    pub async fn wait(&self, request: StopRequest) {
        let mut heard = self.request.subscribe();
        // The sender lives in self, so it can't be gone.
        let _ = heard.wait_for(|asked| *asked >= request).await;
    }
}

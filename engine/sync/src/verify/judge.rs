use camroll_model::{Entry, Placement};

/// What a listing says of a placement.
pub(super) enum Judged {
    Same,
    /// The listed digest is one of ours.
    Reported,
    /// Another version than the one that was placed, and nothing that tells whether the bytes are others.
    Touched,
    Differs(&'static str, String),
}

/// Compares what is listed with what was placed.
pub(super) fn judge(entry: &Entry, placement: &Placement) -> Judged {
    if let Some(size) = entry.size
        && size != placement.size
    {
        let why = format!("It has {size} bytes there, and {} were placed.", placement.size);
        return Judged::Differs("verify/other-size", why);
    }
    let mut reported = false;
    for told in &entry.digests {
        let ours = placement.digests.iter().find(|ours| ours.algorithm == told.algorithm);
        match ours {
            Some(ours) if ours.value != told.value => {
                let why = format!("The destination says that its digest is {told}, and {ours} was placed.");
                return Judged::Differs("verify/other-digest", why);
            }
            Some(_) => reported = true,
            None => {}
        }
    }
    if reported {
        return Judged::Reported;
    }
    match (&entry.version, &placement.entry.version) {
        (Some(there), Some(known)) if there != known => Judged::Touched,
        _ => Judged::Same,
    }
}

use camroll_model::{Digest, Entry, Placement};

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
    let unchanged = entry.version.is_some() && entry.version == placement.entry.version;
    let told_before = |told: &Digest| {
        let mut known = placement.entry.digests.iter();
        known.any(|known| known.algorithm == told.algorithm)
    };
    let mut reported = None;
    for told in &entry.digests {
        let ours = placement.digests.iter().find(|ours| ours.algorithm == told.algorithm);
        match ours {
            // Of the very version for which it told none, a listing calls something a digest that is none: the ETag of what a bucket encrypts under a key of its own.
            Some(ours) if ours.value != told.value && unchanged && !told_before(told) => {}
            Some(ours) if ours.value != told.value => {
                let why = format!("The destination says that its digest is {told}, and {ours} was placed.");
                return Judged::Differs("verify/other-digest", why);
            }
            // By a digest that another file may have, what was only claimed stays so.
            Some(_) if placement.is_only_claimed() && !told.algorithm.is_collision_resistant() => {
                reported.get_or_insert(Judged::Same);
            }
            Some(_) => reported = Some(Judged::Reported),
            None => {}
        }
    }
    if let Some(reported) = reported {
        return reported;
    }
    match (&entry.version, &placement.entry.version) {
        (Some(there), Some(known)) if there != known => Judged::Touched,
        _ => Judged::Same,
    }
}

#[cfg(test)]
mod tests {
    use camroll_model::{Algorithm, Ownership, Proof, Recipe, Role, SourceKey, Target};

    use super::*;

    fn entry(version: &str, md5: Option<u8>) -> Entry {
        Entry {
            target: Target::at("x.jpg"),
            folder: false,
            size: Some(3),
            modified: None,
            version: Some(version.to_owned()),
            digests: md5.into_iter().map(digest).collect(),
            attributes: Vec::new(),
        }
    }

    fn digest(byte: u8) -> Digest {
        Digest {
            algorithm: Algorithm::Md5,
            value: vec![byte; 16],
        }
    }

    fn placed(entry: Entry) -> Placement {
        Placement {
            source: SourceKey {
                connector: "c".to_owned(),
                account: "a".to_owned(),
                library: "l".to_owned(),
            },
            asset: "x".into(),
            resource: "r".into(),
            role: Role::Original,
            recipe: Recipe::as_is(),
            version: "1".to_owned(),
            entry,
            size: 3,
            digests: vec![digest(1)],
            proof: Proof::ServiceChecked,
            ownership: Ownership::Ours,
        }
    }

    #[test]
    fn what_a_manifest_only_claims_is_not_reported_by_a_weak_digest() {
        let there = entry("e", Some(1));
        let claimed = Placement {
            proof: Proof::Accepted,
            ownership: Ownership::Adopted,
            ..placed(there.clone())
        };
        assert!(matches!(judge(&there, &claimed), Judged::Same));
        assert!(matches!(judge(&entry("f", Some(1)), &claimed), Judged::Same));
        assert!(matches!(judge(&entry("e", Some(9)), &claimed), Judged::Differs(..)));
        let sent = Placement {
            ownership: Ownership::Ours,
            ..claimed
        };
        assert!(matches!(judge(&there, &sent), Judged::Reported));
    }

    #[test]
    fn an_etag_that_was_no_digest_is_none_in_a_listing() {
        let encrypted = placed(entry("e", None));
        assert!(matches!(judge(&entry("e", Some(9)), &encrypted), Judged::Same));
        assert!(matches!(judge(&entry("f", Some(9)), &encrypted), Judged::Differs(..)));
        let plain = placed(entry("e", Some(1)));
        assert!(matches!(judge(&entry("e", Some(9)), &plain), Judged::Differs(..)));
        assert!(matches!(judge(&entry("e", Some(1)), &plain), Judged::Reported));
    }
}

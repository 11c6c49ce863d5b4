use camroll_model::{ConnectorError, Entry, Ownership, Placement, Proof};

use crate::candidates::Candidates;
use crate::link::Link;

/// What lies where a file shall be.
pub(super) enum There {
    Same(Box<Placement>),
    Missing,
    Other,
}

/// Looks at what lies at the path that is told.
pub(super) async fn look(link: &Link, candidates: &Candidates, told: &Placement) -> Result<There, ConnectorError> {
    let target = told.entry.target.clone();
    let there = link
        .call(|there| {
            let target = target.clone();
            async move { there.stat(target).await }
        })
        .await?;
    match there {
        None => Ok(There::Missing),
        Some(entry) => compare(link, candidates, entry, told).await,
    }
}

/// Compares what lies there with what is told of it, by its listed digest or by reading it.
pub(super) async fn compare(
    link: &Link,
    candidates: &Candidates,
    entry: Entry,
    told: &Placement,
) -> Result<There, ConnectorError> {
    if entry.folder || entry.size.is_some_and(|size| size != told.size) {
        return Ok(There::Other);
    }
    let contradicted = entry.digests.iter().any(|listed| {
        told.digests
            .iter()
            .any(|ours| ours.algorithm == listed.algorithm && ours.value != listed.value)
    });
    if contradicted {
        return Ok(There::Other);
    }
    let reported = || entry.digests.iter().filter(|listed| told.digests.contains(listed));
    // SHA-256 is told by every placement: where only another digest is known, the file is read for it.
    let has_own = told
        .digests
        .iter()
        .any(|digest| digest.algorithm == camroll_model::Algorithm::Sha256);
    let (digests, proof) = if has_own && reported().next().is_some() {
        // Another digest than the one by which camroll knows a file: that one is still only claimed.
        let proof = match reported().any(|listed| listed.algorithm.is_collision_resistant()) {
            true => Proof::ServiceReported,
            false => Proof::Accepted,
        };
        (told.digests.clone(), proof)
    } else {
        match candidates.read(link, &entry, &told.digests).await? {
            Some(digests) => (digests, Proof::ReadBack),
            None => return Ok(There::Other),
        }
    };
    Ok(There::Same(Box::new(Placement {
        entry,
        digests,
        proof,
        ownership: Ownership::Adopted,
        ..told.clone()
    })))
}

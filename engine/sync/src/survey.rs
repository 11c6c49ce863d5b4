//! What lies already where a file shall be: nothing, the very bytes, or something else that stays untouched.

use std::collections::HashMap;

use camroll_model::{ConnectorError, Digest, Entry, ErrorClass, Placement, Resource, Target};
use camroll_spec::Existing;

use crate::candidates::Candidates;
use crate::link::Link;

/// What lies at a path.
pub(crate) enum Lying {
    /// Nothing.
    Nothing,
    /// The bytes that are wanted, read and compared; here, or with `existing: compare` somewhere else.
    Equal(Box<Entry>, Vec<Digest>),
    /// Something else.
    Other,
}

/// The files of a destination by their size, for `existing: compare`. Listed once a run.
pub(crate) struct Listing {
    by_size: HashMap<u64, Vec<Entry>>,
    candidates: Candidates,
}

impl Listing {
    /// Lists all of the destination, but for camroll's own files.
    pub(crate) async fn read(link: &Link) -> Result<Self, ConnectorError> {
        let mut by_size: HashMap<u64, Vec<Entry>> = HashMap::new();
        let mut next = None;
        loop {
            let page = link
                .call(|there| {
                    let next = next.clone();
                    async move { there.list(String::new(), next).await }
                })
                .await?;
            for entry in page.entries {
                let own = entry
                    .target
                    .path
                    .as_deref()
                    .is_some_and(|path| path.starts_with(".camroll/"));
                if let (false, false, Some(size)) = (entry.folder, own, entry.size) {
                    by_size.entry(size).or_default().push(entry);
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(Self {
                    by_size,
                    candidates: Candidates::default(),
                });
            }
        }
    }
}

/// What lies at a path.
pub(crate) async fn stat(link: &Link, path: &str) -> Result<Option<Entry>, ConnectorError> {
    let target = Target::at(path);
    link.call(|there| {
        let target = target.clone();
        async move { there.stat(target).await }
    })
    .await
}

/// Looks closer at what lies where a file shall be. Only equal size makes a file worth reading, and only equal digests make it the same. Elsewhere, only what is `free` counts: what is
/// another asset's is no reason not to bring this one.
pub(crate) async fn look(
    link: &Link,
    existing: Existing,
    listing: Option<&Listing>,
    there: Option<Entry>,
    resource: &Resource,
    free: impl Fn(&Entry) -> bool,
) -> Result<Lying, ConnectorError> {
    let unlisted = Candidates::default();
    let candidates = listing.map_or(&unlisted, |listing| &listing.candidates);
    if let Some(entry) = &there
        && existing != Existing::Ignore
        && let Some(digests) = compare(link, candidates, entry, resource).await?
    {
        return Ok(Lying::Equal(Box::new(entry.clone()), digests));
    }
    if let (Some(listing), Some(size)) = (listing, resource.size) {
        for entry in listing.by_size.get(&size).into_iter().flatten() {
            if !free(entry) {
                continue;
            }
            if let Some(digests) = compare(link, candidates, entry, resource).await? {
                return Ok(Lying::Equal(Box::new(entry.clone()), digests));
            }
        }
    }
    Ok(if there.is_some() { Lying::Other } else { Lying::Nothing })
}

/// Whether a service tells of a file what it told when it was placed.
pub(crate) fn is_as_placed(there: &Entry, placed: &Entry) -> bool {
    fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    !there.folder && agree(&there.size, &placed.size) && agree(&there.version, &placed.version)
}

/// Whose bytes a file has that isn't told as it was when it was placed.
pub(crate) enum Whose {
    /// Those that were placed.
    AsPlaced,
    /// Those that are to take their place.
    Wanted(Vec<Digest>),
    /// Somebody else's.
    Others,
}

/// Reads a file that isn't told as it was placed. Only equal size makes it worth that.
pub(crate) async fn whose(
    link: &Link,
    there: &Entry,
    placed: &Placement,
    wanted: Option<&Resource>,
) -> Result<Whose, ConnectorError> {
    if there.folder {
        return Ok(Whose::Others);
    }
    if there.size.is_none_or(|size| size == placed.size)
        && !placed.digests.is_empty()
        && read_digests(link, &there.target, &placed.digests).await?.is_some()
    {
        return Ok(Whose::AsPlaced);
    }
    let wanted = match wanted {
        Some(wanted) => compare(link, &Candidates::default(), there, wanted).await?,
        None => None,
    };
    Ok(wanted.map_or(Whose::Others, Whose::Wanted))
}

/// What a glance shows, without reading.
pub(crate) enum Glance {
    /// Nothing.
    Nothing,
    /// A file of the size that is wanted: nearly always the very bytes.
    SameSize,
    /// Something else.
    Other,
}

/// The same as `look` by size alone, where only bytes are counted.
pub(crate) async fn glance(
    link: &Link,
    existing: Existing,
    listing: Option<&Listing>,
    path: &str,
    resource: &Resource,
) -> Result<Glance, ConnectorError> {
    if let (Some(listing), Some(size)) = (listing, resource.size)
        && listing.by_size.contains_key(&size)
    {
        return Ok(Glance::SameSize);
    }
    Ok(match stat(link, path).await? {
        None => Glance::Nothing,
        Some(entry)
            if existing != Existing::Ignore && !entry.folder && entry.size.is_some() && entry.size == resource.size =>
        {
            Glance::SameSize
        }
        Some(_) => Glance::Other,
    })
}

/// Reads a file of equal size and compares it with what the source says of its bytes. Its digests where they are the same.
async fn compare(
    link: &Link,
    candidates: &Candidates,
    entry: &Entry,
    resource: &Resource,
) -> Result<Option<Vec<Digest>>, ConnectorError> {
    if entry.folder || entry.size.is_none() || entry.size != resource.size || resource.digests.is_empty() {
        return Ok(None);
    }
    candidates.read(link, entry, &resource.digests).await
}

/// The digests of what lies there, if it is what `expected` says.
pub(crate) async fn read_digests(
    link: &Link,
    target: &Target,
    expected: &[Digest],
) -> Result<Option<Vec<Digest>>, ConnectorError> {
    let mut intake = camroll_host::digest_only(expected.to_vec(), vec![camroll_model::Algorithm::Sha256]);
    match link.connection().read(target.clone(), 0, &mut intake).await {
        Ok(()) => {}
        Err(error) if error.class == ErrorClass::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    match intake.finish().await {
        Ok(proven) => Ok(Some(proven.digests)),
        Err(error) if error.class == ErrorClass::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

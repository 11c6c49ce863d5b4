//! What a destination was last told of an asset beside its bytes, and for which assets it is owed that. Kept in the index alone: lost, what is there counts as told.

use camroll_model::AssetId;

use crate::catalogue::SourceId;
use crate::error::StateError;
use crate::index::{Batch, Key, parts};
use crate::record::DestinationId;
use crate::state::State;

/// A digest of what an asset is called, when and where it was taken, and so on.
pub type Annotation = [u8; 16];

/// An asset of a library, at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotatedAt {
    /// The destination.
    pub destination: DestinationId,
    /// The library.
    pub source: SourceId,
    /// The asset.
    pub asset: AssetId,
}

fn told_key(at: &AnnotatedAt) -> Vec<u8> {
    Key::new(b'J')
        .number(at.destination.0)
        .number(at.source.0)
        .part(at.asset.as_str())
        .bytes()
}
fn owed_key(destination: DestinationId, source: SourceId) -> Key {
    Key::new(b'O').number(destination.0).number(source.0)
}

impl State {
    /// What the destination was last told; none where that isn't known.
    pub fn annotated(&self, at: &AnnotatedAt) -> Result<Option<Annotation>, StateError> {
        self.index()?.get(&told_key(at))
    }

    /// It was told; nothing is owed any more.
    pub fn set_annotated(&self, at: &AnnotatedAt, told: &Annotation) -> Result<(), StateError> {
        let mut batch = Batch::default();
        batch.put(&told_key(at), told)?;
        batch.remove(&owed_key(at.destination, at.source).part(at.asset.as_str()).bytes());
        self.index()?.apply(batch)
    }

    /// It has to be told.
    pub fn owe_annotation(&self, at: &AnnotatedAt) -> Result<(), StateError> {
        self.index()?.put(
            &owed_key(at.destination, at.source).part(at.asset.as_str()).bytes(),
            &(),
        )
    }

    /// Assets of a library that a destination is owed a word about, in the order of their ids, after one.
    pub fn owed_annotations(
        &self,
        destination: DestinationId,
        source: SourceId,
        after: Option<&AssetId>,
        limit: usize,
    ) -> Result<Vec<AssetId>, StateError> {
        let prefix = owed_key(destination, source).bytes();
        let from = match after {
            Some(after) => [owed_key(destination, source).part(after.as_str()).bytes(), vec![0]].concat(),
            None => prefix.clone(),
        };
        self.index()?
            .range::<()>(&prefix, &from)
            .take(limit)
            .map(|found| {
                let (key, ()) = found?;
                let asset = parts(key.get(prefix.len()..).unwrap_or_default());
                Ok(AssetId(asset.first().copied().unwrap_or_default().to_owned()))
            })
            .collect()
    }
}

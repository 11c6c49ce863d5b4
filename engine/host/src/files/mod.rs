//! The one folder that a connector may use: drafts that nobody sees, published in batches, and nothing outside it.

mod draft;
mod folder;
mod open;
mod path;
mod publish;
mod sweep;

pub use draft::Draft;
pub(crate) use folder::{FileFacts, FileKind, Folder, Version};
pub(crate) use open::OpenFile;
pub(crate) use path::RelativePath;
pub(crate) use publish::{Publication, discard, publish, remove, rename};
pub(crate) use sweep::sweep;

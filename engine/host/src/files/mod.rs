//! The one folder of a connection. Paths come from a connector and from names in a library, so both are hostile: nothing outside is reachable, by no
//! "..", link or case trick, and nothing but regular files is ever opened.
//!
//! All of this blocks; `imports/files` calls it on the blocking threads.

mod drafts;
mod failure;
mod folder;
mod moves;
mod path;
mod publish;
mod reader;
mod volume;

pub use drafts::Draft;
pub(crate) use drafts::{set_modified, write_parts};
use failure::failure;
pub(crate) use folder::{FileFacts, Folder, Kind};
pub(crate) use path::Reach;
pub(crate) use publish::Publication;
pub(crate) use reader::FileReader;

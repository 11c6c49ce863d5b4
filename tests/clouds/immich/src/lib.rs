//! Immich on loopback: one user, a partner, a library, as the vendor's servers of three generations keep them.
//!
//! What it takes and gives is the vendor's published API of 2.7.4 and 3.0.0 and the SDKs of 1.134.0 and 3.2.2; what it does with it, the server's documented ways: uploads
//! are one user's once by SHA-1, what is in the bin still counts, the moving half of a Live Photo is hidden when it is joined. It is as strict as the server is and notes
//! besides what the server would overlook: fields that it doesn't know.
//!
//! It never looks into a file: no EXIF is read, so a time is what the upload said.
#![forbid(unsafe_code)]

mod albums;
mod api;
mod assets;
pub mod contract;
mod error;
mod expect;
mod faults;
mod library;
mod media;
mod permissions;
mod record;
mod release;
mod server;
mod shapes;
mod upload;

pub use faults::Action;
pub use library::{Asset, Library, NewAsset};
pub use record::{Recorded, SentFile};
pub use release::Release;
pub use server::{Immich, KEY};

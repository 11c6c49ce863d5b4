//! Apple's iCloud Photos on loopback, for tests, the demo and benchmarks: the sign-in with its real arithmetic, the library with its change log, the content.
//!
//! It never talks to Apple and knows no real account. What it takes for granted is in README.md: which of its endpoints an independent client covered, and which are our reading.
#![forbid(unsafe_code)]

mod albums;
mod content;
mod faults;
mod front;
mod identity;
mod library;
mod photos;
mod server;
mod srp;
mod under_way;

pub use albums::{AlbumId, AlbumKind};
pub use camroll_cloud_faults::Gate;
pub use content::Content;
pub use faults::Action;
pub use front::Front;
pub use identity::Account;
pub use library::{ItemId, Library, NewItem, Said, Zone, apple_checksum};
pub use server::{Apple, Endpoints};

/// An item as a script describes it: "name", "file", "video" (files' paths), "taken" (milliseconds).
pub fn library_from(said: &serde_json::Value) -> std::io::Result<NewItem> {
    let read = |key: &str| -> std::io::Result<Option<Content>> {
        match said[key].as_str() {
            Some(path) => Ok(Some(Content::of(std::fs::read(path)?))),
            None => Ok(None),
        }
    };
    Ok(NewItem {
        name: said["name"].as_str().map(str::to_owned),
        original: read("file")?,
        video: read("video")?,
        alternate: read("alternate")?.map(|content| (content, "com.adobe.raw-image")),
        edited: read("edited")?,
        taken: said["taken"].as_i64(),
        favorite: said["favorite"] == true,
        ..NewItem::default()
    })
}

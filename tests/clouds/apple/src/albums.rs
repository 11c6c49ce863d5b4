//! Albums, folders of albums, and who is in them, with their records.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::library::{ItemId, Library, Record, Zone};

/// An album's record name.
pub type AlbumId = String;

/// What an album is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlbumKind {
    /// A person put photos into it.
    Album,
    /// It holds albums.
    Folder,
    /// Photos are in it by a rule, which the server doesn't evaluate.
    Smart,
}

#[derive(Clone, Debug)]
pub(crate) struct Album {
    pub id: AlbumId,
    name: String,
    parent: Option<AlbumId>,
    kind: AlbumKind,
    pub deleted: bool,
    tag: u64,
}

impl Album {
    pub(crate) fn is_in(&self, parent: Option<&str>) -> bool {
        !self.deleted && self.parent.as_deref() == parent
    }

    pub(crate) fn record(&self) -> Value {
        let kind = match self.kind {
            AlbumKind::Album => 0,
            AlbumKind::Folder => 3,
            AlbumKind::Smart => 6,
        };
        let mut fields = json!({
            "albumNameEnc": {"value": base64::engine::general_purpose::STANDARD.encode(&self.name), "type": "ENCRYPTED_BYTES"},
            "albumType": {"value": kind, "type": "INT64"},
            "parentId": {"value": self.parent.as_deref().unwrap_or("----Root-Folder----"), "type": "STRING"},
        });
        if self.deleted {
            fields["isDeleted"] = json!({"value": 1, "type": "INT64"});
        }
        json!({"recordName": self.id, "recordType": "CPLAlbum", "recordChangeTag": format!("{:x}", self.tag), "fields": fields, "zoneID": Zone::Personal.id()})
    }
}

/// The record of an album's member; only its name is left of one that was taken out.
pub(crate) fn member_record(name: &str, is_member: bool) -> Value {
    if !is_member {
        return json!({"recordName": name, "recordType": null, "deleted": true});
    }
    let (asset, album) = name.split_once("-IN-").unwrap_or_default();
    json!({"recordName": name, "recordType": "CPLContainerRelation", "recordChangeTag": "1", "zoneID": Zone::Personal.id(), "fields": {
        "itemId": {"value": asset, "type": "STRING"}, "containerId": {"value": album, "type": "STRING"}, "position": {"value": 1024, "type": "INT64"}}})
}

fn member_name(album: &str, item: &str) -> String {
    format!("{item}-IN-{album}")
}

impl Library {
    /// Makes an album, or a folder; its record name.
    pub fn add_album(&mut self, name: &str, kind: AlbumKind, parent: Option<&AlbumId>) -> AlbumId {
        let tag = self.next_tag();
        let id = format!("0A1B0000-0000-4000-8000-{tag:012X}");
        self.albums.push(Album {
            id: id.clone(),
            name: name.to_owned(),
            parent: parent.cloned(),
            kind,
            deleted: false,
            tag,
        });
        self.log.push((id.clone(), Record::Album));
        id
    }

    /// Gives it another name.
    pub fn rename_album(&mut self, album: &str, name: &str) {
        self.change_album(album, |album| album.name = name.to_owned());
    }

    /// Deletes an album; its photos stay.
    pub fn delete_album(&mut self, album: &str) {
        self.change_album(album, |album| album.deleted = true);
    }

    /// Puts an item into an album.
    pub fn put_into_album(&mut self, album: &str, item: &ItemId) {
        let name = member_name(album, item);
        if !self.members.contains(&name) {
            self.members.push(name.clone());
            self.log.push((name, Record::Member));
        }
    }

    /// Takes an item out of an album.
    pub fn take_out_of_album(&mut self, album: &str, item: &ItemId) {
        let name = member_name(album, item);
        self.members.retain(|known| *known != name);
        self.log.push((name, Record::Member));
    }

    /// The record name of the album of that name.
    pub fn find_album(&self, name: &str) -> Option<AlbumId> {
        let found = self.albums.iter().find(|album| album.name == name && !album.deleted);
        found.map(|album| album.id.clone())
    }

    fn change_album(&mut self, id: &str, change: impl FnOnce(&mut Album)) {
        let tag = self.next_tag();
        if let Some(album) = self.albums.iter_mut().find(|album| album.id == id) {
            change(album);
            album.tag = tag;
            self.log.push((id.to_owned(), Record::Album));
        }
    }
}

//! The library: items, their records, and the log of what changed.

use std::collections::HashMap;

use base64::Engine as _;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::albums::Album;
use crate::content::Content;

pub(crate) const SALT: &[u8] = b"com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0";

pub(crate) fn written(hash: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode([&[1], hash].concat())
}

/// What iCloud calls fileChecksum.
pub fn apple_checksum(bytes: &[u8]) -> String {
    let mut hash = Sha1::new_with_prefix(SALT);
    hash.update(bytes);
    written(&hash.finalize())
}

/// An asset's record name.
pub type ItemId = String;

/// An item as a test adds it.
#[derive(Clone, Debug, Default)]
pub struct NewItem {
    /// The library that it is in.
    pub zone: Zone,
    /// Its name; none: the record has none.
    pub name: Option<String>,
    /// The original.
    pub original: Option<Content>,
    /// A Live Photo's video.
    pub video: Option<Content>,
    /// The other original of a RAW and JPEG pair, and its type.
    pub alternate: Option<(Content, &'static str)>,
    /// What the person made of it.
    pub edited: Option<Content>,
    /// Milliseconds since 1970.
    pub taken: Option<i64>,
    /// What the person wrote of it, and where it was taken.
    pub said: Said,
    /// The person marked it.
    pub favorite: bool,
    /// The person hid it.
    pub hidden: bool,
    /// The device hasn't finished its upload.
    pub no_bytes_yet: bool,
    /// Another asset of the same original.
    pub duplicate_of: Option<ItemId>,
}

/// What stands in a record beside its files.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Photos calls it the title.
    pub title: Option<String>,
    /// And this the caption.
    pub caption: Option<String>,
    /// In the person's order.
    pub keywords: Vec<String>,
    /// Degrees north, degrees east, metres over the sea.
    pub place: Option<[f64; 3]>,
}

impl Said {
    fn write(&self, fields: &mut Value) {
        let encoded = |bytes: &[u8]| {
            let value = base64::engine::general_purpose::STANDARD.encode(bytes);
            json!({"value": value, "type": "ENCRYPTED_BYTES"})
        };
        for (field, text) in [("captionEnc", &self.title), ("extendedDescEnc", &self.caption)] {
            if let Some(text) = text {
                fields[field] = encoded(text.as_bytes());
            }
        }
        let binary = |list: plist::Value| {
            let mut bytes = Vec::new();
            list.to_writer_binary(&mut bytes).expect("it is written to memory");
            bytes
        };
        if !self.keywords.is_empty() {
            let keywords = self.keywords.iter().cloned().map(plist::Value::String).collect();
            fields["keywordsEnc"] = encoded(&binary(plist::Value::Array(keywords)));
        }
        if let Some(numbers) = self.place {
            let named = ["lat", "lon", "alt"].into_iter().zip(numbers);
            let place = named
                .map(|(name, number)| (name.to_owned(), plist::Value::Real(number)))
                .collect();
            fields["locationEnc"] = encoded(&binary(plist::Value::Dictionary(place)));
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub id: ItemId,
    pub master: String,
    pub new: NewItem,
    pub added: i64,
    pub trashed: bool,
    /// It left for another library: the flag of a deletion, and no reason for one.
    pub moved: bool,
    pub expunged: bool,
    /// No answer has its original's record.
    pub astray: bool,
    pub tag: u64,
}

/// Which library of the account an item is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Zone {
    /// The personal one.
    #[default]
    Personal,
    /// A shared library that the account owns: it stands in the private database.
    Owned,
    /// A shared library that somebody else owns: it stands in the shared database.
    Joined,
}

impl Zone {
    pub(crate) const ALL: [Self; 3] = [Self::Personal, Self::Owned, Self::Joined];

    /// Its name and its owner, as CloudKit writes them.
    pub(crate) fn id(self) -> Value {
        let (name, owner) = match self {
            Self::Personal => ("PrimarySync", "_defaultOwner__"),
            Self::Owned => ("SharedSync-00000000-0000-4000-8000-00000000000A", "_defaultOwner__"),
            Self::Joined => (
                "SharedSync-00000000-0000-4000-8000-00000000000B",
                "_00000000000000000000000000000abc",
            ),
        };
        json!({"zoneName": name, "ownerRecordName": owner, "zoneType": "REGULAR_CUSTOM_ZONE"})
    }

    pub(crate) fn database(self) -> &'static str {
        match self {
            Self::Personal | Self::Owned => "private",
            Self::Joined => "shared",
        }
    }
}

/// A record that changed: one of an item's two, an album's, or that of an item in an album.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Record {
    Master,
    Asset,
    Album,
    Member,
}

const BOTH: [Record; 2] = [Record::Master, Record::Asset];

/// The library of the account.
#[derive(Default)]
pub struct Library {
    pub(crate) items: Vec<Item>,
    pub(crate) albums: Vec<Album>,
    /// Record names of items in albums, in the order in which they were put there.
    pub(crate) members: Vec<String>,
    /// Records in the order of their changes. A change that only the asset's record knows of doesn't tell its master, and a page's end may come between the two.
    pub(crate) log: Vec<(ItemId, Record)>,
    /// The oldest mark in it from which changes are still told.
    pub(crate) oldest: usize,
    tags: u64,
    /// Ranks of a list that nothing has: from where on, and how many.
    gap: Option<(usize, usize)>,
    /// Where an item is, by its record name.
    places: HashMap<String, usize>,
    /// Whose bytes these are, by their checksum.
    contents: HashMap<String, (usize, Content)>,
}

impl Library {
    fn touch(&mut self, id: &str, records: &[Record]) {
        self.tags += 1;
        let tags = self.tags;
        if let Some(item) = self.places.get(id).and_then(|index| self.items.get_mut(*index)) {
            item.tag = tags;
        }
        self.log.extend(records.iter().map(|record| (id.to_owned(), *record)));
    }

    fn change(&mut self, id: &str, records: &[Record], change: impl FnOnce(&mut Item)) {
        let Some(index) = self.places.get(id).copied() else {
            return;
        };
        if let Some(item) = self.items.get_mut(index) {
            change(item);
            self.keep_contents(index);
            self.touch(id, records);
        }
    }

    pub(crate) fn next_tag(&mut self) -> u64 {
        self.tags += 1;
        self.tags
    }

    /// Adds an item; its record name.
    pub fn add(&mut self, new: NewItem) -> ItemId {
        self.tags += 1;
        let number = self.tags;
        let id = format!(
            "{:08X}-0000-4000-8000-{number:012X}",
            number.wrapping_mul(2_654_435_761) as u32
        );
        let original = new.duplicate_of.as_ref().and_then(|of| self.item(of)).cloned();
        let mut new = new;
        if let Some(original) = &original {
            new.original = original.new.original.clone();
            new.video = original.new.video.clone();
            new.name = original.new.name.clone();
        }
        let checksum = new
            .original
            .as_ref()
            .map(|content| content.checksum.clone())
            .unwrap_or_else(|| format!("without-an-original-{number}"));
        // Usual and not guaranteed: the master's name is its original's checksum; equal bytes that were imported twice get a master each here.
        let taken = self.contents.contains_key(&checksum);
        let master = match original {
            Some(original) => original.master,
            None if taken => format!("{checksum}-{number}"),
            None => checksum,
        };
        let index = self.items.len();
        self.places.insert(id.clone(), index);
        self.items.push(Item {
            id: id.clone(),
            master,
            added: 1_700_000_000_000 + number as i64,
            new,
            trashed: false,
            moved: false,
            expunged: false,
            astray: false,
            tag: number,
        });
        self.keep_contents(index);
        self.log.extend(BOTH.map(|record| (id.clone(), record)));
        id
    }

    /// The item of a record name.
    pub(crate) fn item(&self, id: &str) -> Option<&Item> {
        self.places.get(id).and_then(|index| self.items.get(*index))
    }

    /// Edits, or edits again.
    pub fn edit(&mut self, id: &str, edited: Content) {
        self.change(id, &[Record::Asset], |item| item.new.edited = Some(edited));
    }

    /// Takes the edit back.
    pub fn revert(&mut self, id: &str) {
        self.change(id, &[Record::Asset], |item| item.new.edited = None);
    }

    /// Gives the original other bytes under the same asset.
    pub fn replace_original(&mut self, id: &str, original: Content) {
        self.change(id, &BOTH, |item| {
            item.master = original.checksum.clone();
            item.new.original = Some(original);
        });
    }

    /// The device finished its upload.
    pub fn bytes_arrive(&mut self, id: &str) {
        self.change(id, &[Record::Master], |item| item.new.no_bytes_yet = false);
    }

    /// Marks it.
    pub fn favorite(&mut self, id: &str) {
        self.change(id, &[Record::Asset], |item| item.new.favorite = true);
    }

    /// What the person wrote of it is something else now.
    pub fn say(&mut self, id: &str, said: Said) {
        self.change(id, &[Record::Asset], |item| item.new.said = said);
    }

    /// Hides it.
    pub fn hide(&mut self, id: &str) {
        self.change(id, &[Record::Asset], |item| item.new.hidden = true);
    }

    /// Puts it into Recently Deleted.
    pub fn trash(&mut self, id: &str) {
        self.change(id, &BOTH, |item| item.trashed = true);
    }

    /// Moves it into another library; its record name there. The original's record has the same name in both.
    pub fn move_to(&mut self, id: &str, zone: Zone) -> Option<ItemId> {
        let item = self.item(id)?.clone();
        self.change(id, &BOTH, |item| item.moved = true);
        let there = self.add(NewItem { zone, ..item.new });
        if let Some(moved) = self.places.get(&there).and_then(|index| self.items.get_mut(*index)) {
            moved.master = item.master;
        }
        Some(there)
    }

    /// Takes it out again.
    pub fn restore(&mut self, id: &str) {
        self.change(id, &[Record::Asset], |item| item.trashed = false);
    }

    /// Deletes it for good: only its name is left.
    pub fn expunge(&mut self, id: &str) {
        self.change(id, &[Record::Asset], |item| item.expunged = true);
    }

    /// It is gone without a word, as after a mishap at the service: no list has it, no change tells of it, and marks of before are no longer known.
    pub fn lose(&mut self, id: &str) {
        self.expunge(id);
        self.oldest = self.log.len();
    }

    /// Has no answer tell its original's record, or all of them again. Nothing of it is told as a change.
    pub fn lead_astray(&mut self, id: &str, astray: bool) {
        if let Some(item) = self.places.get(id).and_then(|index| self.items.get_mut(*index)) {
            item.astray = astray;
        }
    }

    /// Leaves ranks out of every list, as real lists have it: from which on, and how many.
    pub fn leave_gap(&mut self, from: usize, width: usize) {
        self.gap = Some((from, width));
    }

    /// The rank of the n-th item of a list.
    pub(crate) fn rank(&self, place: usize) -> usize {
        match self.gap {
            Some((from, width)) if place >= from => place + width,
            _ => place,
        }
    }

    /// The record name of the item of that name.
    pub fn find(&self, name: &str) -> Option<ItemId> {
        self.items
            .iter()
            .find(|item| item.new.name.as_deref() == Some(name))
            .map(|item| item.id.clone())
    }

    /// How many items are listed.
    pub fn count(&self) -> usize {
        self.items.iter().filter(|item| item.is_listed()).count()
    }

    /// Whether the account has that library.
    pub(crate) fn has(&self, zone: Zone) -> bool {
        zone == Zone::Personal || self.items.iter().any(|item| item.new.zone == zone)
    }

    pub(crate) fn by_checksum(&self, checksum: &str) -> Option<(Option<String>, Content)> {
        let (item, content) = self.contents.get(checksum)?;
        let name = self.items.get(*item).and_then(|item| item.new.name.clone());
        Some((name, content.clone()))
    }

    /// Keeps the bytes of an item findable by what their address names: addresses of before a change stay good until they end.
    fn keep_contents(&mut self, index: usize) {
        let Some(item) = self.items.get(index) else {
            return;
        };
        let new = &item.new;
        let all = [&new.original, &new.video, &new.edited];
        let found: Vec<Content> = all
            .into_iter()
            .flatten()
            .chain(new.alternate.as_ref().map(|(content, _)| content))
            .cloned()
            .collect();
        for content in found {
            self.contents
                .entry(content.checksum.clone())
                .or_insert((index, content));
        }
    }
}

fn uti(name: &str) -> &'static str {
    match name
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "heic" => "public.heic",
        "png" => "public.png",
        "gif" => "com.compuserve.gif",
        "mov" => "com.apple.quicktime-movie",
        "mp4" => "public.mpeg-4",
        "dng" => "com.adobe.raw-image",
        _ => "public.jpeg",
    }
}

impl Item {
    pub(crate) fn is_listed(&self) -> bool {
        !self.trashed && !self.moved && !self.expunged && !self.new.hidden
    }

    pub(crate) fn media(&self) -> &'static str {
        uti(self.new.name.as_deref().unwrap_or("x.jpg"))
    }

    pub(crate) fn master_record(&self, url: &dyn Fn(&Content) -> String) -> Value {
        let mut fields = json!({"itemType": {"value": self.media(), "type": "STRING"}});
        if let Some(name) = &self.new.name {
            fields["filenameEnc"] =
                json!({"value": base64::engine::general_purpose::STANDARD.encode(name), "type": "ENCRYPTED_BYTES"});
        }
        let mut put = |prefix: &str, content: &Content, uti: &str| {
            let mut value = json!({"fileChecksum": content.checksum, "size": content.size, "wrappingKey": "d3JhcHBpbmc=", "referenceChecksum": content.checksum});
            if !self.new.no_bytes_yet {
                value["downloadURL"] = url(content).into();
            }
            fields[format!("{prefix}Res")] = json!({"value": value, "type": "ASSETID"});
            fields[format!("{prefix}FileType")] = json!({"value": uti, "type": "STRING"});
            fields[format!("{prefix}Fingerprint")] = json!({"value": content.checksum, "type": "STRING"});
        };
        if let Some(content) = &self.new.original {
            put("resOriginal", content, self.media());
        }
        if let Some(content) = &self.new.video {
            put("resOriginalVidCompl", content, "com.apple.quicktime-movie");
        }
        if let Some((content, uti)) = &self.new.alternate {
            put("resOriginalAlt", content, uti);
        }
        // Fifteen deletions came as thirty records: the master says it too.
        if self.trashed || self.moved {
            fields["isDeleted"] = json!({"value": 1, "type": "INT64"});
        }
        json!({"recordName": self.master, "recordType": "CPLMaster", "recordChangeTag": format!("m{}", self.master.len()), "fields": fields, "zoneID": self.new.zone.id()})
    }

    pub(crate) fn asset_record(&self, url: &dyn Fn(&Content) -> String) -> Value {
        if self.expunged {
            return json!({"recordName": self.id, "recordType": null, "deleted": true});
        }
        let mut fields = json!({
            "masterRef": {"value": {"recordName": self.master, "action": "DELETE_SELF", "zoneID": self.new.zone.id()}, "type": "REFERENCE"},
            "addedDate": {"value": self.added, "type": "TIMESTAMP"},
            "isFavorite": {"value": u8::from(self.new.favorite), "type": "INT64"},
            "isHidden": {"value": u8::from(self.new.hidden), "type": "INT64"},
            "assetSubtypeV2": {"value": if self.new.video.is_some() { 2 } else { 0 }, "type": "INT64"},
        });
        self.new.said.write(&mut fields);
        if let Some(taken) = self.new.taken {
            fields["assetDate"] = json!({"value": taken, "type": "TIMESTAMP"});
        }
        // After a restore the flag is absent, not 0.
        if self.trashed || self.moved {
            fields["isDeleted"] = json!({"value": 1, "type": "INT64"});
        }
        if self.trashed {
            fields["trashReason"] = json!({"value": 1, "type": "INT64"});
        }
        if let Some(content) = &self.new.edited {
            fields["adjustmentType"] = json!({"value": "com.apple.photo", "type": "STRING"});
            let prefix = if self.media() == "com.apple.quicktime-movie" {
                "resVidFull"
            } else {
                "resJPEGFull"
            };
            fields[format!("{prefix}Res")] = json!({"value": {"fileChecksum": content.checksum, "size": content.size, "downloadURL": url(content)}, "type": "ASSETID"});
            let kind = if prefix == "resVidFull" {
                "com.apple.quicktime-movie"
            } else {
                "public.jpeg"
            };
            fields[format!("{prefix}FileType")] = json!({"value": kind, "type": "STRING"});
        }
        json!({"recordName": self.id, "recordType": "CPLAsset", "recordChangeTag": format!("{:x}", self.tag), "fields": fields,
            "created": {"timestamp": self.added}, "zoneID": self.new.zone.id()})
    }
}

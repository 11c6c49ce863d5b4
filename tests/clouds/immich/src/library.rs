//! What the server keeps: users, assets, albums, stacks. No HTTP.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use sha1::{Digest as _, Sha1};
use uuid::Uuid;

use crate::media::{Kind, mime_type};

/// Who sees an asset where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    Timeline,
    Archive,
    Hidden,
    Locked,
}

impl Visibility {
    pub(crate) const NAMES: [&str; 4] = ["archive", "timeline", "hidden", "locked"];

    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "timeline" => Self::Timeline,
            "archive" => Self::Archive,
            "hidden" => Self::Hidden,
            "locked" => Self::Locked,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Archive => "archive",
            Self::Hidden => "hidden",
            Self::Locked => "locked",
        }
    }
}

/// A file that somebody has at the server.
#[derive(Clone, Debug)]
pub struct Asset {
    pub(crate) id: Uuid,
    pub(crate) owner: Uuid,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) checksum: [u8; 20],
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) uploaded: Timestamp,
    pub(crate) updated: u64,
    pub(crate) favorite: bool,
    pub(crate) visibility: Visibility,
    pub(crate) trashed: bool,
    pub(crate) live_video: Option<Uuid>,
    pub(crate) device: Option<(String, String)>,
    pub(crate) description: String,
    pub(crate) place: Option<(f64, f64)>,
    pub(crate) duration: Option<String>,
    pub(crate) metadata: BTreeMap<String, Value>,
    pub(crate) stack: Option<Uuid>,
    pub(crate) sidecar: Option<Bytes>,
    pub(crate) external: Option<Uuid>,
}

impl Asset {
    /// Its id.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// For people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// "timeline", "archive", "hidden", "locked".
    pub fn visibility(&self) -> &'static str {
        self.visibility.name()
    }

    /// In the bin.
    pub fn is_trashed(&self) -> bool {
        self.trashed
    }

    /// Marked.
    pub fn is_favorite(&self) -> bool {
        self.favorite
    }

    /// The id of its moving half.
    pub fn live_video(&self) -> Option<String> {
        self.live_video.map(|id| id.to_string())
    }

    /// Its caption.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// When it was taken, as far as the server knows.
    pub fn created(&self) -> String {
        self.created.to_string()
    }

    /// Degrees north and east.
    pub fn place(&self) -> Option<(f64, f64)> {
        self.place
    }

    /// As the upload wrote it.
    pub fn duration(&self) -> Option<&str> {
        self.duration.as_deref()
    }

    /// What is kept under a key of one's own.
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// Device and the asset's id there.
    pub fn device(&self) -> Option<(&str, &str)> {
        self.device
            .as_ref()
            .map(|(device, asset)| (device.as_str(), asset.as_str()))
    }

    /// The instructions beside it.
    pub fn sidecar(&self) -> Option<&Bytes> {
        self.sidecar.as_ref()
    }

    pub(crate) fn media_type(&self) -> &'static str {
        mime_type(&self.name)
    }
}

/// An asset that is there without camroll.
#[derive(Clone, Debug, Default)]
pub struct NewAsset {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// The partner's and not the user's.
    pub partners: bool,
    /// In an external library: its checksum is that of its path.
    pub external: bool,
}

/// An album.
#[derive(Clone, Debug)]
pub(crate) struct Album {
    pub id: Uuid,
    pub name: String,
    pub description: String,
    pub owner: Uuid,
    pub members: Vec<Uuid>,
    pub made: Timestamp,
}

/// A stack.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub id: Uuid,
    pub primary: Uuid,
}

/// All that is kept.
#[derive(Debug)]
pub struct Library {
    pub(crate) user: Uuid,
    pub(crate) partner: Uuid,
    pub(crate) quota: Option<u64>,
    pub(crate) assets: BTreeMap<Uuid, Asset>,
    pub(crate) albums: BTreeMap<Uuid, Album>,
    pub(crate) stacks: BTreeMap<Uuid, Stack>,
    made: u32,
}

impl Library {
    pub(crate) fn new() -> Self {
        Self {
            user: Uuid::new_v4(),
            partner: Uuid::new_v4(),
            quota: None,
            assets: BTreeMap::new(),
            albums: BTreeMap::new(),
            stacks: BTreeMap::new(),
            made: 0,
        }
    }

    /// The id of the key's user.
    pub fn user(&self) -> String {
        self.user.to_string()
    }

    /// Limits what the user may keep, bytes.
    pub fn set_quota(&mut self, bytes: Option<u64>) {
        self.quota = bytes;
    }

    /// Bytes of all the user's files, those in the bin among them.
    pub fn used(&self) -> u64 {
        let own = self.assets.values().filter(|asset| asset.owner == self.user);
        own.map(|asset| asset.bytes.len() as u64).sum()
    }

    /// The user's assets that aren't in the bin, by name.
    pub fn assets(&self) -> Vec<Asset> {
        let own = |asset: &&Asset| asset.owner == self.user && !asset.trashed;
        let mut assets: Vec<Asset> = self.assets.values().filter(own).cloned().collect();
        assets.sort_by(|a, b| a.name.cmp(&b.name));
        assets
    }

    /// The user's asset of that name, in the bin or not.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    pub fn named(&self, name: &str) -> Asset {
        let mut found = self
            .assets
            .values()
            .filter(|asset| asset.owner == self.user && asset.name == name);
        match (found.next(), found.next()) {
            (Some(asset), None) => asset.clone(),
            (None, _) => panic!("there is no {name}"),
            (Some(_), Some(_)) => panic!("there are several {name}"),
        }
    }

    /// Puts an asset there that no upload brought. Its id.
    ///
    /// # Panics
    /// Where its name is none of a picture or film.
    pub fn add(&mut self, new: NewAsset) -> String {
        let kind = Kind::of(&new.name).expect("a name of a picture or film");
        let owner = if new.partners { self.partner } else { self.user };
        let mut asset = self.asset_of(owner, kind, &new.name, new.bytes);
        if new.external {
            asset.external = Some(Uuid::new_v4());
            asset.checksum = Sha1::digest(format!("path:/mnt/{}", new.name)).into();
        }
        let id = asset.id;
        self.assets.insert(id, asset);
        id.to_string()
    }

    pub(crate) fn asset_of(&mut self, owner: Uuid, kind: Kind, name: &str, bytes: Bytes) -> Asset {
        let now = self.tick();
        Asset {
            id: Uuid::new_v4(),
            owner,
            kind,
            name: name.to_owned(),
            checksum: Sha1::digest(&bytes).into(),
            bytes,
            created: now,
            modified: now,
            uploaded: now,
            updated: 0,
            favorite: false,
            visibility: Visibility::Timeline,
            trashed: false,
            live_video: None,
            device: None,
            description: String::new(),
            place: None,
            duration: None,
            metadata: BTreeMap::new(),
            stack: None,
            sidecar: None,
            external: None,
        }
    }

    /// A time of its own for each thing that is made.
    pub(crate) fn tick(&mut self) -> Timestamp {
        self.made += 1;
        Timestamp::from_second(1_700_000_000 + i64::from(self.made)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Puts an asset into the bin.
    pub fn trash(&mut self, id: &str) {
        self.change(id, |asset| asset.trashed = true);
    }

    /// Puts an asset into the locked folder, which no key sees.
    pub fn lock(&mut self, id: &str) {
        self.change(id, |asset| asset.visibility = Visibility::Locked);
    }

    /// As the server's own jobs do: nothing of the file changes, its time of change does.
    pub fn touch(&mut self, id: &str) {
        self.change(id, |asset| asset.updated += 1);
    }

    /// A person's caption.
    pub fn describe(&mut self, id: &str, text: &str) {
        self.change(id, |asset| asset.description = text.to_owned());
    }

    fn change(&mut self, id: &str, work: impl FnOnce(&mut Asset)) {
        if let Some(asset) = Uuid::parse_str(id).ok().and_then(|id| self.assets.get_mut(&id)) {
            work(asset);
        }
    }

    /// Makes an album of the user's, or of the partner's. Its id.
    pub fn add_album(&mut self, name: &str, members: &[&str], partners: bool) -> String {
        let album = Album {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            description: String::new(),
            owner: if partners { self.partner } else { self.user },
            members: members.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect(),
            made: self.tick(),
        };
        let id = album.id;
        self.albums.insert(id, album);
        id.to_string()
    }

    /// Takes an album away.
    pub fn remove_album(&mut self, id: &str) {
        if let Ok(id) = Uuid::parse_str(id) {
            self.albums.remove(&id);
        }
    }

    /// Names of the user's albums and of what is in each, sorted.
    pub fn albums(&self) -> Vec<(String, Vec<String>)> {
        let own = self.albums.values().filter(|album| album.owner == self.user);
        let mut albums: Vec<(String, Vec<String>)> = own
            .map(|album| {
                let name = |id: &Uuid| self.assets.get(id).map(|asset| asset.name.clone());
                let mut names: Vec<String> = album.members.iter().filter_map(name).collect();
                names.sort();
                (album.name.clone(), names)
            })
            .collect();
        albums.sort();
        albums
    }

    /// Stacks: the name on top first, the others sorted.
    pub fn stacks(&self) -> Vec<Vec<String>> {
        let mut stacks: Vec<Vec<String>> = self
            .stacks
            .values()
            .map(|stack| {
                let members = self.assets.values().filter(|asset| asset.stack == Some(stack.id));
                let mut names: Vec<(bool, String)> = members
                    .map(|asset| (asset.id != stack.primary, asset.name.clone()))
                    .collect();
                names.sort();
                names.into_iter().map(|(_, name)| name).collect()
            })
            .collect();
        stacks.sort();
        stacks
    }

    /// Makes a stack; the first is on top. Stacks whose tops are among them are merged into it.
    pub(crate) fn stack(&mut self, ids: &[Uuid]) -> Option<Uuid> {
        let primary = *ids.first()?;
        let id = Uuid::new_v4();
        let merged: Vec<Uuid> = self
            .stacks
            .values()
            .filter(|stack| ids.contains(&stack.primary))
            .map(|stack| stack.id)
            .collect();
        for asset in self.assets.values_mut() {
            if ids.contains(&asset.id) || asset.stack.is_some_and(|stack| merged.contains(&stack)) {
                asset.stack = Some(id);
            }
        }
        self.stacks.retain(|known, _| !merged.contains(known));
        self.stacks.insert(id, Stack { id, primary });
        Some(id)
    }

    /// The user's asset with these bytes, in the bin or not. What an external library holds isn't an upload.
    pub(crate) fn by_checksum(&self, checksum: &[u8]) -> Option<&Asset> {
        self.assets
            .values()
            .find(|asset| asset.owner == self.user && asset.external.is_none() && asset.checksum == *checksum)
    }
}

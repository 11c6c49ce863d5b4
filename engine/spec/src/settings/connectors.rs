//! What manifests say about settings, for all connectors that are known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::Schema;
use crate::language::{ConnectorId, SlotName};

/// What a connector can be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectorRole {
    /// It can be read.
    Source,
    /// It can be written.
    Destination,
}

impl ConnectorRole {
    /// The word in manifests and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// What the language needs to know about a connector: a part of its manifest.
#[derive(Clone, Debug)]
pub struct ConnectorInfo {
    /// Its id.
    pub id: ConnectorId,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// What it can be used as.
    pub roles: Vec<ConnectorRole>,
    /// The schema of `with:`, as the manifest has it.
    pub settings: Value,
    pub(crate) schema: Schema,
}

/// Why a manifest can't be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// A key is missing or has the wrong type.
    #[error("the manifest's \"{0}\" is missing or isn't {1}")]
    Key(&'static str, &'static str),
    /// `settings` is outside the dialect that docs/manifest.md describes.
    #[error("the manifest's settings: {0}")]
    Settings(String),
    /// Two connectors have one id.
    #[error("two connectors have the id {0}")]
    Twice(ConnectorId),
}

impl ConnectorInfo {
    /// Reads what is needed of a manifest (docs/manifest.md). The whole manifest is checked by the host before anything is run.
    pub fn from_manifest(manifest: &Value) -> Result<Self, ManifestFault> {
        let text = |key: &'static str| {
            manifest
                .get(key)
                .and_then(Value::as_str)
                .ok_or(ManifestFault::Key(key, "a text"))
        };
        let id = ConnectorId::parse(text("id")?).map_err(|_| ManifestFault::Key("id", ConnectorId::ALLOWED))?;
        let roles = manifest
            .get("roles")
            .and_then(Value::as_array)
            .ok_or(ManifestFault::Key("roles", "a list"))?;
        let role = |role: &Value| match role.as_str() {
            Some("source") => Ok(ConnectorRole::Source),
            Some("destination") => Ok(ConnectorRole::Destination),
            _ => Err(ManifestFault::Key("roles", "a list of source and destination")),
        };
        let settings = manifest
            .get("settings")
            .ok_or(ManifestFault::Key("settings", "a schema"))?;
        let slots = slots(manifest)?;
        Ok(Self {
            id,
            title: text("title")?.to_owned(),
            summary: text("summary")?.to_owned(),
            roles: roles.iter().map(role).collect::<Result<_, _>>()?,
            schema: Schema::parse(settings, &slots).map_err(ManifestFault::Settings)?,
            settings: settings.clone(),
        })
    }

    /// Whether it can be used as that.
    pub fn is(&self, role: ConnectorRole) -> bool {
        self.roles.contains(&role)
    }
}

/// Slots by the JSON pointer of the setting that fills them.
fn slots(manifest: &Value) -> Result<BTreeMap<String, SlotName>, ManifestFault> {
    let Some(slots) = manifest.get("slots") else {
        return Ok(BTreeMap::new());
    };
    let slots = slots.as_object().ok_or(ManifestFault::Key("slots", "a map"))?;
    let mut by_setting = BTreeMap::new();
    for (name, slot) in slots {
        if let Some(setting) = slot.get("setting") {
            let setting = setting
                .as_str()
                .ok_or(ManifestFault::Key("slots", "a map with JSON pointers in \"setting\""))?;
            let name = SlotName::parse(name).map_err(|_| ManifestFault::Key("slots", "a map with plain names"))?;
            by_setting.insert(setting.to_owned(), name);
        }
    }
    Ok(by_setting)
}

/// The connectors that are known here, by id.
#[derive(Clone, Debug, Default)]
pub struct Connectors {
    by_id: BTreeMap<ConnectorId, ConnectorInfo>,
}

impl Connectors {
    /// From manifests, as JSON.
    pub fn from_manifests<'m>(manifests: impl IntoIterator<Item = &'m Value>) -> Result<Self, ManifestFault> {
        let mut by_id = BTreeMap::new();
        for manifest in manifests {
            let info = ConnectorInfo::from_manifest(manifest)?;
            if let Some(twice) = by_id.insert(info.id.clone(), info) {
                return Err(ManifestFault::Twice(twice.id));
            }
        }
        Ok(Self { by_id })
    }

    /// The connector of that id.
    pub fn get(&self, id: &str) -> Option<&ConnectorInfo> {
        self.by_id
            .iter()
            .find(|(known, _)| known.as_str() == id)
            .map(|(_, info)| info)
    }

    /// All of them, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &ConnectorInfo> {
        self.by_id.values()
    }
}

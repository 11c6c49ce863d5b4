//! Specs, assets and a place that does what plans say, for the tests.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;

use camroll_model::*;
use camroll_plan::{AssetPlan, FoldedPath, Holder, Presence, Shelf, Wish, fold, plan_asset};
use camroll_spec::{
    Albums, Connection, ConnectionName, ConnectionOrigin, ConnectorId, ConnectorRef, Deletions, Destination,
    DestinationName, Existing, Filter, Layout, LibraryChoice, Limits, Position, Schedule, Sidecar, Source, Spec,
    SpecName, Versions, Want,
};

pub fn connection(connector: &str) -> Connection {
    Connection {
        name: ConnectionName::parse("place").expect("a name"),
        origin: ConnectionOrigin::InPlace,
        connector: ConnectorRef::Bundled(ConnectorId::parse(connector).expect("an id")),
        settings: serde_json::Value::Null,
        secrets: BTreeMap::new(),
        pace: camroll_spec::Pace::default(),
    }
}

pub fn destination(layout: &str) -> Destination {
    Destination {
        name: DestinationName::parse("nas").expect("a name"),
        connection: connection("local"),
        layout: Layout::parse(layout).expect("a layout"),
        deletions: Deletions::Keep,
        existing: Existing::Skip,
        require_proof: Proof::Accepted,
    }
}

pub fn spec(filters: Filter) -> Spec {
    Spec {
        name: SpecName::parse("family").expect("a name"),
        source: Source {
            connection: connection("icloud-photos"),
            libraries: vec![LibraryChoice::Personal],
        },
        destinations: vec![destination(Layout::DEFAULT)],
        filters,
        versions: Versions::default(),
        albums: Albums::default(),
        sidecar: Sidecar::default(),
        schedule: Schedule::default(),
        limits: Limits::default(),
        file: "family.yaml".into(),
        position: Position { line: 1, column: 1 },
    }
}

pub fn with_adjustments(mut spec: Spec) -> Spec {
    spec.versions.adjustments = Want::Yes;
    spec
}

pub fn rules() -> NameRules {
    NameRules {
        forbidden: String::new(),
        forbidden_first: String::new(),
        forbidden_last: String::new(),
        reserved: Vec::new(),
        case_sensitive: true,
        unicode: UnicodeForm::Keep,
        name_limit: 255,
        path_limit: 3_800,
        limits_in: LimitUnit::Bytes,
        duplicates: false,
    }
}

pub fn windows() -> NameRules {
    NameRules {
        forbidden: "<>:\"\\|?*".to_owned(),
        forbidden_last: ". ".to_owned(),
        reserved: ["CON", "PRN", "AUX", "NUL"].map(str::to_owned).to_vec(),
        case_sensitive: false,
        limits_in: LimitUnit::Utf16,
        ..rules()
    }
}

pub fn features(names: Option<NameRules>) -> Features {
    Features {
        needs: Vec::new(),
        names,
        digests: Vec::new(),
        checked_digests: Vec::new(),
        max_size: None,
        commit_batch: 64,
        traits: ["set-modified", "replace", "conditional-replace"]
            .map(str::to_owned)
            .to_vec(),
        attributes: Vec::new(),
    }
}

pub fn library() -> Library {
    Library {
        id: LibraryId("PrimarySync".to_owned()),
        name: "Personal Library".to_owned(),
        kind: "personal".to_owned(),
        count: None,
        attributes: Vec::new(),
    }
}

/// An album at the top.
pub fn album(name: &str) -> AlbumPath {
    AlbumPath::within(&[], name)
}

pub fn source() -> SourceKey {
    SourceKey {
        connector: "icloud-photos".to_owned(),
        account: "1".to_owned(),
        library: "PrimarySync".to_owned(),
    }
}

pub fn at(time: &str) -> Instant {
    let time: jiff::Timestamp = time.parse().expect("a time");
    time.into()
}

/// A digest that stands for the bytes called `content`.
pub fn digest(content: &str) -> Digest {
    Digest {
        algorithm: Algorithm::ApplePhotos,
        value: content.as_bytes().to_vec(),
    }
}

pub fn resource(id: &str, role: Role, media_type: &str, content: &str) -> Resource {
    Resource {
        id: id.into(),
        role,
        version: content.to_owned(),
        name: None,
        media_type: media_type.to_owned(),
        size: Some(content.len() as u64),
        digests: vec![digest(content)],
        available: true,
        pointer: Vec::new(),
        attributes: Vec::new(),
    }
}

/// Taken 2024-03-05 12:00 UTC, two hours east.
pub fn asset(id: &str, name: &str, resources: Vec<Resource>) -> Asset {
    Asset {
        id: id.into(),
        keys: Vec::new(),
        version: "1".to_owned(),
        kind: AssetKind::Photo,
        traits: Vec::new(),
        name: Some(name.to_owned()),
        taken: Some(at("2024-03-05T12:00:00Z")),
        taken_offset: Some(7_200),
        added: Some(at("2024-04-01T00:00:00Z")),
        favorite: false,
        hidden: false,
        resources,
        attributes: Vec::new(),
    }
}

pub fn photo(id: &str, name: &str) -> Asset {
    asset(
        id,
        name,
        vec![resource("o", Role::Original, "image/heic", &format!("{id} as taken"))],
    )
}

pub fn live_photo(id: &str, name: &str) -> Asset {
    let mut asset = photo(id, name);
    asset.traits.push("live".to_owned());
    let film = format!("{id} in motion");
    asset
        .resources
        .push(resource("v", Role::PairedVideo, "video/quicktime", &film));
    asset
}

pub fn edited(mut asset: Asset, content: &str) -> Asset {
    asset.resources.retain(|resource| resource.role != Role::Edited);
    asset.resources.push(resource("e", Role::Edited, "image/jpeg", content));
    asset
}

pub fn change(asset: &mut Asset, role: Role, content: &str) {
    let resource = asset
        .resources
        .iter_mut()
        .find(|resource| resource.role == role)
        .expect("the file");
    resource.version = content.to_owned();
    resource.digests = vec![digest(content)];
    resource.size = Some(content.len() as u64);
}

/// A destination that does what plans say.
#[derive(Clone, Debug)]
pub struct Place {
    pub spec: Spec,
    pub destination: Destination,
    pub features: Features,
    pub library: Library,
    pub albums: Vec<AlbumPath>,
    pub placements: Vec<Placement>,
}

impl Place {
    pub fn new(layout: &str, rules: NameRules) -> Self {
        Self {
            spec: spec(Filter::everything()),
            destination: destination(layout),
            features: features(Some(rules)),
            library: library(),
            albums: Vec::new(),
            placements: Vec::new(),
        }
    }

    pub fn wish(&self) -> Wish<'_> {
        Wish {
            spec: &self.spec,
            destination: &self.destination,
            features: &self.features,
            library: &self.library,
        }
    }

    pub fn of(&self, asset: &Asset) -> Vec<Placement> {
        let theirs = self.placements.iter().filter(|placement| placement.asset == asset.id);
        theirs.cloned().collect()
    }

    pub fn plan(&self, asset: &Asset) -> AssetPlan {
        plan_asset(
            Presence::Here,
            asset,
            &self.albums,
            &source(),
            &self.wish(),
            &self.of(asset),
            self,
        )
    }

    /// Plans and does it.
    pub fn sync(&mut self, asset: &Asset) -> AssetPlan {
        let plan = self.plan(asset);
        self.carry_out(asset, &plan);
        plan
    }

    pub fn carry_out(&mut self, asset: &Asset, plan: &AssetPlan) {
        for action in &plan.actions {
            match action {
                Action::Put { file, .. } => {
                    let placement = placement(asset, file, self.features.names.is_some());
                    self.placements.push(placement);
                }
                Action::Replace { file, placed, .. } => {
                    let there = self.placements.iter().position(|known| known == &**placed);
                    let there = there.expect("what is replaced is there");
                    self.placements[there] = Placement {
                        entry: placed.entry.clone(),
                        ownership: placed.ownership,
                        ..placement(asset, file, self.features.names.is_some())
                    };
                }
                Action::Remove { .. } => panic!("nothing is removed yet"),
            }
        }
    }

    pub fn paths(&self) -> Vec<&str> {
        self.placements.iter().filter_map(Placement::path).collect()
    }
}

impl Shelf for Place {
    fn holder(&self, path: &FoldedPath) -> Option<Holder> {
        let rules = self.features.names.as_ref()?;
        let held = self
            .placements
            .iter()
            .find(|placement| placement.path().is_some_and(|held| fold(held, rules) == *path))?;
        Some(Holder::Asset {
            asset: held.asset.clone(),
            source: held.source.clone(),
        })
    }
}

pub fn placement(asset: &Asset, file: &WantedFile, with_path: bool) -> Placement {
    let resource = asset.resource(&file.resource).expect("a file of the asset");
    let id = format!("{}/{}/{}", asset.id, file.resource, file.version);
    Placement {
        source: source(),
        asset: asset.id.clone(),
        resource: file.resource.clone(),
        role: file.role,
        recipe: file.recipe.clone(),
        version: file.version.clone(),
        entry: Entry {
            target: if with_path {
                Target::at(file.path.clone())
            } else {
                Target {
                    path: None,
                    id: Some(id),
                }
            },
            folder: false,
            size: resource.size,
            modified: None,
            version: None,
            digests: Vec::new(),
            attributes: Vec::new(),
        },
        size: resource.size.unwrap_or_default(),
        digests: resource.digests.clone(),
        proof: Proof::Accepted,
        ownership: Ownership::Ours,
    }
}

/// The paths that a plan's actions write.
pub fn paths(plan: &AssetPlan) -> Vec<&str> {
    plan.actions
        .iter()
        .map(|action| match action {
            Action::Put { file, .. } | Action::Replace { file, .. } => file.path.as_str(),
            Action::Remove { .. } => panic!("nothing is removed yet"),
        })
        .collect()
}

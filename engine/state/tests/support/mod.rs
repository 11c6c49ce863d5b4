//! Things to put into a state.
#![allow(dead_code, reason = "each test is a program of its own and uses a part of it")]

use camroll_model::{
    Algorithm, Asset, AssetKind, Change, DestinationKey, Digest, Entry, Ownership, Page, Placement, Proof, Recipe,
    Role, SourceKey, Target,
};

pub fn source() -> SourceKey {
    SourceKey {
        connector: "icloud-photos".into(),
        account: "1".into(),
        library: "PrimarySync".into(),
    }
}

pub fn destination(number: u8) -> DestinationKey {
    DestinationKey {
        connector: "local".into(),
        identity: format!("place-{number}"),
    }
}

pub fn asset(number: u8, version: u8) -> Asset {
    Asset {
        id: format!("asset-{number}").as_str().into(),
        keys: vec![format!("key-{}", number / 2)],
        version: version.to_string(),
        kind: AssetKind::Photo,
        traits: vec![],
        name: Some(format!("IMG_{number:04}.HEIC")),
        taken: None,
        taken_offset: None,
        added: None,
        favorite: false,
        hidden: false,
        resources: vec![],
        attributes: vec![],
    }
}

pub fn page(changes: Vec<Change>) -> Page {
    Page {
        changes,
        cursor: b"cursor".to_vec(),
        more: false,
        done: None,
        total: None,
    }
}

pub fn placement(number: u8, path: &str, version: u8) -> Placement {
    Placement {
        source: source(),
        asset: format!("asset-{number}").as_str().into(),
        resource: "original".into(),
        role: Role::Original,
        recipe: Recipe::as_is(),
        version: version.to_string(),
        entry: Entry {
            target: Target::at(path),
            folder: false,
            size: Some(1),
            modified: None,
            version: None,
            digests: vec![],
            attributes: vec![],
        },
        size: 1,
        digests: vec![Digest {
            algorithm: Algorithm::Sha256,
            value: vec![version; 32],
        }],
        proof: Proof::ReadBack,
        ownership: Ownership::Ours,
    }
}

//! At how many destinations each asset is, whole and with how much proof: what a person asks before emptying the cloud.
//!
//! A destination from which goes what is deleted in the library (`deletions`) is no copy for who wants to delete it there: it isn't counted, and named.
//!
//! It asks nobody: it counts what the journal says of what the source last told. So it refuses where the source wasn't heard whole. What was looked at since, by `verify` or by a sync, and wasn't as it
//! had been placed, counts for nothing.

use std::collections::{BTreeMap, HashMap};

use camroll_model::{Asset, AssetId, DestinationKey, Library, Placement, Proof, Role, SourceKey};
use camroll_plan::{Scope, held, scope};
use camroll_spec::{Deletions, Spec, Versions, Want};
use camroll_state::{DestinationId, Doubted, Ordinal, Presence, State};
use serde::Serialize;

use crate::albums::{Memberships, lacking};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::heard;
use crate::identity::known_key;

/// Assets that are read together.
const PAGE: usize = 500;

/// What is asked.
pub struct CopiesRequest<'a> {
    /// These specs, together: a destination that two of them name is one.
    pub specs: &'a [&'a Spec],
    /// Destinations that shall hold each asset.
    pub at_least: u32,
    /// The least proof that counts.
    pub proof: Proof,
}

/// How many copies there are.
#[derive(Clone, Debug, Serialize)]
pub struct CopiesReport {
    /// What was asked.
    pub at_least: u32,
    /// What was asked.
    pub proof: Proof,
    /// When the source was last heard to its end; the oldest of several.
    pub as_of: String,
    /// Assets in the scope of the specs.
    pub assets: u64,
    /// Those with enough copies.
    pub enough: u64,
    /// The destinations that were counted.
    pub destinations: Vec<CopyPlace>,
    /// Destinations that aren't counted: what is deleted in the library is removed there, too.
    pub following: Vec<String>,
    /// Those with fewer.
    pub below: Vec<Below>,
}

impl CopiesReport {
    /// For a script.
    pub fn exit(&self) -> Exit {
        if self.below.is_empty() {
            Exit::Done
        } else {
            Exit::SomeFailed
        }
    }
}

/// A destination that was counted.
#[derive(Clone, Debug, Serialize)]
pub struct CopyPlace {
    /// "spec/destination"; several where specs share it.
    pub names: Vec<String>,
    /// Assets that are whole there.
    pub assets: u64,
}

/// An asset with too few copies.
#[derive(Clone, Debug, Serialize)]
pub struct Below {
    /// Its id.
    pub asset: String,
    /// Its name.
    pub name: Option<String>,
    /// Its library.
    pub library: String,
    /// At so many destinations it is whole, with that proof.
    pub copies: u32,
    /// At which.
    pub at: Vec<String>,
    /// Where it isn't whole, and which of its files lack there.
    pub lacking: BTreeMap<String, Vec<&'static str>>,
}

struct Place {
    id: DestinationId,
    names: Vec<String>,
    assets: u64,
    /// What was looked at there and wasn't as it had been placed.
    doubted: HashMap<(SourceKey, AssetId), Vec<Placement>>,
}

impl Place {
    fn read(state: &State, id: DestinationId, name: String) -> Result<Self, Failure> {
        let mut doubted: HashMap<_, Vec<Placement>> = HashMap::new();
        for Doubted { placement, .. } in state.doubted(id)? {
            let asset = (placement.source.clone(), placement.asset.clone());
            doubted.entry(asset).or_default().push(placement);
        }
        Ok(Self {
            id,
            names: vec![name],
            assets: 0,
            doubted,
        })
    }

    /// What is there of an asset and was as it had been placed when it was looked at last.
    fn placements(&self, state: &State, key: &SourceKey, asset: &AssetId) -> Result<Vec<Placement>, Failure> {
        let mut placements = state.placements(self.id, key, asset)?;
        if let Some(doubted) = self.doubted.get(&(key.clone(), asset.clone())) {
            placements.retain(|placement| !doubted.contains(placement));
        }
        Ok(placements)
    }
}

/// Counts.
pub fn copies(state: &State, request: &CopiesRequest<'_>) -> Result<CopiesReport, Failure> {
    let mut places: Vec<Place> = Vec::new();
    let mut unseen: Vec<String> = Vec::new();
    let mut following: Vec<(Option<DestinationId>, String)> = Vec::new();
    let mut libraries: Vec<(SourceKey, Vec<&Spec>)> = Vec::new();
    let mut as_of: Option<jiff::Timestamp> = None;
    for &spec in request.specs {
        let Some(whole) = heard::kept(state, spec.name.as_str())? else {
            return Err(Failure::Guard {
                code: "copies/never-heard",
                message: format!(
                    "The library of {:?} was never heard to its end, so nobody knows what is in it. `camroll sync` or `camroll plan` hears it.",
                    spec.name.as_str()
                ),
                destination: None,
            });
        };
        as_of = Some(as_of.map_or(whole.at, |known| known.min(whole.at)));
        for key in whole.libraries {
            match libraries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, specs)) => specs.push(spec),
                None => libraries.push((key, vec![spec])),
            }
        }
        for destination in &spec.destinations {
            let name = format!("{}/{}", spec.name, destination.name);
            let key: Option<DestinationKey> = known_key(state, &destination.connection)?;
            let id = match key {
                Some(key) => state.known_destination(&key)?,
                None => None,
            };
            if destination.deletions != Deletions::Keep {
                following.push((id, name));
                continue;
            }
            match id {
                None => unseen.push(name),
                Some(id) => match places.iter_mut().find(|place| place.id == id) {
                    Some(place) => place.names.push(name),
                    None => places.push(Place::read(state, id, name)?),
                },
            }
        }
    }
    // Where one spec keeps and another removes, it is removed.
    let followed = |place: &Place| following.iter().any(|(id, _)| *id == Some(place.id));
    let kept_by_one: Vec<String> = places
        .iter()
        .filter(|place| followed(place))
        .flat_map(|place| place.names.clone())
        .collect();
    places.retain(|place| !followed(place));
    let mut report = CopiesReport {
        at_least: request.at_least,
        proof: request.proof,
        as_of: as_of.map(|time| time.to_string()).unwrap_or_default(),
        assets: 0,
        enough: 0,
        destinations: Vec::new(),
        following: following.into_iter().map(|(_, name)| name).chain(kept_by_one).collect(),
        below: Vec::new(),
    };
    for (key, specs) in &libraries {
        count_library(state, request, key, specs, &mut places, &unseen, &mut report)?;
    }
    report.destinations = places
        .into_iter()
        .map(|place| CopyPlace {
            names: place.names,
            assets: place.assets,
        })
        .chain(unseen.into_iter().map(|name| CopyPlace {
            names: vec![name],
            assets: 0,
        }))
        .collect();
    Ok(report)
}

fn count_library(
    state: &State,
    request: &CopiesRequest<'_>,
    key: &SourceKey,
    specs: &[&Spec],
    places: &mut [Place],
    unseen: &[String],
    report: &mut CopiesReport,
) -> Result<(), Failure> {
    let source = state.source(key)?;
    let memberships = Memberships::read(state, specs.iter().copied(), [source])?;
    let library = state
        .libraries(&key.connector, &key.account)?
        .into_iter()
        .find(|library| library.id.as_str() == key.library)
        .unwrap_or(Library {
            id: key.library.as_str().into(),
            name: key.library.clone(),
            kind: String::new(),
            count: None,
            attributes: Vec::new(),
        });
    // What isn't known to be in an album may be in it, and would not be counted.
    for spec in specs {
        if let Some(failure) = lacking(state, spec, source, &library.name)? {
            return Err(failure);
        }
    }
    // Told by the source, and not read: nothing is known of it, so no copy of it is.
    for asset in state.unread(source)? {
        if state.asset(source, &AssetId(asset.clone()))?.is_some() {
            continue;
        }
        report.assets += 1;
        let names = places.iter().filter_map(|place| place.names.first()).chain(unseen);
        report.below.push(Below {
            asset,
            name: None,
            library: library.name.clone(),
            copies: 0,
            at: Vec::new(),
            lacking: names.map(|name| (name.clone(), vec!["everything"])).collect(),
        });
    }
    let mut from = Ordinal(0);
    loop {
        let page = state.assets(source, from, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = Ordinal(last.ordinal.0 + 1);
        for known in page {
            let albums = memberships.of(state, source, &known.asset.id)?;
            let taking: Vec<&Spec> = specs
                .iter()
                .copied()
                .filter(|spec| scope(&known.asset, &albums, &library, spec) == Scope::In)
                .collect();
            if known.presence != Presence::Here || taking.is_empty() {
                continue;
            }
            report.assets += 1;
            let versions = union(&taking);
            let (mut at, mut lacking) = (Vec::new(), BTreeMap::new());
            for place in places.iter_mut() {
                let name = place.names.first().cloned().unwrap_or_default();
                let placements = place.placements(state, key, &known.asset.id)?;
                let lacks = lacks(&placements, key, &known.asset, &versions, request.proof);
                if lacks.is_empty() {
                    place.assets += 1;
                    at.push(name);
                } else {
                    lacking.insert(name, lacks);
                }
            }
            let copies = u32::try_from(at.len()).unwrap_or(u32::MAX);
            if copies >= request.at_least {
                report.enough += 1;
                continue;
            }
            for name in unseen {
                lacking.insert(name.clone(), vec!["everything"]);
            }
            report.below.push(Below {
                asset: known.asset.id.to_string(),
                name: known.asset.name.clone(),
                library: library.name.clone(),
                copies,
                at,
                lacking,
            });
        }
    }
}

/// What any of the specs wants: a copy without the edit isn't whole where another spec keeps edits.
fn union(specs: &[&Spec]) -> Versions {
    let any = |pick: fn(&Versions) -> Want| {
        if specs.iter().any(|spec| pick(&spec.versions).is_yes()) {
            Want::Yes
        } else {
            Want::No
        }
    };
    Versions {
        original: any(|versions| versions.original),
        edited: any(|versions| versions.edited),
        adjustments: any(|versions| versions.adjustments),
    }
}

/// The files of an asset that a destination doesn't hold with enough proof. An asset of which nothing is wanted is no copy of anything.
fn lacks(
    placements: &[Placement],
    key: &SourceKey,
    asset: &Asset,
    versions: &Versions,
    proof: Proof,
) -> Vec<&'static str> {
    let held = held(asset, key, versions, placements);
    if held.is_empty() {
        return vec!["everything"];
    }
    let mut lacking: Vec<&'static str> = held
        .iter()
        .filter(|one| {
            one.by
                .and_then(|index| placements.get(index))
                .is_none_or(|placement| placement.proof < proof)
        })
        .map(|one| {
            asset
                .resource(&one.resource)
                .map_or("other", |resource| resource.role.name())
        })
        .collect();
    // An original that the source has the entry of and doesn't tell (a device hasn't sent it yet) is nowhere else: its edit alone is no copy.
    let told = asset.resources.iter().any(|resource| resource.role == Role::Original);
    let placed = placements
        .iter()
        .any(|placement| placement.role == Role::Original && placement.proof >= proof);
    if versions.original.is_yes() && !told && !placed {
        lacking.push(Role::Original.name());
    }
    lacking
}

//! What a service knows of a photo beside its bytes (favorite, caption, dates, whether it is hidden) is told it again when it changed at the source. Told with the bytes, the first time.
//!
//! Only what is ours or was taken over is touched: what somebody else put there keeps their words.

use std::sync::Arc;

use camroll_model::{Asset, ConnectorError, ErrorClass, Ownership, Placement, Retry, Role, Value};
use camroll_state::{AnnotatedAt, Annotation, Placed, Presence};
use futures::stream::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::context::{Context, HeardLibrary};
use crate::failure::Failure;
use crate::lane::LaneReport;
use crate::transfer::Place;

/// Assets that are looked at together.
const PAGE: usize = 200;
/// Questions under way.
const AT_A_TIME: usize = 8;

/// What of an asset a service is told, in short.
pub(crate) fn annotation(asset: &Asset) -> Annotation {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&[u8::from(asset.favorite), u8::from(asset.hidden)]);
    for time in [asset.taken, asset.added] {
        part(&time.map_or([0; 8], |time| time.seconds.to_le_bytes()));
    }
    part(&asset.taken_offset.unwrap_or(i32::MIN).to_le_bytes());
    let mut told: Vec<_> = asset.attributes.iter().filter(|(name, _)| is_told(name)).collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, value) in told {
        part(name.as_bytes());
        part(written(value).as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

fn is_told(name: &str) -> bool {
    matches!(
        name,
        "title" | "caption" | "keywords" | "people" | "latitude" | "longitude" | "altitude"
    )
}

fn written(value: &Value) -> String {
    format!("{value:?}")
}

/// Where an asset's word is kept.
pub(crate) fn at(place: &Place, library: &HeardLibrary, asset: &Asset) -> AnnotatedAt {
    AnnotatedAt {
        destination: place.id,
        source: library.id,
        asset: asset.id.clone(),
    }
}

/// A file was placed, and its asset's word with it.
pub(crate) fn told_with_bytes(
    context: &Context,
    place: &Place,
    library: &HeardLibrary,
    asset: &Asset,
    placement: &Placement,
) -> Result<(), camroll_state::StateError> {
    if place.link.connection().exports_annotating() && is_ours(placement) {
        context
            .state
            .set_annotated(&at(place, library, asset), &annotation(asset))?;
    }
    Ok(())
}

/// Notes that an asset which is there already is another way than it was told; done when the files are.
pub(crate) fn note(
    context: &Context,
    place: &Place,
    library: &HeardLibrary,
    asset: &Asset,
    placements: &[Placement],
) -> Result<(), Failure> {
    if !place.link.connection().exports_annotating() || !placements.iter().any(is_ours) {
        return Ok(());
    }
    let at = at(place, library, asset);
    let now = annotation(asset);
    match context.state.annotated(&at)? {
        Some(told) if told == now => {}
        Some(_) => context.state.owe_annotation(&at)?,
        None => context.state.set_annotated(&at, &now)?,
    }
    Ok(())
}

fn is_ours(placement: &Placement) -> bool {
    placement.ownership != Ownership::Found
        && !matches!(
            placement.role,
            Role::PairedVideo | Role::EditedPairedVideo | Role::Adjustment | Role::Sidecar
        )
}

/// Tells a destination what it is owed.
pub(crate) async fn tell_owed(context: &Context, place: &Place, report: &mut LaneReport) -> Result<(), Failure> {
    if !place.link.connection().exports_annotating() {
        return Ok(());
    }
    for library in &context.libraries {
        let mut after = None;
        loop {
            let page = context
                .state
                .owed_annotations(place.id, library.id, after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let mut telling = futures::stream::iter(page)
                .map(|asset| async move {
                    let known = context.state.asset(library.id, &asset)?;
                    let Some(known) = known.filter(|known| known.presence == Presence::Here) else {
                        return Ok(None);
                    };
                    let told = tell(context, place, library, &known.asset).await;
                    Ok::<_, Failure>(Some((known.asset, told)))
                })
                .buffer_unordered(AT_A_TIME);
            while let Some(told) = telling.next().await {
                if context.stop.is_asked() {
                    return Err(Failure::Interrupted);
                }
                let Some((asset, told)) = told? else { continue };
                match told {
                    Ok(()) => context
                        .state
                        .set_annotated(&at(place, library, &asset), &annotation(&asset))?,
                    Err(error) if error.class == ErrorClass::Unauthenticated => {
                        return Err(Failure::Destination(place.name.clone(), error));
                    }
                    Err(error) => {
                        let about = Some((&asset.id, asset.name.as_deref()));
                        report.problems.push(place.problem(about, None, &error, Retry::NextRun));
                    }
                }
            }
        }
    }
    Ok(())
}

async fn tell(context: &Context, place: &Place, library: &HeardLibrary, asset: &Asset) -> Result<(), ConnectorError> {
    let failed = |error| crate::transfer::state_failed(&error);
    let placements = context
        .state
        .placements(place.id, &library.key, &asset.id)
        .map_err(failed)?;
    let shared = Arc::new(asset.clone());
    for placement in placements.into_iter().filter(is_ours) {
        let entry = place
            .link
            .call(|there| {
                let (expected, asset) = (placement.entry.clone(), Arc::clone(&shared));
                async move { there.annotate(expected, asset).await }
            })
            .await?;
        if entry != placement.entry {
            let placed = Placed {
                intent: None,
                folded: place.folded(&placement),
                placement: Placement { entry, ..placement },
            };
            context.state.record_placed(place.id, vec![placed]).map_err(failed)?;
        }
    }
    Ok(())
}

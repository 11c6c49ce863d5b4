//! Every request that the connector has, compared with the API as the vendor published it; and every answer that the simulator gave.

use std::sync::Arc;

use camroll_cloud_immich::{NewAsset, Recorded, contract};
use camroll_host::Disposal;
use camroll_model::{Role, Value};
use serde_json::json;

use crate::place::{Place, album, asset, beside, file, id, list, live, noise, photo, read};

/// All that the connector can do, once.
async fn tour(place: &Place) {
    let connection = &place.connection;
    connection.check().await.expect("it signs in");
    connection.probe().await.expect("it is looked at");
    let mut wanted = live("IMG_1");
    wanted.favorite = true;
    wanted.hidden = true;
    wanted
        .attributes
        .push(("caption".to_owned(), Value::Text("The sea".to_owned())));
    let film = file(&wanted, Role::PairedVideo, "IMG_1.MOV");
    let film = place.stage(film, &noise(1, 900)).await.expect("the film");
    let still = beside(
        file(&wanted, Role::Original, "IMG_1.HEIC"),
        &[(Role::PairedVideo, &film)],
    );
    place.stage(still, &noise(2, 900)).await.expect("the still");
    let late = live("IMG_2");
    let still = file(&late, Role::Original, "IMG_2.HEIC");
    let still = place.stage(still, &noise(3, 900)).await.expect("the still");
    let film = beside(file(&late, Role::PairedVideo, "IMG_2.MOV"), &[(Role::Original, &still)]);
    place.stage(film, &noise(4, 900)).await.expect("the film");
    let pair = asset(
        "IMG_3",
        &[(Role::Original, "image/x-adobe-dng"), (Role::Alternate, "image/jpeg")],
    );
    let raw = file(&pair, Role::Original, "IMG_3.DNG");
    let raw = place.stage(raw, &noise(5, 900)).await.expect("the RAW");
    let jpeg = beside(file(&pair, Role::Alternate, "IMG_3.JPG"), &[(Role::Original, &raw)]);
    let jpeg = place.stage(jpeg, &noise(6, 900)).await.expect("the JPEG");
    let binned = place.immich.library(|library| {
        let binned = library.add(NewAsset {
            name: "binned.jpg".to_owned(),
            bytes: noise(7, 900).into(),
            ..NewAsset::default()
        });
        library.trash(&binned);
        binned
    });
    let restored = place.put("again.jpg", &noise(7, 900)).await.expect("it is restored");
    assert_eq!(id(&restored), binned);

    let trip = connection
        .ensure_album(album("Trip"), None, None)
        .await
        .expect("an album");
    let trip = connection
        .ensure_album(album("The trip"), None, Some(trip))
        .await
        .expect("another name");
    let members = vec![raw.entry.target.clone(), jpeg.entry.target.clone()];
    connection
        .set_members(trip.clone(), members.clone(), Vec::new())
        .await
        .expect("members");
    connection
        .set_members(trip, Vec::new(), members)
        .await
        .expect("no members");

    let mut known = photo("again.jpg");
    known.favorite = true;
    known.attributes = vec![
        ("caption".to_owned(), Value::Text("Again".to_owned())),
        ("latitude".to_owned(), Value::Real(54.5)),
        ("longitude".to_owned(), Value::Real(13.4)),
    ];
    let told = connection
        .annotate(restored.entry, Arc::new(known))
        .await
        .expect("it is set");
    assert!(list(connection).await.0.len() >= 7);
    connection.stat(told.target.clone()).await.expect("it is looked at");
    read(connection, told.target.clone(), 5).await.expect("it is read");
    connection.remove(told, Disposal::Trash).await.expect("into the bin");
    connection.remove(raw.entry, Disposal::Delete).await.expect("for good");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_and_every_answer_is_as_the_vendor_published_it() {
    let Some(tools) = contract::tools() else { return };
    for place in Place::each().await {
        tour(&place).await;
        let recorded = place.immich.recorded();
        let calls: std::collections::BTreeSet<&str> = recorded.iter().map(|one| one.method.as_str()).collect();
        assert!(
            recorded.len() > 40 && calls.len() == 5,
            "{} requests by {calls:?}",
            recorded.len()
        );
        let wrong = contract::violations(tools, place.immich.release(), &recorded);
        assert!(wrong.is_empty(), "{:?}: {wrong:#?}", place.immich.release());
        place.assert_nothing_unknown_was_sent();
        assert!(the_judge_notices(tools, &place, &recorded) >= 4);
    }
}

/// What is a little wrong is noticed: a field more, one less, another type, a call that isn't there.
fn the_judge_notices(tools: &std::path::Path, place: &Place, recorded: &[Recorded]) -> usize {
    let find = |path: &str| {
        let found = recorded.iter().find(|one| one.method == "POST" && one.path == path);
        found.expect("it was asked").clone()
    };
    let mut more = find("/assets/bulk-upload-check");
    more.json.as_mut().expect("a document")["more"] = json!(1);
    let mut less = find("/assets");
    less.fields.retain(|(name, _)| name != "fileCreatedAt");
    let mut other = find("/search/metadata");
    other.json.as_mut().expect("a document")["size"] = json!("many");
    let mut elsewhere = find("/stacks");
    elsewhere.path = "/piles".to_owned();
    [more, less, other, elsewhere]
        .into_iter()
        .filter(|one| !contract::violations(tools, place.immich.release(), std::slice::from_ref(one)).is_empty())
        .count()
}

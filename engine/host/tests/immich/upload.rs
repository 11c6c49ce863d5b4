//! What is brought, what is found there, and what is said of both.

use camroll_cloud_immich::{Action, NewAsset, Release};
use camroll_model::{ErrorClass, Role, Value, attribute};
use serde_json::json;

use crate::place::{Place, TAKEN, asset, class, file, id, noise, photo, read, sha1_of, target};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_once_and_known_by_its_bytes() {
    for place in Place::each().await {
        let release = place.immich.release();
        let account = place.connection.check().await.expect("it signs in");
        assert_eq!(account.id, Some(place.immich.library(|library| library.user())));
        let identity = place.connection.probe().await.expect("it is looked at");
        assert_eq!(identity.id, account.id, "a user's id is one of its kind");
        let features = identity.features;
        assert!(features.names.is_none() && features.has_trait("dedupes") && features.has_trait("pairs-video-first"));
        let Some(Value::Texts(types)) = attribute(&features.attributes, "media-types") else {
            panic!("the server says what it takes");
        };
        assert!(types.iter().any(|one| one == "image/heic") && types.iter().all(|one| one != "application/pdf"));

        let bytes = noise(1, 3_000_000);
        let mut wanted = photo("IMG_0001.JPG");
        wanted.favorite = true;
        wanted
            .attributes
            .push(("caption".to_owned(), Value::Text("The sea".to_owned())));
        let staged = file(&wanted, Role::Original, "2024/05/IMG_0001.JPG");
        let stored = place.stage(staged.clone(), &bytes).await.expect("it is brought");
        assert!(!stored.already_there && stored.checked.is_empty(), "{stored:?}");
        assert_eq!(stored.entry.digests, [sha1_of(&bytes)], "the server's own word");
        assert_eq!(stored.entry.size, Some(3_000_000));
        assert_eq!(stored.entry.modified.map(|time| time.seconds), Some(TAKEN));
        let kept = place.immich.library(|library| library.named("IMG_0001.JPG"));
        assert_eq!(kept.bytes(), &bytes, "{release:?}");
        assert!(kept.is_favorite() && kept.visibility() == "timeline" && kept.description() == "The sea");
        assert_eq!(kept.created(), "2020-09-13T12:26:40Z");
        match release {
            Release::V3_2 => assert_eq!(kept.device(), None),
            _ => assert_eq!(kept.device().map(|(device, _)| device), Some("camroll")),
        }
        let source = kept.metadata("camroll").map(|value| value["asset"].clone());
        assert_eq!(source.is_some(), release != Release::V1_134);
        assert!(source.is_none_or(|source| source == "source of IMG_0001.JPG"));
        let there = place
            .connection
            .stat(stored.entry.target.clone())
            .await
            .expect("it is looked at");
        assert_eq!(there, Some(stored.entry.clone()));

        // The same file of somebody else's making is there already; the same staging's is its own.
        let uploads = place.immich.count("POST /assets");
        let again = place.put("another name.jpg", &bytes).await.expect("it is found");
        assert!(again.already_there && again.entry.target == stored.entry.target);
        let own = place.stage(staged, &bytes).await.expect("it is found");
        assert!(!own.already_there, "what this staging brought isn't somebody else's");
        assert_eq!(place.immich.count("POST /assets"), uploads, "nothing was sent again");
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_as_they_are() {
    for place in Place::each().await {
        let names = [
            "Été à la mer.jpg",
            "e\u{301}te\u{301}.jpg",
            "写真 ２０２４.jpg",
            "👨‍👩‍👧 🏖️.jpg",
            "#1 & 100% + more; it's.jpg",
            "name=\"x\"; filename=y.jpg",
        ];
        for (number, name) in names.into_iter().enumerate() {
            let stored = place
                .put(&format!("2024/{name}"), &noise(100 + number as u64, 500))
                .await
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let shown = match (place.immich.release(), name.contains('"')) {
                // It has no field for the name, and a quote can't stand in a header.
                (Release::V1_134, true) => name.replace('"', "%22"),
                _ => name.to_owned(),
            };
            assert_eq!(
                attribute(&stored.entry.attributes, "name"),
                Some(&Value::Text(shown)),
                "{:?}",
                place.immich.release()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_and_a_large_one_are_files_too() {
    let place = Place::start(Release::V3_2).await;
    for (name, length) in [("empty.jpg", 0), ("large.mov", 48 << 20)] {
        let bytes = noise(7, length);
        let wanted = asset(name, &[(Role::Original, "video/quicktime")]);
        let stored = place
            .stage(file(&wanted, Role::Original, name), &bytes)
            .await
            .expect("it is brought");
        assert_eq!(stored.entry.size, Some(length as u64));
        let back = read(&place.connection, stored.entry.target, 0)
            .await
            .expect("it is read");
        assert!(back == bytes, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_bin_is_taken_out_of_it() {
    for place in Place::each().await {
        let bytes = noise(2, 10_000);
        let there = place.immich.library(|library| {
            let there = library.add(NewAsset {
                name: "old.jpg".to_owned(),
                bytes: bytes.clone().into(),
                ..NewAsset::default()
            });
            library.trash(&there);
            there
        });
        assert_eq!(place.connection.stat(target(&there)).await.expect("looked at"), None);
        let stored = place.put("new.jpg", &bytes).await.expect("it is restored");
        assert!(stored.already_there && id(&stored) == there);
        assert!(!place.immich.library(|library| library.named("old.jpg").is_trashed()));
        assert_eq!(place.immich.count("POST /assets"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_faster_between_question_and_upload_has_brought_it() {
    for place in Place::each().await {
        let bytes = noise(9, 2 << 20);
        let there = place.immich.library(|library| {
            library.add(NewAsset {
                name: "theirs.jpg".to_owned(),
                bytes: bytes.clone().into(),
                ..NewAsset::default()
            })
        });
        let accept = json!({"results": [{"id": "x", "action": "accept"}]});
        place
            .immich
            .fault("POST /assets/bulk-upload-check", None, Action::Document(accept));
        let stored = place.put("ours.jpg", &bytes).await.expect("it is there");
        assert!(stored.already_there && id(&stored) == there);
        assert_eq!(place.immich.library(|library| library.assets().len()), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bin_that_the_key_may_not_open_is_said() {
    let place = Place::start(Release::V3_2).await;
    let bytes = noise(3, 10_000);
    place.immich.library(|library| {
        let there = library.add(NewAsset {
            name: "old.jpg".to_owned(),
            bytes: bytes.clone().into(),
            ..NewAsset::default()
        });
        library.trash(&there);
    });
    place.immich.permit(&["user.read", "asset.upload", "asset.read"]);
    let error = place.put("new.jpg", &bytes).await.expect_err("it lies in the bin");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::PermissionDenied, "immich/permission")
    );
    assert!(error.message.contains("asset.delete"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_behind_a_pin_is_said_and_not_sent_again() {
    for place in Place::each().await {
        let bytes = noise(8, 10_000);
        place.immich.library(|library| {
            let there = library.add(NewAsset {
                name: "locked.jpg".to_owned(),
                bytes: bytes.clone().into(),
                ..NewAsset::default()
            });
            library.lock(&there);
        });
        let refused = place.put("a.jpg", &bytes).await;
        assert_eq!(class(refused), (ErrorClass::Conflict, "immich/out-of-sight".to_owned()));
        assert_eq!(place.immich.count("POST /assets"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_goes_into_the_archive() {
    for place in Place::each().await {
        let mut wanted = photo("hidden.jpg");
        wanted.hidden = true;
        place
            .stage(file(&wanted, Role::Original, "hidden.jpg"), &noise(4, 1000))
            .await
            .expect("it is brought");
        let kept = place.immich.library(|library| library.named("hidden.jpg"));
        assert_eq!(kept.visibility(), "archive");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_immich_cant_keep_is_refused_before_a_byte_is_sent() {
    let place = Place::start(Release::V3_2).await;
    let wanted = photo("a.jpg");
    for role in [Role::Adjustment, Role::Sidecar] {
        let refused = place.stage(file(&wanted, role, "a.xmp"), b"x").await;
        assert_eq!(class(refused), (ErrorClass::Unsupported, "immich/not-media".to_owned()));
    }
    let mut own = file(&wanted, Role::Original, ".camroll/manifest.json");
    own.asset = None;
    assert_eq!(class(place.stage(own, b"{}").await).0, ErrorClass::Unsupported);
    assert_eq!(place.immich.requests(), 0);
    let strange = asset("a.xyz", &[(Role::Original, "image/x-strange")]);
    let refused = place.stage(file(&strange, Role::Original, "a.xyz"), b"x").await;
    assert_eq!(
        class(refused),
        (ErrorClass::Unsupported, "immich/unsupported-type".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quota_is_told_ahead_and_when_it_is_used_up() {
    for place in Place::each().await {
        place.immich.library(|library| library.set_quota(Some(100_000)));
        place.put("a.jpg", &noise(5, 60_000)).await.expect("it fits");
        let identity = place.connection.probe().await.expect("it is looked at");
        assert_eq!((identity.free, identity.total), (Some(40_000), Some(100_000)));
        let refused = place.put("b.jpg", &noise(6, 60_000)).await;
        assert_eq!(class(refused), (ErrorClass::Quota, "immich/quota".to_owned()));
    }
}

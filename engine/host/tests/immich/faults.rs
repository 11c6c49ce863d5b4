//! What goes wrong on the way and at the server, and answers that lie.

use camroll_cloud_immich::{Action, Release};
use camroll_host::Keep;
use camroll_model::{Algorithm, Digest, ErrorClass, Role};
use serde_json::json;

use crate::place::{Place, album, class, file, noise, photo, target};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_answer_was_lost_is_ours() {
    for place in Place::each().await {
        place.immich.fault("POST /assets", Some(1), Action::LoseTheAnswer);
        let bytes = noise(1, 50_000);
        let lost = place.put("a.jpg", &bytes).await;
        assert_eq!(class(lost).0, ErrorClass::Transient);
        let again = place.put("a.jpg", &bytes).await.expect("it is there");
        assert!(
            !again.already_there,
            "{:?}: this staging brought it",
            place.immich.release()
        );
        assert_eq!(place.immich.count("POST /assets"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_nothing() {
    let place = Place::start(Release::V3_2).await;
    place.immich.fault("POST /assets", Some(1), Action::Cut);
    let bytes = noise(2, 3 << 20);
    assert_eq!(class(place.put("a.jpg", &bytes).await).0, ErrorClass::Transient);
    assert!(place.immich.library(|library| library.assets().is_empty()));
    place.put("a.jpg", &bytes).await.expect("again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_its_last_byte_is_no_asset() {
    let place = Place::start(Release::V3_2).await;
    let bytes = noise(3, 4 << 20);
    let wrong = Digest {
        algorithm: Algorithm::Sha256,
        value: vec![0; 32],
    };
    let (mut intake, outlet) = place.body(bytes.len() as u64, Keep::Whole, vec![wrong]);
    let staged = place
        .connection
        .stage(file(&photo("a.jpg"), Role::Original, "a.jpg"), outlet);
    let poured = async {
        for block in bytes.chunks(1 << 20) {
            intake.append(bytes::Bytes::copy_from_slice(block)).await?;
        }
        intake.finish().await
    };
    let (staged, poured) = tokio::join!(staged, poured);
    assert!(poured.is_err());
    assert!(staged.is_err(), "{staged:?}");
    assert!(place.immich.library(|library| library.assets().is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_other_bytes_is_not_believed() {
    for place in Place::each().await {
        place.immich.fault("POST /assets", Some(1), Action::KeepOtherBytes);
        let bytes = noise(4, 9000);
        let refused = place.put("a.jpg", &bytes).await;
        assert_eq!(
            class(refused),
            (ErrorClass::Corrupt, "immich/wrong-checksum".to_owned())
        );
        assert!(place.immich.library(|library| library.named("a.jpg").is_trashed()));
        let stored = place.put("b.jpg", &bytes).await.expect("the second time is right");
        assert!(!stored.already_there);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_and_a_proxys_limit_are_told() {
    let place = Place::start(Release::V3_2).await;
    place.immich.fault("POST /assets", Some(1), Action::Rest(429, 17));
    let error = place.put("a.jpg", &noise(5, 900)).await.expect_err("it is busy");
    assert_eq!((error.class, error.retry_after), (ErrorClass::RateLimited, Some(17)));
    place
        .immich
        .fault("POST /assets/bulk-upload-check", Some(2), Action::Rest(503, 3));
    let error = place.put("a.jpg", &noise(5, 900)).await.expect_err("it is busy");
    assert_eq!((error.class, error.retry_after), (ErrorClass::RateLimited, Some(3)));
    place.immich.limit_bodies(Some(1 << 20));
    let error = place
        .put("large.jpg", &noise(6, 2 << 20))
        .await
        .expect_err("a proxy's limit");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Unsupported, "immich/too-large")
    );
    assert!(error.message.contains("proxy"), "{}", error.message);
    place
        .put("small.jpg", &noise(7, 900))
        .await
        .expect("smaller ones go on");
    place.immich.fault("POST /assets", None, Action::Slow(300));
    place.put("slow.jpg", &noise(8, 900)).await.expect("slow isn't wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_name_the_setting() {
    let place = Place::start(Release::V3_2).await;
    place.immich.fault(
        "GET /server/version",
        None,
        Action::Redirect("https://photos.example.com/api/server/version".to_owned()),
    );
    let error = place.connection.check().await.expect_err("it is elsewhere");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::InvalidSetting, "immich/moved")
    );
    assert_eq!(error.details, [("setting".to_owned(), "/url".to_owned())]);
    assert!(
        error.message.contains("https://photos.example.com"),
        "{}",
        error.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_server_is_refused_in_words() {
    let place = Place::start(Release::V1_134).await;
    let old = json!({"major": 1, "minor": 118, "patch": 2});
    place.immich.fault("GET /server/version", None, Action::Document(old));
    let error = place.connection.check().await.expect_err("it is too old");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Unsupported, "immich/too-old")
    );
    assert!(error.message.contains("1.118.2"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_lie_are_no_answers() {
    let elsewhere = "../../albums";
    for (route, answer) in [
        ("POST /assets/bulk-upload-check", json!({"results": []})),
        (
            "POST /assets/bulk-upload-check",
            json!({"results": [{"id": "x", "action": "reject"}]}),
        ),
        (
            "POST /assets/bulk-upload-check",
            json!({"results": [{"id": "x", "action": "reject", "assetId": elsewhere}]}),
        ),
        ("POST /assets/bulk-upload-check", json!([])),
        ("POST /assets", json!({"id": elsewhere, "status": "created"})),
        (
            "POST /assets",
            json!({"id": "00000000-0000-4000-8000-000000000000", "status": "replaced"}),
        ),
        (
            "GET /assets/{id}",
            json!({"id": "00000000-0000-4000-8000-000000000000"}),
        ),
        ("GET /server/version", json!({"major": "3"})),
    ] {
        let place = Place::start(Release::V3_2).await;
        place.immich.fault(route, None, Action::Document(answer.clone()));
        let (class, code) = class(place.put("a.jpg", &noise(9, 900)).await);
        assert!(
            matches!(
                (class, code.as_str()),
                (ErrorClass::Unexpected, "immich/bad-answer") | (ErrorClass::InvalidSetting, "immich/not-immich")
            ),
            "{route} {answer}: {class:?} {code}"
        );
    }
    // One that is named as there has other bytes.
    let place = Place::start(Release::V3_2).await;
    let other = place.put("other.jpg", &noise(10, 900)).await.expect("it is brought");
    let lie =
        json!({"results": [{"id": "x", "action": "reject", "reason": "duplicate", "assetId": other.entry.target.id}]});
    place
        .immich
        .fault("POST /assets/bulk-upload-check", None, Action::Document(lie));
    assert_eq!(class(place.put("a.jpg", &noise(11, 900)).await).0, ErrorClass::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_never_ends_does_end() {
    let place = Place::start(Release::V3_2).await;
    let empty = json!({"assets": {"items": [], "nextPage": "2", "nextCursor": "x"}});
    place
        .immich
        .fault("POST /search/metadata", None, Action::Document(empty));
    let (entries, pages) = crate::place::list(&place.connection).await;
    assert_eq!((entries.len(), pages), (0, 3));
    place.immich.mend();
    place.put("a.jpg", &noise(12, 900)).await.expect("it is brought");
    place.immich.mend();
    let item = place
        .immich
        .recorded()
        .into_iter()
        .rev()
        .find(|one| one.path.starts_with("/assets/"))
        .expect("it was looked at")
        .answer;
    let back = json!({"assets": {"items": [item], "nextPage": "1"}});
    place
        .immich
        .fault("POST /search/metadata", None, Action::Document(back));
    let page = place.connection.list(String::new(), None).await;
    assert_eq!(class(page), (ErrorClass::Unexpected, "immich/bad-answer".to_owned()));
    place.immich.mend();
    place
        .immich
        .fault("PUT /albums/{id}/assets", None, Action::Document(json!([])));
    let id = place
        .connection
        .ensure_album(album("x"), None, None)
        .await
        .expect("an album");
    let nobody = target("00000000-0000-4000-8000-000000000000");
    let told = place
        .connection
        .set_members(id, vec![nobody], Vec::new())
        .await
        .expect("it is asked");
    assert_eq!(class(told[0].clone()).0, ErrorClass::Unexpected);
}

//! What a key lacks is said in words, at `check` where it can be known, else when it is met.

use camroll_cloud_immich::{Immich, Release};
use camroll_model::{ErrorClass, Value, attribute};

use crate::place::{Place, class, connect, noise};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cant_bring_anything_is_refused_at_check() {
    for place in Place::each().await {
        let asked = match place.immich.release() {
            // A key can't be asked what it may do.
            Release::V1_134 => "user.read",
            _ => "asset.upload, asset.read",
        };
        match asked {
            "user.read" => place.immich.permit(&["asset.upload", "asset.read"]),
            _ => place.immich.permit(&["user.read", "album.read"]),
        }
        let error = place.connection.check().await.expect_err("it isn't enough");
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::PermissionDenied, "immich/permission")
        );
        assert!(error.message.contains(asked), "{}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_tells_its_server_and_quota() {
    for place in Place::each().await {
        place.immich.library(|library| library.set_quota(Some(1000)));
        let account = place.connection.check().await.expect("it signs in");
        assert_eq!(account.name, "alice@example.org");
        assert_eq!(
            attribute(&account.attributes, "quota-total"),
            Some(&Value::Integer(1000))
        );
        let [major, minor, patch] = place.immich.release().numbers();
        let server = Value::Text(format!("Immich {major}.{minor}.{patch}"));
        assert_eq!(attribute(&account.attributes, "server"), Some(&server));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_a_wrong_address_are_told_apart() {
    let immich = Immich::start(Release::V3_2).await.expect("a port on loopback");
    let refused = connect(&immich.url(), "not this one").check().await;
    assert_eq!(
        class(refused),
        (ErrorClass::Unauthenticated, "immich/signed-out".to_owned())
    );
    let elsewhere = connect(&format!("{}/photos", immich.url()), "not this one")
        .check()
        .await;
    assert_eq!(
        class(elsewhere),
        (ErrorClass::InvalidSetting, "immich/not-immich".to_owned())
    );
    // With or without /api.
    connect(&format!("{}/api/", immich.url()), camroll_cloud_immich::KEY)
        .check()
        .await
        .expect("it signs in");
}

#[tokio::test(flavor = "multi_thread")]
async fn least_permissions_bring_and_see() {
    for place in Place::each().await {
        place.immich.permit(&["user.read", "asset.upload", "asset.read"]);
        place.connection.check().await.expect("it signs in");
        let stored = place.put("a.jpg", &noise(1, 500)).await.expect("it is brought");
        place.connection.probe().await.expect("the disk's space isn't needed");
        let read = crate::place::read(&place.connection, stored.entry.target, 0).await;
        let error = read.expect_err("it may not be read");
        assert!(error.message.contains("asset.download"), "{}", error.message);
    }
}

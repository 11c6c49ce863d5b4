//! Who isn't let in, and what isn't there.

use camroll_model::ErrorClass;
use camroll_servers::Act;
use camroll_servers::buckets::SECRET_KEY;

use crate::place::{class, connect, file, rclone, seaweedfs, stat, try_connect};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_missing_bucket_are_told_apart() {
    for place in [seaweedfs(), rclone()].into_iter().flatten() {
        let error = connect(place.settings(), "another-secret")
            .check()
            .await
            .expect_err("refused");
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::Unauthenticated, "s3/SignatureDoesNotMatch")
        );
        assert!(!format!("{error:?}").contains("another-secret"), "{error:?}");
        let mut settings = place.settings();
        settings["bucket"] = "elsewhere".into();
        let missing = connect(settings, SECRET_KEY).check().await;
        assert_eq!(
            class(missing),
            (ErrorClass::InvalidSetting, "s3/NoSuchBucket".to_owned())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_says_of_its_troubles() {
    let Some(place) = rclone() else { return };
    let connection = place.connect();
    let said = |status: &str, code: &str, headers: &[(&str, &str)]| {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let region = if code == "AuthorizationHeaderMalformed" {
            "<Region>eu-north-1</Region>"
        } else {
            ""
        };
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message>{region}</Error>");
        Act::Answer(status.to_owned(), headers, body)
    };
    for (status, code, class) in [
        ("503 Slow Down", "SlowDown", ErrorClass::RateLimited),
        ("500 Internal", "InternalError", ErrorClass::Transient),
        ("403 Forbidden", "AccessDenied", ErrorClass::PermissionDenied),
        ("403 Forbidden", "QuotaExceeded", ErrorClass::Quota),
        ("400 Bad", "ExpiredToken", ErrorClass::Unauthenticated),
        ("409 Conflict", "OperationAborted", ErrorClass::Transient),
        ("400 Bad", "EntityTooLarge", ErrorClass::Unsupported),
    ] {
        place
            .between
            .meddle("PUT", "/x.jpg", 0, 1, said(status, code, &[("Retry-After", "7")]));
        let error = place.put(&connection, file("x.jpg", "x"), b"x").await.expect_err(code);
        assert_eq!(
            (error.class, error.code.as_str()),
            (class, format!("s3/{code}").as_str())
        );
        assert_eq!(
            error.retry_after,
            (class == ErrorClass::RateLimited).then_some(7),
            "{code}"
        );
    }
    place.between.meddle(
        "GET",
        "list-type",
        0,
        1,
        said("400 Bad", "AuthorizationHeaderMalformed", &[]),
    );
    let error = connection.check().await.expect_err("another region");
    assert_eq!(error.class, ErrorClass::InvalidSetting);
    assert!(error.message.contains("\"eu-north-1\""), "{error:?}");
    assert_eq!(stat(&connection, "x.jpg").await, None);
    place
        .put(&connection, file("x.jpg", "x"), b"x")
        .await
        .expect("and then it goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cant_be() {
    let Some(place) = rclone() else { return };
    let mut settings = place.settings();
    settings["lock"] = serde_json::json!({"mode": "governance", "for": "30d"});
    settings["provider"] = "cloudflare-r2".into();
    let refused = connect(settings.clone(), SECRET_KEY).probe().await;
    assert_eq!(
        class(refused),
        (ErrorClass::InvalidSetting, "s3/no-object-lock".to_owned())
    );
    let mut endless = place.settings();
    endless["lock"] = serde_json::json!({"mode": "compliance"});
    let endless = connect(endless, SECRET_KEY).check().await;
    assert_eq!(
        class(endless),
        (ErrorClass::InvalidSetting, "s3/lock-without-time".to_owned())
    );
    settings.as_object_mut().expect("an object").remove("endpoint");
    let nowhere = match try_connect(settings, SECRET_KEY) {
        Ok(connection) => class(connection.check().await),
        Err(error) => (error.class, error.code),
    };
    assert_eq!(nowhere, (ErrorClass::InvalidSetting, "s3/no-endpoint".to_owned()));
}

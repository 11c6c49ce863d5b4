//! Who signs in, and to whom.

use camroll_model::ErrorClass;
use serde_json::json;

use crate::files::class;
use crate::place::{connect, openssh, openssh_settings, rclone, rclone_settings, to_openssh, to_rclone};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_accepted() {
    let Some(server) = openssh() else { return };
    let other = server.other_key("ed25519", "");
    let connection = connect(openssh_settings(&server), &[("key", &other.private)]).unwrap();
    let error = connection.check().await.expect_err("refused");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Unauthenticated, "ssh/not-accepted")
    );
    assert!(error.message.contains("SHA256:"), "{}", error.message);
    server.accept(&other);
    connection.check().await.expect("now it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_kind_and_with_a_passphrase() {
    let Some(server) = openssh() else { return };
    for (kind, passphrase) in [("rsa", ""), ("ecdsa", ""), ("ed25519", "open sesame")] {
        let other = server.other_key(kind, passphrase);
        server.accept(&other);
        let secrets = [("key", other.private.as_str()), ("passphrase", passphrase)];
        let given = if passphrase.is_empty() { &secrets[..1] } else { &secrets };
        let connection = connect(openssh_settings(&server), given).unwrap();
        connection
            .check()
            .await
            .unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        if !passphrase.is_empty() {
            for wrong in [&secrets[..1], &[secrets[0], ("passphrase", "close sesame")]] {
                let connection = connect(openssh_settings(&server), wrong).unwrap();
                let refused = class(connection.check().await);
                assert_eq!(refused, (ErrorClass::InvalidSetting, "ssh/unreadable-key".to_owned()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_accepted_is_not_shown() {
    let Some(server) = rclone() else { return };
    to_rclone(&server).check().await.expect("the right one is");
    let connection = connect(rclone_settings(&server), &[("password", "wrong horse")]).unwrap();
    let error = connection.check().await.expect_err("refused");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Unauthenticated, "ssh/not-accepted")
    );
    assert!(!format!("{error:?}").contains("wrong horse"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_sign_in_with() {
    let Some(server) = openssh() else { return };
    let connection = connect(openssh_settings(&server), &[]).unwrap();
    let refused = class(connection.check().await);
    assert_eq!(
        refused,
        (ErrorClass::InvalidSetting, "ssh/nothing-to-sign-in-with".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_known_is_not_talked_to() {
    let Some(server) = openssh() else { return };
    let mut settings = openssh_settings(&server);
    let other = server.other_key("ed25519", "");
    let name = format!("[127.0.0.1]:{}", server.port());
    for (known, expected, code) in [
        ("# nobody", ErrorClass::Unauthenticated, "ssh/unknown-host-key"),
        (
            &format!("{name} {}", other.public),
            ErrorClass::PermissionDenied,
            "ssh/host-key-changed",
        ),
        (
            &format!("{0}\n@revoked {0}", server.known_hosts()),
            ErrorClass::PermissionDenied,
            "ssh/host-key-revoked",
        ),
    ] {
        settings["known_hosts"] = json!(known);
        let connection = connect(settings.clone(), &[("key", &server.key.private)]).unwrap();
        let error = connection.check().await.expect_err("not talked to");
        assert_eq!(
            (error.class, error.code.as_str()),
            (expected, code),
            "{}",
            error.message
        );
        assert!(error.message.contains("SHA256:"), "{}", error.message);
        if code == "ssh/unknown-host-key" {
            assert!(
                error.message.contains(&server.known_hosts()),
                "the line to add: {}",
                error.message
            );
        }
    }
    let file = server.files().join("../known_hosts");
    std::fs::write(&file, format!("{} comment\n", server.known_hosts())).unwrap();
    settings["known_hosts"] = json!(file);
    connect(settings.clone(), &[("key", &server.key.private)])
        .unwrap()
        .check()
        .await
        .expect("a file does too");
    settings["known_hosts"] = json!(server.files().join("nothing"));
    let missing = connect(settings, &[("key", &server.key.private)])
        .unwrap()
        .check()
        .await;
    assert_eq!(
        class(missing),
        (ErrorClass::InvalidSetting, "ssh/known-hosts".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_not_made() {
    let Some(server) = openssh() else { return };
    let mut settings = openssh_settings(&server);
    settings["path"] = json!(server.files().join("missing"));
    let connection = connect(settings, &[("key", &server.key.private)]).unwrap();
    assert_eq!(
        class(connection.check().await),
        (ErrorClass::NotFound, "sftp/no-folder".to_owned())
    );
    assert!(!server.files().join("missing").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let Some(mut server) = openssh() else { return };
    server.kill().unwrap();
    let refused = class(to_openssh(&server).check().await);
    assert_eq!(refused, (ErrorClass::Transient, "tcp/unreachable".to_owned()));
    let Some(mut server) = rclone() else { return };
    server.kill().unwrap();
    assert_eq!(class(to_rclone(&server).check().await).0, ErrorClass::Transient);
}

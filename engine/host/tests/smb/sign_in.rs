//! Who signs in, and to what.

use camroll_model::ErrorClass;
use camroll_servers::Samba;
use serde_json::json;

use crate::files::class;
use crate::place::{connect, samba, settings, to_samba, tools};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_accepted_is_not_shown() {
    let Some(server) = samba() else { return };
    to_samba(&server).check().await.expect("the right one is");
    let connection = connect(settings(&server), &[("password", "wrong horse")]).unwrap();
    let error = connection.check().await.expect_err("refused");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Unauthenticated, "smb/not-accepted")
    );
    assert!(!format!("{error:?}").contains("wrong horse"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_sign_in_with() {
    let Some(server) = samba() else { return };
    for secrets in [[].as_slice(), &[("password", "")]] {
        let connection = connect(settings(&server), secrets).unwrap();
        let refused = class(connection.check().await);
        assert_eq!(
            refused,
            (ErrorClass::InvalidSetting, "smb/nothing-to-sign-in-with".to_owned())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_encryption_is_not_spoken_to_where_it_is_required() {
    let Some(tools) = tools("samba") else { return };
    for lines in [["server smb encrypt = off"], ["server max protocol = SMB2_10"]] {
        let server = Samba::with(&tools, &lines);
        to_samba(&server).check().await.expect("signed will do");
        let mut settings = settings(&server);
        settings["encryption"] = json!("require");
        let connection = connect(settings, &[("password", Samba::PASSWORD)]).unwrap();
        let refused = class(connection.check().await);
        assert_eq!(refused, (ErrorClass::Unsupported, "smb/no-encryption".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_and_a_folder_that_are_not_there_are_not_made() {
    let Some(server) = samba() else { return };
    for (setting, value, code) in [
        ("share", "nothing", "smb/no-share"),
        ("path", "missing", "smb/no-folder"),
        ("path", "missing/deeper", "smb/no-folder"),
    ] {
        let mut settings = settings(&server);
        settings[setting] = json!(value);
        let connection = connect(settings, &[("password", Samba::PASSWORD)]).unwrap();
        let refused = class(connection.check().await);
        assert_eq!(refused, (ErrorClass::NotFound, code.to_owned()));
    }
    std::fs::write(server.files().join("file"), b"x").unwrap();
    let mut settings = settings(&server);
    settings["path"] = json!("file");
    let connection = connect(settings, &[("password", Samba::PASSWORD)]).unwrap();
    assert_eq!(class(connection.check().await).1, "smb/no-folder");
    assert!(!server.files().join("missing").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let Some(mut server) = samba() else { return };
    server.kill().unwrap();
    let refused = class(to_samba(&server).check().await);
    assert_eq!(refused, (ErrorClass::Transient, "tcp/unreachable".to_owned()));
}

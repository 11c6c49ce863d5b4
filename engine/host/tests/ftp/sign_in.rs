//! Who is let in, and what is never said before it is safe.

use camroll_model::ErrorClass;
use camroll_servers::ftp::{Ftp, PASSWORD, Protection};
use serde_json::json;

use crate::files::{class, file, key, put, read};
use crate::place::{Place, connect, servers, tools};
use crate::trusting::{Question, asked_where_trusted};

pub async fn is_signed_in(place: &Place) {
    let account = place.connect().check().await.expect("it signs in");
    assert!(account.name.contains(&place.user), "{}", account.name);
    let wrong = connect(place.settings(), "not this one").expect("a connection");
    let refused = wrong.check().await.expect_err("nobody is let in with it");
    assert_eq!(refused.class, ErrorClass::Unauthenticated, "{refused}");
    assert!(!refused.message.contains("not this one"), "{refused}");
    let mut elsewhere = place.settings();
    elsewhere["path"] = json!("not/here");
    let refused = connect(elsewhere, PASSWORD).expect("a connection").check().await;
    assert_eq!(class(refused), (ErrorClass::NotFound, "ftp/no-folder".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_signs_in() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        is_signed_in(&place).await;
    }
    for protection in [Protection::Explicit, Protection::Implicit] {
        for (name, server, place) in servers(protection) {
            println!("{name}, {}", protection.word());
            asked_where_trusted(&server, &place, Question::IsSignedIn).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        for (name, _server, place) in servers(protection) {
            let refused = place.connect().check().await;
            assert_eq!(class(refused).1, "host/tls", "{name}, {}", protection.word());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_hears_no_password_where_tls_was_asked_for() {
    let Some(tools) = tools("pyftpdlib") else { return };
    let server = Ftp::pyftpdlib(&tools, Protection::Plain);
    let mut settings = Place::of(&server).settings();
    settings["tls"] = json!("explicit");
    let refused = connect(settings.clone(), PASSWORD).expect("a connection").check().await;
    assert_eq!(class(refused), (ErrorClass::Unsupported, "ftp/no-tls".to_owned()));
    // It isn't said: explicit.
    settings.as_object_mut().expect("an object").remove("tls");
    let refused = connect(settings, PASSWORD).expect("a connection").check().await;
    assert_eq!(class(refused).1, "ftp/no-tls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_tls_says_so() {
    for (name, _server, place) in servers(Protection::Explicit) {
        let mut settings = place.settings();
        settings["tls"] = json!("none");
        let refused = connect(settings, PASSWORD).expect("a connection").check().await;
        assert_eq!(class(refused).1, "ftp/wants-tls", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_a_line_in_it_is_never_written() {
    let Some(tools) = tools("pyftpdlib") else { return };
    let server = Ftp::pyftpdlib(&tools, Protection::Plain);
    let place = Place::of(&server);
    let refused = connect(place.settings(), "x\r\nDELE /")
        .expect("a connection")
        .check()
        .await;
    assert_eq!(class(refused).1, "tcp/bad-secret");
}

/// rclone's server protects what is said and not what is sent.
pub async fn leaves_files_readable(place: &Place) {
    let refused = put(&place.connect(), file("a.jpg", &key("a")), b"seen by whoever listens").await;
    assert_eq!(class(refused).1, "ftp/no-private-data");
    assert_eq!(std::fs::read_dir(&place.files).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_files_readable_gets_none() {
    let Some(tools) = tools("rclone") else { return };
    let server = Ftp::rclone(&tools, Protection::Implicit);
    asked_where_trusted(&server, &Place::of(&server), Question::LeavesFilesReadable).await;
}

/// It is offered what it speaks once it refused what is older; data goes on with the session by tickets.
pub async fn has_newest_tls(place: &Place) {
    let connection = place.connect();
    let refused = connection.check().await;
    assert_eq!(class(refused), (ErrorClass::Transient, "tcp/tls-too-old".to_owned()));
    for name in ["a", "b", "c", "d"] {
        put(&connection, file(name, &key(name)), name.as_bytes())
            .await
            .expect(name);
        assert_eq!(read(&connection, name, 0).await, name.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_nothing_but_the_newest_tls_is_spoken_to_in_it() {
    let Some(tools) = tools("pyftpdlib") else { return };
    let server = Ftp::with_newest_tls(&tools);
    asked_where_trusted(&server, &Place::of(&server), Question::HasNewestTls).await;
}

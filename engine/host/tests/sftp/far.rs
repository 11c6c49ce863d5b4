//! A server that is far away: a large file's bytes go over two connections, and break off and go on as over one.

use bytes::Bytes;
use camroll_host::Connection;
use camroll_servers::{Far, OpenSsh};

use crate::files::{breaking, file, key, noise, put};
use crate::place::{connect, openssh, openssh_settings};

fn to_far(server: &OpenSsh) -> (Connection, Far) {
    let far = Far::start(([127, 0, 0, 1], server.port()).into());
    let mut settings = openssh_settings(server);
    settings["port"] = far.address().port().into();
    let known = server.known_hosts();
    settings["known_hosts"] = known
        .replace(
            &format!("]:{} ", server.port()),
            &format!("]:{} ", far.address().port()),
        )
        .into();
    let connection = connect(settings, &[("key", &server.key.private)]).expect("a connection");
    (connection, far)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_over_two_connections() {
    let Some(server) = openssh() else { return };
    let (connection, far) = to_far(&server);
    let bytes = Bytes::from(noise(70 << 20));
    let large = file("large.mov", &key("large"));
    let time = large.modified.expect("a time").seconds;
    put(&connection, large, &bytes).await.expect("70 MiB");
    let there = server.files().join("large.mov");
    assert!(std::fs::read(&there).unwrap() == bytes);
    let modified = std::fs::metadata(&there).unwrap().modified().unwrap();
    let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(modified, u64::try_from(time).unwrap());
    let carried = far.sent().iter().filter(|bytes| **bytes > 30 << 20).count();
    assert_eq!(carried, 2, "{:?}", far.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_over_one_connection() {
    let Some(server) = openssh() else { return };
    let (connection, far) = to_far(&server);
    put(&connection, file("small.mov", &key("small")), &noise(5 << 20))
        .await
        .expect("5 MiB");
    assert_eq!(far.sent().len(), 1, "{:?}", far.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_connections_began_goes_on_from_its_checkpoint() {
    let Some(server) = openssh() else { return };
    let (connection, far) = to_far(&server);
    let bytes = Bytes::from(noise(150 << 20));
    let checkpoint = breaking::broken_off(&connection, &bytes, 140 << 20).await;
    assert!(
        far.sent().iter().filter(|bytes| **bytes > 60 << 20).count() == 2,
        "{:?}",
        far.sent()
    );
    let checkpoint = checkpoint.expect("one was saved");
    assert!(checkpoint.reached >= 64 << 20);
    breaking::goes_on(&connection, &bytes, checkpoint).await;
}

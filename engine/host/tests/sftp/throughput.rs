//! Large files, there and back.

use bytes::Bytes;
use camroll_host::Connection;

use crate::files::{file, key, noise, put, read};
use crate::place::{openssh, rclone, to_openssh, to_rclone};

async fn there_and_back(connection: &Connection, files: &std::path::Path, server: &str) {
    connection.check().await.unwrap();
    let bytes = Bytes::from(noise(64 << 20));
    let started = std::time::Instant::now();
    put(connection, file("large.mov", &key("large")), &bytes)
        .await
        .expect("64 MiB");
    let there = started.elapsed();
    assert_eq!(std::fs::read(files.join("large.mov")).unwrap(), bytes);
    let started = std::time::Instant::now();
    assert_eq!(read(connection, "large.mov", 0).await, bytes);
    assert_eq!(read(connection, "large.mov", 63 << 20).await, bytes.slice(63 << 20..));
    println!("{server}: 64 MiB there in {there:?}, back in {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_takes_and_gives_a_large_file() {
    let Some(server) = openssh() else { return };
    there_and_back(&to_openssh(&server), &server.files(), "OpenSSH").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_takes_and_gives_a_large_file() {
    let Some(server) = rclone() else { return };
    there_and_back(&to_rclone(&server), &server.files(), "rclone").await;
}

//! Large files, there and back.

use bytes::Bytes;
use camroll_servers::Samba;

use crate::files::{file, key, noise, put, read};
use crate::place::{to_samba, tools};

#[tokio::test(flavor = "multi_thread")]
async fn samba_takes_and_gives_a_large_file() {
    let Some(tools) = tools("samba") else { return };
    for lines in [[].as_slice(), &["server smb encrypt = off"]] {
        let server = Samba::with(&tools, lines);
        let connection = to_samba(&server);
        connection.check().await.unwrap();
        let bytes = Bytes::from(noise(64 << 20));
        let started = std::time::Instant::now();
        put(&connection, file("large.mov", &key("large")), &bytes)
            .await
            .expect("64 MiB");
        let there = started.elapsed();
        assert!(std::fs::read(server.files().join("large.mov")).unwrap() == bytes);
        let started = std::time::Instant::now();
        assert!(read(&connection, "large.mov", 0).await == bytes);
        let back = started.elapsed();
        assert!(read(&connection, "large.mov", 63 << 20).await == bytes.slice(63 << 20..));
        println!("Samba {lines:?}: 64 MiB there in {there:?}, back in {back:?}");
    }
}

//! What is put there, what is there then, and what is never replaced. The same on all servers, with TLS and without.

use bytes::Bytes;
use camroll_servers::ftp::Protection;

use crate::files::holding::Times;
use crate::files::{file, holding, key, list, noise, put, read};
use crate::place::{Place, servers};
use crate::trusting::{Question, asked_where_trusted};

const NAMES: [&str; 8] = [
    "2024/05/IMG_0001.HEIC",
    "Отпуск/Море.jpg",
    "休暇/写真 1.heic",
    "عطلة/صورة.jpg",
    "חופשה/תמונה.jpg",
    "वर्ष/चित्र.jpg",
    "emoji 👨‍👩‍👧/🏖.jpg",
    "quotes ' \" $(x) `y` & ; [a] ?/-rf.jpg",
];

pub async fn all_of_it(place: &Place) {
    let connection = &place.connect();
    let files = place.files.as_path();
    let times = match place.keeps_times {
        true => Times::Kept,
        false => Times::Lost,
    };
    holding::what_is_put_there(connection, files, &NAMES, times).await;
    holding::one_name_one_file(connection, files, NAMES[0], "ftp/conflict").await;
    holding::other_names(connection, files, |other| {
        other.version = Some("1-1".to_owned());
        other.size = Some(1);
    })
    .await;
    holding::nothing_is_left(connection, files).await;
    holding::a_folder_in_the_way(connection, files).await;
}

/// A large file, there and back.
pub async fn large(place: &Place) {
    let connection = place.connect();
    let bytes = Bytes::from(noise(80 << 20));
    let started = std::time::Instant::now();
    put(&connection, file("large.mov", &key("large")), &bytes)
        .await
        .expect("80 MiB");
    let there = started.elapsed();
    assert!(std::fs::read(place.files.join("large.mov")).unwrap() == bytes);
    let started = std::time::Instant::now();
    assert!(read(&connection, "large.mov", 0).await == bytes);
    assert!(read(&connection, "large.mov", 79 << 20).await == bytes.slice(79 << 20..));
    println!("80 MiB there in {there:?}, back in {:?}", started.elapsed());
}

/// More than a page of a folder; what begins with a dot is there too.
pub async fn many(place: &Place) {
    let connection = place.connect();
    for number in 0..1234 {
        std::fs::write(place.files.join(format!(".{number:05}.jpg")), b"x").unwrap();
    }
    let listed = list(&connection).await;
    let mut paths: Vec<_> = listed.into_iter().filter_map(|entry| entry.target.path).collect();
    paths.retain(|path| path.starts_with(".0"));
    paths.dedup();
    assert_eq!(paths.len(), 1234);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_holds_what_is_put_there() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        all_of_it(&place).await;
        large(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_lists_a_large_folder() {
    for (name, _server, place) in servers(Protection::Plain) {
        println!("{name}");
        many(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_holds_what_is_put_there_with_tls() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        for (name, server, place) in servers(protection) {
            println!("{name}, {}", protection.word());
            asked_where_trusted(&server, &place, Question::AllOfIt).await;
        }
    }
}

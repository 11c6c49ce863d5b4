//! Looking, reading, removing.

use std::collections::BTreeSet;

use camroll_cloud_immich::{NewAsset, Release};
use camroll_host::Disposal;
use camroll_model::{ErrorClass, Role, Target};

use crate::place::{Place, class, file, id, list, live, noise, photo, read, target};

/// More than two pages.
const MANY: usize = 1100;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_the_users_is_listed_once() {
    for place in Place::each().await {
        let mut expected = BTreeSet::new();
        place.immich.library(|library| {
            for number in 0..MANY {
                expected.insert(library.add(NewAsset {
                    name: format!("{number:04}.jpg"),
                    bytes: noise(number as u64, 20).into(),
                    ..NewAsset::default()
                }));
            }
            library.add(NewAsset {
                name: "bobs.jpg".to_owned(),
                bytes: noise(9001, 20).into(),
                partners: true,
                ..NewAsset::default()
            });
            let binned = library.add(NewAsset {
                name: "binned.jpg".to_owned(),
                bytes: noise(9002, 20).into(),
                ..NewAsset::default()
            });
            library.trash(&binned);
        });
        let wanted = live("IMG_1");
        let film = place
            .stage(file(&wanted, Role::PairedVideo, "IMG_1.MOV"), &noise(9003, 20))
            .await
            .expect("a film");
        let mut hidden = photo("hidden.jpg");
        hidden.hidden = true;
        let hidden = place
            .stage(file(&hidden, Role::Original, "hidden.jpg"), &noise(9004, 20))
            .await
            .expect("a hidden one");
        expected.extend([id(&film), id(&hidden)]);
        let (entries, pages) = list(&place.connection).await;
        let told: BTreeSet<String> = entries.iter().filter_map(|entry| entry.target.id.clone()).collect();
        assert_eq!(entries.len(), told.len(), "nothing is told twice");
        assert!(told == expected, "{} of {}", told.len(), expected.len());
        assert!(pages >= 5, "{pages}");
        assert!(
            entries
                .iter()
                .all(|entry| entry.digests.len() == 1 && entry.size == Some(20))
        );
        let below = place.connection.list("2024".to_owned(), None).await.expect("a page");
        assert!(below.entries.is_empty() && below.next.is_none(), "there are no paths");
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_librarys_checksum_proves_nothing() {
    let place = Place::start(Release::V3_2).await;
    let there = place.immich.library(|library| {
        library.add(NewAsset {
            name: "external.jpg".to_owned(),
            bytes: noise(1, 20).into(),
            external: true,
            ..NewAsset::default()
        })
    });
    let entry = place
        .connection
        .stat(target(&there))
        .await
        .expect("looked at")
        .expect("it is there");
    assert!(entry.digests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_from_any_offset() {
    for place in Place::each().await {
        let bytes = noise(1, 300_000);
        let stored = place.put("a.jpg", &bytes).await.expect("it is brought");
        for offset in [0, 1, 150_000, 299_999, 300_000] {
            let back = read(&place.connection, stored.entry.target.clone(), offset)
                .await
                .expect("it is read");
            assert!(back == bytes[offset as usize..], "{offset}");
        }
        let nobody = target("00000000-0000-4000-8000-000000000000");
        assert_eq!(
            class(read(&place.connection, nobody.clone(), 0).await).0,
            ErrorClass::NotFound
        );
        assert_eq!(place.connection.stat(nobody).await.expect("looked at"), None);
        assert_eq!(
            place
                .connection
                .stat(Target::at(".camroll/id"))
                .await
                .expect("looked at"),
            None
        );
        assert_eq!(
            class(read(&place.connection, target("../x"), 0).await).1,
            "immich/no-id"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_what_was_expected() {
    for place in Place::each().await {
        let stored = place.put("a.jpg", &noise(1, 500)).await.expect("it is brought");
        let mut other = stored.entry.clone();
        other.version = Some("another".to_owned());
        let refused = place.connection.remove(other, Disposal::Trash).await;
        assert_eq!(class(refused).0, ErrorClass::Conflict);
        // What the server's jobs did to it meanwhile doesn't matter.
        place.immich.library(|library| library.touch(&id(&stored)));
        place
            .connection
            .remove(stored.entry.clone(), Disposal::Trash)
            .await
            .expect("into the bin");
        assert!(place.immich.library(|library| library.named("a.jpg").is_trashed()));
        assert_eq!(
            class(place.connection.remove(stored.entry, Disposal::Trash).await).0,
            ErrorClass::NotFound
        );
        let stored = place.put("b.jpg", &noise(2, 500)).await.expect("it is brought");
        place
            .connection
            .remove(stored.entry.clone(), Disposal::Delete)
            .await
            .expect("for good");
        assert_eq!(place.immich.library(|library| library.assets().len()), 0);
        let renamed = place.connection.rename(stored.entry, "c.jpg".to_owned()).await;
        assert_eq!(class(renamed).0, ErrorClass::Unsupported);
        place.assert_nothing_unknown_was_sent();
    }
}

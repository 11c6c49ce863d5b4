//! What is known beside the bytes, set where it differs.

use std::sync::Arc;

use camroll_model::{ErrorClass, Instant, Value};

use crate::place::{Place, TAKEN, class, id, noise, photo};

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_set_and_what_is_right_is_left() {
    for place in Place::each().await {
        assert!(place.connection.exports_annotating());
        let stored = place.put("a.jpg", &noise(1, 500)).await.expect("it is brought");
        let mut known = photo("a.jpg");
        known.favorite = true;
        known.hidden = true;
        known.taken = Some(Instant {
            seconds: TAKEN + 3600,
            nanoseconds: 0,
        });
        known.attributes = vec![
            ("caption".to_owned(), Value::Text("Am Meer".to_owned())),
            ("latitude".to_owned(), Value::Real(54.5)),
            ("longitude".to_owned(), Value::Real(13.4)),
        ];
        let known = Arc::new(known);
        let told = place
            .connection
            .annotate(stored.entry.clone(), Arc::clone(&known))
            .await
            .expect("it is set");
        assert_eq!((told.size, &told.digests), (stored.entry.size, &stored.entry.digests));
        assert_eq!(told.version, stored.entry.version, "the bytes are the same");
        let kept = place.immich.library(|library| library.named("a.jpg"));
        assert!(kept.is_favorite() && kept.visibility() == "archive" && kept.description() == "Am Meer");
        assert_eq!(
            (kept.created().as_str(), kept.place()),
            ("2020-09-13T13:26:40Z", Some((54.5, 13.4)))
        );
        let changes = place.immich.count("PUT /assets/{id}");
        place
            .connection
            .annotate(told.clone(), known)
            .await
            .expect("nothing is to be set");
        assert_eq!(place.immich.count("PUT /assets/{id}"), changes);
        // What the source doesn't say is the person's.
        place
            .immich
            .library(|library| library.describe(&id(&stored), "Written there"));
        place
            .connection
            .annotate(told, Arc::new(photo("a.jpg")))
            .await
            .expect("it is set");
        let kept = place.immich.library(|library| library.named("a.jpg"));
        assert!(!kept.is_favorite() && kept.visibility() == "archive" && kept.description() == "Written there");
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_expected_is_changed() {
    for place in Place::each().await {
        let stored = place.put("a.jpg", &noise(1, 500)).await.expect("it is brought");
        let mut other = stored.entry.clone();
        other.version = Some("another".to_owned());
        let refused = place.connection.annotate(other, Arc::new(photo("a.jpg"))).await;
        assert_eq!(class(refused), (ErrorClass::Conflict, "immich/conflict".to_owned()));
        place.immich.library(|library| library.trash(&id(&stored)));
        let gone = place.connection.annotate(stored.entry, Arc::new(photo("a.jpg"))).await;
        assert_eq!(class(gone), (ErrorClass::NotFound, "immich/not-found".to_owned()));
        assert_eq!(place.immich.count("PUT /assets/{id}"), 0);
    }
}

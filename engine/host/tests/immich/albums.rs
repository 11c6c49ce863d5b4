//! Albums: found by name once, by id from then on; members with a result for each.

use camroll_model::ErrorClass;

use crate::place::{Place, album, class, noise, target};

#[tokio::test(flavor = "multi_thread")]
async fn an_album_is_made_once_and_follows_its_name() {
    for place in Place::each().await {
        assert!(place.connection.exports_albums());
        let theirs = place.immich.library(|library| library.add_album("Trip", &[], true));
        let ensure = |name: &'static str, known: Option<String>| {
            let connection = place.connection.clone();
            async move {
                connection
                    .ensure_album(album(name), None, known)
                    .await
                    .expect("an album")
            }
        };
        let trip = ensure("Trip", None).await;
        assert_ne!(trip, theirs, "what somebody shares isn't the user's");
        assert_eq!(
            ensure("Trip", None).await,
            trip,
            "whose answer was lost isn't made twice"
        );
        assert_eq!(ensure("Trip to the sea", Some(trip.clone())).await, trip);
        let names: Vec<String> = place
            .immich
            .library(|library| library.albums())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["Trip to the sea"]);
        let requests = place.immich.count("PATCH /albums/{id}");
        assert_eq!(ensure("Trip to the sea", Some(trip.clone())).await, trip);
        assert_eq!(
            place.immich.count("PATCH /albums/{id}"),
            requests,
            "a right name isn't set again"
        );
        // Gone, so made anew.
        place.immich.library(|library| library.remove_album(&trip));
        let anew = ensure("Trip to the sea", Some(trip.clone())).await;
        assert_ne!(anew, trip);
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_each_with_its_own_result() {
    for place in Place::each().await {
        let mut targets = Vec::new();
        for number in 0..3 {
            let stored = place
                .put(&format!("{number}.jpg"), &noise(number, 500))
                .await
                .expect("it is brought");
            targets.push(stored.entry.target);
        }
        let id = place
            .connection
            .ensure_album(album("Three"), None, None)
            .await
            .expect("an album");
        let set = |add: Vec<_>, remove: Vec<_>| {
            let (connection, id) = (place.connection.clone(), id.clone());
            async move { connection.set_members(id, add, remove).await }
        };
        let nobody = target("00000000-0000-4000-8000-000000000000");
        let add = vec![
            targets[0].clone(),
            targets[1].clone(),
            nobody.clone(),
            targets[0].clone(),
        ];
        let told = set(add, Vec::new()).await.expect("it is asked");
        assert!(told[0].is_ok() && told[1].is_ok() && told[3].is_ok(), "{told:?}");
        assert_eq!(
            class(told[2].clone()),
            (ErrorClass::NotFound, "immich/not-found".to_owned())
        );
        // What is there already, and what isn't there, is no error.
        let told = set(
            vec![targets[1].clone(), targets[2].clone()],
            vec![targets[0].clone(), nobody],
        )
        .await;
        assert!(told.expect("it is asked").iter().all(Result::is_ok));
        let albums = place.immich.library(|library| library.albums());
        assert_eq!(
            albums,
            [("Three".to_owned(), vec!["1.jpg".to_owned(), "2.jpg".to_owned()])]
        );
        place.immich.library(|library| library.remove_album(&id));
        let gone = set(vec![targets[0].clone()], Vec::new()).await;
        assert_eq!(class(gone), (ErrorClass::NotFound, "immich/album-gone".to_owned()));
        assert!(set(Vec::new(), Vec::new()).await.expect("nothing is asked").is_empty());
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_folders_of_albums() {
    let place = Place::start(camroll_cloud_immich::Release::V3_2).await;
    let mut folder = album("Trips");
    folder.traits.push("folder".to_owned());
    let refused = place.connection.ensure_album(folder, None, None).await;
    assert_eq!(
        class(refused),
        (ErrorClass::Unsupported, "immich/no-folders".to_owned())
    );
}

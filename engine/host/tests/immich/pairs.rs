//! What belongs together: the halves of a Live Photo in any order, edits, RAW beside JPEG.

use camroll_cloud_immich::NewAsset;
use camroll_model::{Role, Value, attribute};

use crate::place::{Place, asset, beside, file, id, live, noise, photo};

#[tokio::test(flavor = "multi_thread")]
async fn a_live_photo_is_one_thing() {
    for place in Place::each().await {
        let wanted = live("IMG_1");
        let film = place
            .stage(file(&wanted, Role::PairedVideo, "IMG_1.MOV"), &noise(1, 40_000))
            .await
            .expect("the film");
        let kept = place.immich.library(|library| library.named("IMG_1.MOV"));
        assert_eq!(kept.visibility(), "hidden", "nobody sees half a Live Photo");
        let duration = match place.immich.release() {
            camroll_cloud_immich::Release::V3_2 => "2500",
            _ => "0:00:02.500000",
        };
        assert_eq!(kept.duration(), Some(duration));
        let still = beside(
            file(&wanted, Role::Original, "IMG_1.HEIC"),
            &[(Role::PairedVideo, &film)],
        );
        let still = place.stage(still, &noise(2, 40_000)).await.expect("the still");
        let kept = place.immich.library(|library| library.named("IMG_1.HEIC"));
        assert_eq!(kept.live_video(), Some(id(&film)));
        assert_eq!(
            attribute(&still.entry.attributes, "live-video"),
            Some(&Value::Text(id(&film)))
        );
        assert_eq!(place.immich.count("PUT /assets/{id}"), 0, "it came with the form");
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn halves_that_are_there_are_joined_whichever_comes_first() {
    for place in Place::each().await {
        let wanted = live("IMG_2");
        let (still_bytes, film_bytes) = (noise(3, 30_000), noise(4, 30_000));
        // The still is somebody's who had no film.
        place.immich.library(|library| {
            library.add(NewAsset {
                name: "theirs.heic".to_owned(),
                bytes: still_bytes.clone().into(),
                ..NewAsset::default()
            })
        });
        let film = place
            .stage(file(&wanted, Role::PairedVideo, "IMG_2.MOV"), &film_bytes)
            .await
            .expect("the film");
        let still = beside(
            file(&wanted, Role::Original, "IMG_2.HEIC"),
            &[(Role::PairedVideo, &film)],
        );
        let still = place.stage(still, &still_bytes).await.expect("the still");
        assert!(still.already_there);
        let kept = place.immich.library(|library| library.named("theirs.heic"));
        assert_eq!(kept.live_video(), Some(id(&film)));

        // The film comes when the still is there.
        let wanted = live("IMG_3");
        let still = place
            .stage(file(&wanted, Role::Original, "IMG_3.HEIC"), &noise(5, 30_000))
            .await
            .expect("the still");
        let film = beside(
            file(&wanted, Role::PairedVideo, "IMG_3.MOV"),
            &[(Role::Original, &still)],
        );
        let film = place.stage(film, &noise(6, 30_000)).await.expect("the film");
        let kept = place.immich.library(|library| library.named("IMG_3.HEIC"));
        assert_eq!(kept.live_video(), Some(id(&film)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_somebody_else_joined_stays() {
    for place in Place::each().await {
        let wanted = live("IMG_4");
        let own = place
            .stage(file(&wanted, Role::PairedVideo, "IMG_4.MOV"), &noise(7, 3000))
            .await
            .expect("the film");
        let still = beside(
            file(&wanted, Role::Original, "IMG_4.HEIC"),
            &[(Role::PairedVideo, &own)],
        );
        let still = place.stage(still, &noise(8, 3000)).await.expect("the still");
        let other = beside(
            file(&wanted, Role::PairedVideo, "other.MOV"),
            &[(Role::Original, &still)],
        );
        place.stage(other, &noise(9, 3000)).await.expect("another film");
        let kept = place.immich.library(|library| library.named("IMG_4.HEIC"));
        assert_eq!(kept.live_video(), Some(id(&own)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_lies_on_top_of_its_original_and_a_jpeg_on_its_raw() {
    for place in Place::each().await {
        let wanted = asset(
            "IMG_5",
            &[
                (Role::Original, "image/x-adobe-dng"),
                (Role::Alternate, "image/jpeg"),
                (Role::Edited, "image/jpeg"),
            ],
        );
        let raw = place
            .stage(file(&wanted, Role::Original, "IMG_5.DNG"), &noise(10, 9000))
            .await
            .expect("the RAW");
        let jpeg = beside(file(&wanted, Role::Alternate, "IMG_5.JPG"), &[(Role::Original, &raw)]);
        let jpeg = place.stage(jpeg, &noise(11, 9000)).await.expect("the JPEG");
        assert_eq!(
            place.immich.library(|library| library.stacks()),
            [["IMG_5.JPG", "IMG_5.DNG"]]
        );
        let edit = beside(
            file(&wanted, Role::Edited, "IMG_5 (edited).JPG"),
            &[(Role::Original, &raw), (Role::Alternate, &jpeg)],
        );
        place.stage(edit, &noise(12, 9000)).await.expect("the edit");
        let stacks = place.immich.library(|library| library.stacks());
        assert_eq!(stacks, [["IMG_5 (edited).JPG", "IMG_5.DNG", "IMG_5.JPG"]]);
        place.assert_nothing_unknown_was_sent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_stacks_brings_files_all_the_same() {
    for place in Place::each().await {
        place.immich.permit(&["user.read", "asset.upload", "asset.read"]);
        let wanted = asset("IMG_6", &[(Role::Original, "image/heic"), (Role::Edited, "image/jpeg")]);
        let original = place
            .stage(file(&wanted, Role::Original, "IMG_6.HEIC"), &noise(13, 900))
            .await
            .expect("the original");
        let edit = beside(file(&wanted, Role::Edited, "IMG_6.JPG"), &[(Role::Original, &original)]);
        place.stage(edit, &noise(14, 900)).await.expect("the edit is safe");
        assert!(place.immich.library(|library| library.stacks()).is_empty());
        // A Live Photo whose halves don't come together is not what it was.
        let live = live("IMG_7");
        let still = place
            .stage(file(&live, Role::Original, "IMG_7.HEIC"), &noise(15, 900))
            .await
            .expect("the still");
        let film = beside(file(&live, Role::PairedVideo, "IMG_7.MOV"), &[(Role::Original, &still)]);
        let error = place.stage(film, &noise(16, 900)).await.expect_err("it isn't joined");
        assert!(error.message.contains("asset.update"), "{}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_related_and_gone_is_nobodys_failure() {
    for place in Place::each().await {
        let wanted = asset("IMG_8", &[(Role::Original, "image/heic"), (Role::Edited, "image/jpeg")]);
        let original = place
            .stage(file(&wanted, Role::Original, "IMG_8.HEIC"), &noise(17, 900))
            .await
            .expect("the original");
        place.immich.library(|library| library.trash(&id(&original)));
        let edit = beside(file(&wanted, Role::Edited, "IMG_8.JPG"), &[(Role::Original, &original)]);
        place.stage(edit, &noise(18, 900)).await.expect("the edit");
        assert!(place.immich.library(|library| library.stacks()).is_empty());
        let mut strange = file(&photo("x"), Role::Original, "x.jpg");
        strange.related = vec![camroll_model::Related {
            role: Role::PairedVideo,
            target: crate::place::target("../../users/me"),
        }];
        place.stage(strange, &noise(19, 900)).await.expect("no id is nobody's");
    }
}

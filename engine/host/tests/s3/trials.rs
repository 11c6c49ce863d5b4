//! What a server is tried with leaves nothing.

use camroll_servers::buckets::SECRET_KEY;

use crate::place::{Saved, commit, connect, file, noise, rclone, replacing, seaweedfs};

#[tokio::test(flavor = "multi_thread")]
async fn no_version_and_no_upload_of_a_trial_is_left() {
    for place in [seaweedfs(), rclone()].into_iter().flatten() {
        let bucket = place.bucket.remote();
        // Only one of them has versions.
        let versioned = place.bucket.rclone_says(&["backend", "versioning", &bucket, "Enabled"]);
        for run in 0..2 {
            let connection = connect(place.settings(), SECRET_KEY);
            let small = file(&format!("{run}.jpg"), &format!("small{run}"));
            let stored = place.put(&connection, small, b"mine").await.expect("it is put");
            let edited = replacing(&format!("{run}.jpg"), &format!("edited{run}"), stored.entry);
            place.put(&connection, edited, b"edited").await.expect("it is replaced");
            let large = file(&format!("{run}.mov"), &format!("large{run}"));
            let token = place
                .parts(&connection, large, &noise(70 << 20), &Saved::default())
                .await
                .expect("it is held");
            commit(&connection, &token).await.expect("put together");
        }
        let tried = place.between.count("PUT", ".camroll/probe");
        assert!(tried > 0, "it was tried");
        let remote = match versioned {
            Some(_) => ":s3,versions=true:photos".to_owned(),
            None => bucket,
        };
        let there = place
            .bucket
            .rclone_says(&["lsf", "-R", "--files-only", &remote])
            .expect("a list");
        assert!(there.contains("0.mov"), "{there}");
        assert!(!there.contains("probe"), "{there}");
        assert!(!place.uploads().contains("probe"), "{}", place.uploads());
    }
}

//! Servers that speak S3: a strict one and a lax one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::ports::free_port_with;
use crate::small_disk::{Disk, SmallDisk};
use crate::{Server, free_port};

/// The access key's id.
pub const ACCESS_KEY: &str = "labkey";
/// Its secret.
pub const SECRET_KEY: &str = "labsecret123";

/// The name that SeaweedFS knows its buckets' own names under. Nobody but a test's resolver knows where it is.
pub const DOMAIN: &str = "s3.localhost";

/// So much above each of its ports SeaweedFS speaks gRPC.
const GRPC: u16 = 10_000;

/// A server with an empty bucket called "photos".
pub struct Bucket {
    server: Server,
    folder: TempDir,
    rclone: PathBuf,
    _disk: Option<SmallDisk>,
}

impl Bucket {
    /// SeaweedFS: checks signatures and digests, and keeps conditions.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn seaweedfs(weed: &Path, rclone: &Path) -> Self {
        Self::seaweedfs_on(weed, rclone, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes for what is in its objects.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small_seaweedfs(weed: &Path, rclone: &Path) -> Result<Self, String> {
        Self::seaweedfs_on(weed, rclone, Disk::Small)
    }

    fn seaweedfs_on(weed: &Path, rclone: &Path, disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("s3.json");
        let identities = format!(
            r#"{{"identities":[{{"name":"t","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        std::fs::write(&config, identities).expect("a file");
        let [data, index] = ["data", "index"].map(|name| folder.path().join(name));
        for folder in [&data, &index] {
            std::fs::create_dir(folder).expect("a folder");
        }
        // A hundredth of a large disk is more than a test needs; below that it takes nothing.
        let spare = match disk {
            Disk::Ordinary => "100MiB",
            Disk::Small => "1MiB",
        };
        let disk = disk.at(&data)?;
        let [master, volume, filer, s3] = [(); 4].map(|()| free_port_with(GRPC));
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let mut command = SmallDisk::program(disk.as_ref(), &weed.join("bin/weed"));
        command
            .arg("server")
            .arg(format!("-dir={}", data.display()))
            // What it knows of its objects is kept elsewhere than they are.
            .arg(format!("-master.dir={}", index.display()))
            .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.electionTimeout=1s"])
            // Without it the master reports statistics to its makers.
            .args([
                "-master.volumeSizeLimitMB=64",
                "-master.telemetry=false",
                "-volume.max=500",
                "-filer",
                "-s3",
            ])
            .arg(format!("-volume.minFreeSpace={spare}"))
            .args([format!("-master.port={master}"), format!("-volume.port={volume}")])
            .args([format!("-filer.port={filer}"), format!("-s3.port={s3}")])
            .arg(format!("-s3.domainName={DOMAIN}"))
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"])
            .arg(format!("-s3.config={}", config.display()))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(log);
        let server = Server::launch(&mut command, s3).unwrap_or_else(|why| {
            let said = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(5).collect();
            panic!("{why}: {last:#?}")
        });
        Ok(Self::with_bucket(server, folder, disk, rclone))
    }

    /// rclone's own: takes every digest and every condition, and looks at none.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn rclone(rclone: &Path) -> Self {
        Self::rclone_on(rclone, Disk::Ordinary).expect("nothing is mounted")
    }

    /// One with three megabytes of room.
    ///
    /// # Errors
    /// Why nothing may be mounted here.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn small_rclone(rclone: &Path) -> Result<Self, String> {
        Self::rclone_on(rclone, Disk::Small)
    }

    fn rclone_on(rclone: &Path, disk: Disk) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let disk = disk.at(&data)?;
        let port = free_port();
        let mut command = SmallDisk::program(disk.as_ref(), &rclone.join("bin/rclone"));
        command
            .args(["serve", "s3", "--addr", &format!("127.0.0.1:{port}")])
            .args(["--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")])
            .arg(&data)
            .env("RCLONE_CONFIG", folder.path().join("no-config"))
            .stderr(Stdio::null());
        Ok(Self::with_bucket(
            Server::start(&mut command, port),
            folder,
            disk,
            rclone,
        ))
    }

    fn with_bucket(server: Server, folder: TempDir, disk: Option<SmallDisk>, rclone: &Path) -> Self {
        let mut bucket = Self {
            server,
            folder,
            rclone: rclone.to_owned(),
            _disk: disk,
        };
        // Its port opens before it can make a bucket.
        let made = (0..60).any(|_| {
            assert!(bucket.server.is_running(), "{} ended", bucket.endpoint());
            let made = bucket.rclone_says(&["mkdir", &bucket.remote()]).is_some();
            if !made {
                std::thread::sleep(std::time::Duration::from_millis(500));
            }
            made
        });
        assert!(made, "no bucket could be made at {}", bucket.endpoint());
        bucket
    }

    /// Its address on loopback.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The bucket as rclone names it.
    pub fn remote(&self) -> String {
        ":s3:photos".to_owned()
    }

    /// What an rclone of its own says of it; none if it fails.
    pub fn rclone_says(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new(self.rclone.join("bin/rclone"))
            .args(arguments)
            .args(["--retries", "1", "--low-level-retries", "3"])
            .env("RCLONE_CONFIG", self.folder.path().join("no-config"))
            .env("RCLONE_S3_PROVIDER", "Other")
            .env("RCLONE_S3_ENDPOINT", self.endpoint())
            .env("RCLONE_S3_ACCESS_KEY_ID", ACCESS_KEY)
            .env("RCLONE_S3_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("RCLONE_S3_FORCE_PATH_STYLE", "true")
            .output()
            .expect("rclone runs");
        if !output.status.success() {
            // Shown with a test that fails.
            println!("rclone {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

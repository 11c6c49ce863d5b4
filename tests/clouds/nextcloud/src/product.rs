/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Nextcloud: keeps the checksum that a client tells and compares it with nothing (nextcloud/server, apps/dav/lib/Connector/Sabre/File.php, `put`); computes one when asked
    /// (`X-Hash` in the same place, ChecksumUpdatePlugin.php).
    Nextcloud,
    /// ownCloud 10: computes SHA-1, MD5 and Adler-32 of all that arrives and refuses a file whose checksum isn't the one that was told (owncloud/core,
    /// apps/dav/lib/Connector/Sabre/File.php, `isChecksumValid`; lib/private/Files/Storage/Wrapper/Checksum.php).
    OwnCloud,
}

/// Where its bytes lie, which decides what becomes of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A folder: chunks are files beside each other, whatever a client calls its protocol, and are put together in the order of their names.
    Disk,
    /// A bucket, with Redis beside it: an upload that was begun with a Destination is a multipart upload of the bucket (nextcloud/server,
    /// apps/dav/lib/Upload/ChunkingV2Plugin.php, `checkPrerequisites`). Only Nextcloud.
    Objects,
}

impl Product {
    /// As it calls itself.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nextcloud => "Nextcloud",
            Self::OwnCloud => "ownCloud",
        }
    }
}

//! What the providers differ in, as data. Sources: each provider's own documentation of its S3 interface, and rclone's provider files, as of 2026-11.

/// Whether `If-None-Match: *` and `If-Match` hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    /// The provider says so.
    Kept,
    /// Not known, or it depends on the server: tried once (`server.rs`).
    Unsure,
    /// Answered with an error: only looked at beforehand.
    Refused,
}

/// Whether a wrong `Content-MD5` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// The provider says so.
    Compared,
    /// It depends on the server: tried once (`server.rs`).
    Unsure,
}

/// Whether a checksum that follows a part's bytes is compared with them (`x-amz-trailer`), so that it needn't be known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailers {
    /// The provider says so.
    Compared,
    /// It depends on the server: tried once (`server.rs`).
    Unsure,
    /// Answered with an error, or taken for content.
    Refused,
}

/// How a bucket stands in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// https://bucket.host/key
    VirtualHost,
    /// https://host/bucket/key
    Path,
}

/// What an ETag of an object in one piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Etag {
    /// Its MD5.
    Md5,
    /// Something else.
    Opaque,
}

/// A provider.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// As the setting has it.
    pub id: &'static str,
    /// Its address, as the manifest grants it; none where each account has its own.
    pub address: Option<&'static str>,
    /// How buckets are addressed where the setting `path_style` says nothing.
    pub style: Style,
    /// Whether writes can be made conditional.
    pub conditions: Conditions,
    /// Whether digests of what arrives are compared.
    pub digests: Digests,
    /// Whether checksums behind the bytes are.
    pub trailers: Trailers,
    /// Parts of an upload at most.
    pub max_parts: u64,
    /// Smallest part that it wants, bytes.
    pub min_part: u64,
    /// What ETags are.
    pub etag: Etag,
    /// Whether objects can be locked by S3's own calls.
    pub object_lock: bool,
}

const MIB: u64 = 1 << 20;

const USUAL: Provider = Provider {
    id: "other",
    address: None,
    style: Style::Path,
    conditions: Conditions::Unsure,
    digests: Digests::Unsure,
    trailers: Trailers::Unsure,
    max_parts: 10_000,
    min_part: 8 * MIB,
    etag: Etag::Md5,
    object_lock: true,
};

/// All providers. The last one stands for those that aren't named.
pub const PROVIDERS: [Provider; 12] = [
    // docs.aws.amazon.com/AmazonS3: conditional writes, limits of multipart uploads, Object Lock; "Checking object integrity": trailing checksums, of all types.
    Provider {
        id: "aws",
        address: Some("https://s3.{/region}.amazonaws.com"),
        style: Style::VirtualHost,
        conditions: Conditions::Kept,
        digests: Digests::Compared,
        trailers: Trailers::Compared,
        ..USUAL
    },
    // cloud.google.com/storage/docs/xml-api: its own preconditions (x-goog-if-generation-match) and retention; If-None-Match isn't honoured on writes; x-goog-hash instead of
    // x-amz-checksum-*.
    Provider {
        id: "gcs",
        address: Some("https://storage.googleapis.com"),
        digests: Digests::Compared,
        trailers: Trailers::Refused,
        object_lock: false,
        ..USUAL
    },
    // idrive.com/object-storage-e2: an address of its own for each account.
    Provider {
        id: "idrive-e2",
        ..USUAL
    },
    // storj.dev: wants parts of 64 MiB, its segments.
    Provider {
        id: "storj",
        address: Some("https://gateway.storjshare.io"),
        min_part: 64 * MIB,
        ..USUAL
    },
    // docs.digitalocean.com/products/spaces/reference/s3-compatibility (2025-12): Object Lock isn't listed.
    Provider {
        id: "digitalocean",
        address: Some("https://{/region}.digitaloceanspaces.com"),
        object_lock: false,
        ..USUAL
    },
    // docs.wasabi.com: addresses by region; Object Lock with both modes and legal hold.
    Provider {
        id: "wasabi",
        address: Some("https://s3.{/region}.wasabisys.com"),
        ..USUAL
    },
    // backblaze.com/docs/cloud-storage-s3-compatible-api: Content-MD5 is compared, x-amz-checksum-* isn't supported. Conditional PUT was answered 501 NotImplemented (reported 2026-07).
    Provider {
        id: "backblaze-b2",
        address: Some("https://s3.{/region}.backblazeb2.com"),
        conditions: Conditions::Refused,
        digests: Digests::Compared,
        trailers: Trailers::Refused,
        ..USUAL
    },
    // developers.cloudflare.com/r2/api/s3/api: path style, conditional PUT, no Object Lock; ETags of multipart uploads aren't MD5s of MD5s.
    Provider {
        id: "cloudflare-r2",
        conditions: Conditions::Kept,
        digests: Digests::Compared,
        object_lock: false,
        ..USUAL
    },
    // scaleway.com/docs/object-storage: a thousand parts.
    Provider {
        id: "scaleway",
        address: Some("https://s3.{/region}.scw.cloud"),
        max_parts: 1_000,
        ..USUAL
    },
    // rclone 1.75.2's provider file: s3.eu-luxembourg-1.megas4.com and so on.
    Provider {
        id: "mega-s4",
        address: Some("https://s3.{/region}.megas4.com"),
        object_lock: false,
        ..USUAL
    },
    // rclone 1.75.2's provider file: us., eu., ap. and me. before it are its regions, set as `endpoint`.
    Provider {
        id: "filelu-s5",
        address: Some("https://s5lu.com"),
        object_lock: false,
        ..USUAL
    },
    USUAL,
];

/// The provider of that id; the unnamed one where there is none.
pub fn provider(id: &str) -> &'static Provider {
    PROVIDERS
        .iter()
        .find(|provider| provider.id == id)
        .unwrap_or(&PROVIDERS[PROVIDERS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_what_the_manifest_grants() {
        let manifest: serde_json::Value = serde_json::from_str(include_str!("../manifest.json")).unwrap();
        let granted = &manifest["origins"]["service"]["by"]["/provider"];
        for provider in &PROVIDERS {
            assert_eq!(granted[provider.id].as_str(), provider.address, "{}", provider.id);
        }
        let named = manifest["settings"]["properties"]["provider"]["enum"]
            .as_array()
            .unwrap();
        assert_eq!(named.len(), PROVIDERS.len());
        let buckets = manifest["origins"]["bucket"]["by"]["/provider"].as_object().unwrap();
        for (id, address) in buckets {
            let expected = provider(id)
                .address
                .unwrap()
                .replacen("https://", "https://{/bucket}.", 1);
            assert_eq!(address.as_str(), Some(expected.as_str()));
        }
    }
}

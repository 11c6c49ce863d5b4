//! What the providers differ in, as data, each with the pages that it is from, as of 2026-11. Where no page says anything, the line says what is safe, or that it is tried.

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
    /// The pages that this is from, and what each of them says. "Not looked up" is said of what no page was read for.
    pub source: &'static str,
}

const MIB: u64 = 1 << 20;

/// What isn't named: a service that nobody here knows, or one's own server.
pub const OTHER: &str = "other";

const USUAL: Provider = Provider {
    id: OTHER,
    address: None,
    style: Style::Path,
    conditions: Conditions::Unsure,
    digests: Digests::Unsure,
    trailers: Trailers::Unsure,
    max_parts: 10_000,
    min_part: 8 * MIB,
    etag: Etag::Md5,
    object_lock: true,
    source: "no provider's page: path style and the limits are Amazon's (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html); conditions and digests are tried; run against SeaweedFS and rclone (docs/connectors/conformance.md)",
};

/// All providers. The last one stands for those that aren't named.
pub const PROVIDERS: [Provider; 12] = [
    Provider {
        id: "aws",
        address: Some("https://s3.{/region}.amazonaws.com"),
        style: Style::VirtualHost,
        conditions: Conditions::Kept,
        digests: Digests::Compared,
        trailers: Trailers::Compared,
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: If-None-Match and If-Match on PutObject and CompleteMultipartUpload. …/qfacts.html: 10,000 parts of 5 MiB to 5 GiB. …/checking-object-integrity.html: Content-MD5, and trailing checksums of all types. …/object-lock.html; …/VirtualHosting.html: the bucket in the host's name",
        ..USUAL
    },
    Provider {
        id: "gcs",
        address: Some("https://storage.googleapis.com"),
        digests: Digests::Compared,
        trailers: Trailers::Refused,
        object_lock: false,
        source: "https://cloud.google.com/storage/docs/xml-api/reference-headers: preconditions of its own (x-goog-if-generation-match), Content-MD5 is compared, x-goog-hash instead of x-amz-checksum-*. If-None-Match isn't among the headers of writes there, so it is tried. https://cloud.google.com/storage/docs/object-lock: retention by calls of its own. https://cloud.google.com/storage/docs/authentication/hmackeys: keys",
        ..USUAL
    },
    Provider {
        id: "idrive-e2",
        source: "https://www.idrive.com/s3-storage-e2/e2-endpoint-urls: an address for each region; the console shows each account its own, so it is a setting. https://www.idrive.com/e2/s3-compatible-api: the calls. Conditions, digests: not said, tried. ETags, Object Lock: not looked up",
        ..USUAL
    },
    Provider {
        id: "storj",
        address: Some("https://gateway.storjshare.io"),
        min_part: 64 * MIB,
        source: "https://storj.dev/dcs/api/s3/multipart-upload/multipart-part-size: parts of 64 MB are recommended, one segment each. https://storj.dev/dcs/api/s3/s3-compatibility: the calls that there are. Conditions, digests: not said, tried. Object Lock: not looked up",
        ..USUAL
    },
    Provider {
        id: "digitalocean",
        address: Some("https://{/region}.digitaloceanspaces.com"),
        object_lock: false,
        source: "https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/ (2025-12): the calls; Object Lock isn't among them. Conditions, digests: not said, tried",
        ..USUAL
    },
    Provider {
        id: "wasabi",
        address: Some("https://s3.{/region}.wasabisys.com"),
        source: "https://docs.wasabi.com/apidocs/object-lock-with-the-wasabi-s3-api: both modes and legal hold. Addresses by region: rclone's provider file and https://docs.wasabi.com. Conditions, digests: not said, tried",
        ..USUAL
    },
    Provider {
        id: "backblaze-b2",
        address: Some("https://s3.{/region}.backblazeb2.com"),
        conditions: Conditions::Refused,
        digests: Digests::Compared,
        trailers: Trailers::Refused,
        source: "https://www.backblaze.com/docs/cloud-storage-s3-compatible-api: Content-MD5 is compared, x-amz-checksum-* isn't supported. https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api: addresses by region, the bucket in the path or the host's name. https://www.backblaze.com/apidocs/s3-get-object-lock-configuration: Object Lock. Conditional PUT was answered by 501 NotImplemented: reported 2026-07, not by the vendor",
        ..USUAL
    },
    Provider {
        id: "cloudflare-r2",
        conditions: Conditions::Kept,
        digests: Digests::Compared,
        object_lock: false,
        source: "https://developers.cloudflare.com/r2/api/s3/api/: conditional PUT, Content-MD5, no Object Lock. https://developers.cloudflare.com/r2/api/tokens/: an address for each account. Path style, and that all parts but the last must be of one size, and that ETags of multipart uploads aren't MD5s of MD5s: rclone's provider file. Trailing checksums: not said, tried",
        ..USUAL
    },
    Provider {
        id: "scaleway",
        address: Some("https://s3.{/region}.scw.cloud"),
        max_parts: 1_000,
        source: "https://www.scaleway.com/en/docs/object-storage/api-cli/multipart-uploads/: 1 to 1,000 parts of 5 MB to 5 GB. https://www.scaleway.com/en/docs/object-storage/api-cli/using-conditional-writes/: If-None-Match and If-Match; tried all the same, for the end of a multipart upload isn't named. Digests: not said, tried. Object Lock: not looked up",
        ..USUAL
    },
    Provider {
        id: "mega-s4",
        address: Some("https://s3.{/region}.megas4.com"),
        object_lock: false,
        source: "https://github.com/meganz/s4-specs: both styles, no Object Lock among the calls. Addresses by region: rclone 1.75.2's provider file (s3.eu-luxembourg-1.megas4.com and so on); the specification's older ones are s3.eu-central-1.s4.mega.io and so on. Conditions, digests: not said, tried",
        ..USUAL
    },
    Provider {
        id: "filelu-s5",
        address: Some("https://s5lu.com"),
        object_lock: false,
        source: "no page of the vendor's was found. rclone 1.75.2's provider file (backend/s3/provider/FileLu.yaml): us., eu., ap. and me. before the address are its regions, set as `endpoint`; path style; ETags of multipart uploads aren't MD5s of MD5s. Conditions, digests: tried. Object Lock: not said, so taken for none",
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
    fn each_says_where_it_is_from_and_none_lends_it_from_another() {
        let mut said = std::collections::BTreeMap::new();
        for provider in &PROVIDERS {
            assert!(
                provider.source.contains("https://") || provider.source.contains("rclone"),
                "{}",
                provider.id
            );
            if let Some(other) = said.insert(provider.source, provider.id) {
                panic!("{} and {other} say the same", provider.id);
            }
        }
    }

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

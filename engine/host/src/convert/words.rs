//! Times, kinds, attributes, digests.

use camroll_model as model;
use camroll_model::{Algorithm, ErrorClass};

use super::bounds::{Checked, LIST_LIMIT, bad, few, id};
use crate::bindings::camroll::connector::types as wit;

pub(crate) fn instant(time: wit::Instant) -> Checked<model::Instant> {
    if time.nanoseconds >= 1_000_000_000 {
        return Err(bad("a time with more than a second of nanoseconds"));
    }
    Ok(model::Instant {
        seconds: time.seconds,
        nanoseconds: time.nanoseconds,
    })
}

pub(crate) fn instant_out(time: model::Instant) -> wit::Instant {
    wit::Instant {
        seconds: time.seconds,
        nanoseconds: time.nanoseconds,
    }
}

macro_rules! same_variants {
    ($in:ident, $out:ident, $wit:path, $model:path, [$($variant:ident),* $(,)?]) => {
        pub(super) fn $in(word: $wit) -> $model {
            use $model as Model;
            use $wit as Wit;
            match word { $(Wit::$variant => Model::$variant),* }
        }

        pub(super) fn $out(word: $model) -> $wit {
            use $model as Model;
            use $wit as Wit;
            match word { $(Model::$variant => Wit::$variant),* }
        }
    };
}

same_variants!(
    class,
    class_out,
    wit::ErrorClass,
    ErrorClass,
    [
        Transient,
        RateLimited,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        Conflict,
        Quota,
        Unsupported,
        InvalidSetting,
        Corrupt,
        Expired,
        Cancelled,
        Unexpected,
    ]
);
same_variants!(kind, kind_out, wit::AssetKind, model::AssetKind, [Photo, Video, Other]);
same_variants!(
    role,
    role_out,
    wit::Role,
    model::Role,
    [
        Original,
        PairedVideo,
        Alternate,
        Edited,
        EditedPairedVideo,
        Adjustment,
        Sidecar,
        Preview,
        Rendition,
        Other,
    ]
);

pub(super) fn attributes(list: wit::Attributes) -> Checked<model::Attributes> {
    few("attributes", list, LIST_LIMIT)?
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                wit::Value::Text(text) => model::Value::Text(text),
                wit::Value::Texts(texts) => model::Value::Texts(texts),
                wit::Value::Integer(number) => model::Value::Integer(number),
                wit::Value::Real(number) => model::Value::Real(number),
                wit::Value::Flag(flag) => model::Value::Flag(flag),
                wit::Value::Time(time) => model::Value::Time(instant(time)?),
                wit::Value::Bytes(bytes) => model::Value::Bytes(bytes),
            };
            Ok((id("an attribute's name", key)?, value))
        })
        .collect()
}

pub(super) fn attributes_out(list: model::Attributes) -> wit::Attributes {
    list.into_iter()
        .map(|(key, value)| {
            let value = match value {
                model::Value::Text(text) => wit::Value::Text(text),
                model::Value::Texts(texts) => wit::Value::Texts(texts),
                model::Value::Integer(number) => wit::Value::Integer(number),
                model::Value::Real(number) => wit::Value::Real(number),
                model::Value::Flag(flag) => wit::Value::Flag(flag),
                model::Value::Time(time) => wit::Value::Time(instant_out(time)),
                model::Value::Bytes(bytes) => wit::Value::Bytes(bytes),
            };
            (key, value)
        })
        .collect()
}

/// Digests that the engine can compute. One of the wrong length is an error and not left out: leaving it out would leave the check out.
pub(super) fn digests(list: Vec<wit::Digest>) -> Checked<Vec<model::Digest>> {
    let mut known = Vec::new();
    for digest in few("digests", list, LIST_LIMIT)? {
        let Some(algorithm) = Algorithm::from_name(&digest.algorithm) else {
            continue;
        };
        let length = match algorithm {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::ApplePhotos => 21,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            _ => continue,
        };
        if digest.value.len() != length {
            return Err(bad(&format!("a {} of {} bytes", algorithm.name(), digest.value.len())));
        }
        known.push(model::Digest {
            algorithm,
            value: digest.value,
        });
    }
    Ok(known)
}

pub(super) fn digests_out(list: Vec<model::Digest>) -> Vec<wit::Digest> {
    list.into_iter()
        .map(|digest| wit::Digest {
            algorithm: digest.algorithm.name().to_owned(),
            value: digest.value,
        })
        .collect()
}

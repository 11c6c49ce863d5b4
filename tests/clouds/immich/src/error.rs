//! Failures, in the words and shapes of each generation.

use serde_json::{Value, json};

use crate::release::Release;

/// What a request is refused with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// 401.
    Unauthenticated(&'static str),
    /// 403: the key lacks that permission.
    Missing(&'static str),
    /// 400 with a sentence.
    Bad(String),
    /// 400: a field isn't what it must be. Path and what is wrong.
    Invalid(Vec<(String, String)>),
    /// 404.
    NoRoute,
}

impl Refusal {
    pub(crate) fn invalid(path: &str, why: impl Into<String>) -> Self {
        Self::Invalid(vec![(path.to_owned(), why.into())])
    }

    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated(_) => 401,
            Self::Missing(_) => 403,
            Self::Bad(_) | Self::Invalid(_) => 400,
            Self::NoRoute => 404,
        }
    }

    pub(crate) fn body(&self, release: Release) -> Value {
        let message = match self {
            Self::Unauthenticated(why) => json!(why),
            Self::Missing(permission) => json!(format!("Missing required permission: {permission}")),
            Self::Bad(why) => json!(why),
            Self::Invalid(_) if release.is_3() => json!("Validation failed"),
            Self::Invalid(fields) => json!(
                fields
                    .iter()
                    .map(|(path, why)| format!("{path} {why}"))
                    .collect::<Vec<_>>()
            ),
            Self::NoRoute => json!("Cannot find that route"),
        };
        let mut body = json!({"message": message, "statusCode": self.status()});
        match self {
            Self::Invalid(fields) if release.is_3() => {
                let errors = fields.iter().map(|(path, why)| {
                    let path: Vec<&str> = path.split('.').collect();
                    json!({"code": "custom", "path": path, "message": why})
                });
                body["errors"] = errors.collect();
            }
            _ if !release.is_3() => {
                body["error"] = json!(match self.status() {
                    401 => "Unauthorized",
                    403 => "Forbidden",
                    404 => "Not Found",
                    _ => "Bad Request",
                });
                body["correlationId"] = json!("0");
            }
            _ => {}
        }
        body
    }
}

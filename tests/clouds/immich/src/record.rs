//! What was asked, kept for those who compare it with the vendor's API. Keys are not among it.

use serde::Serialize;
use serde_json::Value;

/// A request, and what it was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// Its method.
    pub method: String,
    /// Its path below `/api`.
    pub path: String,
    /// Names and values.
    pub query: Vec<(String, String)>,
    /// Content-Type, without parameters.
    pub content_type: Option<String>,
    /// The header that says the file's SHA-1 ahead.
    pub checksum: Option<String>,
    /// The answer came before the body was looked at.
    pub unread: bool,
    /// A document.
    pub json: Option<Value>,
    /// A form's fields, in order.
    pub fields: Vec<(String, String)>,
    /// A form's files, in order.
    pub files: Vec<SentFile>,
    /// Fields that the server doesn't know, of a document or a form.
    pub unknown: Vec<String>,
    /// The answer's status.
    pub status: u16,
    /// The answer's document.
    pub answer: Value,
}

/// A file of a form.
#[derive(Clone, Debug, Serialize)]
pub struct SentFile {
    /// The field's name.
    pub field: String,
    /// The file's.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

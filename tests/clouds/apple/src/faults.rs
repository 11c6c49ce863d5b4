//! What can go wrong.

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// This status, with an empty document.
    Status(u16),
    /// This status with Retry-After, seconds.
    StatusRetryAfter(u16, u32),
    /// Status 200 and a CloudKit error of this code.
    Code(String),
    /// The connection breaks after so many bytes of the body.
    Reset(u64),
    /// The byte at this offset is another one.
    Flip(u64),
    /// Only so many bytes, said to be all.
    Short(u64),
    /// An HTML page with status 200.
    Html,
}

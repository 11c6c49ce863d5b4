//! What can go wrong.

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// This status with SabreDAV's document, and nothing done.
    Status(u16),
    /// This status with Retry-After, seconds.
    StatusRetryAfter(u16, u32),
    /// The connection breaks after so many bytes of the request's body, and nothing is done.
    Cut(u64),
    /// It is done, and the connection breaks before the answer.
    LoseTheAnswer,
    /// It is done, and a proxy in front of the server had no patience: 504.
    TimeOut,
    /// The byte at this offset of the request's body arrives as another one.
    Flip(u64),
}

//! Who signs in at the WebDAV servers.

/// The name.
pub const USER: &str = "alice";
/// The password.
pub const PASSWORD: &str = "correct horse battery staple";

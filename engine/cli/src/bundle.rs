//! The connectors that the binary carries.

/// Id and component of each.
pub const BUNDLED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The component of that id.
pub fn component(id: &str) -> Option<&'static [u8]> {
    BUNDLED.iter().find(|(known, _)| *known == id).map(|(_, bytes)| *bytes)
}

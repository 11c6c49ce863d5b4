//! The connectors that the binary carries.

/// One of them.
pub struct Bundled {
    pub id: &'static str,
    pub component: &'static [u8],
    /// SHA-256 of the component, by which its compiled form is found: computed anew in each run it would be reading all of it, and so memory.
    pub digest: [u8; 32],
    /// The manifest as it stands in the component. It is here once more because each command wants the manifests of all, and a component that was read, for that or anything else, is memory.
    pub manifest: &'static str,
}

/// All of them, by their ids.
pub const BUNDLED: &[Bundled] = &include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The one of that id.
pub fn of(id: &str) -> Option<&'static Bundled> {
    BUNDLED.iter().find(|known| known.id == id)
}

#[cfg(test)]
mod tests {
    use super::BUNDLED;

    #[test]
    fn digests_are_those_of_the_components() {
        for bundled in BUNDLED {
            let digest = camroll_host::digest_of(bundled.component);
            assert_eq!(bundled.digest, digest, "{}", bundled.id);
        }
    }

    #[test]
    fn manifests_are_those_of_the_components() {
        for bundled in BUNDLED {
            let beside: serde_json::Value = serde_json::from_str(bundled.manifest).expect("JSON");
            let within = camroll_host::manifest_json(bundled.component).expect("a component");
            assert_eq!(beside, within, "{}", bundled.id);
        }
    }
}

//! Looks at a component before anything of it is compiled: what it is, what it imports, its manifest.

use wasmparser::{Encoding, Parser, Payload};

use crate::error::LoadError;

/// The version of the interface that this host offers.
pub(crate) const INTERFACE: &str = "0.1.0";
/// Largest component that is taken, bytes. JavaScript and Python connectors have about 18 MB.
const COMPONENT_LIMIT: usize = 64 << 20;
/// Largest manifest, bytes.
const MANIFEST_LIMIT: usize = 256 << 10;
const MANIFEST_SECTION: &str = "camroll:manifest";
const PACKAGE: &str = "camroll:connector/";
/// What a component may import, and nothing else at all.
const OFFERED: [&str; 12] = [
    "types", "log", "clock", "random", "bodies", "secrets", "session", "findings", "http", "tcp", "files", "staging",
];

/// Reads all of the component's sections and gives its manifest. Imports are checked by name here; their shapes are checked by the linker.
pub(crate) fn manifest_of(component: &[u8]) -> Result<&[u8], LoadError> {
    if component.len() > COMPONENT_LIMIT {
        return Err(LoadError::TooLarge {
            bytes: component.len(),
            limit: COMPONENT_LIMIT,
        });
    }
    let mut manifests = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(not_a_component)? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The outermost one ends too.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    check_import(import.map_err(not_a_component)?.name.name)?;
                }
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST_SECTION => {
                manifests.push(section.data());
            }
            _ => {}
        }
    }
    match manifests.as_slice() {
        [] => Err(LoadError::NoManifest),
        [manifest] if manifest.len() > MANIFEST_LIMIT => Err(LoadError::TooLarge {
            bytes: manifest.len(),
            limit: MANIFEST_LIMIT,
        }),
        [manifest] => Ok(manifest),
        several => Err(LoadError::SeveralManifests { count: several.len() }),
    }
}

fn check_import(name: &str) -> Result<(), LoadError> {
    let foreign = || LoadError::ForeignImport {
        import: shortened(name),
        offered: INTERFACE,
    };
    let (interface, version) = name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.split_once('@'))
        .ok_or_else(foreign)?;
    if version != INTERFACE {
        return Err(LoadError::WrongInterface {
            found: shortened(name),
            offered: INTERFACE,
        });
    }
    if OFFERED.contains(&interface) {
        Ok(())
    } else {
        Err(foreign())
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(200).collect()
}

fn not_a_component(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::NotAComponent {
        reason: error.to_string(),
    }
}

/// A component's manifest as it stands in it. Nothing of the component is compiled for that.
pub fn manifest_json(component: &[u8]) -> Result<serde_json::Value, LoadError> {
    serde_json::from_slice(manifest_of(component)?)
        .map_err(|error| LoadError::Manifest(crate::manifest::ManifestError(error.to_string())))
}

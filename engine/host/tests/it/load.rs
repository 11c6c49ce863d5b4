//! What isn't a connector is refused by name, before anything of it is compiled.

use camroll_host::LoadError;

use crate::support::{guest, plain_host};

#[test]
fn a_trivial_guest_loads_and_says_what_it_can() {
    let connector = plain_host().load(&guest("trivial")).expect("it loads");
    assert_eq!(connector.exports().names(), ["connector"]);
    assert_eq!(connector.manifest().id, "trivial");
}

#[test]
fn each_wrong_file_is_named_for_what_it_is() {
    let host = plain_host();
    let error = |bytes: &[u8]| match host.load(bytes) {
        Ok(_) => panic!("it loaded"),
        Err(error) => error,
    };
    assert!(matches!(
        error(b"<html>not found</html>"),
        LoadError::NotAComponent { .. }
    ));
    // The smallest core module: magic and version 1.
    assert!(matches!(error(b"\0asm\x01\0\0\0"), LoadError::CoreModule));
    // The smallest component: magic, version 13, layer 1.
    assert!(matches!(error(b"\0asm\x0d\0\x01\0"), LoadError::NoManifest));
    // A component that imports an instance called "wasi:cli/environment@0.2.0": an instance type without anything, and the import.
    let name = b"wasi:cli/environment@0.2.0";
    let mut foreign = b"\0asm\x0d\0\x01\0\x07\x03\x01\x42\x00\x0a".to_vec();
    foreign.push(1 + 1 + 1 + name.len() as u8 + 2);
    foreign.extend([1, 0, name.len() as u8]);
    foreign.extend(name);
    foreign.extend([5, 0]);
    let refused = error(&foreign);
    assert!(
        matches!(&refused, LoadError::ForeignImport { import, .. } if import.starts_with("wasi:cli")),
        "{refused}"
    );
    let mut twice = guest("trivial");
    let section = b"\x00\x13\x10camroll:manifest{}";
    twice.extend(section);
    assert!(matches!(error(&twice), LoadError::SeveralManifests { count: 2 }));
    let cut = guest("trivial");
    assert!(host.load(&cut[..cut.len() / 2]).is_err());
}

#[test]
fn a_manifest_that_says_more_than_the_host_understands_is_refused() {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    let manifest = br#"{"manifest":1,"id":"x","version":"1","interface":"0.1","title":"","summary":"","roles":[],"settings":{},"anything":1}"#;
    component.push(0);
    component.push((1 + 16 + manifest.len()) as u8);
    component.push(1);
    component.push(16);
    component.extend(b"camroll:manifest");
    component.extend(manifest);
    assert!(matches!(plain_host().load(&component), Err(LoadError::Manifest(_))));
}

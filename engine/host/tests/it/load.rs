//! What can't be loaded says what it is; what was compiled is taken again, unless somebody touched it.

use camroll_host::{CodeCacheDir, Export, Host, HostOptions, Limits, LoadError};

use crate::support::{guest, host};

async fn refusal(bytes: &[u8]) -> LoadError {
    host(Limits::default())
        .load(bytes)
        .await
        .err()
        .expect("it must not load")
}

/// A component without exports, whose imports and custom sections are given.
fn component(import: Option<&str>, manifests: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let mut section = |id: u8, content: &[u8]| {
        bytes.push(id);
        let mut length = content.len();
        loop {
            let byte = (length & 0x7f) as u8;
            length >>= 7;
            bytes.push(if length == 0 { byte } else { byte | 0x80 });
            if length == 0 {
                break;
            }
        }
        bytes.extend_from_slice(content);
    };
    if let Some(import) = import {
        // Type 0: an instance type without anything in it. Import it.
        section(7, &[1, 0x42, 0]);
        let mut content = vec![1, 0, import.len() as u8];
        content.extend_from_slice(import.as_bytes());
        content.extend_from_slice(&[5, 0]);
        section(10, &content);
    }
    for manifest in manifests {
        let mut content = vec![16];
        content.extend_from_slice(b"camroll:manifest");
        content.extend_from_slice(manifest);
        section(0, &content);
    }
    bytes
}

const MANIFEST: &[u8] = br#"{"manifest":1,"id":"one","version":"0.1.0","interface":"0.1","title":"One","summary":"One.","roles":["source"],"settings":{"type":"object","additionalProperties":false,"properties":{}}}"#;

#[tokio::test]
async fn each_wrong_file_is_named_for_what_it_is() {
    assert!(matches!(
        refusal(b"not wasm at all").await,
        LoadError::NotAComponent { .. }
    ));
    assert!(matches!(refusal(b"").await, LoadError::NotAComponent { .. }));
    assert!(matches!(refusal(b"\0asm\x01\0\0\0").await, LoadError::CoreModule));
    let mut cut_off = guest("mirror");
    cut_off.truncate(cut_off.len() / 2);
    assert!(matches!(refusal(&cut_off).await, LoadError::NotAComponent { .. }));
    assert!(matches!(refusal(&component(None, &[])).await, LoadError::NoManifest));
    assert!(matches!(
        refusal(&component(None, &[MANIFEST, MANIFEST])).await,
        LoadError::SeveralManifests { count: 2 }
    ));
    assert!(matches!(
        refusal(&component(None, &[b"{}"])).await,
        LoadError::Manifest(_)
    ));
    assert!(matches!(
        refusal(&component(None, &[MANIFEST])).await,
        LoadError::Exports { .. }
    ));
}

#[tokio::test]
async fn a_foreign_import_is_named() {
    for foreign in [
        "wasi:cli/environment@0.2.0",
        "camroll:connector/shell@0.1.0",
        "camroll:connector/http",
    ] {
        match refusal(&component(Some(foreign), &[MANIFEST])).await {
            LoadError::ForeignImport { import, .. } => assert_eq!(import, foreign),
            other => panic!("{foreign}: {other}"),
        }
    }
    match refusal(&component(Some("camroll:connector/http@0.9.0"), &[MANIFEST])).await {
        LoadError::WrongInterface { found, offered } => {
            assert_eq!(found, "camroll:connector/http@0.9.0");
            assert_eq!(offered, "0.1.0");
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn exports_are_seen_before_anything_runs() {
    let connector = host(Limits::default()).load(&guest("mirror")).await.unwrap();
    assert_eq!(connector.id(), "mirror");
    assert!(connector.exports().has(Export::Source) && connector.exports().has(Export::Editing));
    assert!(!connector.exports().has(Export::Albums) && !connector.exports().has(Export::Authentication));
}

#[tokio::test]
async fn the_smallest_connector_loads() {
    let connector = host(Limits::default()).load(&guest("trivial")).await.unwrap();
    assert_eq!(connector.exports().iter().count(), 0);
}

#[tokio::test]
async fn compiled_code_is_kept_and_a_changed_one_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CodeCacheDir {
        folder: folder.path().join("code"),
        key: folder.path().join("code.key"),
    };
    let options = || HostOptions {
        code_cache: Some(cache.clone()),
        ..HostOptions::default()
    };
    let wasm = guest("mirror");
    Host::new(options()).unwrap().load(&wasm).await.unwrap();
    let artifact = std::fs::read_dir(&cache.folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let kept = std::fs::read(&artifact).unwrap();
    let written = || std::fs::metadata(&artifact).unwrap().modified().unwrap();
    let first = written();

    Host::new(options()).unwrap().load(&wasm).await.unwrap();
    assert_eq!(written(), first, "what was compiled is taken again");

    let mut changed = kept.clone();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    std::fs::write(&artifact, &changed).unwrap();
    Host::new(options()).unwrap().load(&wasm).await.unwrap();
    assert_eq!(std::fs::read(&artifact).unwrap(), kept, "it was compiled anew");

    for path in [&cache.folder, &cache.key] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

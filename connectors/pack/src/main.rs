//! Makes components of connectors that were built to core modules: encodes each and puts its manifest into the custom section that the host reads.
//!
//! It never compiles anything and never judges a manifest; that is the host's.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

const SECTION: &str = "camroll:manifest";

fn main() -> Result<()> {
    let (mut modules, mut connectors, mut out) = (None, None, None);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .map(PathBuf::from)
            .context("each option takes a folder")?;
        match argument.as_str() {
            "--modules" => modules = Some(value),
            "--connectors" => connectors = Some(value),
            "--out" => out = Some(value),
            other => bail!("{other} isn't an option: --modules DIR --connectors DIR --out DIR"),
        }
    }
    let usage = "--modules DIR --connectors DIR --out DIR";
    let (modules, connectors, out) = (modules.context(usage)?, connectors.context(usage)?, out.context(usage)?);
    fs::create_dir_all(&out)?;
    let mut folders: Vec<PathBuf> = fs::read_dir(&connectors)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.join("manifest.json").exists()) {
        pack(folder, &modules, &out).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(())
}

fn pack(folder: &Path, modules: &Path, out: &Path) -> Result<()> {
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("manifest.json"))?)?;
    let id = manifest["id"].as_str().context("its manifest has no id")?;
    let package = fs::read_to_string(folder.join("Cargo.toml"))?;
    let name = package
        .lines()
        .find_map(|line| line.strip_prefix("name = "))
        .map(|name| name.trim_matches('"').replace('-', "_"))
        .context("its Cargo.toml names no package")?;
    let module = fs::read(modules.join(format!("{name}.wasm")))?;
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()?;
    let manifest_bytes = serde_json::to_vec(&manifest)?;
    append_section(&mut component, SECTION, &manifest_bytes);
    fs::write(out.join(format!("{id}.wasm")), &component)?;
    // Beside it too: who wants to know no more than the settings of a connector needn't read the component for that.
    fs::write(out.join(format!("{id}.json")), &manifest_bytes)?;
    println!(
        "{id}: {} bytes, sha256 {}",
        component.len(),
        hex::encode(Sha256::digest(&component))
    );
    Ok(())
}

/// A custom section at the component's end: id 0, length, name, bytes (the binary format's §5.5.3).
fn append_section(component: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(bytes);
    component.push(0);
    leb128(component, body.len());
    component.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

//! Puts into the binary what it carries: the bundled connectors, and the pages of the error codes. Says what to do where connectors weren't built.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use sha2::{Digest as _, Sha256};

const BUNDLED: [&str; 8] = ["ftp", "icloud-photos", "immich", "local", "s3", "sftp", "smb", "webdav"];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let write =
        |name: &str, table: String| fs::write(out.join(name), table).expect("cargo's own folder can be written");
    write("bundled.rs", connectors(&here));
    write("pages.rs", pages(&here.join("../../docs/errors")));
}

/// A table of ids, components, their digests and manifests.
fn connectors(here: &Path) -> String {
    println!("cargo::rerun-if-env-changed=CAMROLL_CONNECTORS");
    let folder = match env::var_os("CAMROLL_CONNECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => here.join("../../target/connectors"),
    };
    let mut table = String::from("[\n");
    for id in BUNDLED {
        let [component, manifest] = ["wasm", "json"].map(|kind| {
            let file = folder.join(id).with_extension(kind);
            println!("cargo::rerun-if-changed={}", file.display());
            fs::canonicalize(&file)
        });
        let (Ok(component), Ok(manifest)) = (component, manifest) else {
            println!(
                "cargo::error=The connector {id} isn't built yet. Run `make connectors` first (or set CAMROLL_CONNECTORS to the folder that holds {id}.wasm and {id}.json)."
            );
            process::exit(1);
        };
        let digest: [u8; 32] = Sha256::digest(fs::read(&component).expect("it is there")).into();
        table.push_str(&format!(
            "    Bundled {{ id: {id:?}, component: include_bytes!({:?}), digest: {digest:?}, manifest: include_str!({:?}) }},\n",
            component.display().to_string(),
            manifest.display().to_string()
        ));
    }
    table.push(']');
    table
}

/// A table of codes and pages: `docs/errors/FAMILY/NAME.md` is the page of `FAMILY/NAME`.
fn pages(folder: &Path) -> String {
    println!("cargo::rerun-if-changed={}", folder.display());
    let folder = fs::canonicalize(folder).expect("docs/errors is beside the crates");
    let mut rows = Vec::new();
    for family in entries(&folder) {
        println!("cargo::rerun-if-changed={}", family.display());
        for page in entries(&family) {
            let (Some(family), Some(name)) = (family.file_name(), page.file_stem()) else {
                continue;
            };
            let code = format!("{}/{}", family.display(), name.display());
            rows.push(format!(
                "    ({code:?}, include_str!({:?})),\n",
                page.display().to_string()
            ));
        }
    }
    rows.sort();
    format!("&[\n{}]", rows.concat())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

//! Puts the bundled connectors into the binary, and says what to do where they weren't built.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

const BUNDLED: [&str; 2] = ["icloud-photos", "local"];

fn main() {
    println!("cargo::rerun-if-env-changed=CAMROLL_CONNECTORS");
    let folder = match env::var_os("CAMROLL_CONNECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../target/connectors"),
    };
    let mut table = String::from("&[\n");
    for id in BUNDLED {
        let component = folder.join(id).with_extension("wasm");
        println!("cargo::rerun-if-changed={}", component.display());
        let Ok(component) = fs::canonicalize(&component) else {
            println!(
                "cargo::error=The connector {id} isn't built yet. Run `make connectors` first (or set CAMROLL_CONNECTORS to the folder that holds {id}.wasm)."
            );
            process::exit(1);
        };
        table.push_str(&format!(
            "    ({id:?}, include_bytes!({:?})),\n",
            component.display().to_string()
        ));
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("bundled.rs");
    fs::write(out, table).expect("cargo's own folder can be written");
}

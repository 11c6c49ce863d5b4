#!/usr/bin/env bash
# Builds the connectors to components under target/connectors. By rustup's wasm target where there is one, else by Debian's compiler, unpacked under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD; out=$root/target/connectors; wasm=$root/target/wasm; triple=wasm32-unknown-unknown
mkdir -p "$out" "$wasm"

sources=(connectors wit); [ -d tests/connectors ] && sources+=(tests/connectors)
stamp=$( { cat connectors/Cargo.lock connectors/*.sh; find "${sources[@]}" \( -name '*.rs' -o -name '*.toml' -o -name '*.wit' -o -name 'manifest.json' \) -print0 | sort -z | xargs -0 cat; } | sha256sum | cut -d' ' -f1)
[ -e "$out/icloud-photos.json" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

# The same bytes wherever the checkout and cargo's home are.
flags="--remap-path-prefix=$root=/camroll --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
build() { "$@" build --quiet --release --manifest-path connectors/Cargo.toml --target "$triple" --target-dir "$wasm" --workspace "${extra[@]}"; }
extra=()
if rustc --print target-libdir --target "$triple" 2>/dev/null | xargs -r test -d || timeout 60 rustup target add "$triple" >/dev/null 2>&1; then
    echo "connectors: built by $(rustc --version)" >&2
    RUSTFLAGS="$flags" build cargo
else
    toolchain=$root/target/wasm-toolchain
    connectors/toolchain.sh "$toolchain"
    linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
    extra=(-Zbuild-std=std,panic_abort)
    echo "connectors: built by Debian's compiler for the web (no wasm target in this Rust)" >&2
    RUSTFLAGS="$flags --remap-path-prefix=$toolchain=/toolchain" LD_LIBRARY_PATH=$toolchain/usr/lib/x86_64-linux-gnu RUSTC=$toolchain/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker build "$toolchain/usr/bin/cargo"
fi
cargo build --quiet -p camroll-pack
target/debug/camroll-pack --modules "$wasm/$triple/release" --connectors connectors --out "$out"
[ -d tests/connectors ] && target/debug/camroll-pack --modules "$wasm/$triple/release" --connectors tests/connectors --out "$out/tests"
echo "$stamp" > "$out/stamp"

#!/usr/bin/env bash
# Builds the connectors to components: target/connectors/ID.wasm, and target/connectors/tests/ID.wasm for the guests of the tests.
# By rustup's wasm target where there is one or one can be had, else by Debian's compiler, unpacked under target/. Does nothing where nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD out=$PWD/target/connectors wasm=$PWD/target/wasm toolchain=$PWD/target/wasm-toolchain triple=wasm32-unknown-unknown
mkdir -p "$out/tests" "$wasm"

# A target once chosen is kept: another compiler makes other bytes. "rust" is this Rust's own target, "debian" Debian's compiler.
has_target() { [ -d "$(rustc --print target-libdir --target "$triple" 2>/dev/null)" ]; }
chosen=$(cat "$wasm/chosen" 2>/dev/null || true)
if [ "$chosen" = rust ] && ! has_target; then chosen=; fi
if [ "$chosen" = debian ] && [ ! -e "$toolchain/ready" ]; then chosen=; fi
if [ -z "$chosen" ]; then
    if has_target || RUSTUP_MAX_RETRIES=0 timeout 60 rustup target add "$triple" >/dev/null 2>&1 && has_target; then
        chosen=rust
    else
        connectors/toolchain.sh "$toolchain"
        chosen=debian
    fi
    echo "$chosen" > "$wasm/chosen"
fi
if [ "$chosen" = rust ]; then version=$(rustc --version); else version=$(cat "$toolchain/ready"); fi

stamp=$( { echo "$chosen $version"; find connectors wit tests/connectors -type f -not -name '*.md' -not -path '*/target/*' -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -f "$out/stamp"

# The same bytes wherever the checkout and cargo's home lie.
flags="--cfg getrandom_backend=\"custom\" --remap-path-prefix=$root=/camroll --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
arguments=(build --quiet --release --locked --workspace --manifest-path connectors/Cargo.toml --target "$triple" --target-dir "$wasm")
echo "connectors: built by $version" >&2
if [ "$chosen" = rust ]; then
    RUSTFLAGS=$flags cargo "${arguments[@]}"
else
    # Debian's compiler comes without a linker for wasm and without a std for it: Rust's own lld, and std's source of the same version.
    libraries=$(dirname "$(find "$toolchain/usr/lib" -name 'librustc_driver-*.so' | head -n 1)")
    RUSTFLAGS="$flags --remap-path-prefix=$toolchain=/toolchain" LD_LIBRARY_PATH=$libraries RUSTC=$toolchain/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld \
        "$toolchain/usr/bin/cargo" "${arguments[@]}" -Zbuild-std=std,panic_abort
fi

cargo build --quiet --package camroll-pack
target/debug/camroll-pack --modules "$wasm/$triple/release" --connectors connectors --out "$out"
target/debug/camroll-pack --modules "$wasm/$triple/release" --connectors tests/connectors --out "$out/tests"
echo "$stamp" > "$out/stamp"

#!/usr/bin/env bash
# Formats, lints, licences. cargo-deny is installed on first use, under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo clippy --workspace --all-targets --quiet -- -D warnings
if ! command -v cargo-deny >/dev/null 2>&1 && [ ! -x target/tools/bin/cargo-deny ]; then
    cargo install --locked --root target/tools cargo-deny
fi
PATH="target/tools/bin:$PATH"
cargo deny check licenses bans sources
cargo deny --manifest-path connectors/Cargo.toml check licenses bans sources

#!/usr/bin/env bash
# Builds what is measured in the release profile, installs the peers, and measures. Arguments go to the benchmark: names of parts, --rounds N.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --workspace --quiet
tests/clouds/apple/clients/setup.sh
exec target/release/camroll-bench "$@"

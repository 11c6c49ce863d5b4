#!/usr/bin/env bash
# Installs the independent clients that judge the simulator, under target/tools/clients. Does nothing where they are there.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
wanted=tests/clouds/apple/clients/requirements.txt
folder=target/tools/clients
cmp -s "$wanted" "$folder/.installed" && exit 0
mkdir -p target/tools
# Two tests may come here at once.
exec 9>target/tools/.clients.lock
flock 9
cmp -s "$wanted" "$folder/.installed" && exit 0
rm -rf "$folder"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder" -r "$wanted"
cp "$wanted" "$folder/.installed"

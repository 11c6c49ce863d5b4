#!/usr/bin/env bash
# Installs what a fresh machine lacks and the tests or the build use: a C compiler for TLS, Python, Perl and Node for the independent clients. Does nothing where all is there.
set -euo pipefail
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need cc build-essential
need python3 python3
python3 -c 'import pip, venv' >/dev/null 2>&1 || missing+=(python3-pip python3-venv)
# exiftool, which judges sidecars, uses modules that Debian's smallest perl hasn't.
perl -MEncode -MTime::Local -MFile::Find -e 1 >/dev/null 2>&1 || missing+=(perl)
need node nodejs
need npm npm
need strace strace
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "These are missing, and there is no apt-get to install them with: ${missing[*]}" >&2
    exit 1
fi
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing ${missing[*]} …" >&2
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

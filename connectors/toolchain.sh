#!/usr/bin/env bash
# toolchain.sh FOLDER: unpacks Debian's Rust compiler for the web into a folder, without installing anything (its packages conflict with rustup's).
# No version is written down: the names follow the packages' own dependencies, so that security updates may move them.
set -euo pipefail
folder=$1
[ -x "$folder/usr/bin/rustc" ] && [ -e "$folder/ready" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "There is no wasm target in this Rust (rustup target add wasm32-unknown-unknown), and no apt-get to fetch one with." >&2; exit 1; }
rm -rf "$folder"; mkdir -p "$folder/debs"; cd "$folder/debs"
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get update -qq >/dev/null 2>&1 || true
libraries_of() { apt-cache depends "$1" 2>/dev/null | awk '/^ *\|?Depends: lib/ {print $2}' | grep -v '[<>]' || true; }
std=$(libraries_of libstd-rust-web-dev | grep '^libstd-rust-web-' | head -n 1)
{
    printf '%s\n' rustc-web cargo-web libstd-rust-web-dev rust-web-src $std
    for package in rustc-web cargo-web libstd-rust-web-dev $std; do libraries_of "$package"; done
} | sort -u > wanted
# What those libraries need in turn, two steps down; the system's own libraries are left to the system.
for _ in 1 2; do
    while read -r package; do libraries_of "$package"; done < wanted | grep -E '^lib(git2|ssh2|mbed|http-parser|llvm|std-rust|edit|z3)' > more || true
    sort -u -o wanted wanted more
done
grep -v -x -E 'libc6|libgcc-s1|libcurl4|libssl3|libsqlite3-0|libc-dev|libstdc\+\+6|zlib1g' wanted > fetch || true
xargs -a fetch apt-get download -qq -o APT::Sandbox::User=root >/dev/null
for package in *.deb; do dpkg -x "$package" "$folder"; done
rm -rf "$folder/debs"
LD_LIBRARY_PATH=$(dirname "$(find "$folder/usr/lib" -name "librustc_driver-*.so" | head -n 1)") "$folder/usr/bin/rustc" --version > "$folder/version"
mv "$folder/version" "$folder/ready"

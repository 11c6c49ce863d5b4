#!/usr/bin/env bash
# The demo: Apple on loopback with a small library of real files, and camroll as a person would use it. Ends by itself and leaves nothing running.
set -euo pipefail
cd "$(dirname "$0")/.."
# With the features that the tests build with, which one small test asks for: with others the sandbox's compiler would be built a second time.
cargo build --quiet --workspace --bins --test codes
camroll=$PWD/target/debug/camroll apple=$PWD/target/debug/camroll-apple
out=$PWD/camroll-demo
rm -rf "$out"; mkdir -p "$out/photos"
work=$(mktemp -d); servers=()
trap 'exec 9>&- 2>/dev/null || true; kill "${servers[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/apple.json"; }
step() { printf '\n\033[1m%s\033[0m\n' "$1"; }
show() { printf '$ %s\n' "$(printf '%s' "$*" | sed "s#$camroll#camroll#")"; "$@"; }

# The simulator runs until its standard input closes, so it can't outlive this script.
mkfifo "$work/in"
"$apple" serve --library demo/library.json < "$work/in" > "$work/apple.json" & exec 9> "$work/in"
until [ -s "$work/apple.json" ]; do kill -0 $! || exit 1; done
tell() { "$apple" tell "$(field control)" "$1" >/dev/null; }

step "A spec says what should be where"
cat > "$out/family.yaml" <<SPEC
# yaml-language-server: \$schema=../schema/camroll.schema.json
version: 1
name: family
source:
  connector: icloud-photos
  with:
    apple_id: $(field apple_id)
    password: { env: DEMO_PASSWORD }
    endpoints: { auth: "$(field auth)", setup: "$(field setup)", home: "$(field home)" }   # Apple on this machine; without this line it is Apple itself
destination:
  connector: local
  with: { path: "$out/photos" }
SPEC
cat "$out/family.yaml"
export DEMO_PASSWORD; DEMO_PASSWORD=$(field password)
export CAMROLL_STATE=$out/state
cd "$out"
show "$camroll" validate family.yaml

step "Signing in, once: the password proves itself without being sent, then a code"
show "$camroll" login family --code "$(field code)"

step "What would happen"
show "$camroll" plan family.yaml

step "Doing it"
show "$camroll" sync family.yaml
(cd photos && find . -type f -not -path './.camroll/*' | sort)

step "Again: nothing to do, in two requests"
show "$camroll" sync family.yaml

step "The library changes: one photo is new, one was edited, one was deleted"
tell "{\"do\":\"add\",\"name\":\"IMG_0007.JPG\",\"file\":\"$PWD/../tests/media/iphone-4.jpg\",\"taken\":1600000000000}"
tell "{\"do\":\"edit\",\"name\":\"IMG_0006.PNG\",\"file\":\"$PWD/../tests/media/iphone-4.jpg\"}"
tell '{"do":"trash","name":"IMG_0005.GIF"}'
show "$camroll" sync family.yaml
(cd photos && find . -type f -not -path './.camroll/*' | sort)

step "Why is that one still there?"
show "$camroll" explain family IMG_0005.GIF

step "The same library into a bucket and a WebDAV folder, each photo fetched once for both"
# rclone serves both from folders of this machine: an S3 and a WebDAV server that camroll's makers didn't write.
rclone=$(../tests/servers/setup.sh rclone)/bin/rclone
export RCLONE_CONFIG=$work/none DEMO_KEY=demo DEMO_SECRET=not-a-secret-in-a-demo
mkdir -p "$out/bucket/photos" "$out/webdav"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
serve() { "$rclone" serve "$@" 2>/dev/null & servers+=($!); }
answers() { until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do kill -0 "${servers[-1]}" || exit 1; done; }
s3=$(free_port); serve s3 --addr "127.0.0.1:$s3" --auth-key "demo,$DEMO_SECRET" "$out/bucket"; answers "$s3"
dav=$(free_port); serve webdav --addr "127.0.0.1:$dav" --user demo --pass "$DEMO_SECRET" "$out/webdav"; answers "$dav"
sed '/^destination:/,$d; s/^name: .*/name: clouds/' family.yaml > clouds.yaml
cat >> clouds.yaml <<SPEC
destinations:
  bucket:
    connector: s3
    with:
      provider: other
      endpoint: "http://127.0.0.1:$s3"
      bucket: photos
      access_key: { env: DEMO_KEY }
      secret_key: { env: DEMO_SECRET }
  cloud:
    connector: webdav
    with:
      preset: generic
      url: "http://127.0.0.1:$dav"
      user: demo
      password: { env: DEMO_SECRET }
SPEC
sed -n '/^destinations:/,$p' clouds.yaml
show "$camroll" sync clouds.yaml
show "$camroll" copies
show "$rclone" check --download --exclude '.camroll/**' bucket/photos webdav

step "The receipt, for scripts"
show "$camroll" sync family.yaml --json

cat <<'NEXT'

That was all on this machine. For your own library:
  make install
  camroll init --apple-id you@example.com --to /a/folder/that/exists
  export APPLE_PASSWORD=...     # or name a file or a command in camroll.yaml
  camroll login my-photos && camroll plan && camroll sync
NEXT

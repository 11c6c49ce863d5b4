// What yaml-language-server offers and says with schema/camroll.schema.json. Run by run.sh; ends with status 1 at the first difference.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Editor, root } from "./server.mjs";

const modeline = "# yaml-language-server: $schema=../../schema/camroll.schema.json\n";
const icloud = "  connector: icloud-photos\n  with: { apple_id: alice@example.com, password: { env: APPLE_PASSWORD } }\n";
const local = "  connector: local\n  with: { path: /mnt/nas }\n";
const spec = ({ source = icloud, destination = local, rest = "" }) =>
  `${modeline}version: 1\nname: family\nsource:\n${source}destination:\n${destination}${rest}`;

const editor = await Editor.start();
let checks = 0;

async function offers(what, text, wanted, { exactly = true } = {}) {
  const got = await editor.complete(text);
  const message = `${what}: offered ${JSON.stringify(got)}`;
  if (exactly) assert.deepEqual(got, [...wanted].sort(), message);
  else for (const label of wanted) assert.ok(got.includes(label), message);
  checks++;
}

async function says(what, text, wanted) {
  const got = await editor.errors(text);
  assert.deepEqual(got, wanted, `${what}: said ${JSON.stringify(got)}`);
  checks++;
}

try {
  await offers("a document", `${modeline}version: 1\n|`, [
    "a first spec", "albums", "connections", "destination", "destinations", "filters", "limits", "name", "schedule", "sidecar", "source", "versions",
  ]);
  await offers("a source", spec({ source: "  |\n" }), ["connection", "connector", "libraries", "pace", "with"]);
  await offers("a pace", spec({ source: "  connector: icloud-photos\n  pace:\n    |\n" }), ["bandwidth", "per_day", "transfers"]);
  await offers("a source's connector", spec({ source: "  connector: |\n" }), ["icloud-photos"]);
  await offers("a destination's connector", spec({ destination: "  connector: |\n" }), ["ftp", "immich", "local", "s3", "sftp", "smb", "webdav"]);
  await offers("icloud-photos' settings", spec({ source: "  connector: icloud-photos\n  with:\n    |\n" }), [
    "apple_id", "endpoints", "iCloud Photos", "password", "region",
  ]);
  await offers("local's settings", spec({ destination: "  connector: local\n  with:\n    |\n" }), ["path"], { exactly: false });
  for (const where of ["connections:\n  nas:\n", "destinations:\n  nas:\n"]) {
    await offers(where, `${modeline}version: 1\n${where}    connector: local\n    with:\n      |\n`, ["path"], { exactly: false });
  }
  await offers("the words of a setting", spec({ source: "  connector: icloud-photos\n  with:\n    region: |\n" }), ["china", "global"]);
  await offers("a secret", spec({ source: "  connector: icloud-photos\n  with:\n    password:\n      |\n" }), [
    "command", "env", "file", "from a command", "from a file", "from the environment",
  ]);
  await offers("existing", spec({ destination: `${local}  existing: |\n` }), ["compare", "ignore", "skip"]);
  for (const kind of ["  kind: |", "  kind:\n    - |", "  kind: [|]", "  not:\n    kind: |"]) {
    await offers(kind, spec({ rest: `filters:\n${kind}\n` }), ["live-photo", "photo", "raw", "video"], { exactly: false });
  }

  await says("nothing of what is right", spec({}), []);
  await says("an unknown setting", spec({ source: icloud.replace("apple_id", "regoin: x, apple_id") }), ["6: Property regoin is not allowed."]);
  await says("a missing setting", spec({ destination: "  connector: local\n  with: {}\n" }), ['9: Missing property "path".']);
  await says("missing settings", spec({ destination: "  connector: local\n" }), ['7: Missing property "with".']);
  await says("a wrong tag", spec({ source: "  connector: icloud\n" }), ['5: Value is not accepted. Valid values: "icloud-photos".']);
  await says("no tag", spec({ source: "  libraries: [shared]\n" }), ['4: Missing property "connector".']);
  await says("a bare secret", spec({ source: icloud.replace("{ env: APPLE_PASSWORD }", "hunter2") }), [
    '6: Incorrect type. Expected "object(iCloud Photos)".',
  ]);
  await says("settings beside a connection", spec({ source: "  connection: alice\n  with: {}\n" }), ["6: Property with is not allowed."]);
  await says("an unknown key", spec({ rest: "layout: x\n" }), ["10: Property layout is not allowed."]);
  await says("no destination", `${modeline}version: 1\nname: a\nsource:\n${icloud}`, ['2: Missing property "destination".']);
  await says("both destinations", spec({ rest: "destinations: {}\n" }), ["7: Property destination is not allowed."]);
  await says("a word that isn't one", spec({ destination: `${local}  deletions: mirrored\n` }), ['10: Value is not accepted. Valid values: "keep", "trash", "mirror".']);
  await says("connections alone", `${modeline}version: 1\nconnections:\n  nas:\n    connector: local\n    with: { path: /x }\n`, []);

  const hover = await editor.hover(spec({ destination: `${local}  lay|out: "{name}"\n` }));
  assert.match(hover, /`\{taken:%Y\}`/, `layout's description as markdown: ${hover}`);
  checks++;

  const examples = path.join(root, "examples/configs");
  const files = readdirSync(examples).filter((file) => file.endsWith(".yaml"));
  assert.ok(files.length >= 4, "there are examples");
  for (const file of files) {
    const text = readFileSync(path.join(examples, file), "utf8");
    assert.ok(text.startsWith(modeline), `${file} begins with the modeline`);
    await says(file, text, []);
  }
  console.log(`yaml-language-server: ${checks} checks`);
} finally {
  editor.stop();
}

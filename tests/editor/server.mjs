// Drives yaml-language-server over its standard input and output, as an editor does.
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const server = path.join(root, "target/tools/yaml-language-server/node_modules/yaml-language-server/bin/yaml-language-server");
const patience = 20_000;

export class Editor {
  #process = spawn(process.execPath, [server, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  #buffer = Buffer.alloc(0);
  #answers = new Map();
  #published = new Map();
  #waiting = new Map();
  #next = 1;
  #documents = 0;

  static async start() {
    const editor = new Editor();
    editor.#process.stdout.on("data", (chunk) => editor.#read(chunk));
    await editor.#ask("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(root).href,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { completion: { completionItem: { snippetSupport: true } }, publishDiagnostics: {} },
      },
    });
    editor.#tell("initialized", {});
    return editor;
  }

  // Opens a text as a new file beside the examples, and waits for what the server says of it. "|" is the cursor.
  async open(text) {
    const file = path.join(root, "examples/configs", `check-${++this.#documents}.yaml`);
    const at = text.indexOf("|");
    const plain = at < 0 ? text : text.slice(0, at) + text.slice(at + 1);
    const uri = pathToFileURL(file).href;
    const said = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`nothing was said of ${uri}`)), patience);
      this.#waiting.set(uri, () => (clearTimeout(late), resolve()));
    });
    this.#tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text: plain } });
    await said;
    const before = plain.slice(0, Math.max(at, 0)).split("\n");
    return { uri, position: { line: before.length - 1, character: before.at(-1).length } };
  }

  // The labels of what the editor offers at the cursor.
  async complete(text) {
    const { uri, position } = await this.open(text);
    const answer = await this.#ask("textDocument/completion", { textDocument: { uri }, position });
    const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
    return items.map((item) => item.label).sort();
  }

  // The errors that the editor shows, each with its line counted from 1.
  async errors(text) {
    const { uri } = await this.open(text);
    return this.#published.get(uri).map((found) => `${found.range.start.line + 1}: ${found.message.split("\n")[0]}`);
  }

  async hover(text) {
    const { uri, position } = await this.open(text);
    const answer = await this.#ask("textDocument/hover", { textDocument: { uri }, position });
    return answer?.contents?.value ?? "";
  }

  stop() {
    this.#process.kill();
  }

  #send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#process.stdin.write(body);
  }

  #tell(method, params) {
    this.#send({ method, params });
  }

  #ask(method, params) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} was not answered`)), patience);
      this.#answers.set(id, (message) => {
        clearTimeout(late);
        if (message.error) reject(new Error(`${method}: ${message.error.message}`));
        else resolve(message.result);
      });
      this.#send({ id, method, params });
    });
  }

  #read(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#buffer.subarray(0, end).toString())[1]);
      if (this.#buffer.length < end + 4 + length) return;
      const message = JSON.parse(this.#buffer.subarray(end + 4, end + 4 + length).toString());
      this.#buffer = this.#buffer.subarray(end + 4 + length);
      this.#hear(message);
    }
  }

  #hear(message) {
    if (message.method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = message.params;
      this.#published.set(uri, diagnostics);
      this.#waiting.get(uri)?.();
    } else if (message.method && message.id !== undefined) {
      // The server asks for its settings: no catalogue from the network, everything else as it comes.
      const settings = { yaml: { schemaStore: { enable: false }, validate: true, completion: true, hover: true } };
      const result = message.method === "workspace/configuration" ? message.params.items.map((item) => settings[item.section] ?? null) : null;
      this.#send({ id: message.id, result });
    } else if (message.id !== undefined) {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    }
  }
}

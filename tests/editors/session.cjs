// Runs the bundled extension with a stand-in for VS Code's API: it opens a file, waits for its problems, chooses a sample
// and ends. Prints what the extension and the server did to VS Code, as a list in JSON.
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const { dirname } = require("node:path");
const { pathToFileURL } = require("node:url");

const [bundle, file, sample, ...server] = process.argv.slice(2);
const done = [];
const disposable = { dispose() {} };
const listen = () => disposable;

// Whatever else is asked for: something that can be called, constructed, extended and looked into.
function anything() {
  const target = function () {};
  return new Proxy(target, {
    get: (_, key) => (key === "prototype" ? target.prototype : key === "then" ? undefined : anything()),
    apply: anything,
    construct: anything,
  });
}
const withDefaults = (own, otherwise) => new Proxy(own, { get: (_, key) => (key in own ? own[key] : otherwise(String(key))) });
const eventOr = (otherwise) => (key) => (/^on(Did|Will)/.test(key) ? listen : otherwise(key));

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = new URL(text).protocol.slice(0, -1);
    this.fsPath = this.path = decodeURIComponent(new URL(text).pathname);
  }
  static parse = (text) => new Uri(text);
  static file = (path) => new Uri(pathToFileURL(path).href);
  toString = () => this.text;
  toJSON = () => this.text;
}
class Range {
  constructor(line, character, endLine, endCharacter) {
    this.start = { line, character };
    this.end = { line: endLine, character: endCharacter };
  }
}
const opened = {
  uri: Uri.file(file),
  fileName: file,
  languageId: "yaml",
  version: 1,
  isClosed: false,
  getText: () => readFileSync(file, "utf8"),
};
const commands = new Map();
const vscode = {
  version: JSON.parse(readFileSync(`${dirname(bundle)}/../package.json`, "utf8")).engines.vscode.slice(1),
  Uri,
  Range,
  Diagnostic: class {
    constructor(range, message) {
      Object.assign(this, { range, message });
    }
  },
  EventEmitter: class {
    event = listen;
    fire() {}
    dispose() {}
  },
  CancellationTokenSource: class {
    token = { isCancellationRequested: false, onCancellationRequested: listen };
    cancel() {}
    dispose() {}
  },
  env: withDefaults({ language: "en", appName: "stand-in" }, eventOr(anything)),
  languages: withDefaults(
    {
      match: () => 10,
      createDiagnosticCollection: () => ({
        set: (uri, found) => done.push(["problems", uri, found.map((one) => [one.code.value, one.source, one.message])]),
        clear() {},
        dispose() {},
      }),
    },
    (key) => () => {
      done.push([key]);
      return disposable;
    },
  ),
  commands: {
    registerCommand(name, run) {
      if (commands.has(name)) {
        throw new Error(`command '${name}' already exists`);
      }
      commands.set(name, run);
      return disposable;
    },
    executeCommand: async () => undefined,
  },
  window: withDefaults(
    {
      createOutputChannel: () => withDefaults({}, () => listen),
      showErrorMessage: async (...shown) => void done.push(["error", ...shown]),
      showInformationMessage: async (...shown) => void done.push(["message", ...shown]),
      showQuickPick: async (choices) => {
        done.push(["pick", choices]);
        return sample;
      },
      visibleTextEditors: [],
      tabGroups: withDefaults({ all: [] }, eventOr(anything)),
    },
    eventOr(anything),
  ),
  workspace: withDefaults(
    {
      workspaceFolders: [{ uri: Uri.file(dirname(dirname(file))), name: "project", index: 0 }],
      textDocuments: [opened],
      notebookDocuments: [],
      getWorkspaceFolder: () => undefined,
      getConfiguration: () => ({ get: (key, otherwise) => (key === "command" ? server : otherwise) }),
      createFileSystemWatcher: () => ({ onDidCreate: listen, onDidChange: listen, onDidDelete: listen, dispose() {} }),
    },
    eventOr(anything),
  ),
};

const load = Module._load;
const standIn = withDefaults(vscode, anything);
Module._load = (name, ...rest) => (name === "vscode" ? standIn : load(name, ...rest));

async function until(condition) {
  const end = Date.now() + 30000;
  while (!condition() && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function run() {
  const extension = require(bundle);
  await extension.activate({ subscriptions: [] });
  await until(() => done.some(([what, uri]) => what === "problems" && String(uri) === opened.uri.text));
  const main = `${dirname(dirname(file))}/mapping.yaml`;
  await commands.get("moemap.chooseSample")?.(main);
  await commands.get("moemap.runTests")?.(main);
  await until(() => done.some(([what]) => what === "message"));
  await extension.deactivate();
  process.stdout.write(JSON.stringify({ done, commands: [...commands.keys()] }), () => process.exit());
}
run();

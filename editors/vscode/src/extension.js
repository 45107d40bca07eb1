// Starts `moemap lsp` for YAML files; the server answers for those that are rule, workspace or test files alone.
"use strict";

const vscode = require("vscode");
const { LanguageClient, State } = require("vscode-languageclient/node");

let client;

// Lets a person choose a sample from a list that can be searched, where the server would ask with buttons.
async function executeCommand(command, args, next) {
  if (command === "moemap.chooseSample" && args.length === 1) {
    const names = await next("moemap.samples", args);
    if (names.length > 0) {
      const name = await vscode.window.showQuickPick(names, { title: "Which sample shall be shown?" });
      return name === undefined ? undefined : next(command, [...args, name]);
    }
  }
  return next(command, args);
}

function made() {
  const [command, ...args] = vscode.workspace.getConfiguration("moemap").get("command");
  return new LanguageClient(
    "moemap",
    "moemap",
    { command, args },
    {
      documentSelector: [{ scheme: "file", language: "yaml" }],
      initializationFailedHandler: () => false,
      middleware: { executeCommand },
    },
  );
}

async function start() {
  client = made();
  try {
    await client.start();
  } catch (error) {
    const [command] = vscode.workspace.getConfiguration("moemap").get("command");
    const answer = await vscode.window.showErrorMessage(
      `The language server of moemap does not start: ${error.message ?? error}. ` +
        `Is "${command}" there? It is installed by: pip install 'moemap[lsp]'`,
      "Open Settings",
    );
    if (answer !== undefined) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "moemap.command");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running !== undefined && running.state === State.Running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("moemap.restart", restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("moemap.command")) {
        return restart();
      }
    }),
  );
  await start();
};

exports.deactivate = stop;

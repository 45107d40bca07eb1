// Prints the scopes that the grammars give to the lines of YAML files, as VS Code would colour them: for each file, for
// each line, a list of [start, end, scopes]. Columns are units of UTF-16.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [extension, ...files] = process.argv.slice(2);
const require = createRequire(`${extension}/package.json`);
const oniguruma = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");
const manifest = require("./package.json");

const yaml = "node_modules/@codingame/monaco-vscode-yaml-default-extension/resources";
const paths = { "source.yaml": `${yaml}/yaml.tmLanguage.json`, "source.yaml.embedded": `${yaml}/yaml-embedded.tmLanguage.json` };
for (const version of ["1.0", "1.1", "1.2", "1.3"]) {
  paths[`source.yaml.${version}`] = `${yaml}/yaml-${version}.tmLanguage.json`;
}
for (const grammar of manifest.contributes.grammars) {
  paths[grammar.scopeName] = grammar.path;
}
const injected = manifest.contributes.grammars.filter((one) => one.injectTo.includes("source.yaml"));

const wasm = readFileSync(`${extension}/node_modules/vscode-oniguruma/release/onig.wasm`);
const registry = new Registry({
  onigLib: oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength)).then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async (scope) =>
    scope in paths ? parseRawGrammar(readFileSync(`${extension}/${paths[scope]}`, "utf8"), paths[scope]) : null,
  getInjections: (scope) => (scope === "source.yaml" ? injected.map((one) => one.scopeName) : undefined),
});
const grammar = await registry.loadGrammar("source.yaml");
const found = files.map((file) => {
  let state = INITIAL;
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => {
      const result = grammar.tokenizeLine(line, state);
      state = result.ruleStack;
      return result.tokens.map((one) => [one.startIndex, one.endIndex, one.scopes]);
    });
});
process.stdout.write(JSON.stringify(found));

// Evaluates mapping.jsonata on every line of a file: node jsonata.mjs batches.ndjson > bodies.ndjson
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import jsonata from "jsonata";

const mapping = jsonata(readFileSync(new URL("mapping.jsonata", import.meta.url), "utf8"));
const lines = createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Infinity });
let text = "";
for await (const line of lines) {
  for (const body of await mapping.evaluate(JSON.parse(line))) text += JSON.stringify(body) + "\n";
  if (text.length > 1 << 16) {
    process.stdout.write(text);
    text = "";
  }
}
process.stdout.write(text);

/**
 * Signs rules about cameras' firmware, for those who hold a key that signs releases. A gateway takes them by `gatehouse advisories update FILE`,
 * without a connection; those that this checkout comes with unless others are given:
 *
 *   node --conditions=source gateway-bridge/packaging/sign-advisories.ts --out FILE --key KEY.pem [--key OLD.pem] [--rules RULES.json]
 */
import { createPrivateKey } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { argv, stdout } from "node:process";
import { parseArgs } from "node:util";

import { builtInRules } from "../src/posture/rules/firmware-advisories.ts";
import { countRules, FirmwareRules } from "../src/posture/rules/firmware-rules.ts";
import { writeRulesNote } from "../src/posture/rules/rules-note.ts";
import { signBytes } from "./sign-release.ts";

const { values } = parseArgs({
  args: argv.slice(2),
  options: { out: { type: "string" }, key: { type: "string", multiple: true }, rules: { type: "string" } },
});
const { out, key: files = [], rules: given } = values;
if (out === undefined || files.length === 0) throw new TypeError("--out FILE and --key KEY.pem are needed");

const keys = await Promise.all(files.map(async (file) => createPrivateKey(await readFile(file))));
const rules =
  given === undefined ? builtInRules : FirmwareRules.parse(JSON.parse(await readFile(given, "utf8")) as unknown);
await writeFile(
  out,
  writeRulesNote(rules, (bytes) => signBytes(bytes, keys)),
);
stdout.write(`${out}: ${countRules(rules)} rules of ${new Date(rules.issued).toISOString()}\n`);

import { GatehouseError, type AuditVerdict } from "@gatehouse/shared";
import { createReadStream } from "node:fs";

import type { ExportVerdict } from "../../audit/export-verifier.ts";
import { parseVerifier, type NoteVerifier } from "../../audit/signed-note.ts";
import { readKeptHeads, verifyExport, type KeptHeads } from "../../audit/verify-export.ts";
import { textOption, type Answer, type Command, type CommandContext } from "../command.ts";

const verifierOf = (key: string): NoteVerifier => {
  const verifier = parseVerifier(key.trim());
  if (verifier !== undefined) return verifier;
  throw new GatehouseError("request-invalid", "This is no key that verifies an audit log.", {
    remedy: "`gatehouse audit heads --key` prints it, in one line.",
  });
};

/** Read piece by piece; a file that cannot be read is said so. */
async function* read(path: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new GatehouseError("request-invalid", `${path} cannot be read.`, {
      cause,
      remedy: "Check its name, and that you may read it.",
    });
  }
}

const keptIn = async (path: string | undefined, verifier: NoteVerifier): Promise<KeptHeads | undefined> =>
  path === undefined ? undefined : readKeptHeads(read(path), verifier);

const pushedText: Readonly<Record<AuditVerdict["pushed"], string>> = {
  nowhere: "heads are pushed nowhere: a log that was put back or rewritten whole would not show",
  unreachable: "the pushed heads could not be read now",
  behind: "the pushed heads fit; the newest is still to be pushed",
  current: "the newest head was pushed, and fits",
  contradicts: "THE PUSHED HEAD CONTRADICTS THIS LOG",
};

/** Says what was found where all is well, and throws what is not. */
const answerFor = (verdict: ExportVerdict, kept: KeptHeads | undefined): Answer => {
  const { rows, heads, intact, why, signed } = verdict;
  if (!intact) {
    const code = kept === undefined ? "audit-broken" : "audit-contradicted";
    throw new GatehouseError(code, `The audit log is not what was written: ${why ?? "it is broken"}.`, {
      details: { ...verdict },
    });
  }
  const since =
    signed === null ? "" : `, signed up to row ${signed.sequence} at ${new Date(signed.time).toISOString()}`;
  const lines = [`${rows} rows, ${heads} heads: intact${since}`];
  if (kept !== undefined) lines.push(`${kept.heads.size} heads that were kept elsewhere fit`);
  if (kept !== undefined && kept.strange > 0) lines.push(`${kept.strange} lines there hold no head`);
  return { json: { ...verdict, kept: kept?.heads.size ?? null }, text: lines.join("\n") };
};

const verifyRunning = async (
  { client, signal }: CommandContext,
  { kept: path, key }: { readonly kept: string | undefined; readonly key: string | undefined },
): Promise<Answer> => {
  await using gateway = await client();
  const verdict = await gateway.call("verifyAudit", {}, { signal });
  const { rows, heads, intact, firstBad, contradiction, pushed } = verdict;
  if (!intact) {
    const why = contradiction ?? `row ${firstBad ?? "?"} is not what was written`;
    const code = contradiction === null ? "audit-broken" : "audit-contradicted";
    throw new GatehouseError(code, `The audit log is not what was written: ${why}.`, { details: { ...verdict } });
  }
  if (path === undefined && key === undefined) {
    return { json: verdict, text: `${rows} rows, ${heads} heads: intact\n${pushedText[pushed]}` };
  }
  // Not the gateway's word alone: all rows are read here.
  const verifier = verifierOf(key ?? (await gateway.call("listAuditHeads", {}, { signal })).key);
  const kept = await keptIn(path, verifier);
  return answerFor(await verifyExport(gateway.download("exportAudit", {}, { signal }), verifier, kept?.heads), kept);
};

export const auditVerifyCommand: Command = {
  path: ["audit", "verify"],
  summary: "check that the audit log is what was written; exit code 1 where it is not",
  operands: [],
  options: {
    heads: { type: "string", value: "FILE", help: "hold the log against heads that were kept elsewhere" },
    file: { type: "string", value: "EXPORT", help: "verify an export; needs no gateway, only --key" },
    key: { type: "string", value: "KEY", help: "the public key that `gatehouse audit heads --key` printed" },
  },
  examples: [
    "gatehouse audit verify",
    "gatehouse audit verify --heads /mnt/stick/heads.jsonl",
    'gatehouse audit verify --file audit-2026.jsonl --key "$(cat gatehouse-audit.key)"',
  ],
  run: async (input, context) => {
    const [file, kept, key] = ["file", "heads", "key"].map((name) => textOption(input, name));
    if (file === undefined) return verifyRunning(context, { kept, key });
    const verifier = verifierOf(key ?? "");
    const heads = await keptIn(kept, verifier);
    return answerFor(await verifyExport(read(file), verifier, heads?.heads), heads);
  },
};

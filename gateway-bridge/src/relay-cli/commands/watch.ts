import { textOption } from "../../cli/command.ts";
import { table } from "../../cli/table.ts";
import { invalid, keyOption, openControl, type RelayCommand } from "../relay-command.ts";

export const statusCommand: RelayCommand = {
  path: ["status"],
  summary: "how the relay is",
  operands: [],
  options: keyOption,
  examples: ["gatehouse-relay status", "gatehouse-relay status --json"],
  run: async (input, context) => {
    const status = await (await openControl(input, context)).call("status", {}, context);
    const { name, version, address, public: shown, keys, gateways, tunnels, channels, draining, started } = status;
    const text = [
      `${name}, Gatehouse ${version}, since ${new Date(started).toISOString()}${draining ? ", draining" : ""}`,
      `listens on ${address}, invites name ${shown}`,
      `key ${keys.join(", and next ")}`,
      `${gateways} gateways, ${tunnels} connected, ${channels} channels`,
    ].join("\n");
    return { json: status, text };
  },
};

export const auditCommand: RelayCommand = {
  path: ["audit"],
  summary: "who did what, newest first",
  operands: [],
  options: { ...keyOption, before: { type: "string", value: "N", help: "rows before this one" } },
  examples: ["gatehouse-relay audit", "gatehouse-relay audit --before 400 --json"],
  run: async (input, context) => {
    const text = textOption(input, "before");
    const before = Number(text);
    if (text !== undefined && !(Number.isInteger(before) && before > 0)) {
      throw invalid("--before is no such number.", "It is the number of a row.");
    }
    const control = await openControl(input, context);
    const rows = await control.call("listAudit", { limit: 100, ...(text !== undefined && { before }) }, context);
    const lines = rows.map((row) => [
      String(row.sequence),
      new Date(row.time).toISOString(),
      row.principal,
      row.action,
      row.target,
      row.outcome,
      row.detail,
    ]);
    return { json: rows, text: table(["ROW", "TIME", "WHO", "ACTION", "ON", "OUTCOME", "DETAIL"], lines) };
  },
};

export const auditVerifyCommand: RelayCommand = {
  path: ["audit", "verify"],
  summary: "whether the audit log is what was written",
  operands: [],
  options: keyOption,
  examples: ["gatehouse-relay audit verify"],
  run: async (input, context) => {
    const state = await (await openControl(input, context)).call("verifyAudit", {}, context);
    const { rows, intact, firstBad } = state;
    const text = intact
      ? `${rows} rows, all as they were written.`
      : `Changed from outside, from row ${firstBad ?? 1} on.`;
    return { json: state, text, bad: !intact };
  },
};

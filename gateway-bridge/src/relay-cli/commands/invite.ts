import { textOption } from "../../cli/command.ts";
import { invalid, keyOption, openControl, type RelayCommand } from "../relay-command.ts";

const most = 7 * 24 * 60;

export const inviteCommand: RelayCommand = {
  path: ["invite"],
  summary: "let one gateway enrol: the invite works once",
  operands: [],
  options: {
    ...keyOption,
    minutes: { type: "string", value: "N", help: `how long it can be used, at most ${most} (default: 60)` },
  },
  examples: ["gatehouse-relay invite", "gatehouse-relay invite --minutes 1440 --json"],
  run: async (input, context) => {
    const minutes = Number(textOption(input, "minutes") ?? "60");
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > most) {
      throw invalid("--minutes is no such number.", `Give one from 1 to ${most}.`);
    }
    const control = await openControl(input, context);
    const made = await control.call("invite", { ttlMs: minutes * 60_000 }, context);
    const text = [
      made.invite,
      "",
      `It works once, until ${new Date(made.expires).toISOString()}, and is a secret until then. At the gateway:`,
      "  gatehouse remote enrol",
    ].join("\n");
    return { json: made, text };
  },
};

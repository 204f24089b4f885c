import { textOption } from "../../cli/command.ts";
import { invalid, keyOption, openControl, type RelayCommand } from "../relay-command.ts";

export const keyRotateCommand: RelayCommand = {
  path: ["key", "rotate"],
  summary: "give the relay a new key: make it known now, and a week later, called once more, show it",
  operands: [],
  options: keyOption,
  examples: ["gatehouse-relay key rotate"],
  run: async (input, context) => {
    const made = await (await openControl(input, context)).call("rotateKey", {}, context);
    const text =
      made.step === "announced"
        ? `Gateways are told of the next key, ${made.keys.at(-1) ?? ""}. In a week, call this once more.`
        : `The relay shows its new key from now on: ${made.keys[0] ?? ""}. The one before is gone.`;
    return { json: made, text };
  },
};

const longest = 600;

export const drainCommand: RelayCommand = {
  path: ["drain"],
  summary: "take nobody new, let channels end by themselves for a while, then stop the relay",
  operands: [],
  options: { ...keyOption, within: { type: "string", value: "SECONDS", help: `at most ${longest} (default: 60)` } },
  examples: ["gatehouse-relay drain", "gatehouse-relay drain --within 300"],
  run: async (input, context) => {
    const seconds = Number(textOption(input, "within") ?? "60");
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > longest) {
      throw invalid("--within is no such number.", `Give seconds, from 0 to ${longest}.`);
    }
    await (await openControl(input, context)).call("drain", { withinMs: seconds * 1_000 }, context);
    return { json: { within: seconds }, text: `It takes nobody new, and ends within ${seconds} s.` };
  },
};

import { arch, platform } from "node:os";
import { versions } from "node:process";

import { supportedUntil, version } from "../../version.ts";
import type { Command } from "../command.ts";

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

export const versionCommand: Command = {
  path: ["version"],
  summary: "which version this is, and how long it is supported",
  operands: [],
  options: { support: { type: "boolean", help: "until when faults of this version are mended, and what it runs on" } },
  examples: ["gatehouse version", "gatehouse version --support"],
  run: async ({ options }, { clock }) => {
    const facts = { version, supportedUntil, node: versions.node, platform: `${platform()}-${arch()}` };
    if (options["support"] !== true) return { json: facts, text: version };
    const over = clock.now() >= supportedUntil;
    const support = over
      ? `Its support ended on ${day(supportedUntil)}: update it.`
      : `Security faults of it are mended until ${day(supportedUntil)}.`;
    return { json: facts, text: `Gatehouse ${version}, Node.js ${facts.node}, ${facts.platform}\n${support}` };
  },
};

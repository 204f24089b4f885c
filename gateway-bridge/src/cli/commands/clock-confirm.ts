import type { Command } from "../command.ts";

export const clockConfirmCommand: Command = {
  path: ["clock", "confirm"],
  summary: "say that this box's clock is right now, after it was ahead",
  operands: [],
  options: {},
  examples: ["gatehouse clock confirm"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const { now } = await gateway.call("confirmClock", {}, { signal });
    const shown = new Date(now).toISOString();
    return {
      json: { now },
      text: [
        `Codes of authenticators count again, by a clock that shows ${shown}.`,
        "An authenticator that was used while the clock was ahead counts once that time has come, or once it is set up anew.",
      ].join("\n"),
    };
  },
};

import { describe, expect, it } from "@jest/globals";
import { OfferPairing, type GatewayClient } from "@gatehouse/shared";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { pairCommand } from "./pair.ts";

const camera = "cam-aaaaaaaaaaaaaaaa";

/** Runs the command against a gateway that offers; gives what was asked of it too. */
const run = async (...args: string[]): Promise<{ answer: Answer | undefined; asked: OfferPairing[] }> => {
  const parsed = parseCommandLine(["pair", ...args], [pairCommand]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: OfferPairing[] = [];
  const gateway = {
    call: async (_route: string, { body }: { body: unknown }) => {
      asked.push(OfferPairing.parse(body));
      return { pairingString: "gh1.192.0.2.1:8443.a.b", expires: 0 };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    client: async () => gateway as unknown as GatewayClient,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return { answer: await pairCommand.run(parsed.input, context), asked };
};

describe("gatehouse pair", () => {
  it.each([
    [["--for", "homebridge"], "homebridge", ["live *", "snapshot *", "events *", "talk *"]],
    [["--for", "node-red"], "node-red", ["snapshot *", "events *"]],
    [["--for", "homebridge", "--action", "live", "--camera", camera], "homebridge", [`live ${camera}`]],
  ])("with %j asks for that and no more", async (args, kind, grants) => {
    const { asked } = await run(...args);
    expect(asked).toMatchObject([{ kind }]);
    expect(asked[0]?.grants.map((grant) => `${grant.action} ${grant.camera}`)).toEqual(grants);
  });

  it("says what the plugin may do once it is in", async () => {
    const { answer } = await run("--for", "homebridge", "--camera", camera, "--camera", "cam-bbbbbbbbbbbbbbbb");
    expect(answer?.text).toMatch(/^gh1\./);
    expect(answer?.text).toMatch(/Homebridge may then: live, snapshot, events, talk\.$/);
    expect(pairCommand.options["action"]?.help).toMatch(/live, snapshot, events, talk for homebridge/);
  });

  it.each([[[]], [["--for", "owner"]], [["--for", "homebridge", "--action", "fly"]]])("refuses %j", async (args) => {
    await expect(run(...args)).rejects.toMatchObject({ code: "request-invalid" });
  });
});

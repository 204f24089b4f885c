import { describe, expect, it } from "@jest/globals";
import { ApplicationCredential, NewApplication, type GatewayClient } from "@gatehouse/shared";

import type { Answer, CommandContext } from "../command.ts";
import { parseCommandLine } from "../parse.ts";
import { appAddCommand } from "./app-add.ts";

const front = "cam-aaaaaaaaaaaaaaaa";
const back = "cam-bbbbbbbbbbbbbbbb";
const credential = ApplicationCredential.parse({
  principal: "who-aaaaaaaaaaaaaaaa",
  username: "who-aaaaaaaaaaaaaaaa",
  password: "correcthorsebatterystaple2345",
  rtsp: [{ camera: front, name: "Front door", tier: "main", url: `rtsps://192.0.2.1:8322/${front}/main` }],
});

/** Runs the command against a gateway that answers; gives what was asked of it too. */
const run = async (...args: string[]): Promise<{ answer: Answer | undefined; asked: NewApplication[] }> => {
  const parsed = parseCommandLine(["app", "add", ...args], [appAddCommand]);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: NewApplication[] = [];
  const gateway = {
    call: async (_route: string, { body }: { body: unknown }) => {
      asked.push(NewApplication.parse(body));
      return credential;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    client: async () => gateway as unknown as GatewayClient,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  return { answer: await appAddCommand.run(parsed.input, context), asked };
};

describe("gatehouse app add", () => {
  it.each([
    [
      ["--camera", front],
      [`live ${front}`, `snapshot ${front}`],
    ],
    [
      ["--camera", front, "--camera", back, "--talk"],
      [front, back].flatMap((camera) => [`live ${camera}`, `snapshot ${camera}`, `talk ${camera}`]),
    ],
    [
      ["--all-cameras", "--clips"],
      ["live *", "snapshot *", "clip *"],
    ],
    [["--metrics"], ["metrics *"]],
    [
      ["--metrics", "--camera", front],
      [`live ${front}`, `snapshot ${front}`, "metrics *"],
    ],
  ])("asks with %j for no more than that", async (args, grants) => {
    const { asked } = await run("VLC", ...args);
    expect(asked.map(({ name }) => name)).toEqual(["VLC"]);
    expect(asked[0]?.grants.map(({ action, camera }) => `${action} ${camera}`)).toEqual(grants);
  });

  it.each([[], ["--talk"], ["--camera", "front door"], ["--camera", front, "--all-cameras"]])(
    "does not guess what %j means",
    async (...args) => {
      await expect(run("VLC", ...args)).rejects.toMatchObject({ code: "request-invalid" });
    },
  );

  it("shows name, password and address once, the address without either", async () => {
    const { answer } = await run("VLC", "--camera", front);
    expect(answer?.json).toEqual(credential);
    expect(answer?.text).toContain(`User name  ${credential.username}`);
    expect(answer?.text).toContain(`Password   ${credential.password}`);
    expect(answer?.text).toContain(`rtsps://192.0.2.1:8322/${front}/main`);
    expect(answer?.text).toContain(`gatehouse client revoke ${credential.principal}`);
    expect(answer?.text.split(credential.password)).toHaveLength(2);
  });
});

import { expect, it } from "@jest/globals";
import { GatewayClient, loadIdentity, silentLogger, systemClock } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayProcess } from "../support/gateway-process.ts";
import { openApiFile } from "../support/openapi.ts";
import { read } from "../support/repository.ts";

const never = { signal: new AbortController().signal };

it("gives the owner the description of the API that is kept with it", async () => {
  const data = await mkdtemp(join(tmpdir(), "gatehouse-openapi-"));
  try {
    await using _gateway = await GatewayProcess.start({ data, config: { listen: { port: 0 } } });
    const identity = (await loadIdentity(join(data, "cli.json")))!;
    await using owner = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    expect(await owner.call("openApi", {}, never)).toEqual(JSON.parse(read(openApiFile)));
  } finally {
    await rm(data, { recursive: true });
  }
});

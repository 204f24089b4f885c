import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ApplicationCredential, AuditRow, Grant, Principal } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ApplicationClient } from "../support/application-client.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";

describe("grants, by the command line", () => {
  let folder: string;
  let gateway: GatewayProcess;
  let login: ApplicationCredential;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-grants-"));
    gateway = await GatewayProcess.start({ data: folder, config: { listen: { port: 0 }, rtsp: { port: 0 } } });
    login = (await gateway.command(["app", "add", "Prometheus", "--metrics"])) as ApplicationCredential;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const metrics = async (): Promise<number> =>
    (await (await ApplicationClient.of(gateway, login)).ask({ path: "/metrics" })).status;
  const set = (...args: string[]): Promise<unknown> => gateway.command(["grant", "set", login.principal, ...args]);

  it("are given with limits, kept over a restart, and hold at once", async () => {
    expect(await metrics()).toBe(200);
    const past = ["--action", "metrics", "--all-cameras", "--until", "2020-01-01T00:00Z"];
    expect(((await set(...past)) as Principal).grants).toEqual([
      { action: "metrics", camera: "*", until: Date.UTC(2020, 0, 1) },
    ]);
    expect(await metrics()).toBe(403);
    await set("--add", "--action", "metrics", "--all-cameras", "--from", "00:00", "--zone", "Asia/Tokyo");
    expect(await metrics()).toBe(200);
    await gateway.kill();
    gateway = await GatewayProcess.start({ data: folder });
    expect(await metrics()).toBe(200);
    expect((await gateway.command(["grant", "list", login.principal])) as Grant[]).toHaveLength(2);
    await set("--nothing");
    expect(await metrics()).toBe(403);
  }, 60_000);

  it("leave a row of what was and what is, and of why somebody was refused", async () => {
    const rows = (await gateway.command(["audit"])) as AuditRow[];
    const changes = rows.filter(({ action }) => action === "grantsChanged").map(({ detail }) => detail);
    expect(changes).toContain("metrics on * -> metrics on * (until 2020-01-01T00:00:00.000Z)");
    const refused = rows.filter(({ action, outcome }) => action === "metrics" && outcome === "denied");
    expect(refused.map(({ detail }) => detail)).toEqual(expect.arrayContaining(["ended", "not-granted"]));
  });

  it("are never taken from the last who governs, nor given to whom they cannot be", async () => {
    const principals = (await gateway.command(["client", "list"])) as Principal[];
    const owner = principals.find(({ kind }) => kind === "owner")!;
    const told = await gatehouse(gateway.data, ["grant", "set", owner.id, "--nothing"]);
    expect([told.code, `${told.stdout}${told.stderr}`]).toEqual([1, expect.stringContaining("nobody could govern")]);
    const admin = await gatehouse(gateway.data, [
      "grant",
      "set",
      login.principal,
      "--action",
      "admin",
      "--all-cameras",
    ]);
    expect([admin.code, `${admin.stdout}${admin.stderr}`]).toEqual([
      1,
      expect.stringContaining("only an owner can hold"),
    ]);
  });
});

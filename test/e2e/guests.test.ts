import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { AuditRow, Camera, GuestLink, GuestMe, Invitation, MadeGuestLink, Person, Role } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { freePort } from "../support/free-port.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let folder: string;
let gateway: GatewayProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-guests-"));
  const listen = { port: await freePort() };
  gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config: { listen } });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const refused = async (args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await gatehouse(gateway.data, args);
  expect(code).toBe(1);
  return `${stdout}${stderr}`;
};

describe("a guest, by the command line", () => {
  let simulator: Simulator;
  let camera: Camera;
  let page: PageClient;
  let made: MadeGuestLink;

  beforeAll(async () => {
    simulator = await Simulator.open();
    const add = ["camera", "add", simulator.onvifUrl, "--user", simulator.username, "--password-stdin"];
    camera = (await gateway.command(add, simulator.password)) as Camera;
    page = await PageClient.of(gateway);
  });
  afterAll(() => simulator[Symbol.asyncDispose]());

  const open = (of: PageClient) =>
    of.ask({ method: "POST", path: "/v1/guest-links/open", body: { secret: new URL(made.url).hash.slice(7) } });
  const list = async () => (await gateway.command(["guest", "list"])) as GuestLink[];

  it("is let in by a link, once, and sees what the link says", async () => {
    made = (await gateway.command(["guest", "invite", "Cat sitter", "--camera", camera.id, "--hours", "2"])) as never;
    expect(new URL(made.url)).toMatchObject({ protocol: "https:", pathname: "/", search: "" });
    expect(made.link).toMatchObject({ name: "Cat sitter", cameras: [camera.id], actions: ["live", "snapshot"] });
    const { status, json } = await open(page);
    expect([status, (json as GuestMe).guest]).toEqual([
      200,
      { id: made.link.guest, name: "Cat sitter", until: made.link.until },
    ]);
    expect((await open(await PageClient.of(gateway))).code).toBe("guest-link-invalid");
    expect((await page.get({ path: "/v1/me" })) as GuestMe).toMatchObject({ guest: { name: "Cat sitter" } });
    expect((await page.get({ path: "/v1/cameras" })) as Camera[]).toMatchObject([{ id: camera.id }]);
    expect((await page.ask({ path: `/v1/cameras/${camera.id}/snapshot` })).status).toBe(200);
    expect((await page.ask({ path: `/v1/cameras/${camera.id}/clip` })).code).toBe("access-denied");
    expect(await list()).toMatchObject([{ id: made.link.id, used: expect.any(Number), revoked: null }]);
  }, 120_000);

  it("comes back after the gateway was killed, up to the moment at which the link is revoked", async () => {
    await gateway.kill();
    gateway = await GatewayProcess.start({ data: gateway.data });
    expect((await page.ask({ path: "/v1/me" })).status).toBe(200);
    await gateway.command(["guest", "revoke", made.link.id]);
    expect((await page.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    expect(await list()).toMatchObject([{ id: made.link.id, revoked: expect.any(Number) }]);
    const rows = (await gateway.command(["audit"])) as AuditRow[];
    const told = rows.filter(({ target }) => target === made.link.guest).map(({ action }) => action);
    expect(told).toEqual(expect.arrayContaining(["guestLinkMade", "openGuestLink", "guestLinkRevoked"]));
    // What opens the link was told once, to whoever made it.
    expect(JSON.stringify(rows)).not.toContain(new URL(made.url).hash.slice(7));
  }, 120_000);

  it("is not let in to what there is not, nor for longer than a month", async () => {
    const invite = ["guest", "invite", "Anybody"];
    expect(await refused([...invite, "--camera", "cam-aaaaaaaaaaaaaaaa"])).toContain("there is no camera");
    expect(await refused([...invite, "--camera", camera.id, "--hours", "721"])).toContain("30 days at most");
    expect(await refused([...invite, "--camera", camera.id, "--action", "clip"])).toContain("cannot hold `clip`");
    expect(await list()).toHaveLength(1);
  });
});

describe("a role, by the command line", () => {
  it("gives a person its grants, and takes them where it changes or is taken", async () => {
    const grants = ["--action", "metrics", "--all-cameras"];
    const role = (await gateway.command(["role", "add", "Watchmen", ...grants])) as Role;
    const { code, person } = (await gateway.command(["person", "add", "bob", "--role", role.id])) as Invitation;
    const page = await PageClient.of(gateway);
    await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
    await page.get({ method: "PUT", path: "/v1/me/password", body: { password: "correct horse battery staple" } });
    const metrics = async () => (await page.ask({ path: "/metrics" })).status;
    expect(await metrics()).toBe(200);

    await gateway.command(["role", "change", role.id, "--action", "metrics", "--camera", "cam-aaaaaaaaaaaaaaaa"]);
    expect(await metrics()).toBe(403);
    await gateway.command(["role", "change", role.id, ...grants, "--name", "Guards"]);
    expect([await metrics(), await gateway.command(["role", "list"])]).toEqual([
      200,
      [{ ...role, name: "Guards", people: 1 }],
    ]);
    expect(await refused(["role", "remove", role.id])).toContain("somebody holds the role");

    const change = ["person", "change", person.id, "--no-roles", "--name", "Robert"];
    expect((await gateway.command(change)) as Person).toMatchObject({ name: "Robert", roles: [], grants: [] });
    expect(await metrics()).toBe(403);
    await gateway.command(["role", "remove", role.id]);
    expect(await gateway.command(["role", "list"])).toEqual([]);
  }, 120_000);
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Camera, FirstRunCode, Invitation, Login, MadeGuestLink, Me, TotpSecret } from "@gatehouse/shared";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { freshCode } from "../support/fresh-code.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

const password = "correct horse battery staple";
const another = "another battery staple";

/** A real gateway, its owner, and Bob, who is signed in with two browsers. */
describe("a changed password", () => {
  let folder: string;
  let gateway: GatewayProcess;
  let owner: PageClient;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-password-"));
    gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } });
    owner = await PageClient.of(gateway);
    const { code } = (await gateway.command(["first-run"])) as FirstRunCode;
    await owner.get({ method: "POST", path: "/v1/first-run", body: { code, name: "Ann", loginName: "ann" } });
  }, 90_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const addBob = async (loginName: string): Promise<PageClient> => {
    const { code } = (await gateway.command(["person", "add", loginName, "--all-cameras"])) as Invitation;
    const page = await PageClient.of(gateway);
    await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
    await page.get({ method: "PUT", path: "/v1/me/password", body: { password } });
    return page;
  };
  const signIn = async (loginName: string, text = password): Promise<PageClient> => {
    const page = await PageClient.of(gateway);
    await page.get({ method: "POST", path: "/v1/sign-in/password", body: { loginName, password: text } });
    return page;
  };

  it("puts out every cookie, every known browser and every connection of the person, and nobody else's", async () => {
    const first = await addBob("bob");
    const second = await signIn("bob");
    const stolen = second.copy();
    expect(((await first.get({ path: "/v1/me/logins" })) as Login[]).map(({ current }) => current).sort()).toEqual([
      false,
      true,
    ]);
    const sockets = [
      await first.watch("/v1/events"),
      await second.watch("/v1/events"),
      await stolen.watch("/v1/events"),
    ];
    const others = await owner.ask({ path: "/v1/me" });
    const closed = Promise.all(sockets.map((socket) => once(socket, "close")));
    // Half a request, whose other half would come once the cookie is of no use.
    const half = await second.begin({ method: "POST", path: "/v1/me/password/proposal" });

    const answer = await first.ask({ method: "PUT", path: "/v1/me/password", body: { password: another } });
    expect([answer.status, (answer.json as Me).person.loginName]).toEqual([200, "bob"]);
    await closed;
    await half.gone;
    for (const page of [second, stolen]) expect((await page.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    expect((await first.get({ path: "/v1/me/logins" })) as Login[]).toHaveLength(1);
    expect(others.status).toBe(200);
    expect((await owner.ask({ path: "/v1/me" })).status).toBe(200);
    // The browser is a stranger's now: known ones are forgotten with the password.
    await expect(signIn("bob")).rejects.toThrow("401");
    await signIn("bob", another);
  }, 90_000);

  it("puts out the guests whom the person let in, be it changed or forgotten", async () => {
    await using simulator = await Simulator.open();
    const add = ["camera", "add", simulator.onvifUrl, "--user", simulator.username, "--password-stdin"];
    const { id: camera } = (await gateway.command(add, simulator.password)) as Camera;
    const { code, person } = (await gateway.command(["person", "add", "gina", "--admin"])) as Invitation;
    const page = await PageClient.of(gateway);
    await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
    await page.get({ method: "PUT", path: "/v1/me/password", body: { password } });
    const { secret } = (await page.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret;
    await page.get({ method: "PUT", path: "/v1/me/totp", body: { code: await freshCode(secret) } });
    const letIn = async (): Promise<{ readonly guest: PageClient; readonly gone: Promise<unknown> }> => {
      const wish = { name: "Guest", cameras: [camera], actions: ["events"], until: Date.now() + 3_600_000 };
      const { url } = (await page.get({ method: "POST", path: "/v1/guest-links", body: wish })) as MadeGuestLink;
      const guest = await PageClient.of(gateway);
      const body = { secret: new URL(url).hash.slice("#guest=".length) };
      await guest.get({ method: "POST", path: "/v1/guest-links/open", body });
      return { guest, gone: once(await guest.watch("/v1/events"), "close") };
    };
    const first = await letIn();
    await page.get({ method: "PUT", path: "/v1/me/password", body: { password: another } });
    await first.gone;
    expect((await first.guest.ask({ path: "/v1/me" })).code).toBe("unauthenticated");

    const second = await letIn();
    await gateway.command(["person", "invite", person.id]);
    await second.gone;
    expect((await second.guest.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    await gateway.command(["camera", "remove", camera]);
  }, 90_000);

  it("is one browser's once: who signs in again is signed out before", async () => {
    const page = await addBob("emil");
    const stolen = page.copy();
    const again = { method: "POST", path: "/v1/sign-in/password", body: { loginName: "emil", password } };
    const me = (await page.get(again)) as Me;
    expect((await stolen.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    expect(((await page.get({ path: "/v1/me/logins" })) as Login[]).map(({ id }) => id)).toEqual([me.login.id]);
  }, 90_000);

  it("that was forgotten is set anew by an invitation, which puts everybody out as well", async () => {
    const first = await addBob("carl");
    const socket = await first.watch("/v1/events");
    const closed = once(socket, "close");
    const people = (await gateway.command(["person", "list"])) as { id: string; loginName: string }[];
    const { id } = people.find(({ loginName }) => loginName === "carl")!;
    const { code } = (await gateway.command(["person", "invite", id])) as Invitation;
    await closed;
    expect((await first.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    await expect(signIn("carl")).rejects.toThrow("401");
    const page = await PageClient.of(gateway);
    await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
    await page.get({ method: "PUT", path: "/v1/me/password", body: { password: another } });
    await signIn("carl", another);
  }, 90_000);

  it("is not needed for one browser to be put out by another", async () => {
    const first = await addBob("dora");
    const second = await signIn("dora");
    const [mine, theirs] = await Promise.all(
      [first, second].map(async (page) => (await page.get({ path: "/v1/me" })) as Me),
    );
    const socket = await second.watch("/v1/events");
    const closed = once(socket, "close");
    await first.get({ method: "DELETE", path: `/v1/me/logins/${theirs!.login.id}` });
    await closed;
    expect((await second.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    // Somebody else's login is nothing that one could end, nor learn of.
    const [ann] = (await gateway.command(["login", "list"])) as Login[];
    const strange = await first.ask({ method: "DELETE", path: `/v1/me/logins/${ann!.id}` });
    expect([ann!.person === mine!.person.id, strange.code]).toEqual([false, "not-found"]);
    // One may also end one's own, and hears that it was done.
    expect((await first.ask({ method: "DELETE", path: `/v1/me/logins/${mine!.login.id}` })).status).toBe(200);
    expect((await first.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
  }, 90_000);
});

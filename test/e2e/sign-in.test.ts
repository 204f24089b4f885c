import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import type {
  AuditRow,
  Camera,
  FirstRunCode,
  Invitation,
  Login,
  Me,
  RecoveryCodes,
  TotpSecret,
} from "@gatehouse/shared";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WebSocket } from "ws";

import { Simulator } from "../simulator/simulator.ts";
import { codeAt, nextStep } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import { freshCode } from "../support/fresh-code.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { describeWith } from "../support/needs.ts";
import { PageClient } from "../support/page-client.ts";

// Programs start, and the next code is waited for.
jest.setTimeout(90_000);

const password = "correct horse battery staple";

/** Whether pictures come: the second binary message is media. */
const picturesOf = async (socket: WebSocket): Promise<number> => {
  let bytes = 0;
  for (let messages = 0; messages < 3;) {
    const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
    if (!isBinary) continue;
    bytes += data.length;
    messages += 1;
  }
  return bytes;
};

/** What strangers are told, by the gateway's address. */
const door = {
  name: "Gatehouse",
  passkeys: false,
  canonical: expect.stringMatching(/^https:\/\/gw-[a-z2-7]{16}\.local:\d+$/) as unknown as string,
  trust: { kind: "home", fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) as unknown as string },
};

describeWith(["ffmpeg"], "the gateway's first person", () => {
  let folder: string;
  let simulator: Simulator;
  let gateway: GatewayProcess;
  let camera: Camera;
  let page: PageClient;
  let secret = "";
  let recovery: readonly string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-sign-in-"));
    [simulator, gateway] = await Promise.all([
      Simulator.open(),
      GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } }),
    ]);
    const add = ["camera", "add", simulator.onvifUrl, "--user", simulator.username, "--password-stdin", "--warm"];
    camera = (await gateway.command(add, simulator.password)) as Camera;
    page = await PageClient.of(gateway);
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await simulator[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const signIn = (with_: { code?: string; password?: string }) =>
    page.ask({ method: "POST", path: "/v1/sign-in/password", body: { loginName: "ann", password, ...with_ } });

  it("is nobody before the box's owner has made a code", async () => {
    expect(await page.get({ path: "/v1/door" })).toEqual({ ...door, firstRun: true });
    expect((await signIn({})).code).toBe("sign-in-refused");
    const body = { code: "a".repeat(26), name: "Eve", loginName: "eve" };
    expect((await page.ask({ method: "POST", path: "/v1/first-run", body })).code).toBe("sign-in-refused");
    expect((await page.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
  });

  it("comes in by the code, and may do nothing until it has a password and an authenticator", async () => {
    const { code } = (await gateway.command(["first-run"])) as FirstRunCode;
    const body = { code, name: "Ann", loginName: "Ann" };
    const me = (await page.get({ method: "POST", path: "/v1/first-run", body })) as Me;
    expect(me.needs).toEqual(["password", "second-factor"]);
    expect((await page.ask({ method: "POST", path: "/v1/first-run", body })).code).toBe("sign-in-refused");
    expect((await page.ask({ path: "/v1/cameras" })).code).toBe("access-denied");
    expect((await page.ask({ path: `/v1/cameras/${camera.id}/snapshot` })).code).toBe("access-denied");
    expect((await page.ask({ path: "/v1/people" })).code).toBe("access-denied");
  });

  it("sets up a password and an authenticator, and then governs the gateway", async () => {
    const set = (text: string) => page.ask({ method: "PUT", path: "/v1/me/password", body: { password: text } });
    for (const weak of ["short", "password1", "ann is at home"]) {
      expect([weak, (await set(weak)).code]).toEqual([weak, weak === "ann is at home" ? undefined : "password-weak"]);
    }
    expect((await set(password)).status).toBe(200);
    ({ secret } = (await page.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret);
    const confirm = (code: string) => page.ask({ method: "PUT", path: "/v1/me/totp", body: { code } });
    const code = await freshCode(secret);
    expect((await confirm(code === "000000" ? "000001" : "000000")).code).toBe("code-refused");
    expect((await page.ask({ path: "/v1/people" })).code).toBe("access-denied");
    expect((await confirm(code)).status).toBe(200);
    ({ codes: recovery } = (await page.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes);
    expect(new Set(recovery).size).toBe(10);
    const me = (await page.get({ path: "/v1/me" })) as Me;
    expect([me.needs, me.admin, me.login.factors]).toEqual([[], true, ["code", "password", "totp"]]);
    expect(await page.get({ path: "/v1/people" })).toEqual([expect.objectContaining({ loginName: "ann" })]);
    expect(await page.get({ path: "/v1/door" })).toEqual({ ...door, firstRun: false });
    await expect(gateway.command(["first-run"])).rejects.toThrow("first-run-done");
  });

  it("signs in with password and code, each code once, and is told nothing of what was wrong", async () => {
    await page.get({ method: "DELETE", path: "/v1/me/login" });
    expect([...page.cookies.keys()]).toEqual(["__Host-gatehouse-device"]);
    const refusals = [
      await signIn({}),
      await signIn({ code: "000000" }),
      await signIn({ password: "wrong horse battery staple", code: codeAt(secret, Date.now()) }),
    ];
    expect(new Set(refusals.map(({ json }) => JSON.stringify(json))).size).toBe(1);
    const due = nextStep(Date.now());
    while (Date.now() < due) await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
    const code = codeAt(secret, Date.now());
    const answer = await signIn({ code });
    expect([answer.status, (answer.json as Me).login.factors]).toEqual([200, ["password", "totp"]]);
    expect((await signIn({ code })).code).toBe("sign-in-refused");
    for (const cookie of page.setCookies) {
      expect(cookie).toMatch(
        /^__Host-gatehouse(-device)?=[\w-]*; Path=\/; Secure; HttpOnly; SameSite=Strict(; Max-Age=\d+)?$/,
      );
    }
  });

  it("watches a camera from the gateway's own page alone, until it signs out", async () => {
    const path = `/v1/cameras/${camera.id}/live`;
    const [view, events] = [await page.watch(path), await page.watch("/v1/events")];
    expect(await picturesOf(view)).toBeGreaterThan(1_000);
    const foreign = [
      { origin: undefined },
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: undefined, cookie: undefined, "sec-fetch-site": undefined },
    ];
    for (const headers of foreign) await expect(page.watch(path, headers)).rejects.toThrow(/refused with 40[13]/);
    const reads = [
      { "sec-fetch-site": undefined },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.example" },
    ];
    for (const headers of reads) expect([401, 403]).toContain((await page.ask({ path: "/v1/me", headers })).status);
    const write = { method: "POST", path: "/v1/me/password/proposal", headers: { origin: undefined } };
    expect((await page.ask(write)).status).toBe(401);

    const stolen = page.copy();
    const ended = Promise.all([once(view, "close"), once(events, "close")]);
    expect((await page.ask({ method: "DELETE", path: "/v1/me/login" })).status).toBe(200);
    await ended;
    expect((await stolen.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
  });

  it("lets others in, who see what they were given, and puts them out again at once", async () => {
    expect((await signIn({ code: recovery[0]! })).status).toBe(200);
    expect((await signIn({ code: recovery[0]! })).code).toBe("sign-in-refused");
    const body = { name: "Bob", loginName: "bob", grants: [{ action: "live", camera: camera.id }] };
    const invited = (await page.get({ method: "POST", path: "/v1/people", body })) as Invitation;
    expect((await page.ask({ method: "POST", path: "/v1/people", body })).code).toBe("name-taken");
    const bob = await PageClient.of(gateway);
    const open = { method: "POST", path: "/v1/invitations/open", body: { code: invited.code } };
    await bob.get(open);
    expect((await bob.ask(open)).code).toBe("sign-in-refused");
    await bob.get({ method: "PUT", path: "/v1/me/password", body: { password } });
    const view = await bob.watch(`/v1/cameras/${camera.id}/live`);
    expect(await picturesOf(view)).toBeGreaterThan(1_000);
    expect((await bob.ask({ path: `/v1/cameras/${camera.id}/snapshot` })).code).toBe("access-denied");
    expect((await bob.ask({ path: "/v1/people" })).code).toBe("access-denied");
    const logins = (await page.get({ path: "/v1/logins" })) as Login[];
    expect(logins.map(({ person }) => person)).toContain(invited.person.id);

    const me = (await page.get({ path: "/v1/me" })) as Me;
    for (const [method, suffix] of [
      ["DELETE", ""],
      ["POST", "/invitation"],
    ] as const) {
      const self = await page.ask({ method, path: `/v1/people/${me.person.id}${suffix}` });
      expect([method, self.code]).toEqual([method, "request-invalid"]);
    }
    const gone = once(view, "close");
    await gateway.command(["person", "remove", invited.person.id]);
    await gone;
    expect((await bob.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
    expect(await gateway.command(["person", "list"])).toEqual([expect.objectContaining({ loginName: "ann" })]);
    const [own] = (await gateway.command(["login", "list"])) as Login[];
    await gateway.command(["login", "end", own!.id]);
    expect((await page.ask({ path: "/v1/me" })).code).toBe("unauthenticated");
  });

  it("leaves neither password nor cookie in what the gateway keeps or says", async () => {
    const all = (await gateway.command(["audit"])) as AuditRow[];
    const rows = JSON.stringify(all);
    for (const text of [password, secret, ...recovery, ...page.setCookies]) {
      expect(rows).not.toContain(text);
      expect(gateway.log).not.toContain(text);
    }
    expect(rows).toContain("signIn");
    const invitations = all.filter(({ action, outcome }) => action === "openInvitation" && outcome === "denied");
    expect(invitations.map(({ detail }) => detail)).toEqual(["wrong code; from 127.0.0.1 (1)"]);
  });
});

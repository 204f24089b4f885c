import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type {
  DoorState,
  FirstRunCode,
  Invitation,
  Me,
  Passkey,
  PasskeyEnrolment,
  PasskeyRequest,
  Person,
} from "@gatehouse/shared";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SoftAuthenticator, type Twist } from "../../gateway-bridge/src/access/people/testing/soft-authenticator.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type PageAnswer, type PageQuestion } from "../support/page-client.ts";

const password = "correct horse battery staple";

/** A browser on the gateway's page, opened by a name of the gateway, with an authenticator. */
class NamedPage {
  readonly authenticator: SoftAuthenticator;
  readonly page: PageClient;
  readonly origin: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(page: PageClient, authenticator = new SoftAuthenticator()) {
    const host = `localhost:${page.address.split(":")[1] ?? ""}`;
    this.page = page;
    this.authenticator = authenticator;
    this.origin = `https://${host}`;
    this.#headers = { host, origin: this.origin };
  }

  ask(method: string, path: string, body?: unknown): Promise<PageAnswer> {
    const { origin, ...others } = this.#headers;
    return this.page.ask({ method, path, body, headers: { ...others, ...(method !== "GET" && { origin }) } });
  }

  async get<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, json } = await this.ask(method, path, body);
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${JSON.stringify(json)}`);
    return json as T;
  }

  watch(path: string): ReturnType<PageClient["watch"]> {
    return this.page.watch(path, this.#headers);
  }

  async enrol(twist?: Twist): Promise<PageAnswer> {
    const offer = await this.get<PasskeyEnrolment>("POST", "/v1/me/passkeys/options");
    const response = this.authenticator.create(offer, this.origin, twist);
    return this.ask("POST", "/v1/me/passkeys", { name: "Phone", ceremony: offer.ceremony, response });
  }

  async show(
    path: "/v1/sign-in/passkey" | "/v1/me/step-up/passkey",
    twist?: Twist,
    more: { readonly stay?: boolean } = {},
  ): Promise<PageAnswer> {
    const question = await this.get<PasskeyRequest>("POST", `${path}/options`);
    const response = this.authenticator.get(question, this.origin, twist);
    return this.ask("POST", path, { ceremony: question.ceremony, response, ...more });
  }
}

/** A real gateway, whose owner has a passkey and nothing else. */
describe("passkeys", () => {
  let folder: string;
  let gateway: GatewayProcess;
  let ann: NamedPage;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-passkeys-"));
    gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } });
    ann = new NamedPage(await PageClient.of(gateway));
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const open = async (authenticator?: SoftAuthenticator): Promise<NamedPage> =>
    new NamedPage(await PageClient.of(gateway), authenticator);
  const people = (): Promise<Person[]> => ann.get("GET", "/v1/people");

  it("make an owner by themselves, at the first run", async () => {
    const { code } = (await gateway.command(["first-run"])) as FirstRunCode;
    const state = await ann.get<DoorState>("GET", "/v1/door");
    expect(state).toMatchObject({ firstRun: true, passkeys: true, trust: { kind: "home" } });
    expect(state.canonical).toMatch(new RegExp(`^https://gw-[a-z2-7]{16}\\.local:${ann.page.address.split(":")[1]}$`));
    expect(state.trust.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    await ann.get("POST", "/v1/first-run", { code, name: "Ann", loginName: "ann" });
    expect((await ann.ask("GET", "/v1/people")).code).toBe("access-denied");
    for (const twist of [{ unverified: true }, { origin: "https://evil.example" }, { rpId: "evil.example" }]) {
      expect((await ann.enrol(twist)).code).toBe("passkey-refused");
    }
    const before = ann.page.cookies.get("__Host-gatehouse");
    expect((await ann.enrol()).json).toMatchObject({ name: "Phone", host: "localhost", usable: true });
    expect(ann.page.cookies.get("__Host-gatehouse")).not.toBe(before);
    const me = await ann.get<Me>("GET", "/v1/me");
    expect([me.admin, me.needs, me.login.factors]).toEqual([true, ["recovery-codes"], ["code", "passkey"]]);
    expect(await people()).toMatchObject([{ factors: { password: false, totp: false, passkeys: 1 } }]);
    expect((await ann.get<DoorState>("GET", "/v1/door")).firstRun).toBe(false);
  });

  it("are there under a name alone: by its address the gateway says so", async () => {
    const page = await PageClient.of(gateway);
    expect(await page.get({ path: "/v1/door" })).toMatchObject({ passkeys: false });
    const offer: PageQuestion = { method: "POST", path: "/v1/sign-in/passkey/options" };
    expect((await page.ask(offer)).code).toBe("passkeys-need-a-name");
    expect((await page.ask({ ...offer, headers: { host: "evil.example" } })).code).toBe("origin-refused");
  });

  it("sign in with no name and no password, and then govern", async () => {
    await ann.get("DELETE", "/v1/me/login");
    for (const twist of [
      { unverified: true },
      { challenge: Buffer.alloc(32).toString("base64url") },
      { origin: "https://evil.example" },
      { rpId: "evil.example" },
      { userHandle: Buffer.from("who-aaaaaaaaaaaaaaaa").toString("base64url") },
    ]) {
      const { status, code } = await ann.show("/v1/sign-in/passkey", twist);
      expect([twist, status, code]).toEqual([twist, 401, "sign-in-refused"]);
    }
    expect(ann.page.cookies.has("__Host-gatehouse")).toBe(false);
    const { status, json } = await ann.show("/v1/sign-in/passkey");
    expect([status, (json as Me).login.factors]).toEqual([200, ["passkey"]]);
    expect([...ann.page.cookies.keys()].sort()).toEqual(["__Host-gatehouse", "__Host-gatehouse-device"]);
    // The device has counted one by now: one that has not is a copy of it.
    const copied = await (await open(ann.authenticator)).show("/v1/sign-in/passkey", { counter: 1 });
    expect(copied.code).toBe("sign-in-refused");
    expect(await people()).toHaveLength(1);
    const body = { name: "Bob", loginName: "bob" };
    expect((await ann.ask("POST", "/v1/people", body)).status).toBe(200);
    expect((await ann.ask("POST", "/v1/people", body)).code).toBe("name-taken");
  });

  it("step a login up, each its own person's", async () => {
    const before = ann.page.cookies.get("__Host-gatehouse");
    const stepped = await ann.show("/v1/me/step-up/passkey");
    expect([stepped.status, (stepped.json as Me).login.factors]).toEqual([200, ["passkey"]]);
    expect(ann.page.cookies.get("__Host-gatehouse")).not.toBe(before);
    const [, bob] = await people();
    const { code } = await ann.get<Invitation>("POST", `/v1/people/${bob!.id}/invitation`);
    const theirs = await open(ann.authenticator);
    await theirs.get("POST", "/v1/invitations/open", { code });
    await theirs.get("PUT", "/v1/me/password", { password });
    expect((await theirs.show("/v1/me/step-up/passkey")).code).toBe("sign-in-refused");
    expect((await theirs.get<Me>("GET", "/v1/me")).login.factors).toEqual(["code", "password"]);
  });

  it("go with a changed password wherever they are signed in, but stay on their devices", async () => {
    const phone = await open(ann.authenticator);
    expect((await phone.show("/v1/sign-in/passkey")).status).toBe(200);
    const socket = await phone.watch("/v1/events");
    const closed = once(socket, "close");
    await ann.get("PUT", "/v1/me/password", { password });
    await closed;
    expect((await phone.ask("GET", "/v1/me")).code).toBe("unauthenticated");
    expect((await phone.show("/v1/sign-in/passkey")).status).toBe(200);
  });

  it("keep who watches signed in when the browser is closed, where that was wished, and nobody who governs", async () => {
    const theirs = await open();
    const asBob = { loginName: "bob", password, stay: true };
    await theirs.get("POST", "/v1/sign-in/password", asBob);
    expect((await theirs.enrol()).status).toBe(200);
    expect((await theirs.show("/v1/sign-in/passkey", {}, { stay: true })).status).toBe(200);
    expect((await theirs.show("/v1/sign-in/passkey")).status).toBe(200);
    expect((await ann.show("/v1/sign-in/passkey", {}, { stay: true })).status).toBe(200);
    const kept = ({ page }: NamedPage): boolean[] =>
      page.setCookies.filter((one) => one.startsWith("__Host-gatehouse=")).map((one) => one.includes("Max-Age=25"));
    expect(kept(theirs)).toEqual([true, true, true, false]);
    expect(kept(ann)).not.toContain(true);
    const byAddress = await PageClient.of(gateway);
    await byAddress.get({ method: "POST", path: "/v1/sign-in/password", body: asBob });
    expect(byAddress.setCookies.filter((one) => one.includes("Max-Age=25"))).toEqual([]);
  });

  it("are asked for beside a password, which alone steps nobody up who has one", async () => {
    const page = await open();
    await page.get("POST", "/v1/sign-in/password", { loginName: "ann", password });
    const me = await page.get<Me>("GET", "/v1/me");
    expect([me.admin, me.login.factors, me.login.steppedUp]).toEqual([true, ["password"], null]);
    expect((await page.ask("GET", "/v1/people")).code).toBe("access-denied");
    expect((await page.ask("POST", "/v1/me/step-up/password", { password })).code).toBe("step-up-required");
    for (const [method, path] of [
      ["POST", "/v1/me/passkeys/options"],
      ["POST", "/v1/me/totp"],
      ["DELETE", "/v1/me/totp"],
      ["POST", "/v1/me/recovery-codes"],
    ] as const) {
      expect([path, (await page.ask(method, path)).code]).toEqual([path, "step-up-required"]);
    }
    page.authenticator.held.push(...ann.authenticator.held);
    expect((await page.show("/v1/me/step-up/passkey")).status).toBe(200);
    expect((await page.ask("GET", "/v1/people")).status).toBe(200);
    expect((await page.ask("DELETE", "/v1/me/totp")).code).toBe("not-found");
  });

  it("that are removed take their logins elsewhere with them, and the last one stays", async () => {
    const [passkey] = await ann.get<Passkey[]>("GET", "/v1/me/passkeys");
    expect((await ann.ask("DELETE", `/v1/me/passkeys/${passkey!.id}`)).code).toBe("last-factor");
    const tablet = new SoftAuthenticator({ algorithm: "EdDSA", counts: false });
    const other = await open(tablet);
    const phone = ann.authenticator;
    const mine = new NamedPage(ann.page, tablet);
    expect((await mine.enrol()).status).toBe(200);
    expect((await other.show("/v1/sign-in/passkey")).status).toBe(200);
    await mine.get("DELETE", `/v1/me/passkeys/${passkey!.id}`);
    expect((await other.ask("GET", "/v1/me")).code).toBe("unauthenticated");
    expect((await mine.ask("GET", "/v1/me")).status).toBe(200);
    expect((await (await open(phone)).show("/v1/sign-in/passkey")).code).toBe("sign-in-refused");
    expect((await other.show("/v1/sign-in/passkey")).status).toBe(200);
  });

  it("are written down, and shown to the command line", async () => {
    const rows = (await gateway.command(["audit"])) as { action: string; outcome: string; detail: string }[];
    expect(rows).toContainEqual(expect.objectContaining({ action: "signIn", outcome: "allowed", detail: "passkey" }));
    expect(rows).toContainEqual(expect.objectContaining({ action: "addPasskey", outcome: "done" }));
    expect(rows).toContainEqual(expect.objectContaining({ action: "removePasskey", outcome: "done" }));
    expect(await gateway.command(["person", "list"])).toContainEqual(
      expect.objectContaining({ loginName: "ann", factors: expect.objectContaining({ passkeys: 1 }) as unknown }),
    );
  });
});

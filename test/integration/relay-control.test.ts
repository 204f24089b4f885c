import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { parseRelayInvite, Secret, silentLogger, TunnelId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { text } from "node:stream/consumers";

import { MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import { loadRelayConfig } from "../../gateway-bridge/src/relay-cli/load-relay-config.ts";
import { RelayNode } from "../../gateway-bridge/src/relay-node.ts";
import { controlCalls, type ControlCallName } from "../../gateway-bridge/src/relay/control/calls.ts";
import type { ControlClient } from "../../gateway-bridge/src/relay/control/control-client.ts";
import { makeOperatorKey } from "../../gateway-bridge/src/relay/control/operator-key.ts";
import {
  controlName,
  OperatorAuthority,
  readOperatorKey,
} from "../../gateway-bridge/src/relay/operators/operator-authority.ts";
import { OperatorId } from "../../gateway-bridge/src/relay/operators/operator.ts";
import { relayFiles } from "../../gateway-bridge/src/relay-store.ts";
import { codeOf, never, RelayDesk, runRelayCommand } from "../support/relay-desk.ts";

const gateway = TunnelId.parse("gr-abcdefghijklmnop");
const pin = "p".repeat(43);
const step = 30_000;

let clock: TestClock;
let desk: RelayDesk;
let ada: ControlClient;
beforeEach(async () => {
  clock = new TestClock(1_800_000_000_000);
  desk = await RelayDesk.open({ clock });
  ada = await desk.signIn(desk.ada);
  await clock.advance(step);
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
});

const audit = () => desk.node.store.audit.list();
const enrol = (): void => {
  const { secret } = desk.node.gateways.invite({ ttlMs: 60_000 });
  desk.node.gateways.redeem({ secret, gateway, pin });
};

/** Something to ask of each call that changes anything. */
const changes = (): Record<string, unknown> => ({
  invite: { ttlMs: 60_000 },
  revokeGateway: { gateway },
  limitGateway: { gateway, limits: { channelsPerGateway: 3 } },
  addOperator: { name: "eve", role: "operator", publicKey: makeOperatorKey().publicKey },
  removeOperator: { operator: desk.ada.key.operator },
  rotateKey: {},
  drain: { withinMs: 0 },
});

describe("whoever is not an operator", () => {
  const raw = async (
    options: object,
    path = "/v1/status",
    body = "{}",
    method = "POST",
  ): Promise<{ status: number; body: string }> => {
    const { key } = desk.ada;
    const sending = request({
      agent: false,
      socketPath: desk.socket,
      path,
      method,
      servername: controlName,
      ca: key.authority,
      cert: key.certificate,
      key: key.privateKey,
      ...options,
    });
    const answered = once(sending, "response");
    sending.end(body);
    const [response] = (await answered) as [Parameters<typeof text>[0] & { statusCode: number }];
    return { status: response.statusCode, body: await text(response) };
  };

  it("gets no further than TLS without a certificate of the relay's own authority", async () => {
    const others = new OperatorAuthority(new MemorySecrets());
    const { publicKey, privateKey } = makeOperatorKey();
    const foreign = others.issue(desk.ada.key.operator, readOperatorKey(publicKey));
    const control = { ...desk.ada.key, certificate: foreign, privateKey };
    expect(await codeOf(desk.client({ key: control }).call("status", {}, never))).toBe("operator-unknown");
    await expect(raw({ cert: undefined, key: undefined })).rejects.toThrow();
    // The same request with the operator's own certificate is answered.
    expect((await raw({})).status).toBe(400);
  });

  it("is not believed to be the relay either", async () => {
    const authority = new OperatorAuthority(new MemorySecrets()).certificate;
    expect(await codeOf(desk.client({ key: { ...desk.ada.key, authority } }).call("status", {}, never))).toBe(
      "operator-unknown",
    );
  });

  it("speaks no TLS before 1.3", async () => {
    const { key } = desk.ada;
    const socket = connectTls({ path: desk.socket, ca: key.authority, servername: controlName, maxVersion: "TLSv1.2" });
    const [error] = (await once(socket, "error")) as [Error & { code: string }];
    expect(error.code).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it.each<[string, string, string, string]>([
    ["a call that there is not", "/v1/destroy", "{}", "POST"],
    ["a call by a name that every object has", "/v1/constructor", "{}", "POST"],
    ["another method", "/v1/status", "", "GET"],
    ["what is no JSON", "/v1/status", "{", "POST"],
    ["a field too many", "/v1/signIn", '{"code":"123456","role":"operator"}', "POST"],
    ["more than a request can hold", "/v1/status", `{"a":"${"x".repeat(20_000)}"}`, "POST"],
  ])("is told nothing for %s", async (_title, path, body, method) => {
    const answer = await raw({}, path, body, method);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { error: { code: "request-invalid" } }]);
    if (body.length > 10_000) expect(answer.body).toContain("too large");
  });

  it("resumes no session of an operator's: each call proves its key anew", async () => {
    const { key } = desk.ada;
    const way = { path: desk.socket, servername: controlName, ca: key.authority };
    const first = connectTls({ ...way, cert: key.certificate, key: key.privateKey }).resume();
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const again = connectTls({ ...way, cert: key.certificate, key: key.privateKey, session }).resume();
    await once(again, "secureConnect");
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  });

  it("cannot reach the socket, which is 0600 also after a killed relay left one", async () => {
    expect((await stat(desk.socket)).mode & 0o777).toBe(0o600);
    expect((await readdir(desk.data)).filter((name) => name.startsWith(".s"))).toEqual([]);
    await desk.operation[Symbol.asyncDispose]();
    expect(await readdir(desk.data)).not.toContain("control.sock");
    await writeFile(desk.socket, "left behind");
    expect(await codeOf(desk.client(desk.ada).call("status", {}, never))).toBe("relay-stopped");
    await using _again = await desk.reopen();
    expect((await stat(desk.socket)).mode & 0o777).toBe(0o600);
    expect(await codeOf((await desk.signIn(desk.ada)).call("status", {}, never))).toBe("nothing");
  });
});

describe("an operator", () => {
  it("is nobody without a sign-in, nor by another's", async () => {
    const bob = await desk.add(ada, "bob", "operator");
    expect(await codeOf(desk.client(bob).call("status", {}, never))).toBe("operator-signed-out");
    expect(await codeOf(desk.client(bob, await desk.token(desk.ada)).call("status", {}, never))).toBe(
      "operator-signed-out",
    );
    expect(await codeOf((await desk.signIn(bob)).call("status", {}, never))).toBe("nothing");
  });

  it("is signed in for ten minutes", async () => {
    const client = await desk.signIn(desk.ada);
    await clock.advance(10 * 60_000 - 1);
    expect(await codeOf(client.call("status", {}, never))).toBe("nothing");
    await clock.advance(1);
    expect(await codeOf(client.call("status", {}, never))).toBe("operator-signed-out");
  });

  it("signs in by each code once, and by no wrong one; both are written down", async () => {
    const code = desk.code(desk.ada);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
    const client = desk.client(desk.ada);
    expect(await codeOf(client.call("signIn", { code: wrong }, never))).toBe("sign-in-refused");
    expect(await codeOf(client.call("signIn", { code }, never))).toBe("nothing");
    expect(await codeOf(client.call("signIn", { code }, never))).toBe("sign-in-refused");
    const mine = { principal: desk.ada.key.operator, action: "signIn" };
    expect(audit().slice(0, 3)).toMatchObject([
      { ...mine, outcome: "denied" },
      { ...mine, outcome: "allowed" },
      { ...mine, outcome: "denied" },
    ]);
  });

  it("is heard no more once its guesses are used up, and fills no disk with more", async () => {
    const client = desk.client(desk.ada);
    const wrong = String((Number(desk.code(desk.ada)) + 1) % 1_000_000).padStart(6, "0");
    for (let tries = 0; tries < 5; tries += 1) await codeOf(client.call("signIn", { code: wrong }, never));
    const rows = audit().length;
    expect(await codeOf(client.call("signIn", { code: desk.code(desk.ada) }, never))).toBe("too-many-guesses");
    expect(audit().length).toBe(rows);
    // Who is signed in stays so.
    expect(await codeOf(ada.call("status", {}, never))).toBe("nothing");
  });

  it("is one no more from the moment of removal, whatever it still holds", async () => {
    const bob = await desk.add(ada, "bob", "operator");
    const client = await desk.signIn(bob);
    await ada.call("removeOperator", { operator: bob.key.operator }, never);
    expect(await codeOf(client.call("status", {}, never))).toBe("operator-unknown");
    expect(await codeOf(desk.client(bob).call("signIn", { code: desk.code(bob) }, never))).toBe("operator-unknown");
  });

  it("cannot remove the last one who may change anything", async () => {
    await desk.add(ada, "bob", "auditor");
    expect(await codeOf(ada.call("removeOperator", { operator: desk.ada.key.operator }, never))).toBe("last-operator");
    expect(await codeOf(ada.call("removeOperator", { operator: OperatorId.parse("op-aaaaaaaaaaaaaaaa") }, never))).toBe(
      "not-found",
    );
  });

  it("invites a gateway, which then enrols by that", async () => {
    const { invite, expires } = await ada.call("invite", { ttlMs: 60_000 }, never);
    const { secret, ...told } = parseRelayInvite(invite);
    expect(told).toEqual({ address: desk.node.address, relay: "relay.test", relayKey: desk.node.keys.shown.pin });
    expect(expires).toBe(clock.now() + 60_000);
    desk.node.gateways.redeem({ secret, gateway, pin });
    expect(await ada.call("listGateways", {}, never)).toMatchObject([
      { id: gateway, connected: false, revoked: null, pins: [pin] },
    ]);
    expect(await ada.call("status", {}, never)).toMatchObject({
      name: "relay.test",
      gateways: 1,
      tunnels: 0,
      draining: false,
    });
  });

  it("limits and revokes a gateway", async () => {
    enrol();
    await ada.call("limitGateway", { gateway, limits: { bytesPerSecond: 50_000 } }, never);
    expect(await ada.call("listGateways", {}, never)).toMatchObject([{ limits: { bytesPerSecond: 50_000 } }]);
    await ada.call("revokeGateway", { gateway }, never);
    expect(desk.node.gateways.byPin(pin)).toBeUndefined();
    expect(await ada.call("status", {}, never)).toMatchObject({ gateways: 0 });
    expect(await codeOf(ada.call("revokeGateway", { gateway }, never))).toBe("not-found");
  });

  it("reads the audit log page by page, and whether it is whole", async () => {
    enrol();
    const rows = await ada.call("listAudit", {}, never);
    expect(rows).toEqual(audit());
    const [first, second] = rows;
    expect(await ada.call("listAudit", { before: first!.sequence, limit: 1 }, never)).toEqual([second]);
    expect(await ada.call("verifyAudit", {}, never)).toEqual({ rows: rows.length, intact: true });
  });
});

describe("changes", () => {
  const names = Object.keys(controlCalls).filter(
    (name) => controlCalls[name as ControlCallName].changes,
  ) as ControlCallName[];

  it("are all tried here", () => {
    expect(Object.keys(changes()).sort()).toEqual(names.toSorted());
  });

  it.each(names)("%s is written down with the operator's id", async (name) => {
    enrol();
    await desk.add(ada, "bob", "operator");
    await ada.call(name, changes()[name] as never, never);
    expect(audit()[0]).toMatchObject({ principal: desk.ada.key.operator, action: name, outcome: "done" });
  });

  it.each(names)("%s is nothing for an auditor, who may look at all the rest", async (name) => {
    enrol();
    const eve = await desk.signIn(await desk.add(ada, "bob", "auditor"));
    const [before, figures] = [audit().length, JSON.stringify([desk.node.gateways.list(), desk.node.keys.pins])];
    expect(await codeOf(eve.call(name, changes()[name] as never, never))).toBe("operator-denied");
    expect(audit().slice(0, audit().length - before)).toMatchObject([{ action: name, outcome: "denied" }]);
    expect(JSON.stringify([desk.node.gateways.list(), desk.node.keys.pins])).toBe(figures);
    expect(await codeOf(eve.call("status", {}, never))).toBe("nothing");
  });

  it("are all that an auditor has no part in", async () => {
    enrol();
    const eve = await desk.signIn(await desk.add(ada, "bob", "auditor"));
    for (const look of ["status", "listGateways", "listOperators", "listAudit", "verifyAudit"] as const)
      expect(await eve.call(look, {}, never)).toEqual(await ada.call(look, {}, never));
  });

  it("do not happen where they cannot be written down", async () => {
    enrol();
    desk.node.store.database.sql.exec(
      "CREATE TEMP TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'disk full'); END",
    );
    for (const name of ["invite", "revokeGateway", "limitGateway", "addOperator"] as const)
      expect(await codeOf(ada.call(name, changes()[name] as never, never))).toBe("audit-unwritable");
    expect(desk.node.gateways.byPin(pin)).toMatchObject({ limits: {} });
    expect(await ada.call("listOperators", {}, never)).toHaveLength(1);
    expect(
      desk.node.store.database.sql.prepare("SELECT count(*) AS open FROM relay_invites WHERE gateway IS NULL").get(),
    ).toEqual({ open: 0 });
  });
});

describe("the command line", () => {
  it("shows the same as JSON, and ends with 1 where it may not", async () => {
    const relay = (args: readonly string[], input = "") => runRelayCommand(desk.data, args, { clock, input });
    expect(await relay(["status", "--json"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("operator-signed-out"),
    });
    expect(await relay(["sign-in", "--code-stdin", "--json"], "12345")).toMatchObject({ code: 2 });
    expect(await relay(["sign-in", "--code-stdin"], desk.code(desk.ada))).toMatchObject({ code: 0 });
    for (const args of [
      ["status"],
      ["gateway", "list"],
      ["operator", "list"],
      ["audit"],
      ["audit", "verify"],
      ["invite"],
    ]) {
      const { code, stdout } = await relay([...args, "--json"]);
      expect([args, code]).toEqual([args, 0]);
      expect(() => JSON.parse(stdout) as unknown).not.toThrow();
      expect((await relay(args)).code).toBe(0);
    }
    expect((await stat(`${desk.data}/operator.json.signed-in`)).mode & 0o777).toBe(0o600);
    await chmod(`${desk.data}/operator.json`, 0o640);
    expect(await relay(["status", "--json"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("file-permissions"),
    });
  });

  it("makes no relay over another, and none that cannot be found", async () => {
    const again = ["init", "--name", "relay.test", "--operator", "eve", "--json"];
    expect((await runRelayCommand(desk.data, again)).stdout).toContain("data-folder-used");
    const hidden = await runRelayCommand(`${desk.data}/other`, [...again, "--listen", "0.0.0.0:8444"]);
    expect(hidden).toMatchObject({ code: 2, stdout: expect.stringContaining("--public") });
    expect(await runRelayCommand(`${desk.data}/other`, ["up", "--json"])).toMatchObject({
      stdout: expect.stringContaining("relay-missing"),
    });
  });
});

describe("two relays", () => {
  it("have no secret in common, nor an operator who is known to both", async () => {
    await using other = await RelayDesk.open({ clock, init: ["--metrics-port", "0"] });
    await using third = await RelayDesk.open({ clock, init: ["--metrics-port", "0"] });
    const desks = [desk, other, third];
    const different = async (of: (each: RelayDesk) => unknown): Promise<number> =>
      new Set(await Promise.all(desks.map(of))).size;
    expect(await different(({ node }) => node.keys.shown.pin)).toBe(3);
    expect(await different(({ ada: { secret } }) => secret)).toBe(3);
    expect(await different(({ ada: { key } }) => key.privateKey)).toBe(3);
    expect(await different(({ ada: { key } }) => key.authority)).toBe(3);
    const keyFile = ({ data }: RelayDesk): Promise<string> => readFile(join(data, relayFiles.vaultKey), "hex");
    expect(await different(keyFile)).toBe(3);
    const token = ({ data }: RelayDesk): Promise<string> => readFile(join(data, relayFiles.metricsToken), "utf8");
    expect(await token(other)).not.toBe(await token(third));
    expect(await codeOf(other.client(desk.ada).call("status", {}, never))).toBe("operator-unknown");
  });
});

describe("the vault of a relay", () => {
  const passphrase = "correct horse battery staple";
  const command = (args: readonly string[], input = "") =>
    runRelayCommand(desk.data, [...args, "--json"], { clock, input });

  it("is changed while the relay is stopped, which the next start writes down; with a passphrase nothing starts without it", async () => {
    expect(await command(["vault", "rotate"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("gateway-running"),
    });
    await desk.operation[Symbol.asyncDispose]();
    await desk.node[Symbol.asyncDispose]();
    expect((await command(["vault", "rotate"])).code).toBe(0);
    expect((await command(["vault", "protect", "--passphrase-stdin"], passphrase)).code).toBe(0);
    expect(await command(["up"])).toMatchObject({ code: 1, stdout: expect.stringContaining("vault-locked") });
    const config = await loadRelayConfig(desk.data);
    const parts = { data: desk.data, config, clock, log: silentLogger };
    await using node = await RelayNode.open({ ...parts, passphrase: async () => Secret.of(passphrase) }, never);
    expect(node.keys.shown.pin).toBe(desk.node.keys.shown.pin);
    expect(node.store.audit.list({ limit: 2 })).toMatchObject([
      { action: "vaultProtected" },
      { action: "vaultRotated" },
    ]);
    expect(node.store.audit.verify().intact).toBe(true);
  });
});

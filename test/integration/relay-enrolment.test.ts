import { encodeFrame, Enrolled, frameLimits, readFrame, relayProtocols } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";

import { tunnelCertificate } from "../../gateway-bridge/src/relay/protocol/tunnel-certificate.ts";
import { eventually } from "../support/eventually.ts";
import { dialTls } from "../support/relay-dial.ts";
import { makeGatewayKey, RelayHome, type GatewayKey } from "../support/relay-home.ts";
import { ScriptedGateway } from "../support/scripted-gateway.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
const use = <T extends AsyncDisposable>(resource: T): T => {
  open.push(resource);
  return resource;
};

const hour = 3_600_000;
const yes = { enrolled: true, relay: "relay.test" };
const invalid = { enrolled: false, why: "invite-invalid" };

/** Shows an invite as a gateway does. */
const enrol = async (home: RelayHome, key: GatewayKey, secret: string): Promise<Enrolled> => {
  const socket = await dialTls({ port: home.port, pin: home.pin, protocol: relayProtocols.enrol, key });
  socket.write(encodeFrame({ v: 1, secret, gateway: key.id }));
  const frame = { signal: new AbortController().signal, limit: frameLimits.device };
  return readFrame(socket, Enrolled, frame).finally(() => socket.destroy());
};

describe("enrolment at a relay", () => {
  it("takes a gateway in with an invite, which works once", async () => {
    const home = use(await RelayHome.open());
    const { secret } = home.gateways.invite({ ttlMs: hour });
    const [key, late] = [makeGatewayKey(), makeGatewayKey()];
    expect(await enrol(home, key, secret)).toEqual(yes);
    expect(await enrol(home, late, secret)).toEqual(invalid);
    // The first answer may have been lost.
    expect(await enrol(home, key, secret)).toEqual(yes);
    expect(home.gateways.list()).toMatchObject([{ id: key.id, pins: [key.pin], revoked: undefined, limits: {} }]);
    expect(home.audit.rows).toMatchObject([{ principal: key.id, action: "enrol", outcome: "done" }]);
    use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    await expect(ScriptedGateway.open({ port: home.port, pin: home.pin, key: late })).rejects.toThrow();
  });

  it("keeps no invite in the clear", async () => {
    const home = use(await RelayHome.open());
    const { secret } = home.gateways.invite({ ttlMs: hour });
    const kept = JSON.stringify(home.database.sql.prepare("SELECT * FROM relay_invites").all());
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(Buffer.from(secret, "base64url").toString("hex"));
  });

  it("takes no invite that is over, unknown, or shown for another key", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    const [key, other] = [makeGatewayKey(), makeGatewayKey()];
    const { secret } = home.gateways.invite({ ttlMs: hour });
    expect(await enrol(home, key, Buffer.alloc(16).toString("base64url"))).toEqual(invalid);
    expect(await enrol(home, { ...key, id: other.id }, secret)).toEqual(invalid);
    await clock.advance(hour);
    expect(await enrol(home, key, secret)).toEqual(invalid);
    expect(home.gateways.list()).toEqual([]);
  });

  it("takes no gateway without a key on Ed25519", async () => {
    const home = use(await RelayHome.open());
    const { secret } = home.gateways.invite({ ttlMs: hour });
    const key = makeGatewayKey();
    const weak = tunnelCertificate(key.id, generateKeyPairSync("ec", { namedCurve: "P-256" }), "client");
    expect(await enrol(home, { ...key, ...weak }, secret)).toEqual(invalid);
    expect(await enrol(home, key, secret)).toEqual(yes);
  });

  it("does not happen where it cannot be written down, and leaves the invite as it was", async () => {
    const home = use(await RelayHome.open());
    const { secret } = home.gateways.invite({ ttlMs: hour });
    const [key, other] = [makeGatewayKey(), makeGatewayKey()];
    home.audit.failing = true;
    expect(await enrol(home, key, secret)).toEqual({ enrolled: false, why: "busy" });
    expect(home.gateways.list()).toEqual([]);
    home.audit.failing = false;
    expect(await enrol(home, other, secret)).toEqual(yes);
  });

  it("never brings a revoked key back, by no invite", async () => {
    const home = use(await RelayHome.open());
    const key = home.enrolledKey();
    home.gateways.revoke(key.id);
    const { secret } = home.gateways.invite({ ttlMs: hour });
    expect(await enrol(home, key, secret)).toEqual(invalid);
    await expect(ScriptedGateway.open({ port: home.port, pin: home.pin, key })).rejects.toThrow();
  });

  it("waits while the relay drains", async () => {
    const home = use(await RelayHome.open());
    const { secret } = home.gateways.invite({ ttlMs: hour });
    await home.relay.drain(0, { signal: new AbortController().signal });
    expect(await enrol(home, makeGatewayKey(), secret)).toEqual({ enrolled: false, why: "busy" });
  });

  it("lasts over the relay's restart", async () => {
    const home = use(await RelayHome.open());
    const key = home.enrolledKey();
    const { secret } = home.gateways.invite({ ttlMs: hour });
    await home.stop();
    await home.start();
    use(await ScriptedGateway.open({ port: home.port, pin: home.pin, key }));
    expect(await enrol(home, makeGatewayKey(), secret)).toEqual(yes);
  });
});

describe("a gateway's next key", () => {
  const connect = (home: RelayHome, key: GatewayKey) => ScriptedGateway.open({ port: home.port, pin: home.pin, key });

  it("is good beside the one before, until it is used", async () => {
    const home = use(await RelayHome.open());
    const [key, next] = [home.enrolledKey(), makeGatewayKey()];
    const gateway = use(await connect(home, key));
    await gateway.admit([]);
    gateway.send({ kind: "key", pin: next.pin, only: false });
    await gateway.admit([], { epoch: 2 });
    expect(gateway.heard).toContainEqual({ kind: "key", pin: next.pin, only: false });
    use(await connect(home, key));
    expect(home.gateways.find(key.id)?.pins).toEqual([key.pin, next.pin]);
    use(await connect(home, next));
    expect(home.gateways.find(key.id)?.pins).toEqual([next.pin]);
    await expect(connect(home, key)).rejects.toThrow();
    expect(home.audit.rows.map(({ action, detail }) => [action, detail]).slice(1)).toEqual([
      ["noteKey", next.pin],
      ["useKey", next.pin],
    ]);
  });

  it("takes the place of the one before by itself after seven days", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    const [key, next] = [home.enrolledKey(), makeGatewayKey()];
    home.gateways.noteKey(key.id, next.pin, { only: false, now: key.pin });
    await clock.advance(7 * 24 * hour);
    await expect(connect(home, key)).rejects.toThrow();
    use(await connect(home, next));
  });

  it("is the only one at once where the one before may be in other hands", async () => {
    const home = use(await RelayHome.open());
    const [key, next] = [home.enrolledKey(), makeGatewayKey()];
    const gateway = use(await connect(home, key));
    await gateway.admit([]);
    gateway.send({ kind: "key", pin: next.pin, only: true });
    await eventually("the tunnel is closed", () => gateway.closed);
    expect(gateway.heard.at(-1)).toEqual({ kind: "key", pin: next.pin, only: true });
    await expect(connect(home, key)).rejects.toThrow();
    use(await connect(home, next));
  });

  it("can be changed sixteen times an hour, for each is written down", async () => {
    const clock = new TestClock();
    const home = use(await RelayHome.open({ clock }));
    const key = home.enrolledKey();
    const change = () => home.gateways.noteKey(key.id, makeGatewayKey().pin, { only: false, now: key.pin });
    for (let time = 0; time < 16; time += 1) change();
    expect(change).toThrow(expect.objectContaining({ code: "too-many-requests" }));
    expect([home.audit.rows.length, home.gateways.find(key.id)?.pins.length]).toEqual([17, 2]);
    await clock.advance(hour);
    change();
  });

  it("is never another gateway's, and the tunnel that says so ends", async () => {
    const home = use(await RelayHome.open());
    const [key, other] = [home.enrolledKey(), home.enrolledKey()];
    const gateway = use(await connect(home, key));
    await gateway.admit([]);
    gateway.send({ kind: "key", pin: other.pin, only: false });
    await expect(gateway.admit([], { epoch: 2 })).rejects.toThrow();
    expect(home.gateways.find(other.id)?.pins).toEqual([other.pin]);
  });
});

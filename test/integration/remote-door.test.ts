import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  doorName,
  innerProtocol,
  loadIdentity,
  pair,
  systemClock,
  type Action,
  type Grant,
  type Identity,
} from "@gatehouse/shared";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import { AwayPerson, nextStep, openRelayOf, switchOn } from "../support/away-person.ts";
import { Arrivals, browserOutputs, openClockedHome, type ClockedHome } from "../support/clocked-home.ts";
import { eventually } from "../support/eventually.ts";

/**
 * People watch a camera from away, by a real relay, on every way that goes through it, all at once. Then each loses the right to in a
 * way of its own; what comes a second after that is looked at, and whoever lost nothing must go on.
 */
const never = { signal: new AbortController().signal };
const longestMs = 1_000;
const actions: readonly Action[] = ["live", "events", "clip", "remote"];
const anywhere = ["home", "away"] as const;
const grantsWithout = (...taken: readonly Action[]): Grant[] =>
  actions.filter((action) => !taken.includes(action)).map((action) => ({ action, camera: "*", places: [...anywhere] }));

const rtsp = async (home: ClockedHome, person: AwayPerson, stack: AsyncDisposableStack): Promise<Arrivals> => {
  const arrivals = new Arrivals(home);
  const reader = stack.use(await person.reader());
  await reader.play(home.camera.id);
  reader.socket.on("data", arrivals.note);
  return arrivals;
};
const ways: readonly string[] = ["live fMP4", "a clip", "events", "RTSP"];

const watch = async (
  home: ClockedHome,
  person: AwayPerson,
  stack: AsyncDisposableStack,
): Promise<Map<string, Arrivals>> => {
  const opened = await Promise.all(
    ways.map(async (way) => {
      const open = browserOutputs[way];
      const client = person.asker();
      return [way, await (open === undefined ? rtsp(home, person, stack) : open(home, { client }, stack))] as const;
    }),
  );
  return new Map(opened);
};

interface Case {
  readonly end: (home: ClockedHome, person: AwayPerson) => Promise<unknown>;
  /** What flows by the right that is taken. */
  readonly over: readonly string[];
}

const change =
  (grants: Grant[]): Case["end"] =>
  (home, { id: principal }) =>
    home.owner.call("changePerson", { params: { principal }, body: { grants } }, never);

const cases: Readonly<Record<string, Case>> = {
  device: {
    end: ({ owner }, { device }) => owner.call("revokeDevice", { params: { device: device.device } }, never),
    over: ways,
  },
  login: {
    end: async ({ owner }, { id }) => {
      const logins = await owner.call("listLogins", {}, never);
      for (const { id: login } of logins.filter(({ person }) => person === id)) {
        await owner.call("endLogin", { params: { login } }, never);
      }
    },
    over: ways,
  },
  person: {
    end: ({ owner }, { id: principal }) => owner.call("removePerson", { params: { principal } }, never),
    over: ways,
  },
  "grant remote": { end: change(grantsWithout("remote")), over: ways },
  "grant live": { end: change(grantsWithout("live")), over: ["live fMP4", "RTSP"] },
};

type Manners = ConnectionOptions;

/** What is answered to a request inside a channel, where a device has these manners; nothing where the channel ends. */
const hearIn = async (channel: Duplex, manners: Manners, { device, cookie }: AwayPerson): Promise<string> => {
  const servername = doorName(device.wayHome.gatewayKeys[0] ?? "");
  const trust = { checkServerIdentity: () => undefined, ...unverified };
  const socket = connectTls({ socket: channel, servername, ALPNProtocols: [innerProtocol], ...trust, ...manners });
  let heard = "";
  socket.on("error", () => undefined);
  socket.once("secureConnect", () => {
    const head = [`host: ${servername}`, `cookie: __Host-gatehouse=${cookie}`, "connection: close"].join("\r\n");
    socket.write(`GH1 api\nGET /v1/me HTTP/1.1\r\n${head}\r\n\r\n`);
  });
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  // It may fail before: that it closes is enough.
  await new Promise((resolve) => socket.once("close", resolve));
  return heard;
};

/** The gateway certifies its door itself; whom the device trusts is not tried here. */
const unverified = Object.fromEntries([["rejectUnauthorized", false]]);

/** What is still to come after a right has ended, and a bit. */
const settleMs = 1.25 * longestMs;

describe("from away, by a real relay", () => {
  const stack = new AsyncDisposableStack();
  let home: ClockedHome;
  let ann: AwayPerson;
  let bob: AwayPerson;
  let plugin: Identity;
  const people = new Map<string, AwayPerson>();

  beforeAll(async () => {
    home = await openClockedHome(stack);
    const motion = { active: false };
    const moving = setInterval(() => home.simulator.motion((motion.active = !motion.active)), 50);
    stack.defer(() => clearInterval(moving));
    await openRelayOf(home, stack);
    const admin: Grant = { action: "admin", camera: "*", places: [...anywhere] };
    const bobs: Grant[] = [...grantsWithout("clip"), { action: "clip", camera: "*" }, admin];
    const named = [["ann", grantsWithout()], ["bob", bobs], ...Object.keys(cases).map((name) => [name.replace(" ", "-"), grantsWithout()])] as const; // prettier-ignore
    nextStep(home);
    const all = await Promise.all(
      named.map(([name, grants]) => AwayPerson.of(home, name as string, grants as Grant[])),
    );
    [ann, bob] = all as [AwayPerson, AwayPerson];
    for (const [index, name] of Object.keys(cases).entries()) people.set(name, all[index + 2]!);
    nextStep(home);
    await Promise.all(all.map((person) => person.signIn()));
    const offer = { kind: "node-red", name: "Flows", grants: grantsWithout("remote") } as const;
    const { pairingString } = await home.owner.call(
      "offerPairing",
      { body: { ...offer, grants: [...offer.grants] } },
      never,
    );
    plugin = await pair({ pairingString, kind: "node-red", clock: systemClock }, never);
  }, 90_000);
  afterAll(() => stack.disposeAsync());

  const shownBy = ({ device: { certificate: cert, privateKey: key } }: AwayPerson): Manners => ({ cert, key });
  const strangers: Readonly<Record<string, () => Manners | Promise<Manners>>> = {
    "shows no certificate": () => ({}),
    "shows another device's": () => shownBy(bob),
    "shows that of a paired plugin": async () => ({ cert: plugin.certificate, key: plugin.privateKey }),
    "shows that of the owner's own command line": async () => {
      const owner = await loadIdentity(join(home.gateway.data, "cli.json"));
      return { cert: owner?.certificate, key: owner?.privateKey };
    },
    "speaks TLS 1.2": () => ({ ...shownBy(ann), maxVersion: "TLSv1.2" }),
    "speaks another protocol": () => ({ ...shownBy(ann), ALPNProtocols: ["http/1.1"] }),
    "speaks none": () => ({ ...shownBy(ann), ALPNProtocols: [] }),
    "asks for another gateway's key": () => ({ ...shownBy(ann), servername: doorName("A".repeat(43)) }),
    "asks for no key": () => ({ ...shownBy(ann), servername: "" }),
  };
  it.each(Object.entries(strangers))("a device of hers comes to nothing that %s", async (_case, manners) => {
    for (const way of ["shared", "own"] as const) {
      const channel = await ann.channel(way);
      expect(
        await hearIn(channel, { ...shownBy(ann), cert: undefined, key: undefined, ...(await manners()) }, ann),
      ).toBe("");
    }
    // The same with nothing wrong.
    expect(await hearIn(await ann.channel("shared"), shownBy(ann), ann)).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(["shared", "own"] as const)("large answers and bodies come whole by the way %s", async (way) => {
    const asker = bob.asker(bob.cookie, way);
    const name = "n".repeat(40_000);
    const body = JSON.stringify({ name });
    const answer = await asker.ask({ path: "/v1/me/passkeys", method: "POST", type: "application/json", body });
    expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([
      400,
      { error: { code: "request-invalid" } },
    ]);
    const large = await asker.ask({ path: "/v1/openapi.json" });
    expect(large.body.length).toBeGreaterThan(65_536);
    expect(JSON.parse(large.body.toString())).toHaveProperty("openapi");
  });

  it("a request counts by the login of the device's own person alone", async () => {
    const status = async (cookie: string): Promise<number> => (await ann.asker(cookie).ask({ path: "/v1/me" })).status;
    expect(await status(ann.cookie)).toBe(200);
    expect(await status("")).toBe(401);
    expect(await status(bob.cookie)).toBe(401);
    await expect((await ann.reader(bob.cookie)).request("OPTIONS", "*")).resolves.toBeUndefined();
  });

  it("nobody signs in with one factor, nor as another person, whose code is as good as before", async () => {
    expect(await ann.trySignIn({ loginName: "ann" })).toMatchObject({ status: 401, code: "sign-in-refused" });
    nextStep(home);
    const theirs = { loginName: "bob", code: bob.code() };
    expect(await ann.trySignIn(theirs)).toMatchObject({ status: 401, code: "sign-in-refused" });
    expect(await bob.trySignIn(theirs)).toMatchObject({ status: 200 });
    const rows = await home.owner.call("listAudit", { query: { limit: 50 } }, never);
    expect(rows.map(({ detail }) => detail)).toContainEqual(expect.stringContaining(`device ${ann.device.device}`));
  });

  it("what is granted for home is not granted, and a service's password is none", async () => {
    const path = `/v1/cameras/${home.camera.id}/clip?before=1&after=1`;
    expect((await bob.asker().ask({ path })).status).toBe(403);
    const body = { name: "Player", grants: [{ action: "live", camera: "*", places: [...anywhere] }] } as const;
    const { username, password, principal } = await home.owner.call("addApplication", { body: { ...body, grants: body.grants.map((grant) => ({ ...grant, places: [...anywhere] })) } }, never); // prettier-ignore
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const asked = { path: "/v1/cameras", headers: { authorization } };
    expect((await ann.asker("").ask(asked)).status).toBe(401);
    await home.owner.call("revokePrincipal", { params: { principal } }, never);
  });

  it("WebRTC is refused with what to do instead", async () => {
    const path = `/v1/cameras/${home.camera.id}/whep`;
    const answer = await ann.asker().ask({ path, method: "POST", type: "application/sdp", body: "v=0\r\n" });
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: "not-through-relay" } });
  });

  it("RTSP works although no port of it is open", async () => {
    expect(await refusesConnections(home.plainPort)).toBe(true);
    using reader = await ann.reader();
    expect((await reader.request("DESCRIBE", `${home.camera.id}/`))?.status).toBe(200);
    const plain = { Transport: "RTP/AVP;unicast;client_port=5000-5001" };
    expect((await reader.request("SETUP", `${home.camera.id}/trackID=0`, plain))?.status).toBe(461);
  });

  it("everything ends within a second, with whatever it flowed by, and with nothing else", async () => {
    const watched = new Map<string, Map<string, Arrivals>>();
    for (const [name, person] of [...people, ["nothing", ann] as const])
      watched.set(name, await watch(home, person, stack));
    await started(watched);
    const endedAt = new Map<string, number>();
    for (const [name, { end }] of Object.entries(cases)) {
      await end(home, people.get(name)!);
      endedAt.set(name, home.time.now());
    }
    const before = new Map([...watched].map(([name, ways]) => [name, counts(ways)]));
    const goOn = async (name: string, untouched: readonly string[]): Promise<void> => {
      for (const way of untouched) {
        const arrivals = watched.get(name)!.get(way)!;
        await eventually(`${way} goes on for ${name}`, () => arrivals.count > before.get(name)!.get(way)!);
      }
    };
    await home.time.pass(settleMs);
    for (const [name, { over }] of Object.entries(cases)) {
      const late = over.filter((way) => watched.get(name)!.get(way)!.lastAt - endedAt.get(name)! >= longestMs);
      expect([name, late]).toEqual([name, []]);
      await goOn(
        name,
        ways.filter((way) => !over.includes(way)),
      );
    }
    await goOn("nothing", ways);
  }, 120_000);

  it.each([
    [
      "remote access that is switched off",
      async () => home.owner.call("switchRemote", { body: { enabled: false } }, never),
    ],
    ["panic", async () => home.owner.call("panic", {}, never)],
  ] as const)("everything ends within a second with %s", async (what, end) => {
    if (what === "panic") await switchOn(home.owner);
    const watched = await watch(home, ann, stack);
    await started(new Map([[what, watched]]));
    await end();
    const endedAt = home.time.now();
    await home.time.pass(settleMs);
    expect([...watched].filter(([, { lastAt }]) => lastAt - endedAt >= longestMs).map(([way]) => way)).toEqual([]);
    await expect(ann.asker().ask({ path: "/v1/me" })).rejects.toMatchObject({ code: "relay-refused" });
  });
});

const counts = (ways: ReadonlyMap<string, Arrivals>): Map<string, number> =>
  new Map([...ways].map(([way, { count }]) => [way, count]));

const started = async (watched: ReadonlyMap<string, ReadonlyMap<string, Arrivals>>): Promise<void> => {
  for (const [name, ways] of watched) {
    for (const [way, arrivals] of ways) await eventually(`${way} for ${name}`, () => arrivals.count >= 2);
  }
};

const refusesConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(false)).once("error", () => resolve(true));
    socket.once("connect", () => socket.destroy());
  });

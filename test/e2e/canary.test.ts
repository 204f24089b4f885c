import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Event, routes, ServerMessage, type Route, type RouteName } from "@gatehouse/shared";

import { readPages } from "../../gateway-bridge/src/api/pages/page-set.ts";
import { here, session } from "../../gateway-bridge/src/api/testing/api-world.ts";
import { requests } from "../../gateway-bridge/src/api/testing/requests.ts";
import { Asker, type Question } from "../support/asker.ts";
import { CanaryHouse, friendKinds, rightsOf, type FriendKind, type MarkedCamera } from "../support/canary-house.ts";
import { tellingWays, tryRtspAfterLogin, tryRtspMethods, ways, type Attempt } from "../support/canary-ways.ts";
import { eventually } from "../support/eventually.ts";
import { WebRtcReceiver } from "../support/webrtc-receiver.ts";

/**
 * Two cameras, marked in their pictures, snapshots, events, names and passwords with letters that stand nowhere else. Friends of one of
 * them, of every kind that there is, try every way out of the gateway for the other, and all that comes back is searched: for the
 * letters, in whatever writing. A way counts only where the owner, by the same way at the same time, does see them.
 */
const never = { signal: new AbortController().signal };
/** What was refused gets nothing later either. */
const patienceMs = 1_000;

let house: CanaryHouse;
beforeAll(async () => {
  house = await CanaryHouse.open();
}, 60_000);
afterAll(() => house[Symbol.asyncDispose]());

/** All that somebody was shown. */
class Shown {
  readonly #parts: Buffer[] = [];
  readonly see = (bytes: Buffer): void => void this.#parts.push(Buffer.from(bytes));

  get all(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** What of a camera is among it. */
  tracesOf({ stamp, name, secret, simulator }: MarkedCamera): string[] {
    const { all } = this;
    const marks = { stamp, name, secret };
    const found = Object.entries(marks).flatMap(([mark, canary]) => (canary.isIn(all) ? [mark] : []));
    return all.includes(new URL(simulator.onvifUrl).host) ? [...found, "address"] : found;
  }
}

const rtspPort = (): number => Number(new URL(house.ownerLogin.rtsp[0]!.url.replace("rtsps:", "https:")).port);

/** Has the gateway's every byte shown, too, as it comes out of TLS. */
const tapped = async <T>(asker: Asker, shown: Shown, work: () => Promise<T>): Promise<T> => {
  asker.tap = shown.see;
  try {
    return await work();
  } finally {
    asker.tap = undefined;
  }
};

const attemptOf = (
  who: FriendKind | "owner",
  asked: MarkedCamera,
  { see, stack }: Pick<Attempt, "see" | "stack">,
): Attempt => {
  const { asker, login } =
    who === "owner" ? { asker: house.ownerAsker, login: house.ownerLogin } : { login: undefined, ...house.own[who] };
  return { asker, login, asked, see, stack, rtspPort: rtspPort() };
};

/** The ways that need no more than these rights. */
const openTo = (kind: FriendKind, way: string): boolean => {
  const rights: readonly string[] = rightsOf[kind];
  if (way === "rtsp") return kind === "application";
  // It aims pictures at others on the network, which browsers have no use for.
  if (way === "prepareHomeKitSession") return kind === "application" || kind === "plugin";
  return rights.includes({ clip: "clip", snapshot: "snapshot", "cached snapshot": "snapshot" }[way] ?? "live");
};

describe.each(Object.keys(ways))("by %s", (name) => {
  const way = ways[name]!;

  it("everybody is shown the camera that they may see, and no other", async () => {
    await using stack = new AsyncDisposableStack();
    const { own, other } = house;
    const [control, mine, theirs] = [new Shown(), new Map<string, Shown>(), new Map<string, Shown>()];
    await way(attemptOf("owner", other, { see: control.see, stack }));
    for (const kind of friendKinds) {
      for (const [seen, asked] of [
        [mine, own],
        [theirs, other],
      ] as const) {
        const shown = new Shown();
        seen.set(kind, shown);
        await way(attemptOf(kind, asked, { see: shown.see, stack }));
      }
    }
    await eventually("the owner to see the other camera", () => control.tracesOf(other).includes("stamp"));
    for (const kind of friendKinds) {
      if (!openTo(kind, name)) continue;
      await eventually(`the ${kind} to see its own`, () => mine.get(kind)!.tracesOf(own).includes("stamp"));
    }
    await new Promise((resolve) => setTimeout(resolve, patienceMs));
    for (const kind of friendKinds) {
      expect([kind, theirs.get(kind)!.tracesOf(other), theirs.get(kind)!.tracesOf(own)]).toEqual([kind, [], []]);
      expect([kind, mine.get(kind)!.tracesOf(other)]).toEqual([kind, []]);
    }
    expect(control.tracesOf(other)).not.toContain("secret");
  }, 60_000);
});

describe.each(Object.keys(tellingWays))("by %s", (name) => {
  it("everybody is told of the camera that they may see, and of no other", async () => {
    await using stack = new AsyncDisposableStack();
    const { own, other } = house;
    const tell = tellingWays[name]!;
    const control = new Shown();
    await tell(attemptOf("owner", other, { see: control.see, stack }));
    for (const kind of friendKinds) {
      const shown = new Shown();
      await tapped(house.own[kind].asker, shown, () => tell(attemptOf(kind, own, { see: shown.see, stack })));
      await eventually(`the ${kind} to be told`, () => shown.all.includes(own.camera.id));
      expect([kind, shown.tracesOf(other), shown.all.includes(other.camera.id)]).toEqual([kind, [], false]);
    }
    await eventually("the owner to be told", () => control.all.includes(other.camera.id));
    expect(control.tracesOf(other)).not.toContain("secret");
  });
});

describe("over the WebSocket of events", () => {
  it("nobody is told anything of cameras that they may not see, whatever happens there", async () => {
    await using stack = new AsyncDisposableStack();
    const { own, other, owner } = house;
    const listen = async (who: FriendKind | "owner"): Promise<Shown> => {
      const shown = new Shown();
      const attempt = attemptOf(who, own, { see: shown.see, stack });
      await tapped(attempt.asker, shown, () => tellingWays["events"]!(attempt));
      return shown;
    };
    const control = await listen("owner");
    const friends = new Map<FriendKind, Shown>();
    for (const kind of friendKinds) friends.set(kind, await listen(kind));

    const third = await house.addCamera(stack);
    for (const { simulator } of [own, other, third]) simulator.motion(true);
    const seenOf = ({ camera }: MarkedCamera, kind: string): boolean =>
      new RegExp(`"kind":"${kind}"[^{}]*"camera":"${camera.id}"`).test(control.all.toString("latin1"));
    for (const kind of ["motion", "camera-state", "camera-added"]) {
      await eventually(`${kind} of the third camera`, () => seenOf(third, kind));
    }
    await eventually("motion of the other camera", () => seenOf(other, "motion"));
    for (const [kind, shown] of friends) {
      // An application may hear nothing; it is greeted all the same.
      if (kind !== "application")
        await eventually(`the ${kind} to hear its own`, () => shown.tracesOf(own).includes("stamp"));
    }
    const cameras = [own.camera.id, other.camera.id];
    for (const camera of cameras) {
      await owner.call("consentToInspection", { params: { camera }, body: { granted: true } }, never);
    }
    await owner.call("startInspection", { body: { cameras, checks: ["FW-AGE"] } }, never);
    await eventually("a finding about the other camera", () => seenOf(other, "finding"));
    await owner.call("removeCamera", { params: { camera: third.camera.id } }, never);
    await eventually("the end of the third camera", () => seenOf(third, "camera-removed"));

    // Every kind that there is was among what the owner was told.
    const kinds = [...ServerMessage.options, ...Event.options].map(({ shape }) => shape.kind.value);
    expect(kinds.filter((kind) => !control.all.includes(`"kind":"${kind}"`))).toEqual([]);
    expect([control.tracesOf(other), control.tracesOf(third)]).toEqual([["stamp", "name"], ["stamp"]]);
    for (const [kind, shown] of friends) {
      expect([kind, shown.tracesOf(other), shown.tracesOf(third)]).toEqual([kind, [], []]);
      for (const { camera } of [other, third]) expect([kind, shown.all.includes(camera.id)]).toEqual([kind, false]);
    }
  }, 90_000);
});

describe("over RTSP", () => {
  const known: readonly (FriendKind | "stranger")[] = ["application", "stranger"];

  it.each(known)(
    "no method shows a camera to whoever may not see it: %s",
    async (who) => {
      await using stack = new AsyncDisposableStack();
      const { own, other } = house;
      const [control, shown] = [new Shown(), new Shown()];
      await ways["rtsp"]!(attemptOf("owner", other, { see: control.see, stack }));
      const attempt = attemptOf("application", other, { see: shown.see, stack });
      const statuses = await tryRtspMethods(who === "stranger" ? { ...attempt, login: undefined } : attempt);
      if (who === "application") await tryRtspAfterLogin(attempt, own);
      await eventually("the owner to see the other camera", () => control.tracesOf(other).includes("stamp"));
      await new Promise((resolve) => setTimeout(resolve, patienceMs));
      expect(shown.tracesOf(other)).toEqual([]);
      // What connection it is tells no camera.
      const allowed = [...statuses].filter(([, status]) => status >= 200 && status < 300).map(([method]) => method);
      expect(allowed.filter((method) => !["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].includes(method))).toEqual([]);
      expect(shown.tracesOf(own)).toEqual(who === "application" ? ["stamp"] : []);
    },
    60_000,
  );
});

describe("who asks in somebody else's company", () => {
  const cookieOf = (kind: "person" | "guest", of = house.own): string => of[kind].asker.headers["cookie"] ?? "";

  it("is answered by the cookie of each request, whatever came before it on the connection", async () => {
    const { own, other } = house;
    const socket = await own.person.asker.connect();
    const cookies = [cookieOf("person"), cookieOf("person", other), "", cookieOf("guest"), cookieOf("guest", other)];
    const host = house.gateway.address;
    const request = (cookie: string): string =>
      ["GET /v1/cameras HTTP/1.1", `host: ${host}`, "sec-fetch-site: same-origin", `cookie: ${cookie}`, "\r\n"].join(
        "\r\n",
      );
    const shown = new Shown();
    socket.on("data", shown.see);
    // All at once, each before the one before it is answered.
    socket.write([...cookies, ...cookies].map(request).join(""));
    const answers = (): string[] => shown.all.toString("latin1").split(/(?=HTTP\/1\.1 )/);
    await eventually("ten answers", () => answers().length === 10 && answers()[9]!.includes("]"));
    socket.destroy();
    const seen = answers().map((answer) => [
      answer.slice(9, 12),
      answer.includes(own.name.text),
      answer.includes(other.name.text),
    ]);
    const once = [
      ["200", true, false],
      ["200", false, true],
      ["401", false, false],
      ["200", true, false],
      ["200", false, true],
    ];
    expect(seen).toEqual([...once, ...once]);
  });

  it("is shown its own camera, while the other's friends are shown theirs", async () => {
    const { own, other } = house;
    const look = async (mine: typeof own, theirs: typeof own, kind: FriendKind): Promise<unknown[]> => {
      const { body } = await mine[kind].asker.ask({ path: `/v1/cameras/${mine.camera.id}/snapshot?width=320` });
      const list = await mine[kind].asker.ask({ path: "/v1/cameras" });
      const all = Buffer.concat([body, list.body]);
      return [mine.stamp.isIn(body), mine.name.isIn(list.body), theirs.stamp.isIn(all), theirs.name.isIn(all)];
    };
    const rounds = friendKinds.flatMap((kind) => [
      ...Array.from({ length: 5 }, () => [look(own, other, kind), look(other, own, kind)]).flat(),
    ]);
    for (const seen of await Promise.all(rounds)) expect(seen).toEqual([true, true, false, false]);
  }, 60_000);
});

describe("in what everybody may have", () => {
  const everybody = async (): Promise<readonly (readonly [string, Asker])[]> => [
    ...friendKinds.map((kind) => [kind, house.own[kind].asker] as const),
    ["stranger", await Asker.with(house.gateway, {})],
  ];

  it("there is nothing of any home: pages and trust are the same for all", async () => {
    // Their folder is named after their content, as this gateway read it when it started.
    const shell = (await house.ownerAsker.ask({ path: "/" })).body.toString();
    const [folder = ""] = /\/app\/[0-9a-f]{16}/.exec(shell) ?? [];
    const pages = (await readPages()).map(({ path }) => path.replace(/^\/app\/[0-9a-f]{16}/, folder));
    expect(pages.length).toBeGreaterThan(10);
    for (const path of [...pages, "/trust/ca.pem", "/trust/ca.crt", "/trust/ca.mobileconfig"]) {
      const given = await house.ownerAsker.ask({ path });
      expect([path, given.status]).toEqual([path, 200]);
      for (const [who, asker] of await everybody()) {
        const shown = new Shown();
        const { status, body } = await tapped(asker, shown, () => asker.ask({ path }));
        expect([who, path, status, body.equals(given.body)]).toEqual([who, path, 200, true]);
        for (const camera of [house.own, house.other]) {
          expect([who, path, shown.tracesOf(camera), shown.all.includes(camera.camera.id)]).toEqual([
            who,
            path,
            [],
            false,
          ]);
        }
      }
    }
  }, 60_000);

  it("there is nothing of the other camera: no error tells of it", async () => {
    const { id } = house.other.camera;
    const camera = `/v1/cameras/${id}`;
    const json = { type: "application/json" };
    const wrong: readonly Question[] = [
      ...["", "/", "/snapshot?width=-1", "/snapshot?x=1", "/%73napshot", "/snapshot/", "/live", "/clip?before=1e9"].map(
        (rest) => ({ path: camera + rest }),
      ),
      ...["HEAD", "OPTIONS", "PUT", "PATCH"].map((method) => ({ path: `${camera}/snapshot`, method })),
      { path: `${camera}/whep`, method: "POST", ...json, body: "{" },
      { path: `${camera}/whep`, method: "POST", type: "application/sdp", body: "v=0\r\n" },
      { path: `${camera}/homekit-sessions`, method: "POST", ...json, body: "{}" },
      { path: `/v1/cameras/${house.other.name.text.slice(0, 8)}/snapshot` },
      { path: `/v1/cameras/${id.slice(0, -1)}/snapshot` },
      { path: "/v1/cameras?camera=*" },
      { path: "/v1/../v1/status" },
      { path: "/app/../../gatehouse.db" },
      { path: "/favicon.ico" },
    ];
    for (const [who, asker] of await everybody()) {
      for (const question of wrong) {
        const shown = new Shown();
        const { status } = await tapped(asker, shown, () => asker.ask(question));
        expect([who, question.path, shown.tracesOf(house.other)]).toEqual([who, question.path, []]);
        if (question.path !== "/v1/cameras?camera=*")
          expect([who, question.path, status >= 400]).toEqual([who, question.path, true]);
      }
    }
  }, 60_000);
});

/** The request to a route, about the other camera and whatever belongs to it. */
const questionOf = (name: RouteName, otherSession: string): Question => {
  const { path, body, sdp } = requests[name];
  const { other } = house;
  const about = (text: string): string =>
    text
      .replaceAll(here, other.camera.id)
      .replaceAll(session, otherSession)
      .replaceAll("who-zzzzzzzzzzzzzzzz", other.application.principal)
      .replaceAll("login-aaaaaaaaaaaaaaaa", other.login)
      .replaceAll("link-aaaaaaaaaaaaaaaa", other.link)
      .replaceAll("role-aaaaaaaaaaaaaaaa", other.role);
  const { method }: Route = routes[name];
  const sent = sdp ?? (body === undefined ? undefined : about(JSON.stringify(body)));
  const type = sdp === undefined ? "application/json" : "application/sdp";
  return { path: about(path), method, ...(sent !== undefined && { type, body: sent }) };
};

/** What each kind of access answers to somebody who may do nothing with what is asked for. */
const refusalOf = ({ access }: Route): number | undefined =>
  access.on === "gateway" || access.on === "camera" || access.on === "session" ? 403 : undefined;

/** What ends the login that asks; tried last. */
const partings: readonly RouteName[] = ["signOut"];

describe("on every route that there is", () => {
  const names = (Object.keys(routes) as RouteName[]).filter((name) => !partings.includes(name));

  /** A session of the owner's on a camera. */
  const openSession = async ({ camera }: MarkedCamera, stack: AsyncDisposableStack): Promise<string> => {
    const receiver = stack.use(await WebRtcReceiver.open({ loopback: true }));
    const path = `/v1/cameras/${camera.id}/whep`;
    const offer = { path, method: "POST", type: "application/sdp", body: receiver.offer };
    const { headers, body } = await house.ownerAsker.ask(offer);
    // One that nobody connects to would end by itself.
    await receiver.accept(body.toString());
    return String(headers.location).replace("/v1/webrtc-sessions/", "");
  };

  /** It must still be there to be ended. */
  const endSession = async (id: string): Promise<void> => {
    const { status } = await house.ownerAsker.ask({ path: `/v1/webrtc-sessions/${id}`, method: "DELETE" });
    expect(status).toBe(200);
  };

  it.each(friendKinds)("a friend of the same camera is kept from another's session there: %s", async (kind) => {
    await using stack = new AsyncDisposableStack();
    const theirs = await openSession(house.own, stack);
    const ofSessions = names.filter((name) => routes[name].access.on === "session");
    expect(ofSessions.length).toBeGreaterThan(2);
    for (const name of ofSessions) {
      const { status } = await house.own[kind].asker.ask(questionOf(name, theirs));
      expect([name, status]).toEqual([name, 403]);
    }
    await endSession(theirs);
  });

  it("there is something to ask", () => {
    expect(Object.keys(routes).filter((name) => !Object.hasOwn(requests, name))).toEqual([]);
  });

  it("the owner is shown the other camera where the gateway is asked about all", async () => {
    const audit = ["/v1/audit", "/v1/audit/export"];
    const people = ["/v1/principals", "/v1/people", "/v1/roles", "/v1/guest-links"];
    for (const path of ["/v1/cameras", "/v1/health", "/v1/status", "/metrics", ...audit, ...people]) {
      const { body } = await house.ownerAsker.ask({ path });
      expect([path, body.includes(house.other.camera.id)]).toEqual([path, true]);
    }
  });

  it.each(friendKinds)(
    "a friend is shown nothing of the other camera, and changes nothing about it: %s",
    async (kind) => {
      await using stack = new AsyncDisposableStack();
      const otherSession = await openSession(house.other, stack);
      const { asker } = house.own[kind];
      for (const name of [...names, ...partings]) {
        const shown = new Shown();
        const question = questionOf(name, otherSession);
        const { status } = await tapped(asker, shown, async () => asker.ask(question));
        expect([name, shown.tracesOf(house.other)]).toEqual([name, []]);
        if (!question.path.includes(house.other.camera.id)) {
          expect([name, shown.all.includes(house.other.camera.id)]).toEqual([name, false]);
        }
        const refusal = refusalOf(routes[name]);
        if (refusal !== undefined) expect([name, status]).toEqual([name, refusal]);
      }
      await endSession(otherSession);
    },
    60_000,
  );
});

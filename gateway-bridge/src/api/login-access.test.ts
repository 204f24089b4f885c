import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Action, LoginId, routes, type Factor, type Grant, type PrincipalId, type RouteName } from "@gatehouse/shared";

import { assuranceOf } from "../domain/login-policy.ts";
import { requests } from "./testing/requests.ts";
import { ApiWorld, elsewhere, here, type Answer, type Question } from "./testing/api-world.ts";

const everything = Action.options.map((action): Grant => ({ action, camera: "*" }));
const cookie = "__Host-gatehouse=x";
const codeOf = ({ json }: Answer): unknown => (json as { error?: { code?: unknown } } | undefined)?.error?.code;
const srtp = { key: Buffer.alloc(16).toString("base64"), salt: Buffer.alloc(14).toString("base64") };

let world: ApiWorld;
let origin: string;
beforeAll(async () => {
  world = await ApiWorld.open();
  origin = `https://${world.address}`;
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.logins.standing.clear();
  world.handled.length = 0;
});

interface Standing {
  readonly grants?: readonly Grant[];
  readonly factors?: readonly Factor[];
  /** Milliseconds since all factors were shown; never, unless told. */
  readonly shown?: number;
  readonly kind?: "person" | "guest";
}

/** Somebody who is signed in with the cookie. */
const signedIn = ({
  grants = everything,
  factors = ["password", "totp"],
  shown,
  kind = "person",
}: Standing = {}): PrincipalId => {
  const { principal } = world.pair(kind, grants);
  world.logins.standing.set(cookie, {
    id: LoginId.parse("login-aaaaaaaaaaaaaaaa"),
    principal,
    factors,
    assurance: assuranceOf(factors),
    steppedUp: shown === undefined ? undefined : Date.now() - shown,
  });
  return principal;
};

/** As a browser asks on the gateway's own page. */
const ask = (question: Question): Promise<Answer> => {
  const headers = { cookie, "sec-fetch-site": "same-origin", ...(question.method !== "GET" && { origin }) };
  return world.ask({ ...question, headers: { ...headers, ...question.headers } });
};
const read = (path: string): Promise<Answer> => ask({ method: "GET", path });

describe("a person's login", () => {
  it("may do what the person may, and no more", async () => {
    signedIn({ grants: [{ action: "snapshot", camera: here }] });
    expect((await read(`/v1/cameras/${here}/snapshot`)).status).toBe(200);
    expect(codeOf(await read(`/v1/cameras/${here}/clip?before=5&after=1`))).toBe("access-denied");
    expect(codeOf(await read("/v1/people"))).toBe("access-denied");
  });

  it("governs the gateway with two factors alone", async () => {
    signedIn({ factors: ["password"], shown: 0 });
    expect(codeOf(await read("/v1/people"))).toBe("access-denied");
    expect((await read("/v1/cameras")).status).toBe(200);
    signedIn();
    expect((await read("/v1/people")).status).toBe(200);
  });

  it("changes settings only within ten minutes after both were shown", async () => {
    const writes: readonly Question[] = [
      { method: "POST", path: "/v1/people", body: JSON.stringify({ name: "Bob", loginName: "bob" }) },
      { method: "POST", path: "/v1/cameras", body: JSON.stringify({ address: "192.0.2.1" }) },
      { method: "DELETE", path: `/v1/cameras/${here}` },
      { method: "DELETE", path: "/v1/principals/who-zzzzzzzzzzzzzzzz" },
      { method: "DELETE", path: "/v1/logins/login-aaaaaaaaaaaaaaaa" },
      ...(["changePerson", "changeRole", "makeGuestLink", "revokeGuestLink"] as const).map((name): Question => {
        const { path, body } = requests[name];
        return { method: routes[name].method, path, ...(body !== undefined && { body: JSON.stringify(body) }) };
      }),
    ];
    for (const shown of [undefined, 10 * 60_000, -60_000]) {
      signedIn(shown === undefined ? {} : { shown });
      for (const write of writes)
        expect([write.path, shown, codeOf(await ask(write))]).toEqual([write.path, shown, "step-up-required"]);
    }
    expect(world.handled).toEqual([]);
    signedIn({ shown: 9 * 60_000 });
    for (const write of writes) expect([write.path, (await ask(write)).status]).toEqual([write.path, 200]);
  });

  it("that came by a one-time code does nothing but set up a password", async () => {
    for (const factors of [["code"], ["code", "totp"]] as const) {
      signedIn({ factors, shown: 0 });
      for (const path of ["/v1/cameras", "/v1/health", `/v1/cameras/${here}/snapshot`, "/v1/people", "/metrics"]) {
        expect([path, codeOf(await read(path))]).toEqual([path, "access-denied"]);
      }
      const set = { method: "PUT", path: "/v1/me/password", body: JSON.stringify({ password: "p" }) };
      expect([(await read("/v1/me")).status, (await ask(set)).status]).toEqual([200, 200]);
    }
  });

  it("has no use for what only programs do: it could aim pictures at others on the network", async () => {
    signedIn({ shown: 0 });
    const viewer = { address: "192.168.1.9", videoPort: 5000, videoSrtp: srtp };
    const prepare = { method: "POST", path: `/v1/cameras/${here}/homekit-sessions`, body: JSON.stringify({ viewer }) };
    expect(codeOf(await ask(prepare))).toBe("access-denied");
    expect(codeOf(await ask({ method: "POST", path: "/v1/first-run/code" }))).toBe("access-denied");
    expect(world.handled).toEqual([]);
  });

  it("is over with its person, and is nobody's who is no person", async () => {
    world.revoke(signedIn());
    expect(codeOf(await read("/v1/me"))).toBe("unauthenticated");
    const { principal } = world.pair("owner", everything);
    world.logins.standing.set(cookie, { ...world.logins.standing.get(cookie)!, principal });
    expect(codeOf(await read("/v1/me"))).toBe("unauthenticated");
  });
});

describe("a guest's login", () => {
  const guest = (grants: readonly Grant[]): PrincipalId =>
    signedIn({ kind: "guest", factors: ["link"], grants, shown: 0 });

  it("may do what the link says, and nothing that only people may, whatever a row of its grants says", async () => {
    guest([{ action: "snapshot", camera: here }]);
    expect((await read(`/v1/cameras/${here}/snapshot`)).status).toBe(200);
    expect(codeOf(await read(`/v1/cameras/${elsewhere}/snapshot`))).toBe("access-denied");
    expect((await read("/v1/cameras")).status).toBe(200);
    guest(everything);
    const forPeople = [`/v1/cameras/${here}/clip?before=5&after=1`, "/metrics", "/v1/people", "/v1/status"];
    for (const path of forPeople) expect([path, codeOf(await read(path))]).toEqual([path, "access-denied"]);
    const govern = { method: "POST", path: "/v1/guest-links", body: JSON.stringify(requests.makeGuestLink.body) };
    expect(codeOf(await ask(govern))).toBe("access-denied");
  });

  it("knows of itself that it is there, and leaves: no password, no passkey, no authenticator", async () => {
    guest([{ action: "live", camera: here }]);
    const own = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].access.on === "login");
    expect(own.length).toBeGreaterThan(10);
    const allowed: string[] = [];
    for (const name of own) {
      const { path, body } = requests[name];
      const { method } = routes[name];
      const answer = await ask({ method, path, ...(body !== undefined && { body: JSON.stringify(body) }) });
      if (codeOf(answer) !== "access-denied") allowed.push(name);
    }
    expect(allowed.sort()).toEqual(["me", "signOut"]);
  });

  it("is good at home alone", async () => {
    guest([
      { action: "live", camera: here, places: ["home", "away"] },
      { action: "remote", camera: "*" },
    ]);
    world.place = "away";
    try {
      for (const path of ["/v1/me", "/v1/cameras"]) expect(codeOf(await read(path))).toBe("access-denied");
    } finally {
      world.place = "home";
    }
    expect((await read("/v1/me")).status).toBe(200);
  });
});

describe("a request that bears a cookie of ours", () => {
  it("is judged by it alone, whatever key or password comes with it", async () => {
    const owner = world.pair("owner", everything);
    signedIn({ grants: [] });
    const asOwner = { method: "GET", path: "/v1/status", as: owner };
    expect((await world.ask(asOwner)).status).toBe(200);
    expect(codeOf(await ask(asOwner))).toBe("access-denied");
    const { authorization } = world.addApplication([{ action: "metrics", camera: "*" }]);
    expect((await world.ask({ method: "GET", path: "/metrics", headers: { authorization } })).status).toBe(200);
    expect(codeOf(await ask({ method: "GET", path: "/metrics", headers: { authorization } }))).toBe("access-denied");
    // Nor does it fall back to them where the cookie is of no use, or only the page is told.
    world.logins.standing.clear();
    expect(codeOf(await ask(asOwner))).toBe("unauthenticated");
    expect(codeOf(await world.ask({ ...asOwner, headers: { "sec-fetch-site": "none" } }))).toBe("unauthenticated");
    expect(codeOf(await world.ask({ ...asOwner, headers: { origin } }))).toBe("unauthenticated");
  });

  it("counts only if a page of ours, or nobody's page, sent it", async () => {
    signedIn({ shown: 0 });
    const write = { method: "POST", path: "/v1/me/password/proposal" };
    expect([(await read("/v1/me")).status, (await ask(write)).status]).toEqual([200, 200]);
    for (const site of ["cross-site", "same-site"]) {
      expect(codeOf(await ask({ method: "GET", path: "/v1/me", headers: { "sec-fetch-site": site } }))).toBe(
        "origin-refused",
      );
    }
    const silent = { headers: { cookie } };
    expect(codeOf(await world.ask({ method: "GET", path: "/v1/me", ...silent }))).toBe("unauthenticated");
    expect(codeOf(await world.ask({ ...write, headers: { cookie, "sec-fetch-site": "none" } }))).toBe(
      "unauthenticated",
    );
    expect(codeOf(await ask({ ...write, headers: { origin: "https://evil.example" } }))).toBe("origin-refused");
  });
});

describe("a login that ends", () => {
  it("takes every connection of its browser with it", async () => {
    signedIn();
    const socket = await world.dial({});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    const head = ["GET /v1/me HTTP/1.1", `host: ${world.address}`, `cookie: ${cookie}`, "sec-fetch-site: same-origin"];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    while (!heard.includes('"needs":[]')) await new Promise((resolve) => socket.once("data", resolve));
    world.logins.end(cookie);
    await closed;
    expect(heard).toContain("200 OK");
  });
});

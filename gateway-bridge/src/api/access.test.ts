import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { routes, type Action, type Identity, type Route, type RouteName } from "@gatehouse/shared";
import { fakeCameraId, makeCertificate } from "@gatehouse/shared/testing";

import { mayCallAboutPasskeys } from "./testing/passkey-expectations.ts";
import { mayCallAboutPeople } from "./testing/people-expectations.ts";
import { mayCallAboutPosture } from "./testing/posture-expectations.ts";
import { mayCallAboutRemote } from "./testing/remote-expectations.ts";
import { mayCallAboutRights } from "./testing/right-expectations.ts";
import { requests } from "./testing/requests.ts";
import { ApiWorld, elsewhere, here, session, type Answer, type Question } from "./testing/api-world.ts";

/**
 * Who may: anybody at all, any paired client, only one with `admin`, `metrics` or `remedy` on all cameras, or one with this action
 * on the camera.
 */
const mayCall: Record<
  RouteName,
  | "anybody"
  | "page"
  | "login"
  | "paired"
  | "admin"
  | "metrics"
  | "remedy"
  | "live"
  | "snapshot"
  | "clip"
  | "control"
  | "own-session"
> = {
  ...mayCallAboutPeople,
  ...mayCallAboutPasskeys,
  ...mayCallAboutRights,
  ...mayCallAboutRemote,
  ...mayCallAboutPosture,
  pair: "anybody",
  status: "admin",
  events: "paired",
  listCameras: "paired",
  addCamera: "admin",
  discoverCameras: "admin",
  removeCamera: "admin",
  snapshot: "snapshot",
  live: "live",
  clip: "clip",
  offerWebRtc: "live",
  endWebRtc: "own-session",
  prepareHomeKitSession: "live",
  startHomeKitSession: "own-session",
  endHomeKitSession: "own-session",
  offerPairing: "admin",
  addApplication: "admin",
  listPrincipals: "admin",
  revokePrincipal: "admin",
  changeGrants: "admin",
  trust: "admin",
  trustPem: "anybody",
  trustDer: "anybody",
  trustProfile: "anybody",
  setDnsToken: "admin",
  dismissOwnNotice: "login",
  listNotices: "admin",
  dismissNotice: "admin",
  confirmClock: "admin",
  health: "paired",
  metrics: "metrics",
  openApi: "admin",
  updateState: "admin",
  listAudit: "admin",
  verifyAudit: "admin",
  listAuditHeads: "admin",
  exportAudit: "admin",
};

const actions: readonly Action[] = [
  "live",
  "snapshot",
  "clip",
  "events",
  "ptz",
  "talk",
  "control",
  "metrics",
  "admin",
  "remote",
  "remedy",
];
type Caller = {
  readonly who: string;
  readonly as?: Pick<Identity, "certificate" | "privateKey">;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stranger?: true;
};

let world: ApiWorld;
const callers: Caller[] = [];
beforeAll(async () => {
  world = await ApiWorld.open();
  const named = (who: string, identity: Identity): void => void callers.push({ who, as: identity });
  const grant = (action: Action, camera: typeof here | "*" = here) => ({ action, camera });
  callers.push({ who: "a stranger without certificate", stranger: true });
  const forged = makeCertificate({ name: "gateway" });
  callers.push({ who: "a certificate that the gateway did not sign", as: forged, stranger: true });
  const self = makeCertificate();
  const twin = world.pair("owner");
  const [known] = [...world.principals.values()].filter(({ id }) => id === twin.principal);
  world.principals.set(self.pin, known!);
  callers.push({ who: "a paired key in a certificate that the gateway did not sign", as: self, stranger: true });
  const unknown = world.pair(
    "owner",
    actions.map((action) => grant(action, "*")),
  );
  for (const [pin, { id }] of world.principals) if (id === unknown.principal) world.principals.delete(pin);
  callers.push({ who: "a signed certificate of no principal", as: unknown, stranger: true });
  const gone = world.pair(
    "owner",
    actions.map((action) => grant(action, "*")),
  );
  world.revoke(gone.principal);
  callers.push({ who: "a revoked owner", as: gone, stranger: true });
  named("an owner without grants", world.pair("owner"));
  named("a plugin without grants", world.pair("homebridge"));
  named(
    "a plugin with every grant on another camera",
    world.pair(
      "homebridge",
      actions.map((action) => grant(action, elsewhere)),
    ),
  );
  named(
    "a plugin with every grant on all cameras",
    world.pair(
      "homebridge",
      actions.map((action) => grant(action, "*")),
    ),
  );
  for (const action of actions) named(`a flow that may ${action} here`, world.pair("node-red", [grant(action)]));
  for (const action of actions) {
    callers.push({ who: `an application that may ${action} here`, headers: world.addApplication([grant(action)]) });
  }
  const { authorization } = world.addApplication(actions.map((action) => grant(action, "*")));
  callers.push({
    who: "a wrong password",
    headers: { authorization: `${authorization.slice(0, -8)}AAAAAAA=` },
    stranger: true,
  });
  callers.push({
    who: "a password of no form together with a paired key",
    as: world.pair(
      "owner",
      actions.map((action) => grant(action, "*")),
    ),
    headers: { authorization: "Bearer abc" },
    stranger: true,
  });
  named("an owner with admin on one camera", world.pair("owner", [grant("admin")]));
  named(
    "an owner with every grant",
    world.pair(
      "owner",
      actions.map((action) => grant(action, "*")),
    ),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const expected = (
  name: RouteName,
  { who, stranger }: Caller,
): "unauthenticated" | "origin-refused" | "access-denied" | "allowed" => {
  const rule = mayCall[name];
  if (rule === "anybody") return "allowed";
  // Nobody here is a browser.
  if (rule === "page") return "origin-refused";
  if (stranger === true) return "unauthenticated";
  if (rule === "login") return "access-denied";
  if (rule === "paired") return "allowed";
  const everything = who === "an owner with every grant";
  if (rule === "admin" || rule === "remedy") return everything ? "allowed" : "access-denied";
  const allCameras = everything || who === "a plugin with every grant on all cameras";
  if (rule === "metrics") return allCameras ? "allowed" : "access-denied";
  const action = rule === "own-session" ? "live" : rule;
  // Nobody here opened the session, so it is nobody's.
  if (rule === "own-session") return "access-denied";
  const here = [`a flow that may ${action} here`, `an application that may ${action} here`];
  return allCameras || here.includes(who) ? "allowed" : "access-denied";
};

const questionFor = (name: RouteName, caller: Caller): Question => {
  const { method }: Route = routes[name];
  const { path, body, sdp } = requests[name];
  const headers = { ...caller.headers, ...(sdp !== undefined && { "content-type": "application/sdp" }) };
  return { method, path, as: caller.as, headers, body: sdp ?? (body === undefined ? undefined : JSON.stringify(body)) };
};

const codeOf = ({ json }: Answer): unknown => (json as { error?: { code?: unknown } } | undefined)?.error?.code;

/**
 * Every route asked by every kind of caller, over real TLS with real client certificates. The answers are written out
 * here, apart from the table that the server is built from, so that loosening a route's access fails this test.
 */
describe.each(Object.keys(routes) as RouteName[])("%s", (name) => {
  it("lets in whom its declared access names, and nobody else", async () => {
    world.sessions.set(session, { principal: "who-zzzzzzzzzzzzzzzz" as never, camera: here });
    for (const caller of callers) {
      world.handled.length = 0;
      const answer = await world.ask(questionFor(name, caller));
      const want = expected(name, caller);
      const handled = world.handled.map((call) => call.name);
      if (want !== "allowed") {
        expect([caller.who, answer.status, codeOf(answer), handled]).toEqual([
          caller.who,
          want === "unauthenticated" ? 401 : 403,
          want,
          [],
        ]);
      } else if (routes[name].response === "websocket") {
        // Allowed, but a plain request is no WebSocket.
        expect([caller.who, answer.status, codeOf(answer)]).toEqual([caller.who, 400, "request-invalid"]);
      } else {
        const status = routes[name].response === "sdp" ? 201 : 200;
        expect([caller.who, answer.status, handled]).toEqual([caller.who, status, [name]]);
      }
    }
  });
});

describe("a HomeKit session", () => {
  it("is its opener's while that may look live, and nobody else's", async () => {
    const [mine, other, blind] = [
      world.pair("homebridge", [{ action: "live", camera: here }]),
      world.pair("homebridge", [{ action: "live", camera: "*" }]),
      world.pair("homebridge", [{ action: "snapshot", camera: here }]),
    ];
    const end = (as: Identity) => world.ask({ method: "DELETE", path: requests.endHomeKitSession.path, as });
    world.sessions.set(session, { principal: mine.principal, camera: here });
    expect((await end(mine)).status).toBe(200);
    expect((await end(other)).status).toBe(403);
    world.sessions.set(session, { principal: mine.principal, camera: elsewhere });
    expect((await end(mine)).status).toBe(403);
    world.sessions.set(session, { principal: blind.principal, camera: here });
    expect((await end(blind)).status).toBe(403);
    world.sessions.clear();
    expect((await end(mine)).status).toBe(404);
  });
});

describe("a refusal", () => {
  it("says the same whatever was asked for, and is written down with the reason", async () => {
    const plugin = world.pair("homebridge", [{ action: "snapshot", camera: here }]);
    world.audit.length = 0;
    const denied = [
      await world.ask({ method: "GET", path: `/v1/cameras/${elsewhere}/snapshot`, as: plugin }),
      await world.ask({ method: "GET", path: `/v1/cameras/${fakeCameraId("q")}/snapshot`, as: plugin }),
      await world.ask({ method: "GET", path: "/v1/status", as: plugin }),
    ];
    expect(new Set(denied.map(({ text }) => text)).size).toBe(1);
    const row = { principal: plugin.principal, outcome: "denied" };
    expect(world.audit).toEqual([
      { ...row, action: "snapshot", target: elsewhere, detail: "not-granted" },
      { ...row, action: "snapshot", target: fakeCameraId("q"), detail: "not-granted" },
      { ...row, action: "status", target: "-", detail: "owner-only" },
    ]);
  });

  it("is not written down without end", async () => {
    const plugin = world.pair("homebridge");
    world.audit.length = 0;
    for (let index = 0; index < 30; index += 1) await world.ask({ method: "GET", path: "/v1/status", as: plugin });
    expect(world.audit).toHaveLength(20);
  });

  it("stands when it cannot be written down", async () => {
    const plugin = world.pair("homebridge");
    const append = world.audit.push;
    world.audit.push = () => {
      throw new Error("disk full");
    };
    const answer = await world.ask({ method: "GET", path: "/v1/status", as: plugin });
    world.audit.push = append;
    expect([answer.status, codeOf(answer)]).toEqual([403, "access-denied"]);
  });

  it("holds for a browser that shows an installed certificate to somebody's page", async () => {
    const owner = world.pair("owner", [{ action: "admin", camera: "*" }]);
    const headers = { origin: "https://evil.example" };
    expect((await world.ask({ method: "GET", path: "/v1/status", as: owner })).status).toBe(200);
    const refused = await world.ask({ method: "GET", path: "/v1/status", as: owner, headers });
    expect([refused.status, codeOf(refused)]).toEqual([403, "origin-refused"]);
  });

  it("takes effect on the next request when a grant is taken away, without a new connection", async () => {
    const plugin = world.pair("homebridge", [{ action: "snapshot", camera: here }]);
    const path = requests.snapshot.path;
    expect((await world.ask({ method: "GET", path, as: plugin })).status).toBe(200);
    for (const [pin, principal] of world.principals) {
      if (principal.id === plugin.principal) world.principals.set(pin, { ...principal, grants: [] });
    }
    expect((await world.ask({ method: "GET", path, as: plugin })).status).toBe(403);
  });
});

import { describe, expect, it } from "@jest/globals";
import type { CameraId } from "@gatehouse/shared";

import type { ProbedHome } from "../probe/probed-home.ts";
import { camInit } from "./cam-init.ts";
import { camLeastpriv } from "./cam-leastpriv.ts";
import { camPwdDefault } from "./cam-pwd-default.ts";
import { camPwdEmpty } from "./cam-pwd-empty.ts";
import { camPwdReused } from "./cam-pwd-reused.ts";
import { camUsersExtra } from "./cam-users-extra.ts";
import { lockoutOff } from "./lockout-off.ts";
import { lookAt, type Case } from "./testing/look-at.ts";
import { scriptedCamera, type CameraScript } from "./testing/scripted-camera.ts";

const cancel = { signal: new AbortController().signal };
const information = "<R><Manufacturer>M</Manufacturer></R>";
const users = (...list: readonly (readonly [name: string, level: string])[]): string =>
  `<R>${list.map(([name, level]) => `<User><Username>${name}</Username><UserLevel>${level}</UserLevel></User>`).join("")}</R>`;
/** ONVIF that asks for a login, and knows these beside the gateway's. */
const guarded = (...right: readonly string[]): CameraScript["onvif"] => ({
  GetDeviceInformation: { by: Object.fromEntries(["gateway", ...right].map((login) => [login, information])) },
  GetUsers: { by: { gateway: users(["gatehouse", "User"], ["admin", "Administrator"], ["guest", "User"]) } },
});
const hikvision = { vendor: "hikvision" } as const;
const reolink = { vendor: "reolink" } as const;
const page = "GET /ISAPI/System/deviceInfo";

describe("CAM-PWD-DEFAULT", () => {
  it.each<Case>([
    ["the factory password opens ONVIF", { onvif: guarded("admin:admin") }, "failed"],
    ["it is refused", { onvif: guarded() }, "passed"],
    [
      "it opens the page alone",
      { identity: hikvision, onvif: guarded(), http: { [page]: { by: { "admin:12345": {} } } } },
      "failed",
    ],
    [
      "it opens the stream alone",
      { kind: "rtsp", rtsp: { "/main": { by: { "admin:admin": {} } }, ":554/main": { by: { "admin:admin": {} } } } },
      "failed",
    ],
    ["the maker sets none", { identity: { vendor: "tapo" } }, "not-applicable"],
    ["the maker sets an empty one", { identity: reolink, onvif: guarded("admin:") }, "failed"],
    ["the maker's empty one was changed", { identity: reolink, onvif: guarded() }, "passed"],
    [
      "nothing asks for a login",
      { onvif: { GetDeviceInformation: information, GetUsers: users(["a", "User"]) } },
      "behind",
    ],
  ])("%s", async (_, script, kind) => expect((await lookAt(camPwdDefault, script)).kind).toBe(kind));

  it("needs no guess where the gateway itself logs in by it", async () => {
    const camera = scriptedCamera({ username: "admin", ownPassword: "admin" });
    expect((await camPwdDefault.look(camera, cancel)).kind).toBe("failed");
    expect(camera.asked).toEqual([]);
  });

  it("needs no guess either where the gateway knows the account's other password", async () => {
    const camera = scriptedCamera({ username: "admin", onvif: guarded("admin:admin") });
    expect((await camPwdDefault.look(camera, cancel)).kind).toBe("passed");
    expect(camera.asked).toEqual([]);
  });

  it("does not guess where everybody is let in: that would prove nothing", async () => {
    const onvif = { ...guarded(), GetDeviceInformation: information, GetUsers: { by: { "admin:admin": users() } } };
    const camera = scriptedCamera({ onvif });
    expect((await camPwdDefault.look(camera, cancel)).kind).toBe("failed");
    expect(camera.asked.filter((question) => question.includes("admin:admin"))).toEqual(["onvif admin:admin GetUsers"]);
  });
});

describe("CAM-PWD-EMPTY", () => {
  it.each<Case>([
    ["the administrator has none", { onvif: guarded("admin:") }, "failed"],
    ["another account has none", { onvif: guarded("guest:") }, "failed"],
    ["all are refused", { onvif: guarded() }, "passed"],
    ["the gateway itself has none", { ownPassword: "", onvif: guarded() }, "failed"],
    [
      "the maker's account, which ONVIF does not list",
      { identity: hikvision, onvif: guarded(), http: { [page]: { by: { "admin:": {} } } } },
      "failed",
    ],
    [
      "the camera does not list its accounts",
      { onvif: { GetDeviceInformation: { by: { "admin:": information } } } },
      "failed",
    ],
    [
      "there is nothing but the gateway's own",
      { username: undefined, streamUsername: undefined, identity: { vendor: "wyze" } },
      "not-applicable",
    ],
  ])("%s", async (_, script, kind) => expect((await lookAt(camPwdEmpty, script)).kind).toBe(kind));

  it("tries three accounts at most, and shares what it learnt with other checks", async () => {
    const many = ["a", "b", "c", "d", "admin"].map((name) => [name, "User"] as const);
    const camera = scriptedCamera({ onvif: { ...guarded(), GetUsers: { by: { gateway: users(...many) } } } });
    await camPwdEmpty.look(camera, cancel);
    await camPwdEmpty.look(camera, cancel);
    const tried = camera.asked.filter((question) => /^onvif \w+: /.test(question));
    expect(tried).toEqual([
      "onvif admin: GetDeviceInformation",
      "onvif a: GetDeviceInformation",
      "onvif b: GetDeviceInformation",
    ]);
  });
});

describe("a guess, where little asks for a login", () => {
  const token = { body: '[{"cmd":"Login","code":0,"value":{"Token":{"name":"abc"}}}]' };
  const refused = { body: '[{"cmd":"Login","code":1,"error":{"rspCode":-7}}]' };
  const page = (answers: object): CameraScript["http"] => ({
    "POST /cgi-bin/api.cgi?cmd=GetDevInfo": {},
    "POST /cgi-bin/api.cgi?cmd=Login": { by: { "guest:": refused, "admin:": refused, ...answers } },
    "POST /cgi-bin/api.cgi?cmd=Logout&token=abc": {},
  });
  /** Everybody may ask what it is; only administrators may list accounts. */
  const open = (level: string, more: Readonly<Record<string, string>> = {}): CameraScript["onvif"] => ({
    GetDeviceInformation: information,
    GetUsers: { by: { gateway: users(["gatehouse", "Administrator"], ["guest", level]), ...more } },
  });

  it.each<Case>([
    ["an administrator is refused where only administrators are let in", { onvif: open("Administrator") }, "passed"],
    ["an administrator is let in there", { onvif: open("Administrator", { "guest:": users() }) }, "failed"],
    ["others are refused there in any case, which proves nothing", { onvif: open("User") }, "behind"],
    ["Reolink's page takes it", { identity: reolink, onvif: open("User"), http: page({ "guest:": token }) }, "failed"],
    ["Reolink's page refuses it", { identity: reolink, onvif: open("User"), http: page({}) }, "passed"],
    [
      "a page that forbids it tells nothing: so it says to the locked and to those who may not have it",
      {
        identity: { vendor: "dahua" },
        onvif: open("User"),
        http: { "GET /cgi-bin/snapshot.cgi": { by: { "guest:": { status: 403 }, "admin:": { status: 403 } } } },
        rtsp: { ":554/main": {} },
      },
      "behind",
    ],
  ])("%s", async (_, script, kind) => expect((await lookAt(camPwdEmpty, script)).kind).toBe(kind));

  it("signs out of Reolink's page again", async () => {
    const camera = scriptedCamera({ identity: reolink, onvif: open("User"), http: page({ "guest:": token }) });
    await camPwdEmpty.look(camera, cancel);
    expect(camera.asked.at(-1)).toBe("http nobody POST /cgi-bin/api.cgi?cmd=Logout&token=abc");
  });
});

describe("CAM-PWD-REUSED", () => {
  const ids = [
    "cam-aaaaaaaaaaaaaaaa",
    "cam-bbbbbbbbbbbbbbbb",
    "cam-cccccccccccccccc",
    "cam-dddddddddddddddd",
  ] as CameraId[];
  const [first, second, third, fourth] = ids as [CameraId, CameraId, CameraId, CameraId];
  const cameras = ids.map((id) =>
    scriptedCamera({ id, name: id.slice(4, 5), username: id === fourth ? undefined : "x" }),
  );
  const home = (given: Pick<ProbedHome, "sameSecrets" | "foreignSecrets">): ProbedHome =>
    ({ ...given, cameras }) as unknown as ProbedHome;

  it("tells cameras of one password, those whose password somebody chose, and those that are alone with theirs", async () => {
    const found = await camPwdReused.look(
      home({
        sameSecrets: () => [
          [first, second],
          [third, second],
        ],
        foreignSecrets: () => [first, third],
      }),
      cancel,
    );
    expect(found.map(({ camera, kind }) => [camera, kind])).toEqual([
      [first, "failed"],
      [second, "failed"],
      [third, "failed"],
      [fourth, "not-applicable"],
    ]);
    expect(found.slice(0, 3)).toMatchObject([
      { evidence: ["The same password opens: b."] },
      { evidence: ["The same password opens: a, c."] },
      { evidence: ["The same password opens: b."] },
    ]);
  });

  it("is of little weight where somebody chose it, and it is known to open nothing else", async () => {
    const found = await camPwdReused.look(home({ sameSecrets: () => [], foreignSecrets: () => [third] }), cancel);
    expect(found.map(({ kind }) => kind)).toEqual(["passed", "passed", "failed", "not-applicable"]);
    expect(found[2]).toMatchObject({ severity: "low" });
  });

  it("passes where Gatehouse drew them all", async () => {
    const found = await camPwdReused.look(home({ sameSecrets: () => [], foreignSecrets: () => [] }), cancel);
    expect(found.map(({ kind }) => kind)).toEqual(["passed", "passed", "passed", "not-applicable"]);
  });
});

describe("CAM-INIT", () => {
  const scopes = (...uris: readonly string[]): string =>
    `<R>${uris.map((uri) => `<Scopes><ScopeDef>Fixed</ScopeDef><ScopeItem>${uri}</ScopeItem></Scopes>`).join("")}</R>`;
  const factory = scopes("onvif://www.onvif.org/name/x", "onvif://www.onvif.org/Profile/Q/FactoryDefault");
  const operational = scopes("onvif://www.onvif.org/Profile/Q/Operational");
  const status = (activated: string) => ({
    "GET /SDK/activateStatus": { body: `<ActivateStatus><Activated>${activated}</Activated></ActivateStatus>` },
  });

  const reolinkSays = (code: number): CameraScript["http"] => ({
    "POST /cgi-bin/api.cgi?cmd=GetDevInfo": {},
    "POST /cgi-bin/api.cgi?cmd=Login": { body: `[{"cmd":"Login","code":1,"error":{"rspCode" : ${code}}}]` },
  });

  it.each<Case>([
    ["everybody is told that it is new", { onvif: { GetScopes: factory } }, "failed"],
    ["only the gateway is told", { onvif: { GetScopes: { by: { gateway: factory } } } }, "failed"],
    ["it was set up", { onvif: { GetScopes: { by: { gateway: operational } } } }, "passed"],
    ["a Hikvision that is not activated", { identity: hikvision, http: status("false") }, "failed"],
    ["one that is", { identity: hikvision, http: status("true") }, "passed"],
    ["one whose page says nothing of it", { identity: hikvision, onvif: { GetScopes: operational } }, "passed"],
    ["a Reolink that is not initialised", { identity: reolink, http: reolinkSays(-505) }, "failed"],
    ["one that only does not know who asks", { identity: reolink, http: reolinkSays(-4) }, "unknown"],
    [
      "one that answers everybody, and knows no account",
      { identity: reolink, onvif: { GetScopes: operational, GetUsers: users() }, http: reolinkSays(-505) },
      "failed",
    ],
    [
      "one that knows the gateway, and is not asked for more",
      {
        identity: reolink,
        onvif: { GetScopes: operational, GetUsers: users(["gatehouse", "User"]) },
        http: reolinkSays(-505),
      },
      "passed",
    ],
    ["it tells nothing", {}, "unknown"],
    ["it has no ONVIF", { kind: "rtsp" }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(camInit, script)).kind).toBe(kind));
});

describe("CAM-USERS-EXTRA", () => {
  const listed = (...list: readonly (readonly [name: string, level: string])[]): CameraScript => ({
    onvif: { GetUsers: { by: { gateway: users(["gatehouse", "Administrator"], ...list) } } },
  });

  it.each<Case>([
    ["an administrator that nobody knows", listed(["support", "Administrator"]), "failed"],
    ["a level for everybody", listed(["anonymous", "Anonymous"]), "failed"],
    ["the maker's own administrator", listed(["admin", "Administrator"]), "passed"],
    ["people who may only watch", listed(["guest", "User"], ["granny", "Operator"]), "passed"],
    ["the account for streams", { ...listed(["watch", "Administrator"]), streamUsername: "watch" }, "passed"],
    ["the gateway may not list them", { onvif: { GetUsers: "refused" } }, "unknown"],
    ["the camera has no list", {}, "unknown"],
    ["it has no ONVIF", { kind: "rtsp" }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(camUsersExtra, script)).kind).toBe(kind));
});

describe("CAM-LEASTPRIV", () => {
  const asked = { GetUsers: { by: { gateway: users(["gatehouse", "Administrator"], ["watch", "User"]) } } };

  it.each<Case>([
    ["pictures are fetched by an administrator", { onvif: asked }, "failed"],
    ["by an account for watching", { onvif: asked, streamUsername: "watch" }, "passed"],
    ["by one that the camera does not list", { onvif: asked, streamUsername: "other" }, "unknown"],
    ["by one that may not even list accounts", { onvif: { GetUsers: "refused" } }, "passed"],
    [
      "nobody may list accounts, and streams have their own",
      { onvif: { GetUsers: "refused" }, streamUsername: "watch" },
      "unknown",
    ],
    ["the camera has no list", {}, "unknown"],
    ["without an account", { username: undefined, streamUsername: undefined }, "not-applicable"],
    ["it has no ONVIF", { kind: "rtsp" }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(camLeastpriv, script)).kind).toBe(kind));
});

describe("LOCKOUT-OFF", () => {
  const warning = (enabled: boolean): CameraScript => ({
    onvif: {
      GetAuthFailureWarningConfiguration: `<R><Enabled>${enabled}</Enabled><MonitorPeriod>60</MonitorPeriod><MaxAuthFailures>5</MaxAuthFailures></R>`,
    },
  });
  const lock = (enabled: boolean): CameraScript => ({
    identity: hikvision,
    http: {
      "GET /ISAPI/Security/illegalLoginLock": { by: { gateway: { body: `<I><enabled>${enabled}</enabled></I>` } } },
    },
  });

  it.each<Case>([
    ["switched off", warning(false), "failed"],
    ["switched on", warning(true), "passed"],
    ["Hikvision's lock is off", lock(false), "failed"],
    ["Hikvision's lock is on", lock(true), "passed"],
    ["it does not tell", {}, "unknown"],
    ["it has no ONVIF", { kind: "rtsp" }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(lockoutOff, script)).kind).toBe(kind));
});

/**
 * What goes wrong with npm `onvif` 0.8.3 at a hostile or careless camera, each measured against it before: what Gatehouse does
 * there instead. The names are those of the defects.
 */
import { Secret, systemClock } from "@gatehouse/shared";
import { makeCertificate, MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Authorizer } from "../../gateway-bridge/src/protocols/auth/authorizer.ts";
import { probe } from "../../gateway-bridge/src/protocols/discovery/ws-discovery.ts";
import { LoginLatch } from "../../gateway-bridge/src/protocols/http/login-latch.ts";
import { RenewingLogin } from "../../gateway-bridge/src/protocols/http/renewing-login.ts";
import { getDeviceInformation } from "../../gateway-bridge/src/protocols/onvif/management/firmware.ts";
import { createUser, getUsers } from "../../gateway-bridge/src/protocols/onvif/management/users.ts";
import { OnvifSession } from "../../gateway-bridge/src/protocols/onvif/onvif-session.ts";
import { pullNotifications } from "../../gateway-bridge/src/protocols/onvif/pull-notifications.ts";
import { PullPoint } from "../../gateway-bridge/src/protocols/onvif/pull-point.ts";
import { usernameToken } from "../../gateway-bridge/src/protocols/onvif/username-token.ts";
import {
  envelope,
  fault,
  hang,
  notification,
  password,
  ScriptedCamera,
  times,
  username,
  type ScriptedCameraOptions,
} from "../../gateway-bridge/src/protocols/onvif/testing/scripted-camera.ts";
import { parseXml } from "../../gateway-bridge/src/protocols/xml/parse-xml.ts";
import { writeXml } from "../../gateway-bridge/src/protocols/xml/write-xml.ts";
import { textAt } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";
import { guardWith } from "../support/digest-verifier.ts";

const cancel = { signal: new AbortController().signal };
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const cameraWith = async (options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> =>
  resources.use(await ScriptedCamera.open(options));

/** As the gateway speaks to a camera: by HTTP login, then by token. */
const sessionWith = async (device: URL, pin: string | null = null): Promise<OnvifSession> => {
  const credentials = { username, password: Secret.of(password) };
  const memory = { floor: "none" as const, raise: () => undefined };
  const http = new RenewingLogin(() => new Authorizer({ credentials, secure: pin !== null, memory }));
  const login = { ...credentials, http, speaksHttp: false };
  const options = { device, pin, clock: systemClock, latch: new LoginLatch(systemClock), login };
  return resources.use(await OnvifSession.open(options, cancel));
};

describe("texts", () => {
  it("1: that look like numbers stay what they are", async () => {
    const camera = await cameraWith();
    camera.operations["GetDeviceInformation"] = () =>
      `<tds:GetDeviceInformationResponse><tds:Manufacturer>007</tds:Manufacturer><tds:Model>1e3</tds:Model><tds:FirmwareVersion>5.10</tds:FirmwareVersion><tds:SerialNumber>12345678901234567890</tds:SerialNumber></tds:GetDeviceInformationResponse>`;
    camera.operations["GetUsers"] = () =>
      `<tds:GetUsersResponse><tds:User><tt:Username>1.50</tt:Username><tt:UserLevel>User</tt:UserLevel></tds:User></tds:GetUsersResponse>`;
    const onvif = await sessionWith(camera.url);
    expect(await getDeviceInformation(onvif, cancel)).toEqual({
      manufacturer: "007",
      model: "1e3",
      firmware: "5.10",
      serial: "12345678901234567890",
    });
    expect(await getUsers(onvif, cancel)).toEqual([{ username: "1.50", level: "User" }]);
  });

  it("2: of ours are escaped, so that a password is one, whatever is in it", async () => {
    const camera = await cameraWith({ operations: { CreateUsers: () => "<tds:CreateUsersResponse/>" } });
    const onvif = await sessionWith(camera.url);
    const evil = "x</Password><UserLevel>Administrator</UserLevel>&";
    await createUser(onvif, { username: "a&b", password: Secret.of(evil), level: "User" }, cancel);
    const [asked] = camera.asked("CreateUsers");
    expect(textAt(asked?.body, "User", "Password")).toBe(evil);
    expect(textAt(asked?.body, "User", "Username")).toBe("a&b");
    expect(asked?.text.match(/UserLevel>/g)).toHaveLength(2);
  });
});

describe("addresses that a camera gives", () => {
  const subscribed = (address: string) => (): string =>
    `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>${address}</wsa:Address></tev:SubscriptionReference>${times(120)}</tev:CreatePullPointSubscriptionResponse>`;
  const pulled = (): string =>
    `<tev:PullMessagesResponse>${notification("tns1:VideoSource/MotionAlarm", { State: "true" })}</tev:PullMessagesResponse>`;

  it("3: never bring the login to another host", async () => {
    const camera = await cameraWith({ login: "token", operations: { PullMessages: pulled } });
    const port = Number(camera.url.port);
    const thief = await cameraWith({ at: { host: "127.0.0.2", port } });
    camera.operations["CreatePullPointSubscription"] = subscribed(`http://127.0.0.2:${port}/steal`);
    const session = await sessionWith(camera.url);
    await using point = await PullPoint.subscribe({ session, clock: systemClock }, cancel);
    expect(await point.pull(1_000, cancel)).toHaveLength(1);
    expect(thief.requests).toEqual([]);
    expect(camera.asked("PullMessages").map(({ path }) => path)).toEqual(["/steal"]);
  });

  it("4: without TLS are asked within TLS where the camera speaks it", async () => {
    const { certificate, privateKey, pin } = makeCertificate();
    const camera = await cameraWith({ tls: { certificate, privateKey }, operations: { PullMessages: pulled } });
    camera.operations["CreatePullPointSubscription"] = subscribed(`http://${camera.url.host}/plain`);
    camera.host = camera.url.host;
    const session = await sessionWith(camera.url, pin);
    await using point = await PullPoint.subscribe({ session, clock: systemClock }, cancel);
    expect(await point.pull(1_000, cancel)).toHaveLength(1);
  });
});

it("5: an answer is read no further than its limit", async () => {
  const camera = await cameraWith();
  const flood = Buffer.from(envelope(`<tds:GetUsersResponse>${"<tds:User/>".repeat(150_000)}</tds:GetUsersResponse>`));
  expect(flood.length).toBeGreaterThan(1 << 20);
  camera.operations["GetUsers"] = () => ({ raw: flood });
  const onvif = await sessionWith(camera.url);
  await expect(getUsers(onvif, cancel)).rejects.toMatchObject({ code: "camera-answer-too-large" });
});

describe("6: Digest", () => {
  it.each([
    ["MD5-sess", `Digest realm="r", nonce="n1", qop="auth", algorithm=MD5-sess`],
    ["SHA-256-sess", `Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256-sess`],
    [
      "SHA-512-256 beside one that is known",
      `Digest realm="r", nonce="n0", qop="auth", algorithm=SHA-512-256|Digest realm="r", nonce="n1", qop="auth"`,
    ],
    ["a list of qop with a space", `Digest realm="r", nonce="n1", qop="auth, auth-int"`],
    ["a bare token in the challenge", `Digest realm="r", nonce="n1", broken, qop=auth`],
    ["no qop at all", `Digest realm="r", nonce="n1"`],
  ])("logs in by %s, and once for many calls", async (_, offered) => {
    const challenges = offered.split("|");
    const guard = guardWith({ username, password, challenges });
    const isRefused = (request: Parameters<typeof guard>[0]): boolean => guard(request) !== undefined;
    let refused = 0;
    const server = createServer((request, response) => {
      const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const asked = { method: request.method ?? "", uri: request.url ?? "", headers };
      request.resume().once("end", () => {
        if (!isRefused(asked)) return void response.end(envelope("<tds:GetUsersResponse/>"));
        refused += 1;
        return void response.writeHead(401, { "www-authenticate": challenges }).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    resources.defer(async () => {
      const closed = once(server, "close");
      server.close().closeAllConnections();
      await closed;
    });
    const onvif = await sessionWith(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`));
    const before = refused;
    expect(await getUsers(onvif, cancel)).toEqual([]);
    expect(await getUsers(onvif, cancel)).toEqual([]);
    expect(refused).toBe(before);
    expect(refused).toBeGreaterThan(0);
  });

  it("that nobody knows is said to be so, in words", async () => {
    const camera = await cameraWith();
    camera.operations["GetUsers"] = () => ({
      status: 401,
      headers: { "www-authenticate": `Digest realm="r", nonce="n", algorithm=SHA-512-256` },
    });
    const onvif = await sessionWith(camera.url);
    await expect(getUsers(onvif, cancel)).rejects.toMatchObject({ code: "camera-answer-malformed" });
  });
});

it("7: an event whose reader fails is not told twice, and the failure is not lost", async () => {
  const camera = await cameraWith({
    operations: {
      PullMessages: () =>
        `<tev:PullMessagesResponse>${notification("tns1:VideoSource/MotionAlarm", { State: "true" })}</tev:PullMessagesResponse>`,
    },
  });
  const session = await sessionWith(camera.url);
  let told = 0;
  const sink = (): never => {
    told += 1;
    throw new RangeError("reader failed");
  };
  const ended = pullNotifications({ session, clock: systemClock, ...cancel, sink, healthy: () => undefined });
  await expect(ended).rejects.toThrow("reader failed");
  expect(told).toBe(1);
});

it("8: a camera with a single service is as good as others", async () => {
  const camera = await cameraWith();
  camera.operations["GetServices"] = () =>
    `<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/advancedsecurity/wsdl</tds:Namespace><tds:XAddr>http://${camera.host}/onvif/security</tds:XAddr></tds:Service></tds:GetServicesResponse>`;
  const onvif = await sessionWith(camera.url);
  expect((["device", "security", "media"] as const).map((service) => onvif.has(service))).toEqual([true, true, false]);
  expect(await getDeviceInformation(onvif, cancel)).toMatchObject({ firmware: "5.10" });
});

describe("9: discovery", () => {
  const match = (endpoint: string, xaddrs: string): string =>
    `<d:ProbeMatch><a:EndpointReference><a:Address>${endpoint}</a:Address></a:EndpointReference><d:XAddrs>${xaddrs}</d:XAddrs></d:ProbeMatch>`;
  const answer = (relatesTo: string, ...matches: readonly string[]): string =>
    `<s:Envelope xmlns:s="s" xmlns:a="a" xmlns:d="d"><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches>${matches.join("")}</d:ProbeMatches></s:Body></s:Envelope>`;

  it("finds every device of an answer, keeps those with bad addresses, asks again, and hears no stranger", async () => {
    const device: Socket = createSocket("udp4");
    resources.defer(() => void device.close());
    const clock = new TestClock();
    const ids: string[] = [];
    const types = new Set<string>();
    device.on("message", (message, from) => {
      const question = parseXml(message);
      const id = textAt(question, "Header", "MessageID");
      ids.push(id);
      types.add(textAt(question, "Body", "Probe", "Types").replace(/^\w+:/, ""));
      const said = [
        "not XML at all",
        answer("urn:uuid:somebody-else", match("urn:stranger", "http://127.0.0.1/")),
        // Only the second time, as a device does that slept through the first.
        ...(ids.length < 3 ? [] : [answer(id, match("urn:a", ""), match("urn:b", "http:// ::: file:///x"), match("urn:c", "http://127.0.0.1/o"))]),
      ];
      for (const text of said) device.send(text, from.port, from.address);
    }); // prettier-ignore
    device.bind(0, "127.0.0.1");
    await once(device, "listening");
    const to = { address: "127.0.0.1", port: device.address().port };
    const log = new MemoryLogger();
    const found = probe({ clock, log, from: ["127.0.0.1"], to, timeoutMs: 3_000 }, cancel);
    const heardSome = async (count: number): Promise<void> => {
      while (ids.length < count) await once(device, "message");
    };
    await clock.advance(0);
    await heardSome(2);
    await clock.advance(500);
    await heardSome(4);
    await clock.advance(1_000);
    await heardSome(6);
    // The answers were sent before the last question was: whoever waits for datagrams has had them by the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_500);
    expect((await found).map(({ endpoint }) => endpoint).toSorted()).toEqual(["urn:a", "urn:b", "urn:c"]);
    expect(types).toEqual(new Set(["NetworkVideoTransmitter", "Device"]));
  });
});

describe("10: events", () => {
  it("go on after a camera refused a subscription it had, or forgot it", async () => {
    let subscriptions = 0;
    const camera = await cameraWith({
      operations: {
        PullMessages: ({ path }) => {
          if (path === "/onvif/subscription/1") return fault("s:Receiver", "ter:Action", "forgotten");
          return subscriptions > 3
            ? hang
            : `<tev:PullMessagesResponse>${notification("tns1:VideoSource/MotionAlarm", { State: "true" })}</tev:PullMessagesResponse>`;
        },
      },
    });
    camera.operations["CreatePullPointSubscription"] = () => {
      subscriptions += 1;
      // Its first words are refused, as by a camera that knows no durations.
      if (subscriptions === 1) return fault("s:Sender", "ter:InvalidArgVal", "no durations");
      return `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://${camera.host}/onvif/subscription/${subscriptions - 1}</wsa:Address></tev:SubscriptionReference>${times(120)}</tev:CreatePullPointSubscriptionResponse>`;
    };
    const clock = new TestClock();
    const session = await sessionWith(camera.url);
    const stop = new AbortController();
    let [heard, starts] = [0, 0];
    /** As its supervisor does: what ended is begun again. */
    const supervised = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        starts += 1;
        const options = { session, clock, signal: stop.signal, sink: () => (heard += 1), healthy: () => undefined };
        await pullNotifications(options).catch(() => undefined);
      }
    };
    const over = supervised();
    const deadline = performance.now() + 25_000;
    while (heard === 0) {
      if (performance.now() > deadline) throw new Error("no event ever came");
      await clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort(new Error("enough"));
    await over;
    expect(subscriptions).toBeGreaterThan(2);
    expect(starts).toBeLessThan(4);
  });
});

it("11: tokens have nonces that nobody can foresee, and passwords of any letters", async () => {
  const camera = await cameraWith({ login: "token" });
  expect(password).toMatch(/[^\u0020-\u007e]/);
  const onvif = await sessionWith(camera.url);
  await getDeviceInformation(onvif, cancel);
  expect(camera.wrongLogins).toBe(0);
  const nonces = Array.from({ length: 64 }, () => {
    const token = usernameToken({ username, password: Secret.of(password), cameraNow: 0 });
    return textAt(parseXml(`<r xmlns:s="s">${writeXml(token).replace(/^<\?.*?\?>/, "")}</r>`), ...noncePath);
  });
  expect(new Set(nonces).size).toBe(64);
  expect(nonces.map((nonce) => Buffer.from(nonce, "base64").length)).toEqual(nonces.map(() => 16));
});

const noncePath = ["Security", "UsernameToken", "Nonce"];

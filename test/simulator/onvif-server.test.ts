import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash, randomBytes } from "node:crypto";

import { answerChallenge } from "./rtsp-probe.ts";
import { Simulator } from "./simulator.ts";
import { readJpegStamp } from "./stamp.ts";

let camera: Simulator;
beforeAll(async () => {
  camera = await Simulator.open({ id: "porch", password: "s3cret" });
});
afterAll(() => camera[Symbol.asyncDispose]());

interface CallOptions {
  readonly path?: string;
  readonly header?: string;
  readonly authorization?: string;
}

const post = async (body: string, { path, header = "", authorization }: CallOptions = {}) => {
  const response = await fetch(new URL(path ?? camera.onvifUrl, camera.onvifUrl), {
    method: "POST",
    headers: authorization === undefined ? {} : { authorization },
    body: `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header>${header}</e:Header><e:Body>${body}</e:Body></e:Envelope>`,
  });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), xml: await response.text() };
};

const usernameToken = ({ password = camera.password, at = Date.now(), nonce = randomBytes(16) } = {}) => {
  const created = new Date(at).toISOString();
  const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
  return (
    `<w:Security><w:UsernameToken><w:Username>${camera.username}</w:Username><w:Password>${digest}</w:Password>` +
    `<w:Nonce>${nonce.toString("base64")}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken></w:Security>`
  );
};

const call = (body: string, path?: string) => post(body, { header: usernameToken(), ...(path && { path }) });
const media = (body: string) => call(body, "/onvif/media_service");
const values = (xml: string, name: string) =>
  Array.from(xml.matchAll(new RegExp(`<\\w+:${name}(?: [^>]*)?>([^<]*)<`, "g")), ([, text]) => text);

describe("authentication", () => {
  it.each(["GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetHostname"])(
    "is not needed for %s",
    async (open) => {
      expect(await post(`<tds:${open}/>`)).toMatchObject({ status: 200 });
    },
  );

  it("is asked for by every scheme, with a fault for those who look", async () => {
    const { status, challenge, xml } = await post("<tds:GetDeviceInformation/>");
    expect(status).toBe(401);
    expect(challenge).toMatch(/algorithm=SHA-256.*, Digest /);
    expect(xml).toContain("<s:Value>ter:NotAuthorized</s:Value>");
  });

  it.each(["s3cret", "wrong"])("by HTTP Digest judges the password %s", async (password) => {
    const failures = camera.counts.authFailures;
    const { challenge } = await post("<tds:GetDeviceInformation/>");
    const { username } = camera;
    const uri = "/onvif/device_service";
    const authorization = answerChallenge(challenge ?? "", { username, password, method: "POST", uri });
    const right = password === camera.password;
    expect(await post("<tds:GetDeviceInformation/>", { authorization })).toMatchObject({ status: right ? 200 : 401 });
    expect(camera.counts.authFailures - failures).toBe(right ? 0 : 1);
  });

  it("by UsernameToken admits the right password", async () => {
    const { status, xml } = await call("<tds:GetDeviceInformation/>");
    expect(status).toBe(200);
    expect(values(xml, "SerialNumber")).toEqual(["porch"]);
    expect(values(xml, "FirmwareVersion")).toEqual(["1.10"]);
  });

  it.each([
    ["a wrong password", { password: "wrong" }],
    ["a time more than a minute off", { at: Date.now() - 90_000 }],
  ])("by UsernameToken refuses %s with a fault", async (_, wrong) => {
    const failures = camera.counts.authFailures;
    const { status, xml } = await post("<tds:GetDeviceInformation/>", { header: usernameToken(wrong) });
    expect(status).toBe(400);
    expect(xml).toContain("<s:Value>ter:NotAuthorized</s:Value>");
    expect(camera.counts.authFailures).toBe(failures + 1);
  });

  it("by UsernameToken refuses a nonce seen before", async () => {
    const header = usernameToken();
    expect(await post("<tds:GetDeviceInformation/>", { header })).toMatchObject({ status: 200 });
    expect(await post("<tds:GetDeviceInformation/>", { header })).toMatchObject({ status: 400 });
  });

  it("by UsernameToken goes by the camera's own clock", async () => {
    await using skewed = await Simulator.open({ password: camera.password });
    skewed.moveClock(3_600_000);
    const path = skewed.onvifUrl;
    expect(await post("<tds:GetScopes/>", { path, header: usernameToken() })).toMatchObject({ status: 400 });
    const header = usernameToken({ at: Date.now() + 3_600_000 });
    expect(await post("<tds:GetScopes/>", { path, header })).toMatchObject({ status: 200 });
    const hour = (): string => String(new Date(Date.now() + 3_600_000).getUTCHours());
    const before = hour();
    const { xml } = await post("<tds:GetSystemDateAndTime/>", { path });
    // One may end meanwhile.
    expect([before, hour()]).toContain(values(xml, "Hour")[0]);
  });
});

describe("faults", () => {
  it.each([
    ["an unknown operation", "<tds:FormatDisk/>", {}, "ter:ActionNotSupported"],
    ["an unknown service", "<tds:GetScopes/>", { path: "/onvif/ptz_service" }, "ter:UnknownAction"],
    [
      "an unknown profile",
      "<GetStreamUri><ProfileToken>x</ProfileToken></GetStreamUri>",
      { path: "/onvif/media_service" },
      "ter:NoProfile",
    ],
    ["an unknown subscription", "<PullMessages/>", { path: "/onvif/subscription/1" }, "wsrf-rw:ResourceUnknownFault"],
  ])("name %s", async (_, body, options, subcode) => {
    const { status, xml } = await post(body, { header: usernameToken(), ...options });
    expect(status).toBe(400);
    expect(xml).toContain(`<s:Value>${subcode}</s:Value>`);
  });

  it("answer what is no envelope", async () => {
    const response = await fetch(camera.onvifUrl, { method: "POST", body: "hello" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("ter:WellFormed");
  });
});

describe("the media service", () => {
  it("has a main and a sub profile of one source", async () => {
    const { xml } = await media("<trt:GetProfiles/>");
    expect(Array.from(xml.matchAll(/Profiles token="(\w+)"/g), ([, token]) => token)).toEqual([
      "Profile_1",
      "Profile_2",
    ]);
    expect(values(xml, "Height")).toEqual(["1080", "360"]);
    expect(values(xml, "BitrateLimit")).toEqual(["4000", "500"]);
    expect(new Set(values(xml, "SourceToken"))).toEqual(new Set(["VideoSource_1"]));
  });

  it.each(["Profile_1", "Profile_2"])("says where %s is streamed", async (token) => {
    const { xml } = await media(`<trt:GetStreamUri><trt:ProfileToken>${token}</trt:ProfileToken></trt:GetStreamUri>`);
    expect(values(xml, "Uri")).toEqual([token === "Profile_1" ? camera.rtspUrl : camera.subRtspUrl]);
  });

  it("gives a stamped snapshot to those who log in", async () => {
    const { xml } = await media("<GetSnapshotUri><ProfileToken>Profile_1</ProfileToken></GetSnapshotUri>");
    const url = new URL(values(xml, "Uri")[0] ?? "");
    const challenged = await fetch(url);
    expect(challenged.status).toBe(401);
    const challenge = challenged.headers.get("www-authenticate") ?? "";
    const { username, password } = camera;
    const authorization = answerChallenge(challenge, { username, password, method: "GET", uri: url.pathname });
    const response = await fetch(url, { headers: { authorization } });
    expect(response.headers.get("content-type")).toBe("image/jpeg");
    const stamp = readJpegStamp(Buffer.from(await response.arrayBuffer()));
    expect(stamp).toMatchObject({ camera: "porch", plane: "snapshot" });
    expect(camera.counts.snapshots).toBe(1);
  });
});

describe("events", () => {
  const subscribe = async (lifetime = "PT60S") => {
    const body = `<tev:CreatePullPointSubscription><tev:InitialTerminationTime>${lifetime}</tev:InitialTerminationTime></tev:CreatePullPointSubscription>`;
    const { xml } = await call(body, "/onvif/event_service");
    return new URL(values(xml, "Address")[0] ?? "").pathname;
  };
  const pull = (path: string, timeout = "PT5S") =>
    call(
      `<tev:PullMessages><tev:Timeout>${timeout}</tev:Timeout><tev:MessageLimit>10</tev:MessageLimit></tev:PullMessages>`,
      path,
    );
  const items = (xml: string) =>
    Array.from(xml.matchAll(/SimpleItem Name="(\w+)" Value="([^"]*)"/g), ([, name, value]) => `${name}=${value}`);

  it("names its one topic", async () => {
    const { xml } = await call("<tev:GetEventProperties/>", "/onvif/event_service");
    expect(xml).toMatch(/<tns1:VideoSource><MotionAlarm wstop:topic="true">/);
  });

  it("begins with the state as it is", async () => {
    const { xml } = await pull(await subscribe());
    expect(xml).toContain('PropertyOperation="Initialized"');
    expect(items(xml)).toEqual(["Source=VideoSource_1", "State=false"]);
  });

  it("answers a waiting PullMessages as soon as motion begins", async () => {
    const path = await subscribe();
    await pull(path);
    const pulls = camera.counts.pullMessages;
    const waiting = pull(path, "PT60S");
    while (camera.counts.pullMessages === pulls) await new Promise((resolve) => setTimeout(resolve, 5));
    const { reference } = camera.motion(true);
    const { xml } = await waiting;
    expect(reference).toMatch(/^porch\/\d+\/\d+$/);
    expect(xml).toContain('PropertyOperation="Changed"');
    expect(items(xml)).toEqual(["Source=VideoSource_1", "State=true", `Reference=${reference}`]);
    camera.motion(false);
  });

  it("keeps a message for the next pull when the one that waited has hung up", async () => {
    const path = await subscribe();
    await pull(path);
    const hangUp = new AbortController();
    const pulls = camera.counts.pullMessages;
    const waiting = fetch(new URL(path, camera.onvifUrl), {
      method: "POST",
      body: `<e:Header>${usernameToken()}</e:Header><e:Body><PullMessages><Timeout>PT60S</Timeout></PullMessages></e:Body>`,
      signal: hangUp.signal,
    });
    while (camera.counts.pullMessages === pulls) await new Promise((resolve) => setTimeout(resolve, 5));
    hangUp.abort();
    await expect(waiting).rejects.toThrow();
    // When the second of two later requests is answered, the camera has seen the hang-up.
    for (let count = 0; count < 2; count += 1) await post("<tds:GetSystemDateAndTime/>");
    const { reference } = camera.motion(true);
    camera.motion(false);
    const { xml } = await pull(path);
    expect(items(xml)).toContain(`Reference=${reference}`);
  });

  it("answers empty when the time is up", async () => {
    const path = await subscribe();
    await pull(path);
    const { status, xml } = await pull(path, "PT0.05S");
    expect(status).toBe(200);
    expect(xml).not.toContain("NotificationMessage");
    expect(values(xml, "TerminationTime")).toHaveLength(1);
  });

  it("keeps what happened between two pulls, in order", async () => {
    const path = await subscribe();
    await pull(path);
    const references = [true, false, true, false].map((active) => camera.motion(active).reference);
    const { xml } = await pull(path);
    expect(items(xml).filter((item) => item.startsWith("Reference"))).toEqual(
      references.map((reference) => `Reference=${reference}`),
    );
  });

  it("repeats the state at a synchronization point", async () => {
    const path = await subscribe();
    await pull(path);
    expect(await call("<tev:SetSynchronizationPoint/>", path)).toMatchObject({ status: 200 });
    expect((await pull(path)).xml).toContain('PropertyOperation="Initialized"');
  });

  it("ends a subscription when its time is up, or that of its renewal", async () => {
    const [brief, renewed] = [await subscribe("PT0.2S"), await subscribe("PT60S")];
    while ((await pull(brief, "PT0.1S")).status === 200);
    expect(await pull(renewed, "PT0.01S")).toMatchObject({ status: 200 });
    // A shorter one: a longer one would have to come in time.
    const renewal = `<wsnt:Renew><wsnt:TerminationTime>PT0.2S</wsnt:TerminationTime></wsnt:Renew>`;
    expect(await call(renewal, renewed)).toMatchObject({ status: 200 });
    while ((await pull(renewed, "PT0.1S")).status === 200);
  });

  it("takes absolute times by the camera's clock, and refuses past ones", async () => {
    const body = (at: number) =>
      `<CreatePullPointSubscription><InitialTerminationTime>${new Date(at).toISOString()}</InitialTerminationTime></CreatePullPointSubscription>`;
    expect(await call(body(Date.now() + 10_000), "/onvif/event_service")).toMatchObject({ status: 200 });
    const { xml } = await call(body(Date.now() - 10_000), "/onvif/event_service");
    expect(xml).toContain("wsnt:UnacceptableTerminationTimeFault");
  });

  it("forgets a subscription when told to, answering who waits", async () => {
    const path = await subscribe();
    await pull(path);
    const { subscriptions } = camera.counts;
    const waiting = pull(path, "PT60S");
    await call("<wsnt:Unsubscribe/>", path);
    await waiting;
    expect(camera.counts.subscriptions).toBe(subscriptions - 1);
    expect(await pull(path)).toMatchObject({ status: 400 });
  });

  it("has room for ten subscriptions", async () => {
    await using small = await Simulator.open({ password: camera.password });
    const path = new URL("/onvif/event_service", small.onvifUrl).href;
    const create = () => call("<CreatePullPointSubscription/>", path);
    for (let count = 0; count < 10; count += 1) expect(await create()).toMatchObject({ status: 200 });
    expect((await create()).xml).toContain("wsnt:SubscribeCreationFailedFault");
    expect(small.counts.subscriptions).toBe(10);
  });
});

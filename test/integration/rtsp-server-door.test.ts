import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, systemClock, untilAborted, type Clock, type Grant } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

import { deedBurst } from "../../gateway-bridge/src/domain/deed-budget-policy.ts";
import { denialBurst } from "../../gateway-bridge/src/domain/denial-budget.ts";
import type { OpenSource } from "../../gateway-bridge/src/ports.ts";
import type { RtspResponse } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { eventually } from "../support/eventually.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera, RtspDoor, type ApplicationAccess, type RtspDoorOptions } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

const otherCamera = CameraId.parse("cam-bbbbbbbbbbbbbbbb");
const nobodysCamera = CameraId.parse("cam-cccccccccccccccc");

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
});

const openDoor = async (over: Partial<RtspDoorOptions> = {}, clock: Clock = systemClock): Promise<RtspDoor> => {
  const camera = new PacedCamera({ clock });
  return stack.use(await RtspDoor.open({ openSource: camera.openSource, clock, ...over }));
};

const openReader = async (
  door: RtspDoor,
  login: ApplicationAccess | undefined,
  { secure = true }: { readonly secure?: boolean } = {},
): Promise<RtspReader> => {
  const ports = await door.server.ports();
  const options = secure ? { port: ports?.secure ?? 0, certificate: door.certificate } : { port: ports?.plain ?? 0 };
  return stack.use(await RtspReader.open({ ...options, ...(login === undefined ? {} : { login }) }));
};

/** A camera that does not answer. */
const neverOpens: OpenSource = (_endpoint, { signal }) => untilAborted(signal, new Promise(() => undefined));

const denials = (door: RtspDoor): string[] =>
  door.audit.rows
    .filter(({ outcome }) => outcome === "denied")
    .map(({ principal, target, detail }) => `${principal} ${target} ${detail}`);

const visible = ({ status, headers, body }: RtspResponse): unknown => [
  status,
  headers.get("server"),
  headers.all("www-authenticate").length,
  body.length,
];

describe("the door of the RTSP server", () => {
  it("is not there while nobody could come in", async () => {
    const door = await openDoor();
    expect(await door.server.ports()).toBeUndefined();
    await door.admit([{ action: "metrics", camera: "*" }]);
    expect(await door.server.ports()).toBeUndefined();
    const { principal } = await door.admit();
    const port = (await door.server.ports())?.secure ?? 0;
    const visitor = connect({ port, host: "127.0.0.1" });
    await once(visitor, "connect");
    door.principals.revoke(principal.id);
    expect(await door.server.ports()).toBeUndefined();
    await once(visitor, "close");
    const late = connect({ port, host: "127.0.0.1" });
    const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  it("stays open while another application is there", async () => {
    const door = await openDoor();
    const [first] = [await door.admit(), await door.admit()];
    door.principals.revoke(first.principal.id);
    expect(await door.server.ports()).toBeDefined();
  });

  it("says which port it cannot have, and opens as soon as it can", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as AddressInfo;
    const door = await openDoor({ port });
    const refused = expect.objectContaining({ code: "address-in-use" });
    await expect(door.admit()).rejects.toEqual(refused);
    expect(door.log.lines).toContainEqual(expect.objectContaining({ message: "RTSP cannot be served" }));
    await expect(door.server.ports()).rejects.toEqual(refused);
    await once(squatter.close(), "close");
    expect((await door.server.ports())?.secure).toBe(port);
  });

  it("speaks no plain RTSP unless the owner opened it", async () => {
    const door = await openDoor();
    await door.admit();
    const ports = await door.server.ports();
    expect(ports?.plain).toBeUndefined();
    const reader = stack.use(await RtspReader.open({ port: ports?.secure ?? 0 }));
    expect(await reader.request("OPTIONS", "*")).toBeUndefined();
  });

  it.each([
    ["TLSv1.3", /^TLS_/],
    ["TLSv1.2", /^ECDHE-ECDSA-.*(?:GCM|POLY1305)/],
  ] as const)("takes %s, with forward secrecy and an authenticated cipher", async (version, cipher) => {
    const door = await openDoor();
    await door.admit();
    const way = {
      host: "127.0.0.1",
      servername: "localhost",
      ca: door.certificate,
      port: (await door.server.ports())?.secure ?? 0,
    };
    const socket = connectTls({ ...way, minVersion: version, maxVersion: version });
    stack.defer(() => void socket.destroy());
    await once(socket, "secureConnect");
    expect(socket.getProtocol()).toBe(version);
    expect(socket.getCipher().name).toMatch(cipher);
  });

  it.each(["TLSv1.3", "TLSv1.2"] as const)(
    "resumes no session of %s: each connection has keys of its own",
    async (version) => {
      const door = await openDoor();
      await door.admit();
      const port = (await door.server.ports())?.secure ?? 0;
      const way = { host: "127.0.0.1", servername: "localhost", ca: door.certificate, port };
      const meet = (session?: Buffer): TLSSocket => {
        const both = { minVersion: version, maxVersion: version, ...(session !== undefined && { session }) };
        const socket = connectTls({ ...way, ...both }).resume();
        stack.defer(() => void socket.destroy());
        return socket;
      };
      const [session] = (await once(meet(), "session")) as [Buffer];
      const again = meet(session);
      await once(again, "secureConnect");
      expect(again.isSessionReused()).toBe(false);
    },
  );

  it("takes nothing older than TLS 1.2, nor a cipher without forward secrecy", async () => {
    const door = await openDoor();
    await door.admit();
    const way = {
      host: "127.0.0.1",
      servername: "localhost",
      ca: door.certificate,
      port: (await door.server.ports())?.secure ?? 0,
    };
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    for (const over of [old, { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" } as const]) {
      const socket = connectTls({ ...way, ...over });
      await expect(once(socket, "secureConnect")).rejects.toThrow(/alert|handshake|protocol version/i);
    }
  });

  it("says the same to strangers, whatever camera they name", async () => {
    const door = await openDoor();
    await door.admit();
    const reader = await openReader(door, undefined);
    const answers = [];
    for (const path of [doorCamera, nobodysCamera, "no/camera", `${doorCamera}/trackID=0`]) {
      for (const method of ["DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"]) {
        answers.push(visible((await reader.request(method, path))!));
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify([401, "Gatehouse", 3, 0])]),
    );
  });

  it("refuses a wrong password, writes it down, and closes after a few", async () => {
    const door = await openDoor();
    const [one, two] = [await door.admit(), await door.admit()];
    const reader = await openReader(door, { ...one, password: two.password });
    await expect(reader.ask("DESCRIBE", doorCamera)).resolves.toMatchObject({ status: 401 });
    expect(denials(door)).toEqual(["- - unauthenticated; from 127.0.0.1 (1)"]);
    while (!reader.closed) await reader.request("DESCRIBE", doorCamera);
    expect(denials(door)).toHaveLength(5);
  });

  it("answers alike for a camera that is not granted and one that is not there", async () => {
    const tiers = { [doorCamera]: ["main"], [otherCamera]: ["main"] } as const;
    const door = await openDoor({ tiers });
    const { principal, ...login } = await door.admit();
    const reader = await openReader(door, { principal, ...login });
    const answers = [];
    for (const camera of [otherCamera, nobodysCamera]) {
      for (const method of ["DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"]) {
        answers.push(visible(await reader.ask(method, `${camera}/trackID=0`)));
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify([404, "Gatehouse", 0, 0])]),
    );
    expect(denials(door)).toHaveLength(14);
    expect(denials(door)).toContain(`${principal.id} ${otherCamera} not-granted`);
  });

  it.each<{ name: string; grants: Grant[]; path: string; status: number }>([
    { name: "a grant for all cameras", grants: [{ action: "live", camera: "*" }], path: doorCamera, status: 200 },
    {
      name: "no camera that is not there",
      grants: [{ action: "live", camera: "*" }],
      path: nobodysCamera,
      status: 404,
    },
    {
      name: "no tier that is not there",
      grants: [{ action: "live", camera: "*" }],
      path: `${doorCamera}/sub`,
      status: 404,
    },
    {
      name: "no other action in its place",
      grants: [{ action: "snapshot", camera: doorCamera }],
      path: doorCamera,
      status: 404,
    },
  ])("knows $name", async ({ grants, path, status }) => {
    const door = await openDoor();
    // The door is open for somebody else.
    await door.admit();
    const reader = await openReader(door, await door.admit(grants));
    expect((await reader.ask("DESCRIBE", path)).status).toBe(status);
  });

  it("lets nobody publish, and says what it does not do", async () => {
    const door = await openDoor();
    const reader = await openReader(door, await door.admit());
    const options = await reader.request("OPTIONS", "*");
    expect(options?.headers.get("public")).toBe(
      "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER",
    );
    for (const method of ["ANNOUNCE", "RECORD"]) expect((await reader.ask(method, doorCamera)).status).toBe(405);
    expect((await reader.ask("REDIRECT", doorCamera)).status).toBe(501);
    const talk = await reader.ask("DESCRIBE", doorCamera, { Require: "www.onvif.org/ver20/backchannel" });
    expect([talk.status, talk.headers.get("unsupported")]).toEqual([551, "www.onvif.org/ver20/backchannel"]);
  });

  it("holds a session to its connection", async () => {
    const door = await openDoor();
    const login = await door.admit();
    const [mine, theirs] = [await openReader(door, login), await openReader(door, login)];
    const { session } = await mine.play(doorCamera);
    expect(session).toMatch(/^[\da-f]{32}$/);
    for (const method of ["PLAY", "PAUSE", "TEARDOWN"]) {
      expect((await theirs.ask(method, doorCamera, { Session: session })).status).toBe(454);
    }
    const stale = await theirs.ask("GET_PARAMETER", doorCamera, { Session: session });
    expect([stale.status, (await mine.ask("GET_PARAMETER", doorCamera, { Session: session })).status]).toEqual([
      454, 200,
    ]);
    await eventually("a picture", () => mine.frames.length > 20);
    expect(door.server.sessions()).toBe(1);
    expect((await mine.ask("TEARDOWN", doorCamera, { Session: session })).status).toBe(200);
    expect(door.server.sessions()).toBe(0);
  });

  it("holds a connection to its login", async () => {
    const door = await openDoor();
    const [one, two] = [await door.admit(), await door.admit()];
    const reader = await openReader(door, one);
    await reader.ask("DESCRIBE", doorCamera);
    const basic = Buffer.from(`${two.username}:${two.password.reveal()}`).toString("base64");
    expect((await reader.request("DESCRIBE", doorCamera, { Authorization: `Basic ${basic}` }))?.status).toBe(400);
  });

  it("plays for who logs in by the stream's URL for each of its tracks, as VLC does", async () => {
    const door = await openDoor();
    const login = await door.admit();
    const port = (await door.server.ports())?.secure ?? 0;
    const reader = stack.use(await RtspReader.open({ port, certificate: door.certificate, login, hashesStream: true }));
    await reader.play(doorCamera);
    await eventually("pictures", () => reader.frames.length > 20);
    expect(door.audit.rows.filter(({ outcome }) => outcome === "denied")).toEqual([]);
  });

  it("ends what a revoked login watches at once", async () => {
    const door = await openDoor();
    const [gone, stays] = [await door.admit(), await door.admit()];
    const [first, second] = [await openReader(door, gone), await openReader(door, stays)];
    await first.play(doorCamera);
    await second.play(doorCamera);
    await eventually("pictures", () => first.frames.length > 20 && second.frames.length > 20);
    door.principals.revoke(gone.principal.id);
    expect(door.server.sessions()).toBe(1);
    await eventually("the end", () => first.closed);
    const before = second.frames.length;
    await eventually("the other goes on", () => second.frames.length > before + 30);
    const done = door.audit.rows.filter(({ action, outcome }) => action === "rtspSession" && outcome === "done");
    expect(done).toMatchObject([{ principal: gone.principal.id, target: doorCamera }]);
    expect(done[0]?.detail).toMatch(/^\d+ s, [1-9]\d* packets: the login was revoked$/);
  });

  it("ends what watches a camera that is removed", async () => {
    const door = await openDoor();
    const reader = await openReader(door, await door.admit());
    await reader.play(doorCamera);
    door.server.endAll({ camera: otherCamera }, "the camera was removed");
    expect(door.server.sessions()).toBe(1);
    door.server.endAll({ camera: doorCamera }, "the camera was removed");
    expect(door.server.sessions()).toBe(0);
    await eventually("the end", () => reader.closed);
  });

  it("shows nothing that cannot be written down", async () => {
    const door = await openDoor();
    const reader = await openReader(door, await door.admit());
    door.audit.broken = true;
    const answer = await reader.ask("SETUP", `${doorCamera}/trackID=0`, { Transport: "RTP/AVP/TCP;interleaved=0-1" });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(door.server.sessions()).toBe(0);
  });

  it("puts no password into its log, its audit log or its answers", async () => {
    const door = await openDoor();
    const login = await door.admit();
    const reader = await openReader(door, login);
    const described = await reader.ask("DESCRIBE", doorCamera);
    await reader.play(doorCamera);
    const everything = JSON.stringify([door.log.lines, door.audit.rows, described.body.toString()]);
    expect(everything).toContain(doorCamera);
    expect(everything).not.toContain(login.password.reveal());
  });
});

describe("a connection to the RTSP server", () => {
  it("is closed when nobody logs in", async () => {
    const clock = new TestClock();
    const door = await openDoor({}, clock);
    await door.admit();
    const reader = await openReader(door, undefined);
    await reader.request("OPTIONS", "*");
    // One header that never ends is no way round.
    reader.send("DESCRIBE rtsps://localhost/ RTSP/1.0\r\nX: ");
    await clock.advance(9_000);
    expect(reader.closed).toBe(false);
    await clock.advance(6_000);
    await eventually("the end", () => reader.closed);
  });

  it("is closed when it is silent for a minute, and nothing is sent either", async () => {
    const clock = new TestClock();
    const door = await openDoor({ openSource: neverOpens }, clock);
    const reader = await openReader(door, await door.admit());
    await reader.ask("GET_PARAMETER", doorCamera);
    await clock.advance(55_000);
    await reader.ask("GET_PARAMETER", doorCamera);
    await clock.advance(55_000);
    expect(reader.closed).toBe(false);
    await clock.advance(15_000);
    await eventually("the end", () => reader.closed);
  });

  it("is closed when it speaks something else", async () => {
    const door = await openDoor({ plain: true });
    await door.admit();
    for (const bytes of [
      "\x00\x01\x02",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      `DESCRIBE x RTSP/1.0\r\nContent-Length: 70000\r\n\r\n`,
    ]) {
      const reader = await openReader(door, undefined, { secure: false });
      reader.send(bytes);
      await eventually("the end", () => reader.closed);
    }
  });

  it("is closed when it asks faster than it can be answered", async () => {
    const door = await openDoor({ openSource: neverOpens });
    const reader = await openReader(door, await door.admit());
    await reader.ask("GET_PARAMETER", doorCamera);
    const waiting = reader.request("DESCRIBE", doorCamera);
    for (let request = 0; request < 20; request += 1) reader.send("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    expect(await waiting).toBeUndefined();
  });

  it("is one of at most 64 from one address", async () => {
    const door = await openDoor({ plain: true });
    await door.admit();
    const port = (await door.server.ports())?.plain ?? 0;
    const readers = await Promise.all(Array.from({ length: 65 }, () => RtspReader.open({ port })));
    for (const reader of readers) stack.use(reader);
    await eventually("one is turned away", () => readers.some(({ closed }) => closed));
    const answers = await Promise.all(readers.map((reader) => reader.request("OPTIONS", "*")));
    expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(64);
  });

  it("lets no stolen login fill the audit log by setting up and tearing down without end", async () => {
    // It stands still, so that nothing is gained.
    const door = await openDoor({}, new TestClock());
    const login = await door.admit();
    const reader = await openReader(door, login);
    const before = door.audit.rows.length;
    const answers: number[] = [];
    for (let round = 0; round < deedBurst + 50; round += 1) {
      const setUp = await reader.ask("SETUP", `${doorCamera}/trackID=0`, { Transport: "RTP/AVP/TCP;unicast" });
      answers.push(setUp.status);
      const session = setUp.headers.get("session")?.split(";")[0];
      if (session !== undefined) await reader.ask("TEARDOWN", doorCamera, { Session: session });
    }
    expect(answers.slice(0, deedBurst)).toEqual(new Array(deedBurst).fill(200));
    expect(answers.slice(deedBurst)).toEqual(new Array(50).fill(503));
    const rows = door.audit.rows.slice(before).filter(({ outcome }) => outcome !== "denied");
    // Of each its beginning and its end, and of all requests that they came.
    expect(rows.length).toBeLessThanOrEqual(2 * deedBurst + 1);
    expect(denials(door)).toContain(`${login.principal.id} ${doorCamera} too-many-requests`);
    expect(denials(door).length).toBeLessThanOrEqual(denialBurst);
  });

  it("keeps no answers for a reader that plays and reads nothing", async () => {
    const clock = new TestClock();
    const door = await openDoor({}, clock);
    const login = await door.admit();
    const reader = await openReader(door, login);
    await reader.play(doorCamera);
    reader.socket.pause();
    const password = Buffer.from(`${login.username}:${login.password.reveal()}`).toString("base64");
    const request = `DESCRIBE ${reader.url(doorCamera)} RTSP/1.0\r\nAuthorization: Basic ${password}\r\n\r\n`;
    let most = 0;
    while (door.server.sessions() > 0 && most < 4 * 1024 * 1024) {
      // Not more than may wait, also where two of these come as one.
      reader.send(request.repeat(8));
      await clock.advance(1);
      most = Math.max(most, door.server.unsent());
    }
    expect(door.server.sessions()).toBe(0);
    expect(door.log.lines).toContainEqual(
      expect.objectContaining({
        message: "RTSP session ends",
        fields: expect.objectContaining({ why: "it does not read its answers" }),
      }),
    );
    expect(most).toBeLessThan(1024 * 1024);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret, systemClock, type Principal } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";

import { Authorizer } from "../../gateway-bridge/src/protocols/auth/authorizer.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { LocalCredential, localUser } from "../../gateway-bridge/src/relay/connect/credential.ts";
import type { SignedInVisitor } from "../../gateway-bridge/src/ports.ts";
import { AwayHome } from "../support/away-home.ts";
import { Simulator } from "../simulator/simulator.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { doorCamera, RtspDoor } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

/** What the gateway's RTSP server is in these tests: it keeps every byte, and answers what it is told to. */
class FakeRtsp {
  readonly connections: TLSSocket[] = [];
  readonly visitors: SignedInVisitor[] = [];
  heard = Buffer.alloc(0);

  readonly accept = (socket: TLSSocket, visitor: SignedInVisitor): void => {
    this.connections.push(socket);
    this.visitors.push(visitor);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      this.heard = Buffer.concat([this.heard, chunk]);
      const sequence = /CSeq: (\d+)/.exec(chunk.toString("latin1"))?.[1];
      if (sequence !== undefined) socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\n\r\n`);
    });
  };
}

/** Resolves with the end of a connection, in whatever way it comes: who is cut off while it speaks may be told of a reset. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.on("error", () => undefined).once("close", () => resolve()));

let far: FakeRtsp;
let home: AwayHome;
let reader: RtspReader | undefined;
const login = () => ({ username: localUser, password: home.credential.secret });
const read = async (credentials?: ReturnType<typeof login>): Promise<RtspReader> =>
  (reader = await RtspReader.open({ port: home.ports.rtsp, ...(credentials && { login: credentials }) }));

describe("the RTSP port of `gatehouse connect`", () => {
  beforeEach(async () => {
    far = new FakeRtsp();
    home = await AwayHome.open({ toRtsp: far.accept });
    await home.enter();
  });
  afterEach(async () => {
    reader?.[Symbol.dispose]();
    reader = undefined;
    await home[Symbol.asyncDispose]();
  });

  const methods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "ANNOUNCE"];
  it.each(methods)("asks for the credential with %s, and opens nothing at home without it", async (method) => {
    const stranger = await read();
    const answer = await stranger.request(method, "cam-aaaaaaaaaaaaaaaa/main");
    expect(answer?.status).toBe(401);
    const challenges = answer?.headers.all("www-authenticate").join("\n") ?? "";
    expect(challenges).toMatch(/Digest .*algorithm=SHA-256[^]*Digest .*algorithm=MD5[^]*Basic /);
    expect(far.connections).toEqual([]);
  });

  it("takes the request home as it is, without the credential, as the device's person", async () => {
    const player = await read(login());
    const answer = await player.ask("DESCRIBE", "cam-aaaaaaaaaaaaaaaa/main", { Accept: "application/sdp" });
    expect(answer.status).toBe(200);
    const uri = `rtsp://localhost:${home.ports.rtsp}/cam-aaaaaaaaaaaaaaaa/main`;
    expect(far.heard.toString("latin1")).toBe(`DESCRIBE ${uri} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n`);
    expect(far.visitors).toMatchObject([{ person: home.device.person, device: home.device.device }]);
  });

  it("looks at each request, and cuts off who comes without the credential later", async () => {
    const player = await read(login());
    await player.ask("OPTIONS", "*");
    const before = far.heard.toString("latin1");
    const gone = closed(player.socket);
    player.send("PLAY rtsp://localhost/cam-aaaaaaaaaaaaaaaa RTSP/1.0\r\nCSeq: 9\r\nSession: 1\r\n\r\n");
    await gone;
    expect(far.heard.toString("latin1")).toBe(before);
  });

  it.each<[string, () => { username: string; password: Secret }]>([
    ["another password", () => ({ username: localUser, password: LocalCredential.draw().secret })],
    ["another user", () => ({ username: "anna", password: home.credential.secret })],
  ])("lets nobody in with %s, and ends who guesses on", async (_what, wrong) => {
    const guesser = await read(wrong());
    const statuses: (number | undefined)[] = [];
    while (!guesser.closed) statuses.push((await guesser.request("DESCRIBE", "cam-aaaaaaaaaaaaaaaa"))?.status);
    expect(new Set(statuses.filter((status) => status !== undefined))).toEqual(new Set([401]));
    expect(statuses.length).toBeLessThan(10);
    expect(far.connections).toEqual([]);
  });

  it("takes Basic with the same credential", async () => {
    const player = await read();
    const basic = `Basic ${Buffer.from(`${localUser}:${home.credential.secret.reveal()}`).toString("base64")}`;
    expect((await player.request("OPTIONS", "*", { Authorization: basic }))?.status).toBe(200);
    expect(far.heard.toString("latin1")).not.toMatch(/authorization/i);
  });

  it("does not take a login that was made for another connection", async () => {
    const [one, other] = [await read(), await read()];
    const uri = one.url("cam-aaaaaaaaaaaaaaaa");
    const authorizer = new Authorizer({
      credentials: login(),
      memory: { floor: "none", raise: () => undefined },
      secure: false,
    });
    const asked = await one.request("OPTIONS", "cam-aaaaaaaaaaaaaaaa");
    authorizer.challenge(asked?.headers.all("www-authenticate") ?? []);
    const headers = { Authorization: authorizer.authorize("OPTIONS", uri) ?? "" };
    expect((await other.request("OPTIONS", "cam-aaaaaaaaaaaaaaaa", headers))?.status).toBe(401);
    expect(far.connections).toEqual([]);
    expect((await one.request("OPTIONS", "cam-aaaaaaaaaaaaaaaa", headers))?.status).toBe(200);
    one[Symbol.dispose]();
  });

  it("carries what is between the requests both ways, byte for byte", async () => {
    const player = await read(login());
    await player.ask("OPTIONS", "*");
    const frame = Buffer.concat([Buffer.from([0x24, 4, 0, 5]), Buffer.from("\0talk")]);
    far.heard = Buffer.alloc(0);
    // In pieces, as networks do.
    player.send(frame.subarray(0, 3));
    player.send(frame.subarray(3));
    await eventually("what was said is heard", () => far.heard.length >= frame.length);
    expect(far.heard).toEqual(frame);
    const picture = Buffer.concat([Buffer.from([0x24, 0, 0xff, 0xff]), Buffer.alloc(0xffff, 7)]);
    far.connections[0]?.write(Buffer.concat([picture, picture]));
    await eventually("the pictures have come", () => player.frames.length === 2);
    expect(player.frames[1]?.payload.equals(picture.subarray(4))).toBe(true);
  });

  it("says why there is no way home in the words that players show", async () => {
    home.relay.admitted.clear();
    const player = await read(login());
    const answer = await player.ask("DESCRIBE", "cam-aaaaaaaaaaaaaaaa");
    expect([answer.status, answer.reason]).toEqual([
      503,
      expect.stringContaining("relay did not let this device through"),
    ]);
  });

  it("notices that the login is over, and says that from then on", async () => {
    home.endLogin();
    const player = await read(login());
    await expect(player.ask("DESCRIBE", "cam-aaaaaaaaaaaaaaaa")).rejects.toThrow("closed");
    await home.connection.loginOver;
    const next = await read(login());
    expect((await next.ask("DESCRIBE", "cam-aaaaaaaaaaaaaaaa")).reason).toContain("signed in");
    expect(far.connections).toEqual([]);
  });

  it.each([
    ["HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["TLS", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])],
    ["media before a login", Buffer.from([0x24, 0, 0, 1, 0])],
    ["an answer", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"],
    ["a head without an end", `DESCRIBE ${"x".repeat(20_000)}`],
  ])("ends who speaks %s", async (_what, bytes) => {
    const socket: Socket = connect(home.ports.rtsp, "127.0.0.1");
    const gone = closed(socket.resume());
    socket.write(bytes);
    await gone;
    expect(far.connections).toEqual([]);
  });

  it("ends at home what the player has given up, and here what home has ended", async () => {
    const player = await read(login());
    await player.ask("OPTIONS", "*");
    const gone = new Promise((resolve) => far.connections[0]?.once("close", resolve));
    player[Symbol.dispose]();
    await gone;
    const next = await read(login());
    await next.ask("OPTIONS", "*");
    const over = closed(next.socket);
    far.connections[1]?.destroy();
    await over;
  });

  it("gives each player a channel of its own", async () => {
    const before = home.relay.heard.length;
    await (await read(login())).ask("OPTIONS", "*");
    reader?.[Symbol.dispose]();
    await (await read(login())).ask("OPTIONS", "*");
    const ways = home.relay.heard.slice(before).flatMap((said) => ("way" in said ? [said.way] : []));
    expect(ways).toEqual(["own", "own"]);
  });
});

describeWith(["ffmpeg"], "ffmpeg at the RTSP port of `gatehouse connect`", () => {
  it("plays a camera from away, and the URLs in the answers lead back to the port", async () => {
    await using stack = new AsyncDisposableStack();
    const simulator = stack.use(await Simulator.open({ bitrateKbps: 1_000, audio: "opus" }));
    const signedIn: { anna?: Principal } = {};
    const door = stack.use(
      await RtspDoor.open({
        openSource: createRtspSource({ clock: systemClock, log: new MemoryLogger() }),
        endpoint: (camera, tier) => ({
          ...{ camera, tier, url: simulator.rtspUrl, pin: null, auth: { floor: "none", raise: () => undefined } },
          credentials: { username: simulator.username, password: Secret.of(simulator.password) },
        }),
        people: { find: () => signedIn.anna, onEnded: () => ({ [Symbol.dispose]: () => undefined }) },
      }),
    );
    const toRtsp = (socket: TLSSocket, visitor: SignedInVisitor): void => door.server.accept(socket, visitor);
    const away = stack.use(await AwayHome.open({ toRtsp }));
    signedIn.anna = personOf(away);
    await away.enter();
    const user = `${localUser}:${away.credential.secret.reveal()}`;
    const url = `rtsp://${user}@127.0.0.1:${away.ports.rtsp}/${doorCamera}/main`;
    // It offers UDP first, as it does unless told otherwise.
    const args = ["-v", "warning", "-i", url, "-t", "1", "-map", "0:v", "-f", "framehash", "-"];
    const ffmpeg = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "pipe"] });
    const [out, complaints] = await Promise.all([text(ffmpeg.stdout), text(ffmpeg.stderr)]);
    const pictures = out.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(complaints).not.toMatch(/error|missed|corrupt|conceal|401|Invalid/i);
    expect(pictures.length).toBeGreaterThan(20);
  });
});

const personOf = ({ device: { person } }: AwayHome): Principal => ({
  ...{ id: person, kind: "person", name: "Anna", created: 1, lastSeen: null, revoked: null, roles: [] },
  grants: (["live", "remote"] as const).map((action) => ({ action, camera: "*", places: ["away"] })),
});

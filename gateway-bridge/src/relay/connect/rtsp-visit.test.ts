import { Secret, silentLogger } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { duplexPair, type Duplex } from "node:stream";

import { Authorizer } from "../../protocols/auth/authorizer.ts";
import type { RtspMessage } from "../../protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../protocols/rtsp/rtsp-splitter.ts";
import { LocalCredential, localUser } from "./credential.ts";
import { limits } from "./limits.ts";
import { RtspVisit } from "./rtsp-visit.ts";

const credential = LocalCredential.draw();
const uri = "rtsp://127.0.0.1/cam-aaaaaaaaaaaaaaaa/main";

let server: Server;
let player: Socket;
/** Our end of the player's connection. */
let socket: Socket;
let visit: RtspVisit;
let clock: TestClock;
/** The gateway's end, once it was asked for. */
let gateway: Duplex;
let opening: PromiseWithResolvers<Duplex>;
let silentEnds: number;
let answers: RtspMessage[];

beforeEach(async () => {
  const [ours, theirs] = duplexPair({ highWaterMark: 1_024 });
  gateway = theirs;
  clock = new TestClock();
  opening = Promise.withResolvers();
  opening.resolve(ours);
  silentEnds = 0;
  answers = [];
  server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const arrived = once(server, "connection") as Promise<[Socket]>;
  player = connect((server.address() as AddressInfo).port, "127.0.0.1");
  [socket] = await arrived;
  const open = (): Promise<Duplex> => opening.promise;
  const onSilentEnd = (): void => void (silentEnds += 1);
  visit = new RtspVisit({ socket, credential, open, onSilentEnd, clock, log: silentLogger });
  const splitter = new RtspSplitter({
    frame: () => undefined,
    message: (message) => {
      answers.push(message);
      player.emit("answer");
    },
  });
  player.on("data", (chunk: Buffer) => splitter.push(chunk));
  player.on("error", () => undefined);
});
afterEach(() => {
  visit[Symbol.dispose]();
  player.destroy();
  server.close();
});

const authorizer = (): Authorizer =>
  new Authorizer({
    credentials: { username: localUser, password: Secret.of(credential.secret.reveal()) },
    memory: { floor: "none", raise: () => undefined },
    secure: false,
  });

let sequence = 0;
const request = (method: string, authorization?: string): string => {
  sequence += 1;
  const login = authorization === undefined ? "" : `Authorization: ${authorization}\r\n`;
  return `${method} ${uri} RTSP/1.0\r\nCSeq: ${sequence}\r\n${login}\r\n`;
};
const nextAnswer = async (): Promise<RtspMessage> => {
  while (answers.length === 0) await once(player, "answer");
  return answers.shift()!;
};
/** A login for this connection. */
const logIn = async (): Promise<Authorizer> => {
  const asked = nextAnswer();
  player.write(request("OPTIONS"));
  const answer = await asked;
  const login = authorizer();
  login.challenge(answer.headers.all("www-authenticate"));
  return login;
};
/** The end of the player's connection: by a reset, too, where it had said more than was read. */
const closing = (): Promise<unknown> => new Promise((resolve) => player.once("close", resolve));
const heard = async (): Promise<string> => ((await once(gateway, "data")) as [Buffer])[0].toString("latin1");

describe("RtspVisit", () => {
  it("lets a player go on whose nonce grew old while it played", async () => {
    const login = await logIn();
    const first = heard();
    player.write(request("OPTIONS", login.authorize("OPTIONS", uri)));
    expect(await first).toMatch(/^OPTIONS/);
    await clock.advance(3_600_000);
    const later = heard();
    player.write(request("GET_PARAMETER", login.authorize("GET_PARAMETER", uri)));
    expect(await later).toMatch(/^GET_PARAMETER/);
  });

  it("asks anew whose nonce grew old before", async () => {
    const login = await logIn();
    await clock.advance(limits.login - 1);
    const asked = nextAnswer();
    player.write(request("OPTIONS", login.authorize("OPTIONS", uri)?.replace(/nonce="[^"]*"/, 'nonce="old"')));
    expect(await asked).toMatchObject({ status: 401 });
  });

  it("ends who has not shown the credential in time", async () => {
    const closed = closing();
    player.write(request("OPTIONS"));
    await nextAnswer();
    await clock.advance(limits.login);
    await closed;
  });

  it("leaves the player unread while the gateway takes nothing", async () => {
    const login = await logIn();
    player.write(request("PLAY", login.authorize("PLAY", uri)));
    expect(await heard()).toMatch(/^PLAY/);
    gateway.pause();
    const frame = Buffer.concat([Buffer.from([0x24, 2, 0xff, 0xff]), Buffer.alloc(0xffff, 7)]);
    const all = 256 * frame.length;
    for (let sent = 0; sent < all; sent += frame.length) player.write(frame);
    while (!socket.isPaused()) await new Promise(setImmediate);
    const read = socket.bytesRead;
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(socket.bytesRead - read).toBeLessThan(1 << 20);
    expect(socket.bytesRead).toBeLessThan(all / 2);
    let taken = 0;
    gateway.on("data", (chunk: Buffer) => (taken += chunk.length));
    gateway.resume();
    while (taken < all) await once(gateway, "data");
    expect(taken).toBe(all);
  });

  it("keeps no more than a player says before it is answered, while there is no way home yet", async () => {
    opening = Promise.withResolvers();
    const login = await logIn();
    const closed = closing();
    player.write(request("OPTIONS", login.authorize("OPTIONS", uri)));
    for (let index = 0; index < 200; index += 1) player.write(request("OPTIONS", login.authorize("OPTIONS", uri)));
    const body = `Content-Length: 60000\r\n\r\n${"x".repeat(60_000)}`;
    const long = (): string => request("OPTIONS", login.authorize("OPTIONS", uri)).replace(/\r\n$/, body);
    player.write(long() + long() + long());
    opening.reject(new Error("no way home"));
    await closed;
    expect(silentEnds).toBe(0);
  });

  it("tells of a gateway that ended without a word, and of no other", async () => {
    const login = await logIn();
    player.write(request("OPTIONS", login.authorize("OPTIONS", uri)));
    await heard();
    const closed = closing();
    gateway.end();
    await closed;
    expect(silentEnds).toBe(1);
  });

  it("says nothing of a gateway that had answered", async () => {
    const login = await logIn();
    player.write(request("OPTIONS", login.authorize("OPTIONS", uri)));
    await heard();
    const answer = nextAnswer();
    gateway.write("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    await answer;
    const closed = closing();
    gateway.end();
    await closed;
    expect(silentEnds).toBe(0);
  });
});

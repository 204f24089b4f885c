import { describe, expect, it } from "@jest/globals";
import { GatehouseError, Secret, type Cancellable } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import type { RtspSink } from "../../gateway-bridge/src/protocols/rtsp/media-channels.ts";
import { RtspClient, type RtspClientOptions } from "../../gateway-bridge/src/protocols/rtsp/rtsp-client.ts";
import { buildBye, parseRtcp } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import {
  interleaved,
  rtp,
  ScriptedCamera,
  sdp,
  type RtpFields,
  type ScriptedAnswer,
  type ScriptedCameraOptions,
} from "../support/scripted-camera.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Everything that a test holds, closed in reverse order. */
class Room extends AsyncDisposableStack {
  readonly clock = new TestClock();

  async camera(options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> {
    return this.use(await ScriptedCamera.open(options));
  }

  async client(
    camera: { readonly url: string },
    options: Partial<RtspClientOptions> = {},
    cancel: Cancellable = { signal: never },
  ): Promise<RtspClient> {
    const { clock } = this;
    const memory = { floor: "none", raise: () => undefined } as const;
    const common = { url: camera.url, credentials: undefined, pin: null, memory, clock };
    const client = this.use(await RtspClient.open({ ...common, ...options }, cancel));
    // Comes before the client's own end, which would wait for a clock that stands still if this camera answers no TEARDOWN.
    if (camera instanceof ScriptedCamera) this.defer(() => camera.hangUp());
    return client;
  }
}

const opening = async (answers: ScriptedCameraOptions): Promise<unknown> => {
  await using room = new Room();
  return await room.client(await room.camera(answers));
};

const always = (answer: ScriptedAnswer) => () => answer;

class Recorder implements RtspSink {
  readonly packets: [track: number, sequence: number][] = [];
  damage = 0;

  packet(track: number, { sequence }: { readonly sequence: number }): void {
    this.packets.push([track, sequence]);
  }

  damaged(): void {
    this.damage += 1;
  }
}

const packet = (channel: number, fields: RtpFields): Buffer => interleaved(channel, rtp(fields, Buffer.from("x")));

const video = { control: "trackID=0", clockRate: 90_000 };
const audio = { control: "trackID=1", clockRate: 48_000 };

interface Playing {
  readonly client: RtspClient;
  readonly sink: Recorder;
  readonly camera: ScriptedCamera;
  /** How it ended; settled once it has. */
  readonly ended: Promise<unknown>;
}

const play = async (room: Room, options: ScriptedCameraOptions = {}, signal = never): Promise<Playing> => {
  const camera = await room.camera(options);
  const client = await room.client(camera);
  await client.setup(video, { signal });
  const sink = new Recorder();
  const ended = client.play(sink, { signal }).catch((error: unknown) => error);
  await eventually("PLAY", () => camera.methods.includes("PLAY"));
  return { client, sink, camera, ended };
};

describe("the course of a session", () => {
  it("is OPTIONS, DESCRIBE, SETUP of each track, PLAY, TEARDOWN", async () => {
    await using room = new Room();
    const camera = await room.camera();
    const client = await room.client(camera);
    expect(client.description.media.map(({ kind }) => kind)).toEqual(["video", "audio"]);
    expect(await client.setup(video, { signal: never })).toBe(0);
    expect(await client.setup(audio, { signal: never })).toBe(1);
    const leaving = new AbortController();
    const ended = client.play(new Recorder(), { signal: leaving.signal }).catch((error: unknown) => error);
    await eventually("PLAY", () => camera.methods.includes("PLAY"));
    const reason = new GatehouseError("aborted", "enough");
    leaving.abort(reason);
    expect(await ended).toBe(reason);
    await client[Symbol.asyncDispose]();
    const base = camera.url;
    expect(camera.requests.map(({ method, uri }) => [method, uri])).toEqual([
      ["OPTIONS", base],
      ["DESCRIBE", base],
      ["SETUP", `${base}/trackID=0`],
      ["SETUP", `${base}/trackID=1`],
      ["PLAY", base],
      ["TEARDOWN", base],
    ]);
    const header = (name: string): unknown => camera.requests.map(({ headers }) => headers.get(name));
    expect(header("cseq")).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(header("session")).toEqual([undefined, undefined, undefined, "1234", "1234", "1234"]);
    expect(header("user-agent")).toEqual(Array(6).fill("Gatehouse"));
    expect(header("transport")).toEqual([
      undefined,
      undefined,
      "RTP/AVP/TCP;unicast;interleaved=0-1",
      "RTP/AVP/TCP;unicast;interleaved=2-3",
      undefined,
      undefined,
    ]);
    await eventually("the end of the connection", () => camera.sockets.size === 0);
  });

  it("needs no OPTIONS, no Content-Type, no Session, no Transport and no CSeq in the answers", async () => {
    await using room = new Room();
    const bare = always({ cseq: "X-Nothing: here" });
    const { camera, sink } = await play(room, {
      replies: {
        OPTIONS: always({ status: "404 Not Found" }),
        DESCRIBE: always({ body: sdp, cseq: "cSeQ:   2   " }),
        SETUP: bare,
        PLAY: bare,
      },
    });
    camera.send(packet(0, { sequence: 1 }));
    await eventually("a packet", () => sink.packets.length === 1);
  });

  it("goes by the last of several session ids", async () => {
    await using room = new Room();
    let setups = 0;
    const camera = await room.camera({
      replies: {
        SETUP: ({ headers }) => ({
          headers: [`Transport: ${headers.get("transport")}`, `Session: id${(setups += 1)};timeout=30`],
        }),
      },
    });
    const client = await room.client(camera);
    await client.setup(video, { signal: never });
    await client.setup(audio, { signal: never });
    await client[Symbol.asyncDispose]();
    expect(camera.requests.at(-1)).toMatchObject({ method: "TEARDOWN" });
    expect(camera.requests.at(-1)?.headers.get("session")).toBe("id2");
  });

  it("takes the channels that the camera chooses", async () => {
    await using room = new Room();
    const { camera, sink } = await play(room, {
      replies: { SETUP: always({ headers: ["Session: 1", "Transport: RTP/AVP/TCP;interleaved=8-9"] }) },
    });
    camera.send(packet(0, { sequence: 1 }), packet(8, { sequence: 2 }));
    await eventually("a packet", () => sink.packets.length > 0);
    expect(sink.packets).toEqual([[0, 2]]);
  });

  it.each<[string, string, string]>([
    ["UDP", "RTP/AVP;unicast;client_port=5000-5001", "camera-fault"],
    ["one channel for both", "RTP/AVP/TCP;interleaved=4-4", "camera-answer-malformed"],
    ["a channel that there is not", "RTP/AVP/TCP;interleaved=255", "camera-answer-malformed"],
  ])("refuses, where TCP is wanted, a transport of %s", async (_, transport, expected) => {
    await using room = new Room();
    const camera = await room.camera({ replies: { SETUP: always({ headers: [`Transport: ${transport}`] }) } });
    const client = await room.client(camera, { transport: "tcp" });
    await expect(client.setup(video, { signal: never })).rejects.toEqual(code(expected));
    expect(camera.methods.filter((method) => method === "SETUP")).toHaveLength(1);
  });

  it("refuses the channels of another track", async () => {
    await using room = new Room();
    const camera = await room.camera({
      replies: { SETUP: always({ headers: ["Transport: RTP/AVP/TCP;interleaved=0-1"] }) },
    });
    const client = await room.client(camera);
    await client.setup(video, { signal: never });
    await expect(client.setup(audio, { signal: never })).rejects.toEqual(code("camera-answer-malformed"));
  });

  it("says goodbye for a second at most", async () => {
    await using room = new Room();
    const { client, camera, ended } = await play(room, { replies: { TEARDOWN: () => undefined } });
    const closing = client[Symbol.asyncDispose]();
    await eventually("TEARDOWN", () => camera.methods.includes("TEARDOWN"));
    await room.clock.advance(1_000);
    await closing;
    expect(await ended).toEqual(code("aborted"));
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(room.clock.pending).toBe(0);
  });
});

describe("media", () => {
  it("is taken from the request to play on, even before its answer, and from the tracks that were set up only", async () => {
    await using room = new Room();
    const early = packet(0, { sequence: 1 });
    const rtcp = interleaved(1, buildBye({ ssrc: 99, cname: "another session" }));
    const { camera, sink } = await play(room, {
      replies: {
        SETUP: ({ headers }) => ({
          headers: [`Transport: ${headers.get("transport")}`],
          after: packet(0, { sequence: 77 }),
        }),
        PLAY: always({ before: Buffer.concat([rtcp, early]), after: packet(0, { sequence: 2 }) }),
      },
    });
    camera.send(packet(2, { sequence: 78 }), packet(255, { sequence: 79 }), packet(0, { sequence: 3 }));
    await eventually("the packets", () => sink.packets.length === 3);
    expect(sink.packets).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
  });

  it("goes nowhere once playing has ended", async () => {
    await using room = new Room();
    const leaving = new AbortController();
    const { client, camera, sink, ended } = await play(
      room,
      { replies: { TEARDOWN: () => undefined } },
      leaving.signal,
    );
    camera.send(packet(0, { sequence: 1 }));
    await eventually("the packet", () => sink.packets.length === 1);
    leaving.abort(new GatehouseError("aborted", "enough"));
    await ended;
    camera.send(packet(0, { sequence: 2 }), interleaved(0, Buffer.from("damaged")));
    await questionAndAnswer(camera);
    expect([sink.packets.length, sink.damage]).toEqual([1, 0]);
    const closing = client[Symbol.asyncDispose]();
    await eventually("TEARDOWN", () => camera.methods.includes("TEARDOWN"));
    await room.clock.advance(1_000);
    await closing;
  });

  it("counts damaged packets and those of another session", async () => {
    await using room = new Room();
    const { camera, sink } = await play(room, {
      replies: { PLAY: always({ headers: ["RTP-Info: url=trackID=0;seq=1;ssrc=5"] }) },
    });
    camera.send(
      packet(0, { sequence: 1, ssrc: 5 }),
      packet(0, { sequence: 900, ssrc: 6 }),
      interleaved(0, Buffer.from("damaged")),
      packet(0, { sequence: 2, ssrc: 5 }),
    );
    await eventually("the packets", () => sink.packets.length === 2);
    expect(sink.damage).toBe(2);
  });

  it("is reported on every five seconds", async () => {
    await using room = new Room();
    const { camera, sink } = await play(room);
    await room.clock.advance(5_000);
    camera.send(packet(0, { sequence: 10, ssrc: 7 }), packet(0, { sequence: 12, ssrc: 7 }));
    await eventually("the packets", () => sink.packets.length === 2);
    expect(camera.frames).toEqual([]);
    for (const round of [1, 2]) {
      await room.clock.advance(5_000);
      await eventually("a report", () => camera.frames.length === round);
    }
    const reports = camera.frames.map(({ channel, payload }) => [channel, parseRtcp(payload)] as const);
    expect(reports.map(([channel]) => channel)).toEqual([1, 1]);
    expect(reports[0]?.[1]).toMatchObject([
      { kind: "receiver-report", reports: [{ ssrc: 7, highestSequence: 12, cumulativeLost: 1, fractionLost: 85 }] },
      { kind: "source-description" },
    ]);
  });
});

/** Whatever either side had sent before has arrived afterwards. */
const questionAndAnswer = async (camera: ScriptedCamera): Promise<void> => {
  const answers = camera.answers.length;
  camera.send(Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
  await eventually("an answer", () => camera.answers.length > answers);
};

describe("keeping a session alive", () => {
  const kept = async (replies: ScriptedCameraOptions["replies"], ...steps: readonly number[]): Promise<unknown> => {
    await using room = new Room();
    const { camera } = await play(room, { replies: replies ?? {} });
    // The answer to PLAY has to be there before time moves.
    await eventually("the timers", () => room.clock.pending === 2);
    const seen: (readonly string[])[] = [];
    for (const ms of steps) {
      const before = camera.methods.length;
      await room.clock.advance(ms);
      // Once to have seen what the client had sent before, and once for it to have seen the answer.
      await questionAndAnswer(camera);
      await questionAndAnswer(camera);
      seen.push(camera.methods.slice(before));
    }
    return seen;
  };
  const session = (header: string) => ({
    SETUP: always({ headers: ["Transport: RTP/AVP/TCP;interleaved=0-1", ...(header === "" ? [] : [header])] }),
  });

  it("asks five seconds before the time runs out", async () => {
    expect(await kept(session("Session: 1;timeout=60"), 54_999, 1, 54_999, 1)).toEqual([
      [],
      ["GET_PARAMETER"],
      [],
      ["GET_PARAMETER"],
    ]);
  });

  it("asks every 25 s where the camera says nothing", async () => {
    expect(await kept(session("Session: 1"), 24_999, 1, 25_000)).toEqual([[], ["GET_PARAMETER"], ["GET_PARAMETER"]]);
  });

  it("asks for OPTIONS where nothing else is offered", async () => {
    const replies = { ...session(""), OPTIONS: always({ headers: ["Public: DESCRIBE, SETUP"] }) };
    expect(await kept(replies, 25_000)).toEqual([["OPTIONS"]]);
  });

  it("falls back to OPTIONS when the camera refuses what it offered", async () => {
    const replies = { ...session(""), GET_PARAMETER: always({ status: "451 Parameter Not Understood" }) };
    expect(await kept(replies, 25_000, 25_000, 25_000)).toEqual([["GET_PARAMETER"], ["OPTIONS"], ["OPTIONS"]]);
  });

  it("does not wait for the answer, and plays on without it", async () => {
    const replies = { ...session("Session: 1;timeout=20"), GET_PARAMETER: () => undefined };
    expect(await kept(replies, 15_000, 15_000, 15_000)).toEqual([
      ["GET_PARAMETER"],
      ["GET_PARAMETER"],
      ["GET_PARAMETER"],
    ]);
  });
});

describe("a camera that asks", () => {
  it("is answered: alive, and able to nothing else", async () => {
    await using room = new Room();
    const { camera } = await play(room);
    camera.send(
      Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 41\r\n\r\n"),
      packet(0, { sequence: 1 }),
      Buffer.from("GET_PARAMETER rtsp://x RTSP/1.0\r\nCSeq: 42\r\n\r\n"),
      Buffer.from("GET_PARAMETER rtsp://x RTSP/1.0\r\nCSeq: 43\r\nContent-Length: 1\r\n\r\nx"),
      Buffer.from("ANNOUNCE rtsp://x RTSP/1.0\r\nCSeq: 4 4\r\nX: \r\n\r\n"),
      Buffer.from("REDIRECT * RTSP/1.0\r\nLocation: rtsp://evil.example/\r\n\r\n"),
    );
    await eventually("the answers", () => camera.answers.length === 5);
    expect(camera.answers.map((answer) => answer.split("\r\n"))).toEqual([
      ["RTSP/1.0 200 OK", "CSeq: 41", "Public: OPTIONS, GET_PARAMETER"],
      ["RTSP/1.0 200 OK", "CSeq: 42"],
      ["RTSP/1.0 501 Not Implemented", "CSeq: 43"],
      ["RTSP/1.0 501 Not Implemented", "CSeq: 4"],
      ["RTSP/1.0 501 Not Implemented", "CSeq: 0"],
    ]);
  });

  it("is given up when it asks without end and reads no answer", async () => {
    await using room = new Room();
    const { camera, ended } = await play(room);
    for (const socket of camera.sockets) socket.pause();
    const question = Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1_000));
    let over = false;
    void ended.finally(() => (over = true));
    await eventually("the end", () => {
      if (!over) camera.send(question);
      return over;
    });
    expect(await ended).toEqual(code("camera-stalled"));
  });
});

describe("a camera in trouble", () => {
  it("cannot be reached where nothing listens, or under no such name", async () => {
    await using room = new Room();
    await expect(room.client({ url: `rtsp://127.0.0.1:${await freePort()}/` })).rejects.toEqual(
      code("camera-unreachable"),
    );
    await expect(room.client({ url: "rtsp://no-such-camera.invalid/" })).rejects.toEqual(code("camera-unreachable"));
  });

  it("has to be at an RTSP address", async () => {
    await using room = new Room();
    await expect(room.client({ url: "http://127.0.0.1/" })).rejects.toEqual(code("request-invalid"));
  });

  it("is given up when it does not answer within ten seconds", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { DESCRIBE: () => undefined } });
    const opened = room.client(camera).catch((error: unknown) => error);
    await eventually("DESCRIBE", () => camera.methods.includes("DESCRIBE"));
    await room.clock.advance(10_000);
    expect(await opened).toEqual(code("camera-unreachable"));
    await eventually("the end of the connection", () => camera.sockets.size === 0);
    expect(room.clock.pending).toBe(0);
  });

  it("is left at once when the wait is called off", async () => {
    await using room = new Room();
    const camera = await room.camera({ replies: { DESCRIBE: () => undefined } });
    const leaving = new AbortController();
    const opened = room.client(camera, {}, leaving).catch((error: unknown) => error);
    await eventually("DESCRIBE", () => camera.methods.includes("DESCRIBE"));
    const reason = new GatehouseError("aborted", "enough");
    leaving.abort(reason);
    expect(await opened).toBe(reason);
    await eventually("the end of the connection", () => camera.sockets.size === 0);
  });

  it("is told apart when it closes the connection, ends the stream, or talks nonsense", async () => {
    await using room = new Room();
    const closing = await play(room);
    closing.camera.hangUp();
    expect(await closing.ended).toEqual(code("camera-unreachable"));

    const ending = await play(room);
    ending.camera.send(packet(0, { sequence: 1, ssrc: 3 }), interleaved(1, buildBye({ ssrc: 3, cname: "c" })));
    expect(await ending.ended).toEqual(code("camera-stalled"));

    const raving = await play(room);
    raving.camera.send(Buffer.from("\0\0\0\0"));
    expect(await raving.ended).toEqual(code("camera-answer-malformed"));
  });

  it.each<[string, ScriptedAnswer, string]>([
    ["404", { status: "404 Stream Not Found" }, "camera-fault"],
    ["503", { status: "503 Service Unavailable" }, "camera-fault"],
    ["a redirect", { status: "302 Moved", headers: ["Location: rtsp://evil.example/"] }, "camera-foreign-host"],
    ["a body that is no SDP", { body: "<html>" }, "camera-answer-malformed"],
    ["no body", {}, "camera-answer-malformed"],
    ["a body without end", { headers: ["Content-Length: 99999999999"] }, "camera-answer-too-large"],
    ["a negative body", { headers: ["Content-Length: -1"] }, "camera-answer-malformed"],
    ["headers without end", { headers: Array<string>(5_000).fill("X: y") }, "camera-answer-too-large"],
  ])("is refused when it answers DESCRIBE with %s", async (_, answer, expected) => {
    await expect(opening({ replies: { DESCRIBE: always(answer) } })).rejects.toEqual(code(expected));
  });

  it("is quoted", async () => {
    await expect(opening({ replies: { DESCRIBE: always({ status: "454 Go \x07away" }) } })).rejects.toMatchObject({
      message: "the camera answered DESCRIBE with 454 Go away",
      details: { method: "DESCRIBE", status: 454, reason: "Go away" },
    });
  });

  it("is never followed to another host, whatever its description names", async () => {
    await using room = new Room();
    const elsewhere = await room.camera();
    const camera = await room.camera({
      replies: {
        DESCRIBE: always({
          headers: [`Content-Base: ${elsewhere.url}/base/`],
          body: `v=0\r\na=control:${elsewhere.url}/all\r\nm=video 0 RTP/AVP 96\r\na=control:${elsewhere.url}/one\r\n`,
        }),
      },
    });
    const client = await room.client(camera, { credentials: { username: "u", password: Secret.of("p") } });
    await client.setup({ control: client.description.media[0]?.control, clockRate: 90_000 }, { signal: never });
    await client[Symbol.asyncDispose]();
    expect(elsewhere.requests).toEqual([]);
    expect(camera.requests.slice(2).map(({ method, uri }) => [method, uri])).toEqual([
      ["SETUP", `${camera.url}/one`],
      ["TEARDOWN", `${camera.url}/all`],
    ]);
  });
});

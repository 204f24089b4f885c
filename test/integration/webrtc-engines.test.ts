import { describe, expect, it } from "@jest/globals";
import { networkInterfaces } from "node:os";

import {
  isOnLoopback,
  isViewerAddress,
  usableCandidates,
} from "../../gateway-bridge/src/consumers/webrtc/candidate-policy.ts";
import { nodeDataChannelEngine } from "../../gateway-bridge/src/consumers/webrtc/node-datachannel-engine.ts";
import { parseOffer } from "../../gateway-bridge/src/consumers/webrtc/offer.ts";
import type {
  OutgoingPacket,
  PeerConnection,
  PeerTrack,
  WebRtcEngine,
} from "../../gateway-bridge/src/consumers/webrtc/peer-connection.ts";
import { planSession } from "../../gateway-bridge/src/consumers/webrtc/session-plan.ts";
import { answerText } from "../../gateway-bridge/src/consumers/webrtc/session-text.ts";
import { weriftEngine } from "../../gateway-bridge/src/consumers/webrtc/werift-engine.ts";
import { opusTrack, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { parseRtcp, buildSenderReport } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { parseRtcpFeedback, type RtcpFeedback } from "../../gateway-bridge/src/protocols/rtp/rtcp-feedback.ts";
import { parseRtp, writeRtpHeader, type RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { eventually } from "../support/eventually.ts";
import { WebRtcReceiver, type ReceiverOptions } from "../support/webrtc-receiver.ts";

const here = () => ({ interfaces: networkInterfaces(), fromHere: true });
const never = new AbortController().signal;

/** The gateway's end of a connection, with all that came. */
class Gateway implements Disposable {
  readonly states: string[] = [];
  readonly feedback: RtcpFeedback[] = [];
  readonly said: RtpPacket[] = [];
  readonly receiver: WebRtcReceiver;
  #peer: PeerConnection | undefined;

  private constructor(receiver: WebRtcReceiver) {
    this.receiver = receiver;
  }

  /** Answers the offer, which a test may change before. */
  static async answer(
    engine: WebRtcEngine,
    receiver: WebRtcReceiver,
    { signal = never, change = (sdp: string) => sdp } = {},
  ): Promise<Gateway> {
    const gateway = new Gateway(receiver);
    const offer = parseOffer(change(receiver.offer));
    const { video, audio } = planSession(offer, { video: videoTrack, audio: opusTrack }, true);
    const candidates = usableCandidates(offer.candidates, here());
    const tracks = audio === undefined ? [video] : [video, audio];
    const events = {
      onState: (state: string) => void gateway.states.push(state),
      onRtcp: (compound: Buffer) => void gateway.feedback.push(...parseRtcpFeedback(compound)),
      onRtp: (packet: Buffer) => void gateway.said.push(parseRtp(packet)),
    };
    const remote = offer.transport;
    const peer = await engine.answer(
      { remote, candidates, tracks, loopback: isOnLoopback(candidates), events },
      { signal },
    );
    gateway.#peer = peer;
    const answered = tracks.map((track) => ({ ...track, ssrc: peer.track(track.kind)?.ssrc ?? 0 }));
    await receiver.accept(answerText({ offer, tracks: answered, local: peer.local, cname: "name" }));
    return gateway;
  }

  get peer(): PeerConnection {
    if (this.#peer === undefined) throw new Error("there is no connection");
    return this.#peer;
  }

  track(kind: "audio" | "video"): PeerTrack {
    const track = this.peer.track(kind);
    if (track === undefined) throw new Error(`there is no ${kind}`);
    return track;
  }

  async connected(): Promise<this> {
    await eventually("a connection", () => this.states.includes("connected") && this.receiver.state === "connected");
    return this;
  }

  [Symbol.dispose](): void {
    this.#peer?.[Symbol.dispose]();
  }
}

const packet = (sequence: number, fields: Partial<OutgoingPacket> = {}): OutgoingPacket => ({
  sequence,
  timestamp: sequence * 3_600,
  marker: sequence % 2 === 0,
  prefix: Buffer.from([0x7c, 0x85]),
  body: Buffer.alloc(1_198, sequence & 0xff),
  ...fields,
});

const meet = async (engine: WebRtcEngine, options: ReceiverOptions = {}) => {
  await using opening = new AsyncDisposableStack();
  const receiver = opening.use(await WebRtcReceiver.open(options));
  const gateway = opening.use(await Gateway.answer(engine, receiver));
  await gateway.connected();
  const open = opening.move();
  return { receiver, gateway, [Symbol.asyncDispose]: () => open.disposeAsync() };
};

describe.each([
  ["node-datachannel", nodeDataChannelEngine],
  ["werift", weriftEngine],
] as const)("A connection by %s", (name, engine) => {
  it("is made to an address in the home", async () => {
    await using met = await meet(engine);
    const { gateway } = met;
    expect(engine.name).toBe(name);
    expect(gateway.states).toEqual(["connected"]);
    expect(isViewerAddress(gateway.peer.remoteAddress ?? "?", here())).toBe(true);
    expect(gateway.peer.local.candidates.length).toBeGreaterThan(0);
    for (const candidate of gateway.peer.local.candidates)
      expect(candidate).not.toMatch(/127\.0\.0\.1|srflx|relay|tcp/);
  });

  it("is made over the loopback to a viewer that has nothing else", async () => {
    await using met = await meet(engine, { loopback: true });
    expect(met.gateway.peer.remoteAddress).toBe("127.0.0.1");
  });

  it("is made to a viewer that hides its address behind a name", async () => {
    await using receiver = await WebRtcReceiver.open();
    const hidden = (sdp: string): string => sdp.replaceAll(/( udp \d+) \S+( \d+ typ)/g, "$1 0a1b2c3d.local$2");
    using gateway = await Gateway.answer(engine, receiver, { change: hidden });
    await gateway.connected();
  });

  it("carries packets as they were given, across the wraps of their numbers", async () => {
    await using met = await meet(engine);
    const video = met.gateway.track("video");
    const sent = Array.from({ length: 40 }, (_, index) =>
      packet((65_516 + index) & 0xffff, { timestamp: (2 ** 32 - 5 + index) % 2 ** 32, marker: index % 10 === 9 }),
    );
    for (const each of sent) expect(video.send(each)).toBe(true);
    await eventually("forty packets", () => met.receiver.of(video.ssrc).length === 40);
    const got = met.receiver.of(video.ssrc).toSorted((a, b) => ((a.sequence - b.sequence) << 16) >> 16);
    expect(got.map(({ sequence, timestamp, marker }) => [sequence, timestamp, marker])).toEqual(
      sent.map(({ sequence, timestamp, marker }) => [sequence, timestamp, marker]),
    );
    expect(Buffer.concat(got.map(({ payload }) => payload))).toEqual(
      Buffer.concat(sent.flatMap(({ prefix, body }) => [prefix, body])),
    );
    expect(new Set(got.map(({ payloadType }) => payloadType)).size).toBe(1);
  });

  it("keeps nothing of a packet that was given, and carries one again", async () => {
    await using met = await meet(engine);
    const video = met.gateway.track("video");
    const body = Buffer.alloc(100, 1);
    video.send(packet(10, { body }));
    body.fill(2);
    video.send(packet(11, { body }));
    body.fill(1);
    video.send(packet(10, { body }));
    await eventually("both", () => new Set(met.receiver.of(video.ssrc).map(({ sequence }) => sequence)).size === 2);
    const byNumber = new Map(met.receiver.of(video.ssrc).map(({ sequence, payload }) => [sequence, payload.at(-1)]));
    expect([byNumber.get(10), byNumber.get(11)]).toEqual([1, 2]);
  });

  it("has sources of its own for picture and sound", async () => {
    await using met = await meet(engine);
    const [video, audio] = [met.gateway.track("video"), met.gateway.track("audio")];
    expect(video.ssrc).not.toBe(audio.ssrc);
    video.send(packet(1));
    audio.send(packet(2, { prefix: Buffer.alloc(0), body: Buffer.from("sound") }));
    await eventually("both", () => met.receiver.packets.length === 2);
    expect(met.receiver.of(audio.ssrc).map(({ payload }) => payload.toString())).toEqual(["sound"]);
  });

  it("carries control packets both ways", async () => {
    await using met = await meet(engine);
    const { gateway, receiver } = met;
    const { ssrc } = gateway.track("video");
    const ntp = { seconds: 7, fraction: 8 };
    gateway.track("video").sendRtcp(buildSenderReport({ ssrc, cname: "name", ntp, rtpTimestamp: 9, packetCount: 1, octetCount: 2 })); // prettier-ignore
    const reports = () => receiver.compounds.flatMap(parseRtcp).filter(({ kind }) => kind === "sender-report");
    await eventually("a report", () => reports().some((report) => "ssrc" in report && report.ssrc === ssrc));
    const about = Buffer.alloc(4);
    about.writeUInt32BE(ssrc);
    const head = (hex: string): Buffer => Buffer.concat([Buffer.from(hex, "hex"), about]);
    await receiver.report(head("81ce000200000001"));
    await receiver.report(Buffer.concat([head("81cd000300000001"), Buffer.from("00070001", "hex")]));
    await receiver.report(Buffer.concat([Buffer.from("8fce00050000000100000000", "hex"), Buffer.from("52454d420118f424", "hex"), about])); // prettier-ignore
    await eventually("three kinds of feedback", () => new Set(gateway.feedback.map(({ kind }) => kind)).size === 3);
    expect(gateway.feedback).toEqual(
      expect.arrayContaining([
        { kind: "pli", ssrc },
        { kind: "nack", ssrc, lost: [7, 8] },
        { kind: "remb", bitrate: 0xf424 * 2 ** 6 },
      ]),
    );
  });

  it("hears what the viewer says", async () => {
    await using met = await meet(engine, { audio: "sendrecv" });
    const header = Buffer.alloc(12);
    for (let sequence = 0; sequence < 5; sequence += 1) {
      writeRtpHeader(header, 0, { payloadType: 96, marker: false, sequence, timestamp: sequence * 960, ssrc: 1 });
      await met.receiver.say(Buffer.concat([header, Buffer.from(`word ${sequence}`)]));
    }
    await eventually("five words", () => met.gateway.said.length === 5);
    expect(met.gateway.said.map(({ payload }) => payload.toString()).sort()).toEqual(
      [0, 1, 2, 3, 4].map((index) => `word ${index}`),
    );
  });

  it("is not made with somebody who has another certificate than was offered", async () => {
    await using receiver = await WebRtcReceiver.open();
    const forged = (sdp: string): string => sdp.replaceAll(/(a=fingerprint:sha-256 )(..)/g, (_, name: string, byte: string) => name + (byte === "00" ? "01" : "00")); // prettier-ignore
    using gateway = await Gateway.answer(engine, receiver, { change: forged });
    await eventually("the end", () => gateway.states.includes("closed"));
    expect(gateway.states).toEqual(["closed"]);
  });

  it("is not made when it is no longer wanted", async () => {
    await using receiver = await WebRtcReceiver.open();
    const gone = AbortSignal.abort(new Error("the viewer left"));
    await expect(Gateway.answer(engine, receiver, { signal: gone })).rejects.toThrow("the viewer left");
    const leaving = new AbortController();
    const answering = Gateway.answer(engine, receiver, { signal: leaving.signal });
    leaving.abort(new Error("the viewer left"));
    await expect(answering).rejects.toThrow("the viewer left");
  });

  it("swallows what it is given once it is over, and tells nothing more", async () => {
    await using met = await meet(engine);
    const { gateway, receiver } = met;
    const video = gateway.track("video");
    gateway[Symbol.dispose]();
    expect(video.send(packet(1))).toBe(true);
    expect(() => video.sendRtcp(Buffer.from("80c80000", "hex"))).not.toThrow();
    expect(gateway.peer.remoteAddress ?? "none").toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([gateway.states, receiver.packets.length]).toEqual([["connected"], 0]);
  });
});

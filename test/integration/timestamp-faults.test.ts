import { describe, expect, it } from "@jest/globals";

import { LiveView } from "../../gateway-bridge/src/consumers/homekit/live-view.ts";
import type { OutletSocket } from "../../gateway-bridge/src/consumers/homekit/rtp-outlet.ts";
import type { Carrier } from "../../gateway-bridge/src/consumers/rtsp/carrier.ts";
import { ReaderView } from "../../gateway-bridge/src/consumers/rtsp/reader-view.ts";
import { TrackOutlet } from "../../gateway-bridge/src/consumers/rtsp/track-outlet.ts";
import { FakeTrack } from "../../gateway-bridge/src/consumers/webrtc/testing/fake-engine.ts";
import { WebRtcView } from "../../gateway-bridge/src/consumers/webrtc/webrtc-view.ts";
import { failure, House } from "../../gateway-bridge/src/media/testing/house.ts";
import { makePicture, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { parseRtp } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { SrtpDecryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-decryptor.ts";
import { drawSrtpMaster } from "../../gateway-bridge/src/protocols/srtp/srtp-key.ts";
import { makeStart } from "../support/homekit-receiver.ts";
import { seeded } from "../support/seeded.ts";

interface Sent {
  readonly sequence: number;
  readonly timestamp: number;
}

/** A viewer and all that it was sent; while it is slow, what is sent waits. */
interface Watching extends Disposable {
  readonly name: string;
  readonly sent: readonly Sent[];
  slow(on: boolean): void;
  /** Shows that it is there; now and then it cannot decode. */
  report(lostPicture: boolean): void;
}

const onGone = (why: string): void => {
  throw new Error(`a viewer was let go: ${why}`);
};

const watchHomeKit = ({ stream, clock, log }: House): Watching => {
  const sent: Sent[] = [];
  const waiting: Buffer[] = [];
  let slow = false;
  const master = drawSrtpMaster();
  const decryptor = new SrtpDecryptor(master);
  const take = (datagram: Buffer): void => {
    // Nothing that is forged, or whose index came before under this key.
    const packet = decryptor.unprotect(Buffer.from(datagram));
    if (packet === undefined) throw new Error("a packet was not authentic, or repeats an index");
    sent.push(parseRtp(packet));
  };
  const socket: OutletSocket = {
    ...{ ssrc: 77, master, onDrained: undefined, sendRtcp: () => undefined },
    get queued() {
      return waiting.length;
    },
    send: (datagrams) => {
      for (const datagram of datagrams) {
        if (slow) waiting.push(datagram);
        else take(datagram);
      }
    },
  };
  const again = async () => stream;
  const path = { family: "ipv4", direct: true } as const;
  const options = { stream, again, video: socket, audio: undefined, path, body: makeStart() } as const;
  const view = LiveView.begin({ ...options, clock, log, onGone });
  return {
    name: "HomeKit",
    sent,
    slow: (on) => {
      slow = on;
      if (on) return;
      waiting.splice(0).forEach(take);
      socket.onDrained?.();
    },
    report: () => view.heard(),
    [Symbol.dispose]: () => view[Symbol.dispose](),
  };
};

const pli = Buffer.from("81ce0002000000000000004d", "hex");
const alive = Buffer.from("80c9000100000009", "hex");

const watchWebRtc = ({ stream, clock, log }: House): Watching => {
  const track = new FakeTrack(77);
  const video = { track, codec: "h264", clockRate: 90_000 } as const;
  const again = async () => stream;
  const view = WebRtcView.begin({ stream, again, video, audio: undefined, cname: "gate", clock, log, onGone });
  return {
    name: "WebRTC",
    sent: track.packets,
    slow: (on) => (track.room = on ? track.packets.length : Infinity),
    report: (lostPicture) => view.heard(lostPicture ? Buffer.concat([alive, pli]) : alive),
    [Symbol.dispose]: () => view[Symbol.dispose](),
  };
};

const watchRtsp = ({ stream, clock }: House): Watching => {
  const sent: Sent[] = [];
  let slow = false;
  const carrier: Carrier = {
    ...{ reliable: true, channel: 0, transport: "RTP/AVP/TCP", sendReport: () => undefined },
    memory: (size) => Buffer.allocUnsafe(size),
    send: (packets) => {
      for (let at = 0; at < packets.length; at += 4 + packets.readUInt16BE(at + 2))
        sent.push(parseRtp(packets.subarray(at + 4, at + 4 + packets.readUInt16BE(at + 2))));
      return !slow;
    },
    [Symbol.dispose]: () => undefined,
  };
  const outlet = new TrackOutlet({ carrier, payloadType: 96, clockRate: 90_000, cname: "gate" });
  const begin = (): ReaderView => ReaderView.begin({ stream, tracks: [{ track: videoTrack, outlet }], clock, onGone });
  const view = begin();
  return {
    name: "RTSP",
    sent,
    slow: (on) => {
      slow = on;
      if (!on) view.goOn();
    },
    report: () => undefined,
    [Symbol.dispose]: () => view[Symbol.dispose](),
  };
};

const small = Buffer.from("6742c01fd9005005bb011000000300100000030320", "hex");
const large = Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex");

/** A camera that does what cameras do, by chance: its clock jumps, it comes back, it changes its size, it pauses, it hurries. */
const film = async (house: House, watching: readonly Watching[], random: () => number): Promise<void> => {
  const { camera, clock } = house;
  let timestamp = random() * 2 ** 32;
  const picture = (key: boolean): void => {
    timestamp += 3_600;
    const before = key && random() < 0.3 ? [random() < 0.5 ? small : large] : [];
    camera.send(makePicture({ key, before, timestamp, size: key ? 6_000 : 900, arrivedAt: clock.monotonic() }));
  };
  for (let step = 0; step < 120; step += 1) {
    const what = random();
    const [viewer] = watching.toSorted(() => random() - 0.5);
    if (what < 0.1) {
      camera.break(failure("camera-unreachable"));
      await clock.advance(8_000 * random() + 2_000);
      timestamp = random() * 2 ** 32;
    } else if (what < 0.2) timestamp += (random() - 0.5) * 2 ** (33 * random());
    else if (what < 0.3) await clock.advance(3_000 * random());
    else if (what < 0.5) viewer?.slow(random() < 0.5);
    for (const each of watching) each.report(random() < 0.2);
    picture(true);
    const [count, pauseMs] = [Math.floor(20 * random()), 80 * random()];
    for (let index = 0; index < count; index += 1) {
      await clock.advance(pauseMs);
      picture(false);
    }
  }
  for (const each of watching) each.slow(false);
  await clock.advance(2_000);
};

describe("Whatever a camera does, what a viewer is sent", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("never steps back, in numbers or in time (%i)", async (seed) => {
    const random = seeded(seed);
    await using house = new House();
    house.stream.hold();
    await house.settle();
    house.camera.send(...house.gop());
    const watching = [watchHomeKit(house), watchWebRtc(house), watchRtsp(house)];
    await film(house, watching, random);
    for (const { name, sent } of watching) {
      expect([name, sent.length > 300]).toEqual([name, true]);
      const steps = sent.slice(1).map(({ sequence, timestamp }, index) => {
        const last = sent[index]!;
        return { sequence: (sequence - last.sequence) & 0xffff, back: Math.min(0, (timestamp - last.timestamp) | 0) };
      });
      expect([name, steps.filter(({ sequence }) => sequence !== 1)]).toEqual([name, []]);
      expect([name, steps.flatMap(({ back }) => (back < 0 ? back : []))]).toEqual([name, []]);
    }
    for (const viewer of watching) viewer[Symbol.dispose]();
  });
});

import { describe, expect, it } from "@jest/globals";
import { CameraId, Secret } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { VideoUnit } from "../../gateway-bridge/src/domain/access-unit.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { quirkTable, type Tolerance } from "../../gateway-bridge/src/domain/camera-quirks.ts";
import { buildSenderReport } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { createTalkBack } from "../../gateway-bridge/src/sources/rtsp-talk-back.ts";
import { guardWith } from "../support/digest-verifier.ts";
import { eventually } from "../support/eventually.ts";
import {
  interleaved,
  rtp,
  ScriptedCamera,
  sdp,
  type Reply,
  type RtpFields,
  type ScriptedCameraOptions,
} from "../support/scripted-camera.ts";
import { ScriptedRtsp } from "../support/scripted-rtsp.ts";
import { UdpMedia } from "../support/udp-media.ts";

const never = new AbortController().signal;
const login = { username: "admin", password: "secret" };
const ours = 7;

const sps = Buffer.from([0x67, 0x42, 0xc0, 0x1e, 0x95]);
const pps = Buffer.from([0x68, 0xce, 0x3c, 0x80]);
const idr = Buffer.from([0x65, 0x88, 0x84, 0x00]);
const slice = Buffer.from([0x41, 0x9a, 0x02, 0x03]);

const packet = (fields: RtpFields, nal: Buffer): Buffer => rtp({ ssrc: ours, ...fields }, nal);
const frame = (fields: RtpFields, nal: Buffer): Buffer => interleaved(0, packet(fields, nal));

/** A viewer of one scripted camera. */
class Viewing extends AsyncDisposableStack {
  readonly clock = new TestClock();
  readonly pictures: VideoUnit[] = [];
  readonly log = new MemoryLogger();

  async open(options: ScriptedCameraOptions = {}, credentials = false): Promise<ScriptedCamera> {
    const camera = this.use(await ScriptedCamera.open(options));
    const endpoint = endpointOf(camera.url, credentials);
    const source = this.use(await createRtspSource({ clock: this.clock, log: this.log })(endpoint, { signal: never }));
    this.defer(() => camera.hangUp());
    const write = (unit: { readonly kind: string }): void => {
      if (unit.kind === "video") this.pictures.push(unit as VideoUnit);
    };
    void source.play({ write }, { signal: never }).catch(() => undefined);
    // Keep-alive, reports, and the watch over the stream.
    await eventually("the timers of a stream that plays", () => this.clock.pending === 3);
    return camera;
  }

  /** Plays key picture and slice, and expects just those. */
  async expectPictures(camera: ScriptedCamera, first = 100): Promise<void> {
    camera.send(frame({ sequence: first, timestamp: 1 }, idr), frame({ sequence: first + 1, timestamp: 2 }, slice));
    await this.expectTwo();
  }

  async expectTwo(): Promise<void> {
    await eventually("two pictures", () => this.pictures.length >= 2);
    expect(this.pictures.map(({ nals }) => nals)).toEqual([[idr], [slice]]);
  }
}

const endpointOf = (url: string, credentials = false): StreamEndpoint => ({
  camera: CameraId.parse("cam-aaaaaaaaaaaaaaaa"),
  tier: "main",
  url,
  credentials: credentials ? { username: login.username, password: Secret.of(login.password) } : undefined,
  pin: null,
  auth: { floor: "none", raise: () => undefined },
});

const videoOnly = sdp.slice(0, sdp.indexOf("\r\nm=audio"));
const describing =
  (body: string, ...headers: readonly string[]): Reply =>
  () => ({ headers, body });
const playing =
  (...headers: readonly string[]): Reply =>
  () => ({ headers });

/** Plays from a camera that answers in this way. */
const plays = async (options: ScriptedCameraOptions, first?: number): Promise<ScriptedCamera> => {
  await using viewing = new Viewing();
  const camera = await viewing.open({ ...options, replies: { DESCRIBE: describing(videoOnly), ...options.replies } });
  await viewing.expectPictures(camera, first);
  expect(viewing.log.lines).toEqual([]);
  return camera;
};

/** The URL that SETUP asked for, with `HOST` for the camera's own. */
const askedFor = async (body: string, ...headers: readonly string[]): Promise<string | undefined> => {
  let base = "";
  const DESCRIBE: Reply = ({ uri }) => {
    base = new URL(uri).host;
    return { headers: headers.map((header) => header.replace("HOST", base)), body };
  };
  const camera = await plays({ replies: { DESCRIBE } });
  return camera.requests.find(({ method }) => method === "SETUP")?.uri.replace(base, "HOST");
};

/** What each of them means, shown. */
const shown: Readonly<Record<Tolerance, () => Promise<unknown>>> = {
  "two Digest challenges": async () => {
    const challenges = ['Digest realm="C", nonce="a"', 'Digest realm="C", nonce="b", algorithm="SHA-256", qop="auth"'];
    await using viewing = new Viewing();
    const camera = await viewing.open({ guard: guardWith({ ...login, challenges }) }, true);
    await viewing.expectPictures(camera);
    expect(camera.requests.at(-1)?.headers.get("authorization")).toContain("algorithm=SHA-256");
  },
  "sequence 0 in RTP-Info": () =>
    plays(
      { replies: { DESCRIBE: describing(videoOnly), PLAY: playing("RTP-Info: url=trackID=0;seq=0;rtptime=0") } },
      4_711,
    ),
  "sequence 1 in RTP-Info, always": () =>
    plays(
      { replies: { DESCRIBE: describing(videoOnly), PLAY: playing("RTP-Info: url=trackID=0;seq=1;rtptime=0") } },
      65_535,
    ),
  "a space before the SSRC": async () => {
    await using viewing = new Viewing();
    const SETUP: Reply = ({ headers }) => ({
      headers: [`Transport: ${headers.get("transport")};ssrc= ${ours}`, "Session: 1"],
    });
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly), SETUP } });
    camera.send(
      frame({ sequence: 1, timestamp: 1 }, idr),
      frame({ sequence: 9, ssrc: 99 }, slice),
      frame({ sequence: 2, timestamp: 2 }, slice),
    );
    await viewing.expectTwo();
  },
  "media before the answer to PLAY": async () => {
    await using viewing = new Viewing();
    const report = {
      ssrc: ours,
      cname: "c",
      ntp: { seconds: 1, fraction: 0 },
      rtpTimestamp: 0,
      packetCount: 0,
      octetCount: 0,
    };
    const before = Buffer.concat([
      interleaved(1, buildSenderReport(report)),
      frame({ sequence: 1, timestamp: 1 }, idr),
    ]);
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly), PLAY: () => ({ before }) } });
    camera.send(frame({ sequence: 2, timestamp: 2 }, slice));
    await viewing.expectTwo();
  },
  "an SSRC in RTP-Info only": async () => {
    await using viewing = new Viewing();
    const PLAY = playing(`RTP-Info: url=trackID=0;seq=5;ssrc=${ours}`);
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly), PLAY } });
    camera.send(
      frame({ sequence: 5, timestamp: 1 }, idr),
      frame({ sequence: 5, ssrc: 8 }, slice),
      frame({ sequence: 6, timestamp: 2 }, slice),
    );
    await viewing.expectTwo();
  },
  "packets of an old session": async () => {
    await using viewing = new Viewing();
    const PLAY: Reply = () => ({
      before: frame({ sequence: 900, ssrc: 99, timestamp: 9 }, slice),
      headers: [`RTP-Info: url=trackID=0;ssrc=${ours}`],
    });
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly), PLAY } });
    const old = (sequence: number): Buffer => frame({ sequence, ssrc: 99, timestamp: 9 }, slice);
    camera.send(
      frame({ sequence: 1, timestamp: 1 }, idr),
      old(901),
      old(902),
      old(903),
      frame({ sequence: 2, timestamp: 2 }, slice),
    );
    await eventually("the last picture", () => viewing.pictures.at(-1)?.timestamp === 2);
    expect(viewing.pictures.slice(-2).map(({ nals }) => nals)).toEqual([[idr], [slice]]);
  },
  "channels that were never set up": async () => {
    await using viewing = new Viewing();
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly) } });
    const stray = [2, 3, 7, 255].map((channel) => interleaved(channel, packet({ sequence: 1 }, slice)));
    camera.send(
      ...stray,
      frame({ sequence: 1, timestamp: 1 }, idr),
      ...stray,
      frame({ sequence: 2, timestamp: 2 }, slice),
    );
    await viewing.expectTwo();
  },
  "parameter sets with the marker of a picture's end": async () => {
    await using viewing = new Viewing();
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly) } });
    const at = { timestamp: 1, marker: true };
    camera.send(
      frame({ sequence: 1, ...at }, sps),
      frame({ sequence: 2, ...at }, pps),
      frame({ sequence: 3, ...at }, idr),
    );
    await eventually("a picture", () => viewing.pictures.length > 0);
    expect(viewing.pictures.map(({ nals, key }) => [key, nals])).toEqual([[true, [sps, pps, idr]]]);
  },
  "datagrams of 10,000 bytes": async () => {
    await using viewing = new Viewing();
    const media = viewing.use(await UdpMedia.open());
    await viewing.open({ replies: { DESCRIBE: describing(videoOnly), SETUP: media.setup } });
    const large = Buffer.concat([idr, Buffer.alloc(10_000 - 12 - idr.length, 0x55)]);
    await media.send(packet({ sequence: 1, timestamp: 1 }, large));
    await eventually("a picture", () => viewing.pictures.length > 0);
    expect(viewing.pictures.map(({ nals }) => nals)).toEqual([[large]]);
  },
  "a space after CSeq": async () => {
    const spaced: Reply = ({ method, headers }) =>
      method === "OPTIONS" ? { cseq: `CSeq: ${headers.get("cseq")} ` } : undefined;
    await plays({ guard: spaced });
  },
  "CSeq in one case only": async () => {
    await using server = await ScriptedRtsp.open({ body: videoOnly });
    const open = createRtspSource({ clock: new TestClock(), log: new MemoryLogger() });
    await using _source = await open(endpointOf(server.url), { signal: never });
    expect(server.received.length).toBeGreaterThanOrEqual(3);
    for (const [index, request] of server.received.entries()) expect(request).toContain(`\r\nCSeq: ${index + 1}\r\n`);
  },
  "no answer without a User-Agent": () =>
    plays({ guard: ({ headers }) => (headers.has("user-agent") ? undefined : { status: "401 Unauthorized" }) }),
  "several session names": () =>
    plays({ replies: { DESCRIBE: describing(videoOnly.replace("s=scripted", "s=one\r\ns=two\r\ns=")) } }),
  "broken connection and time lines": () =>
    plays({
      replies: {
        DESCRIBE: describing(videoOnly.replace("a=control:*", "c=IN IP4\r\nt=\r\nc=\r\nt=now\r\na=control:*")),
      },
    }),
  "a format described in another section": () =>
    plays({
      replies: {
        DESCRIBE: describing(
          "v=0\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:96 H264/90000\r\n",
        ),
      },
    }),
  "a media line without a payload type": () =>
    plays({
      replies: {
        DESCRIBE: describing(
          `${videoOnly}\r\nm=application/TP-LINK 0 RTP/AVP smart/1/90000\r\na=rtpmap:95 TP-LINK/90000\r\n`,
        ),
      },
    }),
  "a scheme twice": async () => {
    expect(await askedFor(videoOnly, "Content-Base: rtsp://rtsp://HOST/stream0/")).toBe(
      "rtsp://HOST/stream0/trackID=0",
    );
  },
  "a base without a scheme": async () => {
    expect(await askedFor(videoOnly, "Content-Base: HOST/live")).toBe("rtsp://HOST/live/trackID=0");
  },
  "a slash too many": async () => {
    const body = videoOnly.replace("a=control:trackID=0", "a=control:/media/1/video/1");
    expect(await askedFor(body, "Content-Base: rtsp://HOST/")).toBe("rtsp://HOST/media/1/video/1");
  },
  "payload types that nobody asked for": async () => {
    await using viewing = new Viewing();
    const camera = await viewing.open({ replies: { DESCRIBE: describing(videoOnly) } });
    camera.send(
      frame({ sequence: 1, timestamp: 1 }, idr),
      frame({ sequence: 2, timestamp: 1, payloadType: 50 }, Buffer.from("what is this?")),
      frame({ sequence: 3, timestamp: 2 }, slice),
    );
    await viewing.expectTwo();
  },
  "a transport without /TCP": () => {
    const SETUP: Reply = () => ({
      headers: ["Transport: RTP/AVP;unicast;destination=192.0.2.1;source=192.0.2.2;interleaved=0-1", "Session: 1"],
    });
    return plays({ replies: { DESCRIBE: describing(videoOnly), SETUP } });
  },
  "551 to the way back": async () => {
    const guard: Reply = ({ headers }) => (headers.has("require") ? { status: "551 Option not supported" } : undefined);
    await using camera = await ScriptedCamera.open({ guard });
    const talk = createTalkBack({ clock: new TestClock(), log: new MemoryLogger() });
    await expect(talk(endpointOf(camera.url), { signal: never })).rejects.toMatchObject({ code: "talk-unsupported" });
    // The picture does not ask for it, and has it still.
    await plays({ guard });
  },
};

describe("a camera's quirk is put up with:", () => {
  it.each(Object.entries(shown))("%s", async (_, show) => {
    await show();
  });

  it("each of the table is among them", () => {
    const named = new Set(quirkTable.flatMap(({ tolerated = [] }) => tolerated));
    expect([...named].toSorted()).toEqual(Object.keys(shown).toSorted());
  });
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { makeCertificate } from "@gatehouse/shared/testing";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { loadClip } from "./clip.ts";
import { nalType } from "./nal.ts";
import { RtspProbe, type ProbePicture } from "./rtsp-probe.ts";
import { Simulator, type SimulatorOptions } from "./simulator.ts";

let camera: Simulator;
beforeAll(async () => {
  camera = await Simulator.open({ id: "porch" });
});
afterAll(() => camera[Symbol.asyncDispose]());

const tcp = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";

describe("the dialogue", () => {
  it("lists its methods to strangers, and nothing else", async () => {
    await using probe = await RtspProbe.connect(camera.rtspUrl, camera);
    const options = await probe.request("OPTIONS", camera.rtspUrl);
    expect(options.headers.get("public")).toBe("OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN");
    for (const method of ["DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "TEARDOWN"]) {
      expect(await probe.request(method, camera.rtspUrl, [tcp])).toMatchObject({ status: 401 });
    }
  });

  it("describes H.264 with the clip's own parameter sets", async () => {
    await using probe = await RtspProbe.connect(camera.rtspUrl, camera);
    const { body, headers } = await probe.authorized("DESCRIBE");
    expect(headers.get("content-base")).toBe(`${camera.rtspUrl}/`);
    expect(body).toMatch(/\r\nm=video 0 RTP\/AVP 96\r\na=rtpmap:96 H264\/90000\r\n/);
    expect(body).toMatch(/profile-level-id=4d[0-9a-f]{4};sprop-parameter-sets=Z[^,]+,a[^\r]+\r\n/);
  });

  it("denies a wrong password and counts it", async () => {
    const before = camera.counts.authFailures;
    await using probe = await RtspProbe.connect(camera.rtspUrl, { username: "viewer", password: "wrong" });
    expect(await probe.authorized("DESCRIBE")).toMatchObject({ status: 401 });
    expect(camera.counts.authFailures).toBe(before + 1);
  });

  it.each([
    ["an unknown path", "DESCRIBE", "/other", [], 404],
    ["a track that does not exist", "SETUP", "/main/trackID=2", [], 404],
    ["UDP", "SETUP", "/main/trackID=0", ["Transport: RTP/AVP;unicast;client_port=5000-5001"], 461],
    ["an extension", "DESCRIBE", "/main", ["Require: www.onvif.org/ver20/backchannel"], 551],
    ["PLAY without a session", "PLAY", "/main", [], 455],
    ["SETUP into a foreign session", "SETUP", "/main/trackID=0", ["Session: 1234"], 454],
    ["sound where there is none", "SETUP", "/main/trackID=1", [], 404],
    ["a foreign session", "GET_PARAMETER", "/main", ["Session: 1234"], 454],
    ["an unknown method", "ANNOUNCE", "/main", [], 501],
  ])("refuses %s", async (_, method, path, headers, status) => {
    const url = new URL(path, camera.rtspUrl).href;
    await using probe = await RtspProbe.connect(url, camera);
    expect(await probe.authorized(method, headers)).toMatchObject({ status });
  });

  it("refuses a second SETUP of the same track", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    expect(await probe.authorized("SETUP")).toMatchObject({ status: 455 });
  });

  it.each([
    ["another protocol", "GET / HTTP/1.1\r\n\r\n"],
    ["a request without end", `OPTIONS * RTSP/1.0\r\nX: ${"a".repeat(20_000)}`],
    ["an endless body", "OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n"],
  ])("hangs up on %s", async (_, bytes) => {
    await using probe = await RtspProbe.connect(camera.rtspUrl, camera);
    probe.send(bytes);
    await probe.closed;
  });

  it("keeps the connection after TEARDOWN, without media", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    await probe.received(1);
    expect(await probe.authorized("TEARDOWN")).toMatchObject({ status: 200 });
    const received = probe.pictures.length;
    expect(camera.counts.rtspClients).toBe(0);
    expect(await probe.authorized("DESCRIBE")).toMatchObject({ status: 200 });
    expect(probe.pictures).toHaveLength(received);
  });
});

describe("media", () => {
  it("is stamped, in order, and paced by the media clock", async () => {
    const stood = monitorEventLoopDelay({ resolution: 10 });
    stood.enable();
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    const pictures = await probe.received(25);
    stood.disable();
    const [first] = pictures;
    pictures.forEach(({ stamp, timestamp }, index) => {
      expect(stamp).toMatchObject({ camera: "porch", plane: "main", frame: first!.stamp.frame + index });
      expect((timestamp - first!.timestamp) >>> 0).toBe(index * 3_600);
    });
    const [start, end] = [first!.stamp.sentAt, pictures[24]!.stamp.sentAt];
    // A picture may leave late, by no more than this process stood still meanwhile, and never early: no picture before its time.
    expect(end - start).toBeGreaterThan(24 * 40 - stood.max / 1e6 - 20);
  });

  it("keeps the configured bit rate within a tenth", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    const pictures = await probe.received(50);
    const bytes = pictures.slice(0, 50).reduce((sum, { nals }) => sum + Buffer.concat(nals).length, 0);
    expect(Math.abs((bytes * 8) / 2_000 / 4_000 - 1)).toBeLessThan(0.1);
  });

  it("never exceeds 1400 bytes a packet", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    await probe.received(5);
    expect(Math.max(...probe.packets.map(({ data }) => data.length))).toBe(1_400);
  });

  it("numbers packets without a gap, under one SSRC", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    await probe.received(5);
    const rtp = probe.packets.filter(({ channel }) => channel === 0).map(({ data }) => data);
    rtp.forEach((data, index) => {
      expect(data.readUInt16BE(2)).toBe((rtp[0]!.readUInt16BE(2) + index) & 0xffff);
      expect(data.readUInt32BE(8)).toBe(rtp[0]!.readUInt32BE(8));
    });
  });

  it("starts wherever live is, not at a key picture", async () => {
    const startsAtKey = async (): Promise<boolean> => {
      await using probe = await RtspProbe.play(camera.rtspUrl, camera);
      const [first] = await probe.received(1);
      return first!.nals.some((nal) => nalType(nal) === 5);
    };
    // One join may meet a key picture by chance, and two: not all of ten.
    let joins = 1;
    while (joins < 10 && (await startsAtKey())) joins += 1;
    expect(joins).toBeLessThan(10);
  });

  it("is the same for every client, at the same time", async () => {
    await using one = await RtspProbe.play(camera.rtspUrl, camera);
    await using two = await RtspProbe.play(camera.rtspUrl, camera);
    await Promise.all([one.received(10), two.received(10)]);
    const { stamp, nals } = two.pictures[0]!;
    expect(await frameOf(one, stamp.frame)).toMatchObject({ stamp, nals });
    expect(camera.counts.rtspClients).toBe(2);
  });

  it("offers a smaller stream under the same clock", async () => {
    await using main = await RtspProbe.play(camera.rtspUrl, camera);
    await using sub = await RtspProbe.play(camera.subRtspUrl, camera);
    await Promise.all([main.received(5), sub.received(5)]);
    const { stamp } = sub.pictures[0]!;
    expect(stamp.plane).toBe("sub");
    expect(await frameOf(main, stamp.frame)).toMatchObject({ stamp: { plane: "main" } });
  });

  it("comes with a sender report that ties RTP time to wall time", async () => {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    const [picture] = await probe.received(1);
    const report = probe.packets.find(({ channel }) => channel === 1)!.data;
    expect([report[0], report[1], report.readUInt32BE(4)]).toEqual([0x80, 200, probe.packets[1]!.data.readUInt32BE(8)]);
    const wall = (report.readUInt32BE(8) - 2_208_988_800) * 1_000 + (report.readUInt32BE(12) / 2 ** 32) * 1_000;
    expect(report.readUInt32BE(16)).toBe(picture!.timestamp);
    // Between the stamp and its arrival here; the fraction of a second is rounded down.
    expect(wall).toBeGreaterThan(picture!.stamp.sentAt - 1);
    expect(wall).toBeLessThanOrEqual(Date.now());
    // A compound packet: SDES with CNAME follows (RFC 3550 6.1).
    expect([report[28], report[29]]).toEqual([0x81, 202]);
    expect(report.length).toBe(28 + (report.readUInt16BE(30) + 1) * 4);
  });

  it("throws out a client that does not read", async () => {
    await using heavy = await Simulator.open({ bitrateKbps: 400_000 });
    await using probe = await RtspProbe.play(heavy.rtspUrl, heavy);
    await probe.received(1);
    probe.pause();
    await until(() => heavy.counts.rtspClients === 0);
  });
});

describe("sound", () => {
  const sound = "Transport: RTP/AVP/TCP;unicast;interleaved=2-3";
  it.each([
    ["opus", 97, 960, "opus/48000/2", 18],
    ["pcmu", 0, 160, "PCMU/8000", 18],
    ["pcma", 8, 160, "PCMA/8000", 18],
    ["aac", 97, 1_024, "MPEG4-GENERIC/16000/1", 5],
  ] as const)("comes as %s beside the pictures, frame by frame", async (audio, payloadType, ticks, rtpmap, count) => {
    await using loud = await Simulator.open({ audio });
    await using probe = await RtspProbe.connect(loud.rtspUrl, loud);
    const { body } = await probe.authorized("DESCRIBE");
    expect(body).toMatch(
      new RegExp(`a=rtpmap:${payloadType} ${rtpmap}\r\n(a=fmtp:.*config=1408\r\n)?a=control:trackID=1`),
    );
    await probe.authorized("SETUP");
    expect(await probe.authorized("SETUP", [sound], `${loud.rtspUrl}/trackID=1`)).toMatchObject({ status: 200 });
    const { headers } = await probe.authorized("PLAY");
    expect(headers.get("rtp-info")?.split(",")).toHaveLength(2);
    await probe.received(10);
    const packets = probe.packets.filter(({ channel }) => channel === 2).map(({ data }) => data);
    expect(packets.length).toBeGreaterThanOrEqual(count);
    packets.forEach((data, index) => {
      expect(data[1]).toBe(audio === "aac" ? payloadType | 0x80 : payloadType);
      expect((data.readUInt32BE(4) - packets[0]!.readUInt32BE(4)) >>> 0).toBe(index * ticks);
    });
  });
});

describe("the session timeout", () => {
  const open = (options: SimulatorOptions = {}) => Simulator.open({ rtspTimeoutS: 0.3, ...options });

  it("ends a client that shows no sign of life", async () => {
    await using brief = await open();
    await using probe = await RtspProbe.play(brief.rtspUrl, brief);
    await probe.closed;
    expect(brief.counts.rtspClients).toBe(0);
  });

  it.each([
    // The last is not answered any more when the probe leaves.
    ["GET_PARAMETER", (probe: RtspProbe) => void probe.authorized("GET_PARAMETER").catch(() => undefined)],
    ["receiver reports", (probe: RtspProbe) => probe.send(Buffer.from([0x24, 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 1]))],
  ])("is held off by %s", async (_, live) => {
    // Two seconds of pictures against a timeout that a busy machine does not reach between two of them.
    await using brief = await open({ rtspTimeoutS: 1.5 });
    await using probe = await RtspProbe.play(brief.rtspUrl, brief);
    for (let seen = 1; seen <= 50; seen += 1) {
      await probe.received(seen);
      live(probe);
    }
    expect(brief.counts.rtspClients).toBe(1);
  });
});

it.each(["h264", "h265"] as const)(
  "shows a smaller picture of %s when told so, from a key picture on",
  async (codec) => {
    await using changing = await Simulator.open({ codec });
    await using probe = await RtspProbe.play(changing.rtspUrl, changing);
    const [main, sub] = await Promise.all(
      (["main", "sub"] as const).map((name) => loadClip({ name, codec, bitrateKbps: 0, overhead: 0 })),
    );
    const sizes = (): readonly string[] =>
      probe.pictures.flatMap(({ nals }) => {
        if (nals.some((nal) => nal.equals(main!.sps))) return ["main"];
        return nals.some((nal) => nal.equals(sub!.sps)) ? ["sub"] : [];
      });
    const shows = async (name: string): Promise<void> => {
      while (sizes().at(-1) !== name) await probe.received(probe.pictures.length + 1);
    };
    await shows("main");
    changing.shrink(true);
    await shows("sub");
    changing.shrink(false);
    await shows("main");
    const [first] = probe.pictures;
    expect(probe.pictures.map(({ stamp }) => stamp.frame - first!.stamp.frame)).toEqual(
      probe.pictures.map((_, n) => n),
    );
  },
);

it.each([["md5"], ["sha-256"]] as const)("admits by Digest %s alone, in the older form as well", async (algorithm) => {
  for (const qop of [true, false]) {
    await using strict = await Simulator.open({ digest: [algorithm], qop });
    await using probe = await RtspProbe.play(strict.rtspUrl, strict);
    await probe.received(1);
  }
});

it("serves RTSPS where it has a certificate", async () => {
  const { certificate, privateKey } = makeCertificate();
  await using secure = await Simulator.open({ tls: { cert: certificate, key: privateKey } });
  expect(secure.rtspUrl).toMatch(/^rtsps:/);
  await using probe = await RtspProbe.play(secure.rtspUrl, secure, certificate);
  await probe.received(2);
});

/** The picture of that number, which one that plays longer has or is about to get. */
const frameOf = async (probe: RtspProbe, frame: number): Promise<ProbePicture> => {
  for (;;) {
    const found = probe.pictures.find(({ stamp }) => stamp.frame >= frame);
    if (found !== undefined) return found;
    await probe.received(probe.pictures.length + 1);
  }
};

/** Waits until something shows that announces itself nowhere. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

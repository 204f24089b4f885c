import { describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { AdtsSplitter } from "../../gateway-bridge/src/protocols/aac/adts-splitter.ts";
import { writeAdts } from "../../gateway-bridge/src/protocols/aac/adts.ts";
import { convertG711 } from "../../gateway-bridge/src/protocols/g711/g711.ts";
import { decodeG711, encodeG711 } from "../../gateway-bridge/src/protocols/g711/testing/linear.ts";
import { H264Depacketizer } from "../../gateway-bridge/src/protocols/h264/depacketizer.ts";
import { packetizeH264 } from "../../gateway-bridge/src/protocols/h264/packetizer.ts";
import { H265Depacketizer } from "../../gateway-bridge/src/protocols/h265/depacketizer.ts";
import { packetizeH265 } from "../../gateway-bridge/src/protocols/h265/packetizer.ts";
import type { CodedPicture } from "../../gateway-bridge/src/protocols/nal/picture-depacketizer.ts";
import { readSequence, reordersPictures } from "../../gateway-bridge/src/protocols/nal/sequence.ts";
import { parseRtp, RtpPacket } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { readAacFormat } from "../../gateway-bridge/src/protocols/sdp/aac-format.ts";
import { readParameterSets } from "../../gateway-bridge/src/protocols/sdp/parameter-sets.ts";
import { parseSdp } from "../../gateway-bridge/src/protocols/sdp/parse-sdp.ts";
import type { MediaFormat } from "../../gateway-bridge/src/protocols/sdp/session-description.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { interleaved, rtp, ScriptedCamera, type Reply } from "../support/scripted-camera.ts";

const run = promisify(execFile);
const ffmpeg = (...args: readonly string[]) => run("/usr/bin/ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);

/** A folder of its own for what ffmpeg reads and writes. */
const inFolder = async <T>(work: (path: (name: string) => string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-codecs-"));
  try {
    return await work((name) => join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
};

interface Decoded {
  /** A checksum of each picture. */
  readonly sums: readonly string[];
  readonly complaints: string;
}

const decode = async (...input: readonly string[]): Promise<Decoded> => {
  const { stdout, stderr } = await ffmpeg(...input, "-fps_mode", "passthrough", "-f", "framemd5", "-");
  return {
    sums: stdout.split("\n").flatMap((line) => /^0,.*, *([0-9a-f]{32})$/.exec(line)?.[1] ?? []),
    complaints: stderr,
  };
};

/** Of a whole file that is without fault. */
const checksums = async (demuxer: string, file: string): Promise<readonly string[]> => {
  const { sums, complaints } = await decode("-f", demuxer, "-i", file);
  expect(complaints).toBe("");
  return sums;
};

interface Sent {
  readonly packets: readonly RtpPacket[];
  readonly format: MediaFormat;
}

const alive: Reply = () => ({ headers: ["Session: 1"] });

/** What ffmpeg makes of a file in RTP, by its own packetizer, for a server that it plays it to: inside its connection, in which nothing gets lost. */
const sendByFfmpeg = async (file: string, flags = "0"): Promise<Sent> => {
  await using server = await ScriptedCamera.open({ replies: { ANNOUNCE: alive, RECORD: alive } });
  await ffmpeg("-i", file, "-c", "copy", "-rtpflags", flags, "-pkt_size", "1200", "-rtsp_transport", "tcp", "-f", "rtsp", server.url); // prettier-ignore
  // All that it sent was there before that.
  await eventually("its goodbye", () => server.methods.includes("TEARDOWN"));
  const described = server.requests.find(({ method }) => method === "ANNOUNCE")?.body ?? "";
  const [format] = parseSdp(Buffer.from(described, "latin1")).media[0]?.formats ?? [];
  if (format === undefined) throw new Error("no format");
  const packets = server.frames.filter(({ channel }) => channel === 0).map(({ payload }) => parseRtp(payload));
  return { packets, format };
};

const annexB = (pictures: readonly (readonly Buffer[])[]): Buffer =>
  Buffer.concat(pictures.flat().flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal]));

const codecs = {
  h264: { Depacketizer: H264Depacketizer, packetize: packetizeH264, demuxer: "h264" },
  h265: { Depacketizer: H265Depacketizer, packetize: packetizeH265, demuxer: "hevc" },
} as const;

type Codec = keyof typeof codecs;

const depacketize = (codec: Codec, packets: readonly RtpPacket[]) => {
  const depacketizer = new codecs[codec].Depacketizer();
  const pictures: CodedPicture[] = packets.flatMap((packet) => depacketizer.push(packet));
  return { pictures, lost: depacketizer.lost };
};

const seconds = 2;
const x264 = (params: string): readonly string[] => ["-c:v", "libx264", "-preset", "ultrafast", "-x264-params", params];
const x265 = (params: string): readonly string[] => [
  ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", `log-level=none:${params}`],
];

const encode = (path: string, size: string, rate: number, options: readonly string[]) =>
  ffmpeg("-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}`, "-t", String(seconds), ...options, path);

describeWith(["ffmpeg"], "pictures that ffmpeg encodes", () => {
  it.each<[string, Codec, string, number, number, readonly string[]]>([
    ["in order", "h264", "640x360", 25, 0, x264("bframes=0:keyint=25:slices=1")],
    ["with B-frames", "h264", "640x360", 25, 1, x264("bframes=2:b-adapt=0:b-pyramid=none:keyint=25")],
    ["in several slices", "h264", "640x360", 15, 0, x264("bframes=0:slices=4:keyint=15")],
    ["in order", "h265", "640x360", 25, 0, x265("bframes=0:keyint=25:open-gop=0")],
    [
      "with B-frames, and CRA pictures to start at",
      "h265",
      "642x362",
      25,
      2,
      x265("bframes=3:b-adapt=0:keyint=20:open-gop=1"),
    ],
    ["in several slices", "h265", "640x360", 15, 0, x265("bframes=0:slices=3:keyint=15")],
  ])("%s, of %s at %s, come through its RTP and ours as they were", async (_, codec, size, rate, reorder, options) => {
    await inFolder(async (path) => {
      const [original, received] = [path(`original.${codec}`), path("received")];
      const { Depacketizer, packetize, demuxer } = codecs[codec];
      await encode(original, size, rate, [...options, "-pix_fmt", "yuv420p", "-f", demuxer]);
      const decoded = await checksums(demuxer, original);
      expect(decoded).toHaveLength(seconds * rate);

      const { packets, format } = await sendByFfmpeg(original);
      const { pictures, lost } = depacketize(codec, packets);
      expect(lost).toBe(0);
      expect(pictures).toHaveLength(decoded.length);
      expect(pictures[0]?.key).toBe(true);
      await writeFile(received, annexB(pictures.map(({ nals }) => nals)));
      expect(await checksums(demuxer, received)).toEqual(decoded);

      const sets = readParameterSets(format);
      const [width, height] = size.split("x").map(Number);
      expect(sets && readSequence(codec, sets.sps)).toMatchObject({ width, height, fps: rate, reorder });
      expect(sets && reordersPictures(codec, sets.sps)).toBe(reorder > 0);

      // Our own packets at any size give what ffmpeg's gave.
      for (const maxPayload of [100, 1_200, 60_000]) {
        let sequence = 0;
        const depacketizer = new Depacketizer({ reorder: 0 });
        const again = pictures.flatMap(({ nals, timestamp }) =>
          packetize(nals, maxPayload, { aggregate: maxPayload > 1_000 }).flatMap(({ prefix, body, last }) => {
            const payload = Buffer.concat([prefix, body]);
            sequence = (sequence + 1) & 0xffff;
            return depacketizer.push(
              RtpPacket.of({ payloadType: 96, marker: last, sequence, timestamp, ssrc: 1 }, payload),
            );
          }),
        );
        expect(annexB(again.map(({ nals }) => nals)).equals(await readFile(received))).toBe(true);
        expect(again.map(({ key }) => key)).toEqual(pictures.map(({ key }) => key));
      }
    });
  });

  it("are read by ffmpeg out of our packets of H.265", async () => {
    await inFolder(async (path) => {
      const original = path("original.h265");
      await encode(original, "640x360", 25, [...x265("bframes=0:keyint=25"), "-pix_fmt", "yuv420p", "-f", "hevc"]);
      const { packets, format } = await sendByFfmpeg(original);
      const { pictures } = depacketize("h265", packets);
      const sets = [...format.parameters].map(([name, value]) => `${name}=${value}`).join(";");
      const media = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", `a=fmtp:96 ${sets}`, "a=control:trackID=0", ""];
      const body = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=x", "t=0 0", ...media].join("\r\n");
      await using server = await ScriptedCamera.open({
        replies: {
          DESCRIBE: () => ({ headers: ["Content-Type: application/sdp"], body }),
          PLAY: () => {
            // With the last picture: ffmpeg reads as much as it can get before it begins.
            setImmediate(() => server.sockets.forEach((socket) => socket.end()));
            return { headers: ["Session: 1234"], after: framesOf(pictures) };
          },
        },
      });
      const decoded = await checksums("hevc", original);
      const { sums, complaints } = await decode("-rtsp_transport", "tcp", "-i", server.url, "-frames:v", String(decoded.length)); // prettier-ignore
      expect(sums).toEqual(decoded);
      expect(complaints).toBe("");
    });
  });
});

/** As they go through a connection of RTSP, 25 a second by their timestamps. */
const framesOf = (pictures: readonly CodedPicture[]): Buffer => {
  let sequence = 0;
  const frames = pictures.flatMap(({ nals }, index) =>
    packetizeH265(nals, 1_200, { aggregate: true }).map(
      ({ prefix, body, last }) =>
      interleaved(0, rtp({ sequence: sequence++, timestamp: index * 3_600, marker: last, ssrc: 7 }, Buffer.concat([prefix, body]))), // prettier-ignore
    ),
  );
  return Buffer.concat(frames);
};

describeWith(["ffmpeg"], "sound that ffmpeg encodes", () => {
  it.each([
    ["in the usual mode", "MPEG4-GENERIC", "0"],
    ["as LATM", "MP4A-LATM", "latm"],
  ])("to AAC comes through its RTP %s as it was", async (_, encoding, flags) => {
    await inFolder(async (path) => {
      const tone = "sine=frequency=440:sample_rate=16000";
      await ffmpeg("-f", "lavfi", "-i", tone, "-t", "2", "-c:a", "aac", "-b:a", "32k", "-f", "adts", path("a.aac"));
      await ffmpeg("-i", path("a.aac"), "-c", "copy", path("a.mp4"));
      const splitter = new AdtsSplitter();
      const units = splitter.push(await readFile(path("a.aac")));
      expect(splitter.skipped).toBe(0);
      expect(units[0]?.config).toEqual({ objectType: 2, sampleRate: 16_000, channels: 1, unitSamples: 1_024 });

      const { packets, format } = await sendByFfmpeg(path("a.mp4"), flags);
      expect(format.encoding).toBe(encoding);
      const aac = readAacFormat(format);
      expect(aac?.parameters).toEqual(units[0]?.config);
      const unpacker = aac?.createUnpacker();
      const received = packets.flatMap(({ payload, marker, timestamp }) =>
        (unpacker?.unpack({ payload, marker, timestamp, gap: false }) ?? []).map(({ offset, data }) => ({
          timestamp: timestamp + offset - packets[0]!.timestamp,
          data: data.toString("hex"),
        })),
      );
      // ffmpeg gathers several in a packet, and does not send the last packet that is not full.
      expect(received.length).toBeGreaterThanOrEqual(units.length - 4);
      expect(received).toEqual(
        units
          .slice(0, received.length)
          .map(({ data }, index) => ({ timestamp: 1_024 * index, data: data.toString("hex") })),
      );
      expect(unpacker?.damaged).toBe(0);

      const written = units.flatMap(({ config, data }) => [writeAdts(config, data.length), data]);
      expect(Buffer.concat(written).equals(await readFile(path("a.aac")))).toBe(true);
    });
  });

  /** Every sample of 16 bits that there is, and ffmpeg's own word for what law makes of it. */
  const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
  const byFfmpeg = async (path: string, from: string, to: string, input: Uint8Array): Promise<Buffer> => {
    await writeFile(path, input);
    const arg = ["-ar", "8000", "-ac", "1"];
    await ffmpeg("-f", from, ...arg, "-i", path, "-f", to, ...arg, `${path}.out`);
    return await readFile(`${path}.out`);
  };

  it.each([
    ["pcmu", "mulaw"],
    ["pcma", "alaw"],
  ] as const)("by %s is what ours is, but for where segments meet", async (codec, name) => {
    await inFolder(async (path) => {
      const codes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
      const samples = await byFfmpeg(path("codes"), name, "s16le", codes);
      expect([...decodeG711(codec, codes)]).toEqual([...new Int16Array(samples.buffer, samples.byteOffset, 256)]);

      const theirs = await byFfmpeg(path("samples"), "s16le", name, new Uint8Array(everySample.buffer));
      const [mine, heard] = [decodeG711(codec, encodeG711(codec, everySample)), decodeG711(codec, theirs)];
      // ITU-T G.711 parts segments at powers of two, ffmpeg halfway between their levels: one level apart there, and nowhere more.
      const levels = [...new Set(decodeG711(codec, codes))].sort((a, b) => a - b);
      const rank = new Map(levels.map((level, index) => [level, index]));
      const apart = [...mine].map((level, index) => Math.abs(rank.get(level)! - rank.get(heard[index]!)!));
      expect(Math.max(...new Set(apart))).toBeLessThanOrEqual(1);
      expect(apart.filter((steps) => steps > 0).length).toBeLessThan(0.05 * apart.length);
    });
  });
});

describe("the other law", () => {
  it("comes back from G.711 to within a step", () => {
    const codes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    const [linear, there] = [decodeG711("pcma", codes), decodeG711("pcmu", convertG711("pcmu", codes))];
    const far = [...linear].filter(
      (sample, index) => Math.abs(sample - there[index]!) > Math.max(32, Math.abs(sample) / 16),
    );
    expect(far).toEqual([]);
  });
});

import { spawn, type ChildProcess } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, it } from "@jest/globals";

import { H264Depacketizer } from "../../gateway-bridge/src/protocols/h264/depacketizer.ts";
import { isVcl, nalType, splitAnnexB, startsPicture } from "../../gateway-bridge/src/protocols/h264/nal.ts";
import { packetizeH264 } from "../../gateway-bridge/src/protocols/h264/packetizer.ts";
import { ReceptionStatistics } from "../../gateway-bridge/src/protocols/rtp/reception.ts";
import { buildBye, parseRtcp } from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { isRtcp, parseRtp } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "../../gateway-bridge/src/protocols/srtp/srtcp.ts";
import { SrtpDecryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-decryptor.ts";
import { SrtpEncryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-encryptor.ts";
import { drawSrtpMaster, type SrtpMaster } from "../../gateway-bridge/src/protocols/srtp/srtp-key.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { describeWith } from "../support/needs.ts";

const ffmpeg = (args: readonly string[]): ChildProcess =>
  spawn("/usr/bin/ffmpeg", ["-nostdin", "-loglevel", "error", ...args], { stdio: ["ignore", "pipe", "pipe"] });

/** What the program printed, once it has ended well. */
const outputOf = async (child: ChildProcess): Promise<string> => {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("no pipes");
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [output, complaints, code] = await Promise.all([text(stdout), text(stderr), exited]);
  if (code !== 0) throw new Error(`ffmpeg ended with ${String(code)}: ${complaints}`);
  return output;
};

/** The NAL units of an Annex B file, by picture. */
const picturesOf = (bytes: Buffer): readonly (readonly Buffer[])[] => {
  const pictures: Buffer[][] = [[]];
  let hasSlice = false;
  for (const nal of splitAnnexB(bytes)) {
    const slice = isVcl(nalType(nal));
    if (hasSlice && (!slice || startsPicture(nal))) {
      pictures.push([]);
      hasSlice = false;
    }
    hasSlice ||= slice;
    pictures.at(-1)?.push(nal);
  }
  return pictures;
};

const bound = async (port = 0): Promise<Socket> => {
  const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

const isFree = async (port: number): Promise<boolean> => {
  try {
    (await bound(port)).close();
    return true;
  } catch {
    return false;
  }
};

/** An even port, free with the odd one behind it, as RTP has it; nobody is given them by chance before ffmpeg has them. */
const freePortPair = async (): Promise<number> => {
  for (;;) {
    const port = await freePort();
    if (port % 2 === 0 && (await isFree(port)) && (await isFree(port + 1))) return port;
  }
};

/** Bytes that wait in the socket bound to a UDP port of this machine; undefined where none is. */
const waitingAt = (port: number): number | undefined => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["/proc/net/udp", "/proc/net/udp6"].flatMap((path) => readFileSync(path, "latin1").split("\n"));
  const fields = lines.map((line) => line.trim().split(/\s+/)).find((line) => line[1]?.endsWith(local) === true);
  return fields && parseInt(fields[4]?.split(":")[1] ?? "", 16);
};

const inline = ({ key, salt }: SrtpMaster): string => Buffer.concat([key, salt]).toString("base64");

const ssrc = 0xfeed_0001;
const payloadType = 96;

describeWith(["ffmpeg"], "SRTP with ffmpeg", () => {
  let folder = "";
  let clip = "";
  let pictures: readonly (readonly Buffer[])[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-srtp-"));
    clip = join(folder, "clip.h264");
    const source = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-frames:v", "40"];
    const encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "20", "-b:v", "400k"];
    await outputOf(ffmpeg([...source, ...encoder, "-f", "h264", clip]));
    pictures = picturesOf(await readFile(clip));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is deciphered and decoded by ffmpeg to the last frame, and its goodbye ends the stream", async () => {
    expect(pictures).toHaveLength(40);
    const master = drawSrtpMaster();
    const port = await freePortPair();
    const description = join(folder, "stream.sdp");
    const lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=test", "c=IN IP4 127.0.0.1", "t=0 0"];
    const media = [`m=video ${port} RTP/SAVP ${payloadType}`, `a=rtpmap:${payloadType} H264/90000`];
    const security = [`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${inline(master)}`, ""];
    await writeFile(description, [...lines, ...media, ...security].join("\r\n"));
    const input = ["-protocol_whitelist", "file,rtp,udp,srtp", "-i", description];
    // -vsync passthrough: frames as they were sent, none doubled for the sake of a steady rate.
    const hashes = ["-vsync", "passthrough", "-f", "framemd5", "-"];
    await using cleanup = new AsyncDisposableStack();
    const receiver = ffmpeg([...input, ...hashes]);
    cleanup.defer(() => void receiver.kill("SIGKILL"));
    const received = outputOf(receiver);
    received.catch(() => undefined);
    await eventually("ffmpeg listens", () => waitingAt(port + 1) !== undefined);
    const socket = await bound();
    cleanup.defer(() => void socket.close());
    const send = (bytes: Buffer, to: number): Promise<void> =>
      new Promise((resolve, reject) =>
        socket.send(bytes, to, "127.0.0.1", (error) => {
          if (error) reject(error);
          else resolve();
        }),
      );

    // Across the sequence's wrap.
    const encryptor = new SrtpEncryptor(master, { ssrc, payloadType, firstSequence: 65_500 });
    for (const [index, nals] of pictures.entries()) {
      const packets = packetizeH264(nals, 1_200, { aggregate: true }).map(({ prefix, body, last }) => ({
        timestamp: index * 3_600,
        marker: last,
        prefix,
        body,
      }));
      for (const packet of encryptor.protect(packets)) await send(packet, port);
      // No faster than it reads: its socket holds little, and it reads reports before media that came earlier.
      await eventually("ffmpeg has read the picture", () => waitingAt(port) === 0);
    }
    expect(encryptor.nextSequence).toBeLessThan(65_500);
    const goodbye = buildBye({ ssrc, cname: "gatehouse" });
    await send(new SrtcpEncryptor(master).protect(goodbye), port + 1);

    const frames = (output: string): readonly (string | undefined)[] =>
      output
        .split("\n")
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(",").at(-1)?.trim());
    const expected = frames(await outputOf(ffmpeg(["-i", clip, ...hashes])));
    expect(expected).toHaveLength(40);
    expect(frames(await received)).toEqual(expected);
  });

  it("deciphers what ffmpeg sends, media and reports, to the last byte", async () => {
    const master = drawSrtpMaster();
    await using cleanup = new AsyncDisposableStack();
    const socket = await bound();
    cleanup.defer(() => void socket.close());
    const { port } = socket.address();
    const decryptors = { media: new SrtpDecryptor(master), control: new SrtcpDecryptor(master) };
    const depacketizer = new H264Depacketizer();
    const statistics = new ReceptionStatistics(90_000);
    const received: (readonly Buffer[])[] = [];
    const reports: string[] = [];
    let refused = 0;
    const ended = new Promise<void>((resolve) => {
      socket.on("message", (bytes) => {
        const opened = isRtcp(bytes) ? decryptors.control.unprotect(bytes) : decryptors.media.unprotect(bytes);
        if (opened === undefined) refused += 1;
        else if (isRtcp(opened)) {
          reports.push(...parseRtcp(opened).map(({ kind }) => kind));
          if (reports.includes("bye")) resolve();
        } else {
          const packet = parseRtp(opened);
          statistics.receive(packet, 0);
          received.push(...depacketizer.push(packet).map(({ nals }) => nals));
        }
      });
    });
    const security = ["-srtp_out_suite", "AES_CM_128_HMAC_SHA1_80", "-srtp_out_params", inline(master)];
    const options = ["-c", "copy", "-f", "rtp", "-rtpflags", "send_bye", "-seq", "65500", ...security];
    const target = `srtp://127.0.0.1:${port}?rtcpport=${port}&pkt_size=1200`;
    const sender = ffmpeg(["-i", clip, ...options, target]);
    cleanup.defer(() => void sender.kill("SIGKILL"));
    await Promise.all([outputOf(sender), ended]);

    expect(refused).toBe(0);
    expect(received).toEqual(pictures);
    expect(depacketizer.lost).toBe(0);
    expect(reports).toEqual(expect.arrayContaining(["sender-report", "bye"]));
    expect(statistics.report(0)).toMatchObject({ cumulativeLost: 0, fractionLost: 0 });
    expect(statistics.report(0)?.highestSequence).toBeGreaterThan(65_536);
  });
});

import { describe, expect, it } from "@jest/globals";

import { H264Depacketizer } from "../../gateway-bridge/src/protocols/h264/depacketizer.ts";
import { packetizeH264 } from "../../gateway-bridge/src/protocols/h264/packetizer.ts";
import { readSps } from "../../gateway-bridge/src/protocols/h264/sps.ts";
import { parseOpus } from "../../gateway-bridge/src/protocols/opus/opus-packet.ts";
import { repacketizeOpus } from "../../gateway-bridge/src/protocols/opus/repacketize.ts";
import {
  buildBye,
  buildReceiverReport,
  buildSenderReport,
  parseRtcp,
} from "../../gateway-bridge/src/protocols/rtp/rtcp.ts";
import { parseRtp, rtpPayloadOffset, writeRtpHeader } from "../../gateway-bridge/src/protocols/rtp/rtp-packet.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "../../gateway-bridge/src/protocols/srtp/srtcp.ts";
import { SrtpDecryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-decryptor.ts";
import { SrtpEncryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-encryptor.ts";
import { drawSrtpMaster } from "../../gateway-bridge/src/protocols/srtp/srtp-key.ts";
import { fuzz } from "../support/fuzz.ts";

/** Counts the inputs that got through, so that a fuzz whose every input fell at the first byte does not count. */
const fuzzCounting = (parse: (input: Buffer) => boolean, options: Parameters<typeof fuzz>[1]): number => {
  let through = 0;
  fuzz((input) => {
    if (parse(input)) through += 1;
  }, options);
  return through;
};

/** Whether an input is opened, which nothing may be but what the key's holder sealed, once. */
const opensOf =
  (sealed: readonly Buffer[], open: () => { unprotect(input: Buffer): unknown }) =>
  (input: Buffer): boolean => {
    const decryptor = open();
    // It is deciphered in place.
    const sent = Buffer.from(input);
    const opened = decryptor.unprotect(input);
    if (decryptor.unprotect(Buffer.from(sent)) !== undefined) throw new Error("opened twice");
    if (opened !== undefined && !sealed.some((bytes) => bytes.equals(sent))) throw new Error("forged");
    if (opened === undefined && !input.equals(sent)) throw new Error("changed what was refused");
    return opened !== undefined;
  };

const header = { payloadType: 96, marker: true, sequence: 7, timestamp: 90_000, ssrc: 5 };

const rtp = (payload: Buffer, fields: Partial<typeof header> = {}): Buffer => {
  const bytes = Buffer.alloc(12 + payload.length);
  writeRtpHeader(bytes, 0, { ...header, ...fields });
  payload.copy(bytes, 12);
  return bytes;
};

const adorned = Buffer.concat([
  Buffer.from([0xb2, 0x60, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0]),
  Buffer.from("audio\0\0\u0003"),
]);

const block = {
  ssrc: 9,
  fractionLost: 1,
  cumulativeLost: -1,
  highestSequence: 70_000,
  jitter: 3,
  lastSenderReport: 4,
  delaySinceLastSenderReport: 5,
};
const report = buildSenderReport({
  ssrc: 5,
  cname: "gatehouse",
  ntp: { seconds: 1, fraction: 2 },
  rtpTimestamp: 3,
  packetCount: 4,
  octetCount: 5,
  reports: [block],
});
const goodbye = buildBye({ ssrc: 5, cname: "gatehouse", reports: [block], reason: "end" });

describe("RTP", () => {
  it("never reads a payload from outside the packet", () => {
    const through = fuzzCounting(
      (input) => {
        const { payload } = parseRtp(input);
        const at = payload.byteOffset - input.byteOffset;
        return at === rtpPayloadOffset(input) && at >= 12 && at + payload.length <= input.length;
      },
      { corpus: [rtp(Buffer.from("picture")), adorned], dictionary: ["\u00b0", "\u008f", "\u00ff\u00ff", "\0\0"] },
    );
    expect(through).toBeGreaterThan(5_000);
  });
});

describe("RTCP", () => {
  it("never throws", () => {
    let through = 0;
    const dictionary = ["\u0080\u00c8", "\u0081\u00ca", "\u009f\u00cb", "\u00ff\u00ff", "\0\0\0\0", "\u0001\u00ff"];
    fuzz(
      (input) => {
        let packets: readonly unknown[];
        try {
          packets = parseRtcp(input);
        } catch (error) {
          throw new Error("parseRtcp threw", { cause: error });
        }
        if (packets.length > 0) through += 1;
      },
      { corpus: [report, goodbye, Buffer.from([0xa0, 201, 0, 2, 0, 0, 0, 5, 0, 0, 0, 4])], dictionary },
    );
    expect(through).toBeGreaterThan(5_000);
  });
});

/** Several packets in one buffer, each behind its length. */
const framed = (packets: readonly Buffer[]): Buffer =>
  Buffer.concat(
    packets.flatMap((packet) => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(packet.length);
      return [size, packet];
    }),
  );

function* unframed(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const end = at + 2 + bytes.readUInt16BE(at);
    yield bytes.subarray(at + 2, end);
    at = end;
  }
}

const sps = Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex");
const pps = Buffer.from("68ee3c80", "hex");
const slice = (type: number, filler: number): Buffer =>
  Buffer.concat([Buffer.from([0x60 | type, 0x88]), Buffer.alloc(300, filler)]);

const stream = (maxPayload: number, aggregate: boolean): Buffer => {
  let sequence = 65_530;
  const pictures = [[sps, pps, slice(5, 1)], [slice(1, 2)], [slice(1, 3), slice(1, 4)]];
  return framed(
    pictures.flatMap((nals, index) =>
      packetizeH264(nals, maxPayload, { aggregate }).map(({ prefix, body, last }) => {
        const fields = { sequence, marker: last, timestamp: 3_000 * index };
        sequence += 1;
        return rtp(Buffer.concat([prefix, body]), fields);
      }),
    ),
  );
};

describe("H.264", () => {
  const annexB = framed([
    rtp(Buffer.concat([sps, Buffer.from([0, 0, 0, 1]), pps, Buffer.from([0, 0, 1]), slice(5, 1)])),
  ]);
  const corpus = [stream(120, false), stream(120, true), stream(1_200, false), annexB];
  const dictionary = [
    "\0\0\u0001",
    "\0\0\0\u0001",
    "\u007c\u0085",
    "\u007c\u0005",
    "\u007c\u0045",
    "\u0078\0",
    "\u00ff\u00ff",
  ];

  it.each([0, 16])(
    "puts nothing but whole pictures together from hostile streams, with %i packets waiting",
    (reorder) => {
      let pictures = 0;
      fuzz(
        (input) => {
          const depacketizer = new H264Depacketizer({ reorder, maxBytes: 2_000 });
          for (const bytes of unframed(input)) {
            if (rtpPayloadOffset(bytes) === undefined || (bytes.readUInt8(0) & 0x20) !== 0) continue;
            for (const picture of depacketizer.push(parseRtp(bytes))) {
              pictures += 1;
              const sizes = picture.nals.map(({ length }) => length);
              if (picture.bytes > 2_000 || sizes.reduce((sum, size) => sum + size, 0) !== picture.bytes) {
                throw new Error("a picture of the wrong size");
              }
              if (picture.nals.some((nal) => nal.length === 0 || nal.includes("\0\0\u0001", 0, "latin1"))) {
                throw new Error("a NAL unit that is none");
              }
              if (!Number.isSafeInteger(picture.timestamp)) throw new Error("no timestamp");
            }
          }
        },
        { corpus, dictionary },
      );
      expect(pictures).toBeGreaterThan(20_000);
    },
  );

  it("reads hostile sequence parameter sets", () => {
    const others = [
      "6742c01ed900a03db011000003000100000300320f162e48",
      "67f4001e919b28140c7e3b011000000300100000030321f1429960",
      "6764000df36505825b016c800000030080000019078a14cb",
      "674d0029f91b60f0112",
    ];
    const through = fuzzCounting(
      (input) => {
        const parameters = readSps(input);
        if (parameters === undefined) return false;
        const { width, height } = parameters;
        if (!(width > 0 && width <= 16_384 && height > 0 && height <= 32_768)) throw new Error(`${width} x ${height}`);
        return true;
      },
      {
        corpus: [sps, ...others.map((hex) => Buffer.from(hex, "hex"))],
        dictionary: ["\0\0\u0003", "\u0067\u0064", "\u00f4", "\0\0\0"],
      },
    );
    expect(through).toBeGreaterThan(2_000);
  });
});

describe("Opus", () => {
  const packet = (...bytes: readonly number[]): Buffer => Buffer.concat([Buffer.from(bytes), Buffer.alloc(60, 7)]);
  const corpus = [packet(0x48), packet(0x49), packet(0x4a, 20), packet(0x4b, 3), packet(0x4b, 0xc3, 4, 10, 20)];

  it("takes hostile packets apart, and what it accepts goes into one packet and out again", () => {
    const through = fuzzCounting(
      (input) => {
        const { frames, duration, toc } = parseOpus(input);
        if (duration > 5_760) throw new Error("too long");
        const again = parseOpus(repacketizeOpus([input]));
        expect(again.toc & 0xfc).toBe(toc & 0xfc);
        if (again.frames.length !== frames.length || !again.frames.every((frame, at) => frames[at]?.equals(frame))) {
          throw new Error("other frames");
        }
        return true;
      },
      { corpus, dictionary: ["\u00fc", "\u004b\u0083", "\u00ff\u00ff", "\u004b\u0041\u00ff", "\0"] },
    );
    expect(through).toBeGreaterThan(2_000);
  });
});

describe("SRTP", () => {
  const master = drawSrtpMaster();
  const dictionary = ["\u0090", "\u008f", "\u00ff\u00ff\u00ff\u00ff", "\0"];

  it("opens nothing but what the key's holder made", () => {
    const encryptor = new SrtpEncryptor(master, { ssrc: 5, payloadType: 110, firstSequence: 7 });
    const outgoing = (body: string) => ({
      timestamp: 1,
      marker: false,
      prefix: Buffer.alloc(0),
      body: Buffer.from(body),
    });
    const corpus = encryptor.protect(["one", "two", "a longer one"].map(outgoing)).map((bytes) => Buffer.from(bytes));
    const through = fuzzCounting(
      opensOf(corpus, () => new SrtpDecryptor(master)),
      { corpus, dictionary },
    );
    expect(through).toBeGreaterThan(10);
  });

  it("opens no control packet but what the key's holder made", () => {
    const encryptor = new SrtcpEncryptor(master);
    const corpus = [report, goodbye, buildReceiverReport({ ssrc: 1, cname: "g" })].map((rtcp) =>
      encryptor.protect(rtcp),
    );
    const through = fuzzCounting(
      opensOf(corpus, () => new SrtcpDecryptor(master)),
      { corpus, dictionary },
    );
    expect(through).toBeGreaterThan(10);
  });
});

import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";

import { parseTarget } from "../../gateway-bridge/src/consumers/rtsp/target-policy.ts";
import { TalkReceiver } from "../../gateway-bridge/src/media/talk/talk-receiver.ts";
import type { RtspMessage } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";
import { formatRtspUrl, parseRtspUrl } from "../../gateway-bridge/src/protocols/rtsp/rtsp-url-policy.ts";
import { DigestGuard } from "../../gateway-bridge/src/protocols/rtsp-server/digest-guard.ts";
import { parseSequence } from "../../gateway-bridge/src/protocols/rtsp-server/rtsp-answer.ts";
import { parseTransportOffers } from "../../gateway-bridge/src/protocols/rtsp-server/transport-offer.ts";
import { fuzz } from "../support/fuzz.ts";
import { speechPacket } from "../support/onvif-talker.ts";

const camera = "cam-abcdefghijklmnop";
const url = `rtsps://gate.lan:8322/${camera}/main/`;
const realm = "Gatehouse gw-aaaaaaaaaaaaaaaa";
const username = "who-aaaaaaaaaaaaaaaa";

const texts = (...all: readonly string[]): readonly Buffer[] => all.map((text) => Buffer.from(text, "latin1"));
const digest = (qop: string): string =>
  `Digest username="${username}", realm="${realm}", nonce="abc", uri="${url}", response="${"0".repeat(32)}"${qop}`;

describe("what a stranger sends to the RTSP server", () => {
  it("is no danger as a request", () => {
    const corpus = texts(
      `OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: x\r\n\r\nDESCRIBE ${url} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n`,
      `SETUP ${url}trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n` +
        `Authorization: ${digest(', qop=auth, nc=00000001, cnonce="c"')}\r\n\r\n`,
      `GET_PARAMETER ${url} RTSP/1.0\r\nCSeq: 4\r\nSession: 0123\r\nContent-Length: 9\r\n\r\nposition\n$\x01\x00\x04rtcp`,
      `PLAY ${url} RTSP/1.0\r\nCSeq: 5\r\nSession: 0123\r\n Range: npt=0-\r\n\r\nTEARDOWN ${url} RTSP/1.0\r\nCSeq: 6\r\n\r\n`,
    );
    const dictionary = [
      "$",
      "\x00",
      "\r\n\r\n",
      "RTSP/1.0",
      "Content-Length: 65537",
      "CSeq: ",
      "SETUP ",
      "\r\n ",
      "\xff",
      "trackID=",
      "/../",
    ];
    let requests = 0;
    let targets = 0;
    fuzz(
      (input) => {
        const messages: RtspMessage[] = [];
        const splitter = new RtspSplitter({ frame: () => undefined, message: (message) => messages.push(message) });
        try {
          // In two pieces, because requests come in any.
          splitter.push(input.subarray(0, input.length >> 1));
          splitter.push(input.subarray(input.length >> 1));
        } finally {
          for (const message of messages) {
            if (message.kind !== "request") continue;
            requests += 1;
            const { uri, headers } = message;
            if (parseTarget(uri) !== undefined) targets += 1;
            expect(parseSequence(headers.get("cseq")) ?? 0).toBeGreaterThanOrEqual(0);
            // What answers say of it never holds a line break of the writer's choice.
            const written = parseRtspUrl(uri);
            if (written !== undefined) expect(formatRtspUrl(written)).toMatch(/^[\x21-\x7e]*$/);
          }
        }
      },
      { corpus, dictionary },
    );
    // Void if every input fell at the first letter.
    expect(requests).toBeGreaterThan(5_000);
    expect(targets).toBeGreaterThan(2_000);
  }, 120_000);

  it("is no danger as speech: what is handed on is of the right type, and its time never steps back", () => {
    const packets = [0, 1, 2, 4, 3].map((index) => speechPacket(index, Buffer.from([0x55, index])));
    const corpus = [...packets, speechPacket(65_535, Buffer.alloc(1_400, 0x7f), { timestamp: 2 ** 32 - 1 })];
    let heard = 0;
    let last = -1;
    const receiver = new TalkReceiver(0, {
      write: (data, timestamp) => {
        heard += 1;
        expect(data.length).toBeGreaterThan(0);
        expect(timestamp).toBeGreaterThan(last);
        last = timestamp;
      },
      [Symbol.dispose]: () => undefined,
    });
    const dictionary = ["\x80\x00", "\xb0\x00", "\x8f\x00", "\x80\x0d", "\xff\xff\xff\xff"];
    let sent = 0;
    const say = (input: Uint8Array): void => {
      const packet = Buffer.from(input);
      sent += 1;
      // Or nearly all would be taken for packets that came before.
      if (packet.length >= 4 && sent % 8 !== 0) packet.writeUInt16BE(sent & 0xffff, 2);
      receiver.receive(packet);
    };
    fuzz(say, { corpus, dictionary });
    // Void if nearly all were left out.
    expect(heard).toBeGreaterThan(2_000);
  }, 120_000);

  it("is no danger as a transport", () => {
    const corpus = texts(
      "RTP/AVP/TCP;unicast;interleaved=0-1",
      'RTP/AVP;unicast;client_port=5000-5001;mode="PLAY",RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=00ff',
      "RTP/SAVP;multicast;destination=192.0.2.1;port=1-2,RTP/AVP/UDP;unicast;client_port=40000",
    );
    const dictionary = [
      ";",
      ",",
      "-",
      "=",
      "65536",
      "256",
      "interleaved=",
      "client_port=",
      "RTP/AVP/TCP",
      "multicast",
      "mode=record",
    ];
    let understood = 0;
    fuzz(
      (input) => {
        for (const offer of parseTransportOffers(input.toString("latin1"))) {
          understood += 1;
          const numbers = offer.kind === "udp" ? [offer.rtpPort, offer.rtcpPort] : Object.values(offer.channels ?? {});
          const most = offer.kind === "udp" ? 65_535 : 255;
          for (const number of numbers) expect(Number.isInteger(number) && number >= 0 && number <= most).toBe(true);
        }
      },
      { corpus, dictionary },
    );
    expect(understood).toBeGreaterThan(5_000);
  }, 120_000);

  it("opens nothing as a login", () => {
    const secret = createHash("sha256").update("never guessed").digest();
    const guard = new DigestGuard({
      realm,
      secure: true,
      clock: new TestClock(),
      ha1: (name, algorithm) => (name === username ? secret.subarray(0, algorithm === "MD5" ? 16 : 32) : undefined),
    });
    const nonce = /nonce="([^"]+)"/.exec(guard.challenges({ stale: false })[0] ?? "")?.[1] ?? "";
    const corpus = texts(
      digest(""),
      digest(', qop=auth, nc=00000001, cnonce="c"').replace("abc", nonce),
      digest(", algorithm=SHA-256").replace("abc", nonce).replace("0".repeat(32), "0".repeat(64)),
      `Basic ${Buffer.from(`${username}:password`).toString("base64")}`,
    );
    const dictionary = [
      '"',
      "\\",
      ",",
      "=",
      "Digest ",
      "Basic ",
      "username=",
      `"${username}"`,
      "qop=auth",
      "nc=ffffffff",
      "response=",
    ];
    const verdicts = new Map<string, number>();
    fuzz(
      (input) => {
        const { kind } = guard.verify({ method: "DESCRIBE", uri: url, authorization: input.toString("latin1") });
        verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
      },
      { corpus, dictionary },
    );
    expect([...verdicts.keys()]).toEqual(["refused"]);
  }, 120_000);
});

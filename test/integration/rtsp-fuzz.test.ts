import { describe, expect, it } from "@jest/globals";
import { isGatehouseError } from "@gatehouse/shared";

import { parseChallenges } from "../../gateway-bridge/src/protocols/auth/challenge.ts";
import { readDigestChallenge } from "../../gateway-bridge/src/protocols/auth/digest.ts";
import { formatAnswer, type RtspMessage } from "../../gateway-bridge/src/protocols/rtsp/rtsp-message.ts";
import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";
import {
  formatRtspUrl,
  parseRtspUrl,
  resolveControl,
} from "../../gateway-bridge/src/protocols/rtsp/rtsp-url-policy.ts";
import {
  parseRtpInfo,
  parseSessionHeader,
  parseTransport,
} from "../../gateway-bridge/src/protocols/rtsp/session-headers.ts";
import { readParameterSets } from "../../gateway-bridge/src/protocols/sdp/parameter-sets.ts";
import { parseSdp } from "../../gateway-bridge/src/protocols/sdp/parse-sdp.ts";
import { chooseTracks } from "../../gateway-bridge/src/sources/track-choice-policy.ts";
import { fuzz } from "../support/fuzz.ts";
import { interleaved } from "../support/scripted-camera.ts";

const texts = (...all: readonly string[]): readonly Buffer[] => all.map((text) => Buffer.from(text, "latin1"));

describe("what a camera sends over RTSP", () => {
  it("is no danger as a login challenge", () => {
    const corpus = texts(
      'Digest realm="IP Camera(C2)", nonce="4d5449", algorithm="MD5", qop="auth, auth-int", stale="FALSE"',
      'Digest qop="auth", realm="a\\"b", nonce="n", opaque="o", algorithm=SHA-256-sess, Basic realm="x"',
      "Negotiate YII9==, Digest nonce=AbC+/9 stale=true;",
    );
    const dictionary = ['"', "\\", ",", "=", ";", " ", "Digest ", "Basic ", "nonce=", "qop=", "\x00", "\t", "SHA-256"];
    let understood = 0;
    fuzz(
      (input) => {
        const found = parseChallenges([input.toString("latin1")]).map(readDigestChallenge);
        understood += found.filter((challenge) => challenge !== undefined).length;
        for (const challenge of found) expect(challenge?.nonce ?? "").not.toMatch(/[\r\n\0]/);
      },
      { corpus, dictionary },
    );
    // Void if every input fell at the first letter.
    expect(understood).toBeGreaterThan(1_000);
  });

  it("is no danger as a stream description", () => {
    const corpus = texts(
      "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Media Server\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\na=range:npt=now-\r\n" +
        "m=video 0 RTP/AVP 96\r\na=control:trackID=0\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;" +
        "profile-level-id=64001E;sprop-parameter-sets=Z2QAHqwsaoLA9puCgIKgAAADACAAAAMD0IAA,aO4xshsA\r\na=recvonly\r\n" +
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=control:rtsp://h/trackID=1\r\na=sendonly\r\n",
      "v=0\ns=x\nm=video 0 RTP/AVP 98 26\nm=audio 0 RTP/AVP 0 8\na=rtpmap:98 H265/90000\na=fmtp:98 sprop-sps=QgEB; x\n" +
        "m=application/TP-LINK 0 RTP/AVP smart/1/90000\na=rtpmap:95 TP-LINK/90000\na=control:track3\n",
    );
    const dictionary = [
      "m=video 0 RTP/AVP 96\n",
      "a=rtpmap:96 ",
      "a=fmtp:96 ",
      "H264/90000",
      ";",
      "=",
      "\n",
      "\r",
      "96 97 127 128",
    ].concat(["a=control:", "sprop-parameter-sets=", "v=0\n", "999999999", "-1", "\0", "a=inactive\n", "s=", ","]);
    let chosen = 0;
    fuzz(
      (input) => {
        const session = parseSdp(input);
        const choice = chooseTracks(session);
        if (choice.kind !== "chosen") return;
        chosen += 1;
        const sets = readParameterSets(choice.video.format);
        if (sets !== undefined && (sets.sps.length < 4 || sets.pps.length < 2)) throw new Error("cut short");
      },
      { corpus, dictionary },
    );
    expect(chosen).toBeGreaterThan(1_000);
  });

  it("is no danger as a stream of messages and frames", () => {
    const corpus = [
      ...texts(
        "RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Base: rtsp://h/\r\nContent-Length: 5\r\n\r\nv=0\r\nRTSP/1.0 200 OK\r\nCSeq: 4 \r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\nX: a\r\n b\r\n\r\n\r\nRTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest\n\n",
      ),
      Buffer.concat([
        interleaved(0, Buffer.alloc(1_400, "a")),
        interleaved(1, Buffer.alloc(28, "b")),
        Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"),
        interleaved(2, Buffer.alloc(3)),
      ]),
    ];
    const dictionary = [
      "\r\n\r\n",
      "\n",
      "RTSP/1.0 ",
      "Content-Length: ",
      "65536",
      "65537",
      "99999999999",
      ": ",
      "$",
    ].concat(["$\0\0\0", "$\x01\xff\xff", "GET_PARAMETER * RTSP/1.0\r\n", "CSeq: 1\r\n", "\r", "\0"]);
    let [messages, frames] = [0, 0];
    fuzz(
      (input) => {
        // The same bytes mean the same, wherever the network cuts them.
        const outcomes = [input.length, 1 + (input.length % 97)].map((size) => describeStream(input, size));
        expect(outcomes[1]?.seen).toEqual(outcomes[0]?.seen);
        messages += outcomes[0]?.messages ?? 0;
        frames += outcomes[0]?.frames ?? 0;
      },
      { corpus, dictionary },
    );
    expect(messages).toBeGreaterThan(1_000);
    expect(frames).toBeGreaterThan(1_000);
  }, 60_000);

  it("is no danger in the headers of a session", () => {
    const corpus = texts(
      "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=30A98EE7;mode=play,RTP/AVP;client_port=5000-5001",
      "url=rtsp://h/track,1;x;seq=1;rtptime=2, url=trackID=2;seq=3;ssrc=dcc4a0d8",
      "   708345999;timeout=60",
    );
    const dictionary = [
      "interleaved=",
      "ssrc=",
      "url=",
      ";",
      ",",
      "-",
      "=",
      ";seq=",
      " ",
      "timeout=",
      "255",
      "4294967296",
    ];
    fuzz(
      (input) => {
        const text = input.toString("latin1");
        const { rtpChannel = 0, rtcpChannel = 0, ssrc = 0 } = parseTransport(text);
        const session = parseSessionHeader(text);
        if (rtpChannel > 255 || rtcpChannel > 256 || ssrc > 0xffff_ffff) throw new Error("out of range");
        if (/[\r\n ]/.test(session?.id ?? "")) throw new Error("an id that breaks its line");
        parseRtpInfo(text);
      },
      { corpus, dictionary },
    );
  });

  it("never leads to another host, nor out of the request line", () => {
    const request = parseRtspUrl("rtsp://camera:8554/live?x=1");
    if (request === undefined) throw new Error("no URL");
    const corpus = texts("rtsp://192.0.2.9:99/base?x=y/", "rtsps://user:pw@[fe80::1]/a", "trackID=1", "*", "/track?1");
    const dictionary = ["rtsp://", "@", "/", "?", "#", "\r\n", " ", "evil.example", "[", "]", ":", "\xff", "//", "\\"];
    fuzz(
      (input) => {
        const text = input.toString("latin1");
        for (const url of [
          resolveControl({ request, base: text }, "trackID=1"),
          resolveControl({ request, base: undefined }, text),
        ]) {
          if (!/^rtsp:\/\/camera:8554([/?][\x21-\x7e]*)?$/.test(url)) throw new Error(url);
        }
        const read = parseRtspUrl(text);
        if (read !== undefined) expect(parseRtspUrl(formatRtspUrl(read))).toEqual(read);
      },
      { corpus, dictionary },
    );
  });
});

/** What comes out of a stream cut into chunks of `size`, up to the error that ends it. */
const describeStream = (
  input: Buffer,
  size: number,
): { seen: readonly unknown[]; messages: number; frames: number } => {
  const seen: unknown[] = [];
  let [messages, frames] = [0, 0];
  const message = (of: RtspMessage): void => {
    messages += 1;
    seen.push([of.kind === "request" ? formatAnswer(of).toString("latin1") : of.status, of.body.toString("latin1")]);
  };
  const frame = (channel: number, payload: Buffer): void => {
    frames += 1;
    seen.push([channel, payload.toString("latin1")]);
  };
  const splitter = new RtspSplitter({ frame, message });
  try {
    for (let at = 0; at < input.length; at += size) splitter.push(input.subarray(at, at + size));
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    seen.push(error.code);
  }
  return { seen, messages, frames };
};

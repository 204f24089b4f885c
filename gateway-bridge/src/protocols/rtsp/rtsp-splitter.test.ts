import { describe, expect, it } from "@jest/globals";

import type { RtspMessage } from "./rtsp-message.ts";
import { RtspSplitter } from "./rtsp-splitter.ts";

const frame = (channel: number, payload: Buffer): Buffer => {
  const header = Buffer.from([0x24, channel, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
};

type Seen = readonly [channel: number, payload: string] | readonly [what: string, body: string];

class Recorder {
  readonly seen: Seen[] = [];
  readonly payloads: Buffer[] = [];
  readonly messages: RtspMessage[] = [];

  frame(channel: number, payload: Buffer): void {
    this.payloads.push(payload);
    this.seen.push([channel, payload.toString("latin1")]);
  }

  message(message: RtspMessage): void {
    this.messages.push(message);
    this.seen.push([message.kind === "request" ? message.method : String(message.status), message.body.toString()]);
  }
}

const split = (bytes: Buffer, chunkSize = bytes.length): Recorder => {
  const recorder = new Recorder();
  const splitter = new RtspSplitter(recorder);
  for (let at = 0; at < bytes.length; at += chunkSize) splitter.push(bytes.subarray(at, at + chunkSize));
  return recorder;
};

const text = (content: string): Buffer => Buffer.from(content, "latin1");

const conversation = Buffer.concat([
  text("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello"),
  frame(0, text("one")),
  frame(1, Buffer.alloc(0)),
  text("\r\n\r\n"),
  frame(2, Buffer.alloc(2_000, "x")),
  text("OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n"),
  text("RTSP/1.0 404 Not Found\nCSeq: 2\n\n"),
  frame(255, Buffer.alloc(0xffff, "y")),
  text("RTSP/1.0 200 OK\r\ncseq: 3\r\n\r\n"),
]);
const expected: readonly Seen[] = [
  ["200", "hello"],
  [0, "one"],
  [1, ""],
  [2, "x".repeat(2_000)],
  ["OPTIONS", ""],
  ["404", ""],
  [255, "y".repeat(0xffff)],
  ["200", ""],
];

describe("RtspSplitter", () => {
  it.each([1, 2, 3, 5, 7, 64, 511, 512, 513, 1_460, 65_536, conversation.length])(
    "parts a conversation that comes in chunks of %i bytes",
    (size) => {
      expect(split(conversation, size).seen).toEqual(expected);
    },
  );

  it("parts it the same wherever one border falls", () => {
    const short = conversation.subarray(0, 2_200);
    const whole = split(short).seen;
    for (let border = 1; border < short.length; border += 1) {
      const recorder = new Recorder();
      const splitter = new RtspSplitter(recorder);
      splitter.push(short.subarray(0, border));
      splitter.push(short.subarray(border));
      expect(recorder.seen).toEqual(whole);
    }
  });

  it("copies nothing that lies whole in a chunk", () => {
    const chunk = Buffer.concat([frame(0, text("one")), frame(0, text("two")), frame(0, text("three"))]);
    for (const payload of split(chunk).payloads) expect(payload.buffer).toBe(chunk.buffer);
  });

  it("leaves alone what it has handed on until the call returns, and messages for good", () => {
    const both = Buffer.concat([frame(0, text("first")), frame(0, text("other"))]);
    const { seen, payloads } = split(both, 6);
    expect(seen).toEqual([
      [0, "first"],
      [0, "other"],
    ]);
    // What crosses the border of two chunks is gathered in memory that is used again.
    expect(payloads[0]?.buffer).toBe(payloads[1]?.buffer);
    const chunk = text("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello");
    for (const size of [chunk.length, 7]) {
      const bytes = Buffer.from(chunk);
      const { messages } = split(bytes, size);
      bytes.fill(0);
      expect(messages[0]?.body.toString()).toBe("hello");
    }
  });

  it("reads headers in any case, repeated, folded and without a colon", () => {
    const [message] = split(
      text(
        "RTSP/1.0 401 Unauthorized\r\nCSEQ: 3 \r\nwww-authenticate: Basic\r\nWWW-Authenticate:Digest\r\n a=b\r\nnonsense\r\n\r\n",
      ),
    ).messages;
    expect(message?.headers.get("cseq")).toBe("3");
    expect(message?.headers.all("www-authenticate")).toEqual(["Basic", "Digest a=b"]);
    expect(message?.headers.all("session")).toEqual([]);
  });

  it("makes the reason printable and short", () => {
    const [message] = split(text(`RTSP/1.0 500 a\x07\x1b[31mb${"c".repeat(200)}\r\n\r\n`)).messages;
    expect(message).toMatchObject({ status: 500, reason: `a[31mb${"c".repeat(94)}` });
  });

  it.each<[string, string, string]>([
    ["HTTP", "HTTP/1.1 200 OK\r\n\r\n", "camera-answer-malformed"],
    ["binary", "\x00\x01\x02", "camera-answer-malformed"],
    ["a line without an end that is no text", "\xff".repeat(100), "camera-answer-malformed"],
    ["a start line alone", "RTSP/1.0\r\n\r\n", "camera-answer-malformed"],
    ["a status that is no number", "RTSP/1.0 abc OK\r\n\r\n", "camera-answer-malformed"],
    ["a negative length", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "camera-answer-malformed"],
    ["a length that is no number", "RTSP/1.0 200 OK\r\nContent-Length: 0x10\r\n\r\n", "camera-answer-malformed"],
    ["two lengths", "RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "camera-answer-malformed"],
    ["a body beyond 64 KiB", "RTSP/1.0 200 OK\r\nContent-Length: 65537\r\n\r\n", "camera-answer-too-large"],
    ["an absurd body", `RTSP/1.0 200 OK\r\nContent-Length: ${"9".repeat(16)}\r\n\r\n`, "camera-answer-too-large"],
    ["endless headers", `RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(4_000)}`, "camera-answer-too-large"],
    ["an endless line", `RTSP/1.0 200 ${"K".repeat(20_000)}`, "camera-answer-too-large"],
    ["headers that end too late", `RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(4_000)}\r\n`, "camera-answer-too-large"],
  ])("refuses %s, in one chunk and byte by byte", (_, content, code) => {
    for (const size of [content.length, 1]) {
      expect(() => split(text(content), size)).toThrow(expect.objectContaining({ code }));
    }
  });

  it("takes headers of 16 KiB and a body of 64 KiB", () => {
    const head = `RTSP/1.0 200 OK\r\nContent-Length: 65536\r\nX: ${"y".repeat(16_000)}\r\n\r\n`;
    const { messages } = split(Buffer.concat([text(head), Buffer.alloc(65_536)]), 1_460);
    expect(messages.map(({ body }) => body.length)).toEqual([65_536]);
  });
});

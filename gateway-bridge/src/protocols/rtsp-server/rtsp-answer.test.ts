import { describe, expect, it } from "@jest/globals";

import type { RtspMessage } from "../rtsp/rtsp-message.ts";
import { RtspSplitter } from "../rtsp/rtsp-splitter.ts";
import { formatRtspAnswer, parseSequence } from "./rtsp-answer.ts";

const read = (bytes: Buffer): RtspMessage[] => {
  const messages: RtspMessage[] = [];
  new RtspSplitter({ frame: () => undefined, message: (message) => messages.push(message) }).push(bytes);
  return messages;
};

describe("formatRtspAnswer", () => {
  it("is read by a client", () => {
    const body = Buffer.from("v=0\r\n");
    const bytes = formatRtspAnswer({ status: 200, headers: { "Content-Type": "application/sdp" }, body }, 7);
    const [answer] = read(bytes);
    expect(answer).toMatchObject({ kind: "response", status: 200, reason: "OK", body });
    expect(answer?.headers.get("cseq")).toBe("7");
    expect(answer?.headers.get("content-type")).toBe("application/sdp");
  });

  it("gives a reason of its own where there is one", () => {
    expect(read(formatRtspAnswer({ status: 503, reason: "the house is full" }, 1))).toMatchObject([
      { status: 503, reason: "the house is full" },
    ]);
  });

  it("writes one header for each value of a list", () => {
    const [answer] = read(
      formatRtspAnswer({ status: 401, headers: { "WWW-Authenticate": ["Digest a", "Basic b"] } }, 1),
    );
    expect(answer?.headers.all("www-authenticate")).toEqual(["Digest a", "Basic b"]);
  });

  it("leaves CSeq out where the request had none", () => {
    expect(formatRtspAnswer({ status: 400 }, undefined).toString()).toBe(
      "RTSP/1.0 400 Bad Request\r\nServer: Gatehouse\r\n\r\n",
    );
  });
});

it.each([
  ["7", 7],
  ["12 junk", 12],
  ["x", undefined],
  [undefined, undefined],
])("parseSequence(%j) is %j", (header, sequence) => {
  expect(parseSequence(header)).toBe(sequence);
});

import { describe, expect, it } from "@jest/globals";

import { withoutLogins } from "./rtsp-request.ts";

const strip = (head: string, body = ""): string =>
  withoutLogins(Buffer.from(head + body, "latin1"), body.length).toString("latin1");

describe("withoutLogins", () => {
  it.each([
    'Authorization: Digest username="a"\r\n',
    "AUTHORIZATION:Basic x\r\n",
    "authorization : x\r\n",
    'Authorization: Digest username="a",\r\n realm="b",\r\n\tnonce="c"\r\n',
    "Authorization: x\n",
    "Proxy-Authorization: Basic x\r\n",
    "Authorization: x\r\nAuthorization: y\r\n",
  ])("takes %j out, and leaves the rest byte for byte", (login) => {
    const [before, after] = ["PLAY rtsp://h/c RTSP/1.0\r\nCSeq:  7\r\n", "X-Odd:\t\xe9\r\nRange: npt=0-\r\n\r\n"];
    expect(strip(before + login + after)).toBe(before + after);
    expect(strip(`${before}${login}\r\n`)).toBe(`${before}\r\n`);
  });

  it("leaves what only looks like one", () => {
    const text =
      "SETUP rtsp://h/authorization: RTSP/1.0\r\nX-Authorization: a\r\nX: b\r\n Authorization: c\r\nCSeq: 1\r\n\r\n";
    expect(strip(text)).toBe(text);
  });

  it("leaves the body, whatever it holds", () => {
    const head = "SET_PARAMETER rtsp://h/c RTSP/1.0\r\nAuthorization: x\r\nContent-Length: 22\r\n\r\n";
    expect(strip(head, "\r\nAuthorization: mine\n")).toBe(
      "SET_PARAMETER rtsp://h/c RTSP/1.0\r\nContent-Length: 22\r\n\r\n\r\nAuthorization: mine\n",
    );
  });
});

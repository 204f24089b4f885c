import { describe, expect, it } from "@jest/globals";

import { headersBack, headersHome } from "./header-policy.ts";

const raw = (text: string): string[] =>
  text
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [name = "", ...value] = line.trim().split(": ");
      return [name, value.join(": ")];
    });

describe("headersHome", () => {
  it("takes along what the request is about, all values in their order", () => {
    const passed = headersHome(
      raw(`Accept: image/jpeg
        X-Mine: one
        x-mine: two
        Sec-WebSocket-Key: abc
        Content-Type: application/json`),
    );
    expect({ ...passed }).toEqual({
      accept: ["image/jpeg"],
      "x-mine": ["one", "two"],
      "sec-websocket-key": ["abc"],
      "content-type": ["application/json"],
    });
  });

  it.each([
    "Authorization: Bearer secret",
    "Cookie: __Host-gatehouse=another",
    "Host: 127.0.0.1:8480",
    "Origin: https://evil.example",
    "Sec-Fetch-Site: same-origin",
    "Referer: https://evil.example",
    "Forwarded: for=192.0.2.1",
    "X-Forwarded-For: 192.0.2.1",
    "X-Real-IP: 192.0.2.1",
    "Via: 1.1 x",
    "Expect: 100-continue",
    "Connection: keep-alive",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Trailer: x",
    "Transfer-Encoding: chunked",
    "Upgrade: websocket",
    "Proxy-Authorization: Basic eA==",
    "Proxy-Connection: keep-alive",
  ])("leaves out what is not theirs to say: %s", (line) => {
    expect({ ...headersHome(raw(line)) }).toEqual({});
  });

  it("leaves out what Connection names", () => {
    expect({ ...headersHome(raw("Connection: close, X-Hop\nX-Hop: 1\nX-Stays: 2")) }).toEqual({ "x-stays": ["2"] });
  });

  it("takes a header of any name for no more than a header", () => {
    expect(Object.entries(headersHome(["__proto__", "x", "constructor", "y"]))).toEqual([
      ["__proto__", ["x"]],
      ["constructor", ["y"]],
    ]);
  });
});

describe("headersBack", () => {
  it("brings what the answer is about, and never a cookie", () => {
    const passed = headersBack(
      raw(`Content-Type: image/jpeg
        Content-Length: 5
        Set-Cookie: __Host-gatehouse=secret; Path=/
        set-cookie: __Host-gatehouse-device=secret
        Strict-Transport-Security: max-age=1
        Connection: close
        X-Captured-At: 7`),
    );
    expect({ ...passed }).toEqual({
      "content-type": ["image/jpeg"],
      "content-length": ["5"],
      "x-captured-at": ["7"],
    });
  });
});

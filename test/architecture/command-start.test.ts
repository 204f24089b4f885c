import { describe, expect, it } from "@jest/globals";

import { reachOf, startOf } from "../support/import-reach.ts";

const source = "gateway-bridge/src/";

describe("what every `gatehouse` command reads before it begins", () => {
  const { files, packages } = startOf(`${source}main.ts`);

  it("is not the gateway, which `up` and `check` alone open: on a small box it is most of a start", () => {
    expect(files).not.toContain(`${source}gateway.ts`);
    const rooms = ["api", "cameras", "consumers", "sources", "posture/checks"];
    expect([...files].filter((path) => rooms.some((room) => path.startsWith(`${source}${room}/`)))).toEqual([]);
    expect(reachOf(`${source}main.ts`).files).toContain(`${source}gateway.ts`);
  });

  it("is few packages: the log, codes of squares, WebSockets, shapes", () => {
    expect([...packages].sort()).toEqual(["pino", "uqr", "ws", "zod"]);
  });
});

describe("what every `gatehouse-relay` command reads before it begins", () => {
  it("is not the relay, nor what counts for its figures", () => {
    const { files, packages } = startOf(`${source}relay-main.ts`);
    expect(files).not.toContain(`${source}relay-node.ts`);
    expect([...packages].sort()).toEqual(["otplib", "pino", "ws", "zod"]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { dirname } from "node:path";

import { reachOf } from "../support/import-reach.ts";

const source = "gateway-bridge/src/";
const roomsOf = (files: ReadonlySet<string>): string[] => {
  const inside = [...files].filter((path) => path.startsWith(source)).map((path) => path.slice(source.length));
  return [
    ...new Set(inside.map((path) => (path.startsWith("protocols/") ? dirname(path) : (path.split("/")[0] ?? "")))),
  ];
};

describe("what the relay's program reaches", () => {
  const { files, packages } = reachOf(`${source}relay-main.ts`);

  it("is nothing of cameras, media, or the gateway's API, nor what knows people", () => {
    expect(roomsOf(files).sort()).toEqual([
      "audit",
      "cli",
      "config",
      "domain",
      "metrics",
      "process-edge.ts",
      "protocols/x509",
      "relay",
      "relay-cli",
      "relay-main.ts",
      "relay-node.ts",
      "relay-operation.ts",
      "relay-store.ts",
      "store",
      "update",
      "vault",
      "version.ts",
    ]);
  });

  it("is of the relay no half that is the gateway's, or a device's", () => {
    const halves = new Set([...files].map((path) => path.split("/").slice(0, 4).join("/")));
    for (const half of ["connect", "door", "tunnel"]) expect(halves).not.toContain(`${source}relay/${half}`);
    expect(halves).toContain(`${source}relay/server`);
  });

  it("is few packages, each for one thing", () => {
    // Codes of authenticators, the log, figures, shapes; and WebSockets, which the shared client brings.
    expect([...packages].sort()).toEqual(["otplib", "pino", "prom-client", "ws", "zod"]);
  });

  it("would be more if it reached the gateway's program", () => {
    const gateway = reachOf(`${source}main.ts`);
    expect(roomsOf(gateway.files)).toEqual(expect.arrayContaining(["api", "cameras", "media", "consumers"]));
    expect(gateway.packages).toContain("fastify");
  });
});

import { describe, expect, it } from "@jest/globals";

import { parsePart } from "./parse-request.ts";

const refused = (act: () => unknown): Error & { details?: unknown } => {
  try {
    act();
  } catch (error) {
    expect(error).toMatchObject({ code: "request-invalid" });
    return error as Error;
  }
  throw new Error("accepted");
};

describe("parsePart", () => {
  it("gives what the schema makes of it", () => {
    expect(parsePart("snapshot", "query", { width: "640" })).toEqual({ width: 640 });
    expect(parsePart("addCamera", "body", { address: "x" })).toEqual({ address: "x", warm: false });
  });

  it("names field and rule, and never the value", () => {
    const error = refused(() => parsePart("addCamera", "body", { address: 5, password: ["hunter2"] }));
    expect(error.message).toMatch(/^body\.address: .*; body\.password: /);
    expect(JSON.stringify([error.message, error.details])).not.toContain("hunter2");
  });

  it("refuses fields that the schema does not know, even those of every object", () => {
    expect(refused(() => parsePart("addCamera", "body", { address: "x", admin: true })).message).toContain("admin");
    const sly = JSON.parse('{"address":"x","__proto__":{"warm":true}}') as unknown;
    refused(() => parsePart("addCamera", "body", sly));
    refused(() => parsePart("listCameras", "query", { constructor: "x" }));
  });

  it("refuses a body where none belongs", () => {
    expect(parsePart("discoverCameras", "body", undefined)).toBeUndefined();
    refused(() => parsePart("discoverCameras", "body", {}));
  });

  it("names at most eight faults", () => {
    const grants = Array.from({ length: 500 }, () => ({ action: "x", camera: "y" }));
    const error = refused(() => parsePart("offerPairing", "body", { kind: "node-red", name: "n", grants }));
    expect(error.details).toEqual({ issues: expect.any(Array) });
    expect((error.details as { issues: unknown[] }).issues).toHaveLength(8);
  });
});

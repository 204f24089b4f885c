import { describe, expect, it } from "@jest/globals";

import { snapshotRequest } from "./snapshot-request.ts";

describe("snapshotRequest", () => {
  it("takes camera and width from the node", () => {
    expect(snapshotRequest({ camera: "Front", width: "640" }, {})).toEqual({ camera: "Front", size: { width: 640 } });
  });

  it("lets the message win", () => {
    expect(snapshotRequest({ camera: "Front", width: "640" }, { camera: "Garden", width: 320 })).toEqual({
      camera: "Garden",
      size: { width: 320 },
    });
  });

  it.each(["", "wide", "-1", "1.5", undefined, Number.NaN, {}])("asks for no width when it is %j", (width) => {
    expect(snapshotRequest({ camera: "Front" }, { width })).toEqual({ camera: "Front", size: {} });
  });

  it.each([{}, { camera: "" }, { camera: 5 }])("refuses when no camera is named: %j", (message) => {
    expect(() => snapshotRequest({ camera: "" }, message)).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });
});

import { describe, expect, it } from "@jest/globals";

import { refusalProofs } from "./refusal-proof-policy.ts";

const all = ["onvif", "http", "rtsp"] as const;

describe("where the old password is shown to be refused", () => {
  it.each([
    // One list of users: once, where the camera was not told.
    [["onvif"], all, ["rtsp"]],
    [["onvif"], ["onvif", "http"], ["http"]],
    [["onvif"], ["onvif"], ["onvif"]],
    // Two lists: once each.
    [["onvif", "web"], all, ["onvif", "rtsp"]],
    [
      ["onvif", "web"],
      ["onvif", "http"],
      ["onvif", "http"],
    ],
    [["onvif", "web"], ["rtsp"], ["rtsp"]],
    [["web"], all, ["rtsp"]],
    [["web"], ["http"], ["http"]],
    [["onvif"], [], []],
  ] as const)("told by %j, asked for logins at %j: %j", (told, asking, proofs) => {
    expect(refusalProofs(told, asking)).toEqual(proofs);
  });

  it("takes no more wrong passwords than a camera bears", () => {
    for (const told of [["onvif"], ["web"], ["onvif", "web"]] as const)
      expect(refusalProofs(told, all).length).toBeLessThanOrEqual(2);
  });
});

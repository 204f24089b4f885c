import { describe, expect, it } from "@jest/globals";

import type { AudioTrack } from "../../domain/track.ts";
import { opusTrack, videoTrack } from "../../media/testing/units.ts";
import { parseOffer } from "./offer.ts";
import { planSession } from "./session-plan.ts";
import { makeOffer } from "./testing/offers.ts";

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };
const aac: AudioTrack = { kind: "audio", codec: "aac", clockRate: 16_000, channels: 1 };

describe("The plan of a session", () => {
  it.each<[string, AudioTrack | undefined, boolean, string | undefined, string | undefined, string | undefined]>([
    ["recvonly", opusTrack, false, "sendonly", "opus", undefined],
    ["recvonly", pcmu, false, "sendonly", "pcmu", undefined],
    ["recvonly", aac, false, undefined, undefined, undefined],
    ["recvonly", undefined, true, undefined, undefined, undefined],
    ["sendrecv", opusTrack, false, "sendonly", "opus", undefined],
    ["sendrecv", opusTrack, true, "sendrecv", "opus", "opus"],
    ["sendrecv", pcmu, true, "sendrecv", "pcmu", "pcmu"],
    ["sendrecv", undefined, true, "recvonly", undefined, "pcmu"],
    ["sendrecv", undefined, false, undefined, undefined, undefined],
    ["sendonly", opusTrack, true, "recvonly", undefined, "pcmu"],
    ["inactive", opusTrack, true, undefined, undefined, undefined],
  ])("for sound that is offered %s", (audioDirection, track, mayTalk, direction, heard, said) => {
    const offer = parseOffer(makeOffer({ audioDirection }));
    const plan = planSession(offer, { video: videoTrack, audio: track }, mayTalk);
    expect(plan.video).toMatchObject({ kind: "video", mid: "0", direction: "sendonly" });
    expect([plan.audio?.direction, plan.heard, plan.said?.codec]).toEqual([direction, heard, said]);
  });

  it("is refused for a picture that was not offered", () => {
    const offer = parseOffer(makeOffer());
    expect(() => planSession(offer, { video: { ...videoTrack, codec: "h265" }, audio: undefined }, false)).toThrow(
      expect.objectContaining({ code: "codec-unsupported" }),
    );
  });
});

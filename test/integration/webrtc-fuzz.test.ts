import { describe, expect, it } from "@jest/globals";

import { usableCandidates } from "../../gateway-bridge/src/consumers/webrtc/candidate-policy.ts";
import { acceptedCodecs } from "../../gateway-bridge/src/consumers/webrtc/codec-policy.ts";
import { parseOffer, type Offer } from "../../gateway-bridge/src/consumers/webrtc/offer.ts";
import { planSession } from "../../gateway-bridge/src/consumers/webrtc/session-plan.ts";
import { answerText, engineOffer } from "../../gateway-bridge/src/consumers/webrtc/session-text.ts";
import { makeOffer, safariVideo } from "../../gateway-bridge/src/consumers/webrtc/testing/offers.ts";
import { opusTrack, videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { parseRtcpFeedback } from "../../gateway-bridge/src/protocols/rtp/rtcp-feedback.ts";
import { fuzz } from "../support/fuzz.ts";

const local = {
  ufrag: "gate",
  password: "housegatehousegatehouse",
  fingerprint: { algorithm: "sha-256", value: Array(32).fill("AB").join(":") },
  setup: "active",
  candidates: [],
} as const;
const events = { onState: () => undefined, onRtcp: () => undefined, onRtp: () => undefined };

/** Everything that is made of an offer before an engine sees it; what it is given must be an offer of the same form again. */
const answer = (offer: Offer): void => {
  acceptedCodecs(offer);
  const { video, audio } = planSession(offer, { video: videoTrack, audio: opusTrack }, true);
  const tracks = audio === undefined ? [video] : [video, audio];
  const candidates = usableCandidates(offer.candidates, { interfaces: {}, fromHere: true });
  const inner = engineOffer({ remote: offer.transport, candidates, tracks, loopback: false, events });
  const read = parseOffer(inner);
  expect(read.media.map(({ mid }) => mid)).toEqual(tracks.map(({ mid }) => mid));
  expect(read.transport).toEqual(offer.transport);
  const outer = parseOffer(
    answerText({ offer, tracks: tracks.map((track) => ({ ...track, ssrc: 1 })), local, cname: "name" }),
  );
  expect(outer.media.map(({ kind, mid }) => [kind, mid])).toEqual(offer.media.map(({ kind, mid }) => [kind, mid]));
};

describe("A stranger's", () => {
  it("offer is answered or refused, and never reaches another parser in its own words", () => {
    const corpus = [makeOffer(), makeOffer({ video: safariVideo, dataChannel: true }), makeOffer({ bundle: false })];
    const dictionary = [
      "\r\n", "m=", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "a=mid:", "a=group:BUNDLE 0 0 9", "a=rtpmap:", "a=fmtp:0 ", ";", "=", "a=rtcp-fb:* ",
      "a=setup:active", "a=fingerprint:sha-512 ", "a=candidate:", "a=sendrecv", "65536", "-1", "/", "opus/48000/2", "\0", "\u00e9", "\n", "\r",
    ]; // prettier-ignore
    fuzz((input) => answer(parseOffer(input.toString("latin1"))), {
      corpus: corpus.map((sdp) => Buffer.from(sdp, "latin1")),
      dictionary,
    });
  });

  it("feedback is read or passed over", () => {
    const corpus = [
      "81cd00030000000100000048fffe0005",
      "81ce00020000000100000048",
      "84ce000400000001000000480000004805000000",
      "8fce000500000001000000005245 4d420118f4240000004d".replaceAll(" ", ""),
    ].map((hex) => Buffer.from(hex, "hex"));
    fuzz((input) => parseRtcpFeedback(input), {
      corpus: [...corpus, Buffer.concat(corpus)],
      dictionary: ["REMB", "\u008f\u00ce", "\u0081\u00cd", "\u00ff\u00ff"],
    });
  });
});

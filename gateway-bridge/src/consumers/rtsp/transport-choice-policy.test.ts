import { describe, expect, it } from "@jest/globals";

import type { TransportOffer } from "../../protocols/rtsp-server/transport-offer.ts";
import { chooseTransport } from "./transport-choice-policy.ts";

const udp: TransportOffer = { kind: "udp", rtpPort: 5_000, rtcpPort: 5_001 };
const first: TransportOffer = { kind: "interleaved", channels: { rtp: 0, rtcp: 1 } };
const open: TransportOffer = { kind: "interleaved", channels: undefined };
const none = { kind: "none" };

describe("chooseTransport", () => {
  it.each([
    {
      name: "UDP where it is wanted first, on plain RTSP",
      offers: [udp, first],
      secure: false,
      taken: [],
      choice: udp,
    },
    { name: "no UDP out of an encrypted connection", offers: [udp, first], secure: true, taken: [], choice: first },
    { name: "nothing if UDP alone is wanted there", offers: [udp], secure: true, taken: [], choice: none },
    { name: "the reader's own channels", offers: [first], secure: true, taken: [2, 3], choice: first },
    { name: "no channel twice", offers: [first], secure: true, taken: [1, 2], choice: none },
    {
      name: "the next free channels where the reader has no wish",
      offers: [open],
      secure: true,
      taken: [0, 1],
      choice: { kind: "interleaved", channels: { rtp: 2, rtcp: 3 } },
    },
    { name: "nothing without an offer", offers: [], secure: false, taken: [], choice: none },
  ])("takes $name", ({ offers, secure, taken, choice }) => {
    expect(chooseTransport({ offers, secure, taken: new Set(taken) })).toEqual(choice);
  });
});

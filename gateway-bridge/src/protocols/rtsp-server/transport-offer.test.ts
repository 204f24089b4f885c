import { describe, expect, it } from "@jest/globals";

import { parseTransportOffers } from "./transport-offer.ts";

describe("parseTransportOffers", () => {
  it.each([
    ["RTP/AVP/TCP;unicast;interleaved=0-1", [{ kind: "interleaved", channels: { rtp: 0, rtcp: 1 } }]],
    ["RTP/AVP/TCP;interleaved=4", [{ kind: "interleaved", channels: { rtp: 4, rtcp: 5 } }]],
    ["RTP/AVP/TCP;unicast", [{ kind: "interleaved", channels: undefined }]],
    ["RTP/AVP;unicast;client_port=5000-5001", [{ kind: "udp", rtpPort: 5_000, rtcpPort: 5_001 }]],
    ['RTP/AVP/UDP;unicast;client_port=5000-5001;mode="PLAY"', [{ kind: "udp", rtpPort: 5_000, rtcpPort: 5_001 }]],
    [
      "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1",
      [
        { kind: "udp", rtpPort: 5_000, rtcpPort: 5_001 },
        { kind: "interleaved", channels: { rtp: 0, rtcp: 1 } },
      ],
    ],
    // Where it is to go is not for the client to say.
    ["RTP/AVP;unicast;destination=192.0.2.9;client_port=6000-6001", [{ kind: "udp", rtpPort: 6_000, rtcpPort: 6_001 }]],
  ])("reads %s", (header, offers) => {
    expect(parseTransportOffers(header)).toEqual(offers);
  });

  it.each([
    "",
    "RTP/SAVP;unicast;client_port=5000-5001",
    "RTP/AVP;multicast;client_port=5000-5001",
    "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record",
    "RTP/AVP/TCP;interleaved=256-257",
    "RTP/AVP/TCP;interleaved=255",
    "RTP/AVP/TCP;interleaved=3-3",
    "RTP/AVP;unicast",
    "RTP/AVP;unicast;client_port=0-1",
    "RTP/AVP;unicast;client_port=65535-65536",
    "RTP/AVP;unicast;client_port=-5",
    "RAW/RAW/UDP;unicast;client_port=5000-5001",
  ])("leaves %j out", (header) => {
    expect(parseTransportOffers(header)).toEqual([]);
  });
});

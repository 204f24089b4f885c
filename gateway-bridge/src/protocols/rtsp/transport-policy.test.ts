import { describe, expect, it } from "@jest/globals";

import { decideCarriers, formatTransport, type Carrier, type TransportSituation } from "./transport-policy.ts";

// Covers: every preference, with and without TLS, with and without SRTP, for the first track and a later one; both headers.

describe("decideCarriers", () => {
  it.each<[string, TransportSituation, readonly Carrier[]]>([
    ["first", { preference: "auto", secure: false, srtp: false, settled: undefined }, ["interleaved", "udp"]],
    ["as wanted", { preference: "tcp", secure: false, srtp: false, settled: undefined }, ["interleaved"]],
    ["as wanted", { preference: "udp", secure: false, srtp: false, settled: undefined }, ["udp"]],
    ["as before", { preference: "auto", secure: false, srtp: false, settled: "udp" }, ["udp"]],
    ["as before", { preference: "auto", secure: false, srtp: false, settled: "interleaved" }, ["interleaved"]],
    ["inside TLS", { preference: "auto", secure: true, srtp: false, settled: undefined }, ["interleaved"]],
    ["inside TLS, never beside", { preference: "udp", secure: true, srtp: false, settled: undefined }, ["interleaved"]],
    [
      "never beside TLS, even after SRTP",
      { preference: "auto", secure: true, srtp: false, settled: "udp" },
      ["interleaved"],
    ],
    ["SRTP anyhow", { preference: "auto", secure: true, srtp: true, settled: undefined }, ["interleaved", "udp"]],
    ["SRTP as wanted", { preference: "udp", secure: true, srtp: true, settled: undefined }, ["udp"]],
  ])("%s: %p", (_, situation, expected) => {
    expect(decideCarriers(situation)).toEqual(expected);
  });
});

describe("formatTransport", () => {
  it.each<[Carrier, boolean, string]>([
    ["interleaved", false, "RTP/AVP/TCP;unicast;interleaved=4-5"],
    ["interleaved", true, "RTP/SAVP/TCP;unicast;interleaved=4-5"],
    ["udp", false, "RTP/AVP;unicast;client_port=4-5"],
    ["udp", true, "RTP/SAVP;unicast;client_port=4-5"],
  ])("asks for %s, SRTP %p", (carrier, srtp, expected) => {
    expect(formatTransport(carrier, { srtp, first: 4 })).toBe(expected);
  });
});

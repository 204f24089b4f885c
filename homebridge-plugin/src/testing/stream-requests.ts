import type { PrepareStreamRequest, StartStreamRequest } from "homebridge";

import { audioCodec, audioRate, srtpSuite, streamRequest } from "../hap-enums.ts";

export const streamId = "00000000-0000-4000-8000-000000000001";

/** SetupEndpoints as HAP-NodeJS hands it on. */
export const prepareRequest = (over: Partial<PrepareStreamRequest> = {}): PrepareStreamRequest => ({
  sessionID: streamId,
  sourceAddress: "192.168.1.5",
  targetAddress: "192.168.1.9",
  addressVersion: "ipv4",
  video: {
    port: 50_000,
    srtpCryptoSuite: srtpSuite.aesCm128HmacSha1With80,
    srtp_key: Buffer.alloc(16, 1),
    srtp_salt: Buffer.alloc(14, 1),
  },
  audio: {
    port: 50_002,
    srtpCryptoSuite: srtpSuite.aesCm128HmacSha1With80,
    srtp_key: Buffer.alloc(16, 2),
    srtp_salt: Buffer.alloc(14, 2),
  },
  ...over,
});

/** The start of a view as HAP-NodeJS hands it on, with what an iPhone writes; the enums as the numbers that they are. */
export const startRequest = (sessionID = streamId): StartStreamRequest => {
  const request: unknown = {
    sessionID,
    type: streamRequest.start,
    video: { codec: 0, profile: 2, level: 2, packetizationMode: 0, width: 1_280, height: 720, fps: 30, pt: 99, ssrc: 1, max_bit_rate: 299, rtcp_interval: 0.5, mtu: 1_378 }, // prettier-ignore
    audio: { codec: audioCodec.opus, channel: 1, bit_rate: 0, sample_rate: audioRate.khz24, packet_time: 20, pt: 110, ssrc: 2, max_bit_rate: 24, rtcp_interval: 5, comfort_pt: 13, comfortNoiseEnabled: false }, // prettier-ignore
  };
  return request as StartStreamRequest;
};

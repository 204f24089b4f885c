import { z } from "zod";

import { SessionId } from "./ids.ts";

const Port = z.int().min(1).max(65_535);
const Ssrc = z.int().min(0).max(0xffff_ffff);
/** A 16-byte master key and 14-byte salt, base64: AES_CM_128_HMAC_SHA1_80, the suite that every HomeKit controller uses. */
const SrtpKey = z.strictObject({
  key: z.base64().length(24),
  salt: z.base64().length(20),
});

/** Where a HomeKit controller wants its media, as it wrote in SetupEndpoints. */
export const PrepareHomeKitSession = z.strictObject({
  viewer: z.strictObject({
    address: z.union([z.ipv4(), z.ipv6()]),
    videoPort: Port,
    audioPort: Port.optional(),
    /** The controller's keys: its RTCP is authenticated with them. */
    videoSrtp: SrtpKey,
    audioSrtp: SrtpKey.optional(),
  }),
  /** The local address of the HAP connection, when Homebridge and the gateway share a host: media must come from it. */
  localAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** Picture width that the viewer asked for, if known; chooses the tier. */
  width: z.int().positive().optional(),
});
export type PrepareHomeKitSession = z.infer<typeof PrepareHomeKitSession>;

/** The gateway's half of SetupEndpoints: fresh keys and SSRCs, drawn for this session. */
export const PreparedHomeKitSession = z.strictObject({
  id: SessionId,
  /** The address that media will come from. */
  address: z.union([z.ipv4(), z.ipv6()]),
  video: z.strictObject({ port: Port, ssrc: Ssrc, srtp: SrtpKey }),
  audio: z.strictObject({ port: Port, ssrc: Ssrc, srtp: SrtpKey }).nullable(),
});
export type PreparedHomeKitSession = z.infer<typeof PreparedHomeKitSession>;

/** SelectedRTPStreamConfiguration, command start. */
export const StartHomeKitSession = z.strictObject({
  video: z.strictObject({
    payloadType: z.int().min(0).max(127),
    maxBitrateKbps: z.int().positive(),
    /** Seconds between RTCP sender reports. */
    rtcpInterval: z.number().positive().max(60),
    mtu: z.int().min(500).max(65_535),
    width: z.int().positive(),
    height: z.int().positive(),
    fps: z.int().positive(),
  }),
  audio: z
    .strictObject({
      payloadType: z.int().min(0).max(127),
      /** Samples a second that the RTP clock counts: HomeKit uses the requested rate where RFC 7587 has 48,000. */
      sampleRate: z.int().positive(),
      /** Milliseconds of sound a packet. */
      packetTime: z.int().positive().max(120),
      rtcpInterval: z.number().positive().max(60),
    })
    .nullable(),
});
export type StartHomeKitSession = z.infer<typeof StartHomeKitSession>;

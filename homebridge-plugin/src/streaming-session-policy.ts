import { randomBytes } from "node:crypto";

import {
  GatehouseError,
  type PreparedHomeKitSession,
  type RouteCall,
  type StartHomeKitSession,
} from "@gatehouse/shared";
import type { PrepareStreamRequest, PrepareStreamResponse, SourceResponse, StartStreamRequest } from "homebridge";

import { audioCodec, srtpSuite } from "./hap-enums.ts";

type PrepareBody = RouteCall<"prepareHomeKitSession">["body"];

/**
 * SetupEndpoints as the gateway takes it.
 * @param localAddress where the viewer expects media from, if the gateway can send from there
 * @throws GatehouseError `request-invalid` for a viewer that wants its media unprotected
 */
export const prepareBody = (request: PrepareStreamRequest, localAddress: string | undefined): PrepareBody => {
  const { video, audio } = request;
  if (video.srtpCryptoSuite !== srtpSuite.aesCm128HmacSha1With80) {
    throw new GatehouseError("request-invalid", "the viewer asked for media without AES_CM_128_HMAC_SHA1_80");
  }
  const sound = audio.srtpCryptoSuite === srtpSuite.aesCm128HmacSha1With80 && audio.port > 0;
  return {
    viewer: {
      address: request.targetAddress.replace(/%.*$/, ""),
      videoPort: video.port,
      videoSrtp: srtpKey(video.srtp_key, video.srtp_salt),
      ...(sound ? { audioPort: audio.port, audioSrtp: srtpKey(audio.srtp_key, audio.srtp_salt) } : {}),
    },
    ...(localAddress === undefined ? {} : { localAddress }),
  };
};

const srtpKey = (key: Buffer, salt: Buffer): { key: string; salt: string } => ({
  key: key.toString("base64"),
  salt: salt.toString("base64"),
});

/** What SetupEndpoints answers: the gateway's address, ports, keys and SSRCs. */
export const prepareAnswer = ({ address, video, audio }: PreparedHomeKitSession): PrepareStreamResponse => ({
  addressOverride: address,
  video: source(video),
  // HAP wants an audio endpoint from a camera that has none, too. Nothing is ever sent under these keys.
  audio: audio === null ? silence(video.port) : source(audio),
});

const source = ({ port, ssrc, srtp }: PreparedHomeKitSession["video"]): SourceResponse => ({
  port,
  ssrc,
  srtp_key: Buffer.from(srtp.key, "base64"),
  srtp_salt: Buffer.from(srtp.salt, "base64"),
});

const silence = (port: number): SourceResponse => ({
  port,
  ssrc: randomBytes(4).readUInt32BE(),
  srtp_key: randomBytes(16),
  srtp_salt: randomBytes(14),
});

/** Controllers write 0 for "you choose"; half a second keeps them content. */
const defaultRtcpInterval = 0.5;

/** The start of SelectedRTPStreamConfiguration as the gateway takes it; `sound` if the gateway prepared any. */
export const startBody = ({ video, audio }: StartStreamRequest, sound: boolean): StartHomeKitSession => ({
  video: {
    payloadType: video.pt,
    maxBitrateKbps: Math.max(1, video.max_bit_rate),
    rtcpInterval: rtcpInterval(video.rtcp_interval),
    mtu: video.mtu,
    width: video.width,
    height: video.height,
    fps: video.fps,
  },
  audio:
    sound && audio.codec === audioCodec.opus
      ? {
          payloadType: audio.pt,
          sampleRate: audio.sample_rate * 1_000,
          packetTime: audio.packet_time,
          rtcpInterval: rtcpInterval(audio.rtcp_interval),
        }
      : null,
});

const rtcpInterval = (seconds: number): number => (seconds > 0 ? Math.min(60, seconds) : defaultRtcpInterval);

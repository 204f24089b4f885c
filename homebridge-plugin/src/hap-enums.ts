import type {
  AudioStreamingCodecType,
  AudioStreamingSamplerate,
  Categories,
  H264Level,
  H264Profile,
  HAPStatus,
  SRTPCryptoSuites,
  StreamRequestTypes,
} from "homebridge";

// HAP-NodeJS declares these as ambient const enums, whose members cannot be read as values where each file is
// compiled on its own (TS2748). A test holds them against the HAP-NodeJS that is installed.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment -- for the same reason */

export const category = { camera: 17 as Categories.IP_CAMERA } as const;

export const srtpSuite = { aesCm128HmacSha1With80: 0 as SRTPCryptoSuites.AES_CM_128_HMAC_SHA1_80 } as const;

export const h264Profile = {
  baseline: 0 as H264Profile.BASELINE,
  main: 1 as H264Profile.MAIN,
  high: 2 as H264Profile.HIGH,
} as const;

export const h264Level = {
  level31: 0 as H264Level.LEVEL3_1,
  level32: 1 as H264Level.LEVEL3_2,
  level40: 2 as H264Level.LEVEL4_0,
} as const;

export const audioCodec = { opus: "OPUS" as AudioStreamingCodecType.OPUS } as const;

export const audioRate = {
  khz16: 16 as AudioStreamingSamplerate.KHZ_16,
  khz24: 24 as AudioStreamingSamplerate.KHZ_24,
} as const;

export const streamRequest = {
  start: "start" as StreamRequestTypes.START,
  stop: "stop" as StreamRequestTypes.STOP,
  reconfigure: "reconfigure" as StreamRequestTypes.RECONFIGURE,
} as const;

export const hapStatus = {
  insufficientPrivileges: -70401 as HAPStatus.INSUFFICIENT_PRIVILEGES,
  communicationFailure: -70402 as HAPStatus.SERVICE_COMMUNICATION_FAILURE,
  busy: -70403 as HAPStatus.RESOURCE_BUSY,
  timedOut: -70408 as HAPStatus.OPERATION_TIMED_OUT,
  doesNotExist: -70409 as HAPStatus.RESOURCE_DOES_NOT_EXIST,
} as const;

import hap from "@homebridge/hap-nodejs";
import { describe, expect, it } from "@jest/globals";

import { audioCodec, audioRate, category, h264Level, h264Profile, hapStatus, srtpSuite, streamRequest } from "./hap-enums.ts"; // prettier-ignore

/** The enums as they exist at run time, though their declarations hide it. */
const real = hap as unknown as Record<string, Record<string, unknown>>;

describe("the copies of HAP-NodeJS's enums", () => {
  it.each([
    [category.camera, real["Categories"]?.["IP_CAMERA"]],
    [srtpSuite.aesCm128HmacSha1With80, real["SRTPCryptoSuites"]?.["AES_CM_128_HMAC_SHA1_80"]],
    [h264Profile.baseline, real["H264Profile"]?.["BASELINE"]],
    [h264Profile.main, real["H264Profile"]?.["MAIN"]],
    [h264Profile.high, real["H264Profile"]?.["HIGH"]],
    [h264Level.level31, real["H264Level"]?.["LEVEL3_1"]],
    [h264Level.level32, real["H264Level"]?.["LEVEL3_2"]],
    [h264Level.level40, real["H264Level"]?.["LEVEL4_0"]],
    [audioCodec.opus, real["AudioStreamingCodecType"]?.["OPUS"]],
    [audioRate.khz16, real["AudioStreamingSamplerate"]?.["KHZ_16"]],
    [audioRate.khz24, real["AudioStreamingSamplerate"]?.["KHZ_24"]],
    [streamRequest.start, real["StreamRequestTypes"]?.["START"]],
    [streamRequest.stop, real["StreamRequestTypes"]?.["STOP"]],
    [streamRequest.reconfigure, real["StreamRequestTypes"]?.["RECONFIGURE"]],
    [hapStatus.insufficientPrivileges, real["HAPStatus"]?.["INSUFFICIENT_PRIVILEGES"]],
    [hapStatus.communicationFailure, real["HAPStatus"]?.["SERVICE_COMMUNICATION_FAILURE"]],
    [hapStatus.busy, real["HAPStatus"]?.["RESOURCE_BUSY"]],
    [hapStatus.timedOut, real["HAPStatus"]?.["OPERATION_TIMED_OUT"]],
    [hapStatus.doesNotExist, real["HAPStatus"]?.["RESOURCE_DOES_NOT_EXIST"]],
  ])("%s is what the installed version says", (ours, theirs) => {
    expect(theirs).toBeDefined();
    expect(ours).toBe(theirs);
  });
});

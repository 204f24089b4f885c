import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import { textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { parseDuration } from "../xs-time.ts";
import { ask } from "./ask.ts";

export { getDeviceInformation, type DeviceInformation } from "../device.ts";

/** Where new firmware goes: by HTTP POST of the plain file (ONVIF Core 8.3.9). Nothing is installed before that. */
export interface FirmwareUpload {
  /** Forced to the camera's own host. */
  readonly url: URL;
  /** How long to wait before the file is sent. */
  readonly delayMs: number;
  /** How long the camera says that it will be away afterwards; undefined where it does not say. */
  readonly downTimeMs: number | undefined;
}

/** Longer waits than any camera means. */
const longestDelayMs = 300_000;

/** @throws GatehouseError as OnvifCaller.call; isUnsupported where the camera takes firmware as an MTOM attachment only */
export const startFirmwareUpgrade = async (onvif: OnvifCaller, cancel: Cancellable): Promise<FirmwareUpload> => {
  const answer = await ask(onvif, { operation: "StartFirmwareUpgrade" }, cancel);
  return {
    url: onvif.resolve(textAt(answer, "UploadUri"), "service"),
    delayMs: Math.min(parseDuration(textAt(answer, "UploadDelay")) ?? 0, longestDelayMs),
    downTimeMs: parseDuration(textAt(answer, "ExpectedDownTime")),
  };
};

/**
 * Where the camera's settings can be fetched by HTTP GET, forced to its own host.
 * @throws GatehouseError `camera-fault` where it hands them over as an MTOM attachment only, which is not read here
 */
export const getSystemBackup = async (onvif: OnvifCaller, cancel: Cancellable): Promise<URL> => {
  const text = await systemUri(onvif, cancel, (answer) => textAt(answer, "SystemBackupUri"));
  if (text !== "") return onvif.resolve(text, "service");
  throw new GatehouseError("camera-fault", "the camera gives no address from which its settings can be fetched", {
    details: { operation: "GetSystemBackup", codes: ["ActionNotSupported"], words: "" },
  });
};

const systemUri = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
  read: (answer: XmlElement) => string,
): Promise<string> => read(await ask(onvif, { operation: "GetSystemUris" }, cancel));

/** What the camera says about it: `Rebooting in 90 seconds`. It answers before it goes. */
export const reboot = async (onvif: OnvifCaller, cancel: Cancellable): Promise<string> =>
  textAt(await ask(onvif, { operation: "SystemReboot" }, cancel), "Message");

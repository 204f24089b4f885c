import type { Cancellable } from "@gatehouse/shared";

import { textAt } from "../xml/xml-element.ts";
import type { OnvifCaller } from "./onvif-caller.ts";

/** Every text exactly as the camera wrote it (`5.10` is not `5.1`), bounded, on one line. */
export interface DeviceInformation {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
}

/** Asks for what only a known account may see, so that it also proves the login. */
export const getDeviceInformation = async (onvif: OnvifCaller, cancel: Cancellable): Promise<DeviceInformation> => {
  const answer = await onvif.call({ service: "device", operation: "GetDeviceInformation" }, cancel);
  const line = (name: string): string => textAt(answer, name).replace(/[\s\p{C}]+/gu, " ").slice(0, 128); // prettier-ignore
  return {
    manufacturer: line("Manufacturer"),
    model: line("Model"),
    firmware: line("FirmwareVersion"),
    serial: line("SerialNumber"),
  };
};

import type { Cancellable } from "@gatehouse/shared";

import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, count, flag } from "./ask.ts";

/** A Wi-Fi network that a camera is set up for. Its key is never read. */
export interface Dot11Configuration {
  readonly ssid: string;
  /** `Ad-hoc`, `Infrastructure`, `Extended`. */
  readonly mode: string;
  readonly alias: string;
  readonly priority: number | undefined;
  readonly security: {
    /** `None`, `WEP`, `PSK`, `Dot1X`, `Extended`, or what else the camera says. */
    readonly mode: string;
    /** `CCMP`, `TKIP`, `Any`, `Extended`; empty where the camera does not say. */
    readonly algorithm: string;
  };
}

export const readDot11Configuration = (dot11: XmlElement): Dot11Configuration => ({
  ssid: readSsid(textAt(dot11, "SSID")),
  mode: textAt(dot11, "Mode"),
  alias: textAt(dot11, "Alias"),
  priority: count(textAt(dot11, "Priority")),
  security: { mode: textAt(dot11, "Security", "Mode"), algorithm: textAt(dot11, "Security", "Algorithm") },
});

/** The Wi-Fi network that a camera is in now. */
export interface Dot11Status {
  readonly ssid: string;
  readonly bssid: string;
  /** `CCMP`, `TKIP`, `Any`, `Extended`; empty where the camera does not say. */
  readonly pairCipher: string;
  readonly groupCipher: string;
  /** `None`, `Very Bad`, `Bad`, `Good`, `Very Good`, `Extended`. */
  readonly signalStrength: string;
  /** The configuration in use. */
  readonly alias: string;
}

export const getDot11Status = async (onvif: OnvifCaller, token: string, cancel: Cancellable): Promise<Dot11Status> =>
  readDot11Status(
    await ask(onvif, { operation: "GetDot11Status", arguments: [argument("InterfaceToken", token)] }, cancel),
  );

export const readDot11Status = (answer: XmlElement): Dot11Status => {
  const status = find(answer, "Status");
  return {
    ssid: readSsid(textAt(status, "SSID")),
    bssid: textAt(status, "BSSID"),
    pairCipher: textAt(status, "PairCipher"),
    groupCipher: textAt(status, "GroupCipher"),
    signalStrength: textAt(status, "SignalStrength"),
    alias: textAt(status, "ActiveConfigAlias"),
  };
};

/** What a camera's Wi-Fi can do; undefined where it does not say. */
export interface Dot11Capabilities {
  readonly tkip: boolean | undefined;
  readonly wep: boolean | undefined;
  readonly scans: boolean | undefined;
}

export const getDot11Capabilities = async (onvif: OnvifCaller, cancel: Cancellable): Promise<Dot11Capabilities> => {
  const capabilities = find(await ask(onvif, { operation: "GetDot11Capabilities" }, cancel), "Capabilities");
  return {
    tkip: flag(textAt(capabilities, "TKIP")),
    wep: flag(textAt(capabilities, "WEP")),
    scans: flag(textAt(capabilities, "ScanAvailableNetworks")),
  };
};

/** ONVIF writes a network's name as the hexadecimal of its bytes; what is no such text is the name itself, as some cameras write it. */
const readSsid = (text: string): string => {
  if (!/^(?:[\da-f]{2}){1,32}$/i.test(text)) return text;
  const bytes = Buffer.from(text, "hex");
  const name = bytes.toString("utf8");
  return Buffer.from(name, "utf8").equals(bytes) && !/\p{Cc}/u.test(name) ? name : text;
};

import type { Cancellable } from "@gatehouse/shared";

import { find, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { ask, count, flag, words } from "./ask.ts";

/** What a camera's device service can do (GetServiceCapabilities); undefined where it does not say. */
export interface DeviceCapabilities {
  readonly network: {
    readonly ipFilter: boolean | undefined;
    readonly ipv6: boolean | undefined;
    readonly dynamicDns: boolean | undefined;
    readonly dot11: boolean | undefined;
    readonly zeroConfiguration: boolean | undefined;
    /** How many servers SetNTP takes. */
    readonly ntpServers: number | undefined;
  };
  readonly security: {
    readonly tls10: boolean | undefined;
    readonly tls11: boolean | undefined;
    readonly tls12: boolean | undefined;
    readonly httpDigest: boolean | undefined;
    readonly usernameToken: boolean | undefined;
    readonly onboardKeyGeneration: boolean | undefined;
    readonly maxUsers: number | undefined;
    readonly maxUserNameLength: number | undefined;
    readonly maxPasswordLength: number | undefined;
    /** Of `ModifyPassword`, `PasswordComplexity`, `AuthFailureWarnings`. */
    readonly policies: readonly string[];
    /** For HTTP and RTSP Digest: `MD5`, `SHA-256`. */
    readonly hashingAlgorithms: readonly string[];
  };
  readonly system: {
    readonly httpFirmwareUpgrade: boolean | undefined;
    /** As an MTOM attachment only. */
    readonly firmwareUpgrade: boolean | undefined;
    readonly httpSystemBackup: boolean | undefined;
    readonly systemLogging: boolean | undefined;
  };
}

export const getDeviceCapabilities = async (onvif: OnvifCaller, cancel: Cancellable): Promise<DeviceCapabilities> =>
  readDeviceCapabilities(await ask(onvif, { operation: "GetServiceCapabilities" }, cancel));

export const readDeviceCapabilities = (answer: XmlElement): DeviceCapabilities => {
  const of = (part: string) => {
    const attributes = find(answer, "Capabilities", part)?.attributes;
    return {
      flag: (name: string) => flag(attributes?.get(name)),
      count: (name: string) => count(attributes?.get(name)),
      words: (name: string) => words(attributes?.get(name)),
    };
  };
  return {
    network: readNetwork(of("Network")),
    security: readSecurity(of("Security")),
    system: readSystem(of("System")),
  };
};

interface Attributes {
  readonly flag: (name: string) => boolean | undefined;
  readonly count: (name: string) => number | undefined;
  readonly words: (name: string) => readonly string[];
}

const readNetwork = (of: Attributes): DeviceCapabilities["network"] => ({
  ipFilter: of.flag("IPFilter"),
  ipv6: of.flag("IPVersion6"),
  dynamicDns: of.flag("DynDNS"),
  dot11: of.flag("Dot11Configuration"),
  zeroConfiguration: of.flag("ZeroConfiguration"),
  ntpServers: of.count("NTP"),
});

const readSecurity = (of: Attributes): DeviceCapabilities["security"] => ({
  tls10: of.flag("TLS1.0"),
  tls11: of.flag("TLS1.1"),
  tls12: of.flag("TLS1.2"),
  httpDigest: of.flag("HttpDigest"),
  usernameToken: of.flag("UsernameToken"),
  onboardKeyGeneration: of.flag("OnboardKeyGeneration"),
  maxUsers: of.count("MaxUsers"),
  maxUserNameLength: of.count("MaxUserNameLength"),
  maxPasswordLength: of.count("MaxPasswordLength"),
  policies: of.words("SecurityPolicies"),
  hashingAlgorithms: of.words("HashingAlgorithms"),
});

const readSystem = (of: Attributes): DeviceCapabilities["system"] => ({
  httpFirmwareUpgrade: of.flag("HttpFirmwareUpgrade"),
  firmwareUpgrade: of.flag("FirmwareUpgrade"),
  httpSystemBackup: of.flag("HttpSystemBackup"),
  systemLogging: of.flag("SystemLogging"),
});

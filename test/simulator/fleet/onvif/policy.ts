import { element, SoapFault, type XmlPart } from "../../soap.ts";
import type { AddressFilter } from "../camera-state.ts";
import { readSystem, tag, writeSystem, type Operations } from "./operation.ts";

const number = (body: XmlPart, name: string, otherwise: number): number => {
  const value = Number(body.text(name) ?? otherwise);
  if (!Number.isInteger(value) || value < 0 || value > 86_400)
    throw new SoapFault("ter:InvalidArgVal", "not such a number");
  return value;
};

const range = (name: string, least: number, most: number): string =>
  element(name, tag("tt:Min", least), tag("tt:Max", most));

/** Device Management 8.4.7 and on: what passwords must be like, and what becomes of who guesses. */
const passwordPolicy: Operations = {
  GetPasswordComplexityOptions: readSystem(() => range("tds:MinLenRange", 0, 16)),
  GetPasswordComplexityConfiguration: readSystem(({ state: { policy } }) => {
    const { length, uppercase, numbers, specials, blocksUsername } = policy.complexity;
    return [
      tag("tds:MinLen", length),
      tag("tds:Uppercase", uppercase),
      tag("tds:Number", numbers),
      tag("tds:SpecialChars", specials),
      tag("tds:BlockUsernameOccurrence", blocksUsername),
      tag("tds:PolicyConfigurationLocked", false),
    ].join("");
  }),
  SetPasswordComplexityConfiguration: writeSystem(({ state: { policy } }, body) => {
    const { complexity: now } = policy;
    policy.complexity = {
      length: number(body, "MinLen", now.length),
      uppercase: number(body, "Uppercase", now.uppercase),
      numbers: number(body, "Number", now.numbers),
      specials: number(body, "SpecialChars", now.specials),
      blocksUsername: (body.text("BlockUsernameOccurrence") ?? String(now.blocksUsername)) === "true",
    };
    return "";
  }),
  GetAuthFailureWarningOptions: readSystem(
    () => range("tds:MonitorPeriodRange", 60, 3_600) + range("tds:AuthFailureRange", 3, 10),
  ),
  GetAuthFailureWarningConfiguration: readSystem(({ state: { policy } }) => {
    const { enabled, periodS, failures } = policy.failureWarning;
    return tag("tds:Enabled", enabled) + tag("tds:MonitorPeriod", periodS) + tag("tds:MaxAuthFailures", failures);
  }),
  SetAuthFailureWarningConfiguration: writeSystem(({ state: { policy } }, body) => {
    const { periodS, failures } = policy.failureWarning;
    policy.failureWarning = {
      enabled: body.text("Enabled") === "true",
      periodS: number(body, "MonitorPeriod", periodS),
      failures: number(body, "MaxAuthFailures", failures),
    };
    return "";
  }),
  SetHashingAlgorithm: writeSystem(({ state: { login } }, body) => {
    const asked = (body.text("Algorithm") ?? "").split(/[\s,]+/).filter((name) => name !== "");
    if (asked.length === 0 || asked.some((name) => !login.algorithms.includes(name))) {
      throw new SoapFault("ter:InvalidArgVal", "no such hashing algorithm");
    }
    login.enabled = asked;
    return "";
  }),
};

const filterOf = (body: XmlPart): AddressFilter => {
  const type = body.text("Type");
  if (type !== "Allow" && type !== "Deny") throw new SoapFault("ter:InvalidArgVal", "allow or deny");
  const addresses = body.parts("IPv4Address").map((part) => {
    const [address = "", prefix = ""] = [part.text("Address"), part.text("PrefixLength")];
    if (!/^\d+(\.\d+){3}$/.test(address) || !(Number(prefix) >= 1 && Number(prefix) <= 32)) {
      throw new SoapFault("ter:InvalidIPv4Address", "not a network");
    }
    return `${address}/${prefix}`;
  });
  return { type, addresses };
};

/** Device Management 8.2.15 and on. */
const addressFilter: Operations = {
  GetIPAddressFilter: readSystem(({ state: { filter } }) => {
    const ranges = filter.addresses.map((entry) => {
      const [address = "", prefix = "32"] = entry.split("/");
      return element("tt:IPv4Address", tag("tt:Address", address), tag("tt:PrefixLength", prefix));
    });
    return element("tds:IPAddressFilter", tag("tt:Type", filter.type), ...ranges);
  }),
  SetIPAddressFilter: writeSystem(({ state }, body) => {
    state.filter = filterOf(body);
    return "";
  }),
};

export const policyOperations: Operations = { ...passwordPolicy, ...addressFilter };

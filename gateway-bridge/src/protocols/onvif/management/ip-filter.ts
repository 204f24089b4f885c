import type { Cancellable } from "@gatehouse/shared";
import { isIPv6 } from "node:net";

import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, count, entries, part } from "./ask.ts";

export interface AddressRange {
  readonly address: string;
  /** How many of its first bits count. */
  readonly prefix: number;
}

/** Who may speak to a camera at all. */
export interface IpAddressFilter {
  /** `Allow`: nobody but these, where there are any. `Deny`: everybody but these. Or what else the camera says. */
  readonly type: string;
  readonly ranges: readonly AddressRange[];
}

export const getIpAddressFilter = async (onvif: OnvifCaller, cancel: Cancellable): Promise<IpAddressFilter> =>
  readIpAddressFilter(await ask(onvif, { operation: "GetIPAddressFilter" }, cancel));

export const readIpAddressFilter = (answer: XmlElement): IpAddressFilter => {
  const filter = find(answer, "IPAddressFilter");
  const ranges = [...entries(filter, "IPv4Address"), ...entries(filter, "IPv6Address")].map((range) => {
    const address = textAt(range, "Address");
    return { address, prefix: count(textAt(range, "PrefixLength")) ?? (isIPv6(address) ? 128 : 32) };
  });
  return { type: textAt(filter, "Type"), ranges: ranges.filter(({ address }) => address !== "") };
};

/** Replaces the whole filter. Whoever is not in an `Allow` list is locked out, the asker among them. */
export const setIpAddressFilter = async (
  onvif: OnvifCaller,
  { type, ranges }: IpAddressFilter,
  cancel: Cancellable,
): Promise<void> => {
  const sorted = ranges.toSorted((a, b) => Number(isIPv6(a.address)) - Number(isIPv6(b.address)));
  const written = sorted.map(({ address, prefix }) =>
    part(
      isIPv6(address) ? "IPv6Address" : "IPv4Address",
      part("Address", address),
      part("PrefixLength", String(prefix)),
    ),
  );
  const filter = argument("IPAddressFilter", part("Type", type), ...written);
  await ask(onvif, { operation: "SetIPAddressFilter", arguments: [filter] }, cancel);
};

import { describe, expect, it } from "@jest/globals";

import type { AddressRange } from "../../protocols/onvif/management/ip-filter.ts";
import { letsIn } from "./ip-filter-policy.ts";

const own = "192.168.1.2";
const range = (text: string): AddressRange => {
  const [address = "", prefix = ""] = text.split("/");
  return { address, prefix: Number(prefix) };
};

describe("letsIn", () => {
  it.each<[string, string, readonly string[], string]>([
    ["no range at all", "Allow", [], own],
    ["its very address", "Allow", ["192.168.1.2/32"], own],
    ["its network", "Allow", ["10.0.0.0/8", "192.168.1.0/24"], own],
    ["everybody", "Allow", ["0.0.0.0/0"], own],
    ["its address of IPv6", "Allow", ["fd00::2/128"], "fd00::2"],
    ["nobody refused", "Deny", [], own],
    ["others refused", "Deny", ["192.168.1.3/32", "fd00::/8"], own],
  ])("takes the gateway where there is %s", (_, type, ranges, address) => {
    expect(letsIn({ type, ranges: ranges.map(range) }, address)).toBe(true);
  });

  it.each<[string, string, readonly string[], string]>([
    ["another address", "Allow", ["192.168.1.3/32"], own],
    ["another network", "Allow", ["192.168.2.0/24"], own],
    ["the other family alone", "Allow", ["fd00::/8"], own],
    ["what is no address", "Allow", ["192.168.1.2 /32", "/32", "192.168.1.2/64"], own],
    ["its address refused", "Deny", ["192.168.1.0/24"], own],
    ["something refused that nobody can read", "Deny", ["camera.local/32"], own],
    ["a kind of list that ONVIF does not know", "Forbid", ["10.0.0.0/8"], own],
  ])("refuses the gateway where there is %s", (_, type, ranges, address) => {
    expect(letsIn({ type, ranges: ranges.map(range) }, address)).toBe(false);
  });
});

import { expect, it } from "@jest/globals";

import { isDefaultSsid } from "./default-ssids.ts";

it.each([
  ...["TP-LINK_4F2A", "TP-Link_4F2A_5G", "NETGEAR37", "NETGEAR37-5G", "ORBI42", "linksys", "dlink-A1B2", "ASUS_5G"],
  ...["FRITZ!Box 7590 AB", "FRITZ!Box Fon WLAN 7390", "o2-WLAN17", "WLAN-123456", "Vodafone-1A2B", "BTHub6-A1B2"],
  ...["SKY4F2A1", "VM1234567", "Livebox-1a2b", "freebox_ABCDEF", "Ziggo12345", "MOVISTAR_1A2B", "ATT4a9sK2b"],
  ...["2WIRE123", "HOME-1A2B", "Verizon_A1B2C3", "HUAWEI-A1B2", "Xiaomi_1A2B_5G", "belkin.1a2", "xfinitywifi"],
])("%s is a name that a router came with", (ssid) => {
  expect(isDefaultSsid(ssid)).toBe(true);
});

it.each([
  ...["", "Home", "The Millers", "TP-LINK", "TP-LINK_garden", "my NETGEAR37", "NETGEAR37 upstairs", "WLAN-Garten"],
  ...["ATTENTION", "ATTIC2", "Skyworld", "FRITZ!Box", "Vodafone-Gegner", "Livebox-not", "HOME-SWEET", "BELLA42"],
])("%s is one that somebody chose", (ssid) => {
  expect(isDefaultSsid(ssid)).toBe(false);
});

it("reads no more of a name than a name can have", () => {
  expect(isDefaultSsid("A".repeat(1 << 20))).toBe(false);
});

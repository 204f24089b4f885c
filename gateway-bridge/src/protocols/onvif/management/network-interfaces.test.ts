import { describe, expect, it } from "@jest/globals";

import { getDot11Capabilities, getDot11Status } from "./dot11.ts";
import { getNetworkInterfaces, setNetworkInterface } from "./network-interfaces.ts";
import { outline, ScriptedCaller } from "./testing/scripted-caller.ts";

const cancel = { signal: new AbortController().signal };
const address = (name: string, value: string, prefix: string): string =>
  `<${name}><Address>${value}</Address><PrefixLength>${prefix}</PrefixLength></${name}>`;

describe("network interfaces", () => {
  it("are read with every address and where it came from", async () => {
    const onvif = new ScriptedCaller({
      GetNetworkInterfaces: `<NetworkInterfaces token="1.50"><Enabled>true</Enabled><Info><Name>eth0</Name><HwAddress>00:40:8C:00:00:01</HwAddress></Info>
        <IPv4><Enabled>true</Enabled><Config>${address("Manual", "10.1.1.2", "16")}${address("LinkLocal", "169.254.1.1", "16")}${address("FromDHCP", "10.2.1.2", "?")}${address("Manual", "", "8")}<DHCP>true</DHCP></Config></IPv4>
        <IPv6><Enabled>true</Enabled><Config><AcceptRouterAdvert>true</AcceptRouterAdvert><DHCP>Auto</DHCP>${address("FromRA", "2001:db8::1", "64")}</Config></IPv6></NetworkInterfaces>
        <NetworkInterfaces token="wlan0"><Enabled>false</Enabled><Extension><InterfaceType>71</InterfaceType><Dot11><SSID>486f6d65</SSID><Mode>Infrastructure</Mode><Alias>a</Alias><Priority>1</Priority><Security><Mode>WEP</Mode><Algorithm>Any</Algorithm></Security></Dot11></Extension></NetworkInterfaces>`,
    });
    expect(await getNetworkInterfaces(onvif, cancel)).toEqual([
      {
        token: "1.50",
        enabled: true,
        name: "eth0",
        mac: "00:40:8C:00:00:01",
        ipv4: {
          enabled: true,
          dhcp: "true",
          addresses: [
            { address: "10.1.1.2", prefix: 16, origin: "manual" },
            { address: "169.254.1.1", prefix: 16, origin: "link-local" },
            { address: "10.2.1.2", prefix: undefined, origin: "dhcp" },
          ],
        },
        ipv6: {
          enabled: true,
          dhcp: "Auto",
          acceptsRouterAdvertisements: true,
          addresses: [{ address: "2001:db8::1", prefix: 64, origin: "router" }],
        },
        dot11: [],
      },
      {
        token: "wlan0",
        enabled: false,
        name: "",
        mac: "",
        ipv4: undefined,
        ipv6: undefined,
        dot11: [{ ssid: "Home", mode: "Infrastructure", alias: "a", priority: 1, security: { mode: "WEP", algorithm: "Any" } }], // prettier-ignore
      },
    ]);
  });

  it("are set without a word about what stays", async () => {
    const onvif = new ScriptedCaller({ SetNetworkInterfaces: "<RebootNeeded>true</RebootNeeded>" });
    const manual = [{ address: "10.0.0.5", prefix: 24 }];
    const change = { token: "eth0", ipv4: { dhcp: false, manual } };
    expect(await setNetworkInterface(onvif, change, cancel)).toEqual({ rebootNeeded: true });
    const off = { enabled: false, acceptsRouterAdvertisements: false, dhcp: "Off" };
    await setNetworkInterface(onvif, { token: "eth0", ipv6: off }, cancel);
    expect(onvif.asked.map(({ body }) => outline(body))).toEqual([
      "SetNetworkInterfaces(InterfaceToken=eth0 NetworkInterface(IPv4(Manual(Address=10.0.0.5 PrefixLength=24) DHCP=false)))",
      "SetNetworkInterfaces(InterfaceToken=eth0 NetworkInterface(IPv6(Enabled=false AcceptRouterAdvert=false DHCP=Off)))",
    ]);
  });
});

describe("Wi-Fi", () => {
  it.each([
    ["486f6d65", "Home"],
    ["c3a9", "é"],
    ["My Wi-Fi", "My Wi-Fi"],
    // No text: neither UTF-8, nor without control characters.
    ["ff00", "ff00"],
    ["0a", "0a"],
    ["486", "486"],
    ["", ""],
  ])("names of networks: %j is %j", async (written, ssid) => {
    const onvif = new ScriptedCaller({
      GetDot11Status: `<Status><SSID>${written}</SSID><BSSID>b</BSSID><PairCipher>TKIP</PairCipher><GroupCipher>CCMP</GroupCipher><SignalStrength>Good</SignalStrength><ActiveConfigAlias>1.0</ActiveConfigAlias></Status>`,
    });
    expect(await getDot11Status(onvif, "wlan0", cancel)).toEqual({
      ssid,
      bssid: "b",
      pairCipher: "TKIP",
      groupCipher: "CCMP",
      signalStrength: "Good",
      alias: "1.0",
    });
    expect(onvif.asked.map(({ body }) => outline(body))).toEqual(["GetDot11Status(InterfaceToken=wlan0)"]);
  });

  it("can do what it says", async () => {
    const onvif = new ScriptedCaller({ GetDot11Capabilities: "<Capabilities><TKIP>true</TKIP><WEP>false</WEP></Capabilities>" }); // prettier-ignore
    expect(await getDot11Capabilities(onvif, cancel)).toEqual({ tkip: true, wep: false, scans: undefined });
  });
});

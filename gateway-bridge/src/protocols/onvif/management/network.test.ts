import { describe, expect, it } from "@jest/globals";

import {
  getDefaultGateway,
  getDns,
  getDynamicDns,
  getNetworkProtocols,
  getZeroConfiguration,
  setDefaultGateway,
  setDns,
  setDynamicDns,
  setNetworkProtocols,
  setZeroConfiguration,
} from "./network.ts";
import { outline, ScriptedCaller } from "./testing/scripted-caller.ts";

const cancel = { signal: new AbortController().signal };

describe("a camera's network", () => {
  it("is read: protocols", async () => {
    const onvif = new ScriptedCaller({
      GetNetworkProtocols: `<NetworkProtocols><Name>HTTP</Name><Enabled>1</Enabled><Port>80</Port><Port>0</Port><Port>70000</Port><Port>x</Port></NetworkProtocols>
        <NetworkProtocols><Name>RTSP</Name><Enabled>TRUE</Enabled><Port>554</Port></NetworkProtocols>
        <NetworkProtocols><Name>HTTPS</Name><Enabled>maybe</Enabled></NetworkProtocols>`,
    });
    expect(await getNetworkProtocols(onvif, cancel)).toEqual([
      { name: "HTTP", enabled: true, ports: [80] },
      { name: "RTSP", enabled: true, ports: [554] },
      { name: "HTTPS", enabled: false, ports: [] },
    ]);
  });

  it("is read: gateway, DNS, dynamic DNS, zero configuration", async () => {
    const onvif = new ScriptedCaller({
      GetNetworkDefaultGateway: `<NetworkGateway><IPv4Address>10.10.1.1</IPv4Address><IPv4Address>0.0.0.0</IPv4Address><IPv6Address>::</IPv6Address></NetworkGateway>`,
      GetDNS: `<DNSInformation><FromDHCP>true</FromDHCP><SearchDomain>a.lan b.lan</SearchDomain><DNSFromDHCP><Type>IPv4</Type><IPv4Address>1.1.1.1</IPv4Address></DNSFromDHCP><DNSManual><Type>IPv6</Type><IPv6Address>fd00::1</IPv6Address></DNSManual></DNSInformation>`,
      GetDynamicDNS: `<DynamicDNSInformation><Type>ClientUpdates</Type><Name>1.50</Name><TTL>30</TTL></DynamicDNSInformation>`,
      GetZeroConfiguration: `<ZeroConfiguration><InterfaceToken>000</InterfaceToken><Enabled>true</Enabled><Addresses>169.254.1.2</Addresses></ZeroConfiguration>`,
    });
    expect(await getDefaultGateway(onvif, cancel)).toEqual({ ipv4: ["10.10.1.1"], ipv6: [] });
    expect(await getDns(onvif, cancel)).toEqual({
      fromDhcp: true,
      searchDomains: ["a.lan", "b.lan"],
      dhcp: ["1.1.1.1"],
      manual: ["fd00::1"],
    });
    expect(await getDynamicDns(onvif, cancel)).toEqual({ type: "ClientUpdates", name: "1.50", ttl: "30" });
    expect(await getZeroConfiguration(onvif, cancel)).toEqual({ token: "000", enabled: true, addresses: ["169.254.1.2"] }); // prettier-ignore
  });

  it("is set in the words and the order of the schema", async () => {
    const done = "";
    const onvif = new ScriptedCaller({ SetNetworkProtocols: done, SetNetworkDefaultGateway: done, SetDNS: done, SetDynamicDNS: done, SetZeroConfiguration: done }); // prettier-ignore
    await setNetworkProtocols(onvif, [{ name: "HTTPS", enabled: true, ports: [443, 8443] }], cancel);
    await setDefaultGateway(onvif, { ipv4: ["10.0.0.1"], ipv6: ["fd00::1"] }, cancel);
    await setDns(onvif, { fromDhcp: false, searchDomains: ["lan"], manual: ["10.0.0.1", "fd00::1"] }, cancel);
    await setDynamicDns(onvif, { type: "NoUpdate", name: "", ttl: "30" }, cancel);
    await setDynamicDns(onvif, { type: "ClientUpdates", name: "a", ttl: "PT30S" }, cancel);
    await setZeroConfiguration(onvif, { token: "eth0", enabled: false }, cancel);
    expect(onvif.asked.map(({ body }) => outline(body))).toEqual([
      "SetNetworkProtocols(NetworkProtocols(Name=HTTPS Enabled=true Port=443 Port=8443))",
      "SetNetworkDefaultGateway(IPv4Address=10.0.0.1 IPv6Address=fd00::1)",
      "SetDNS(FromDHCP=false SearchDomain=lan DNSManual(Type=IPv4 IPv4Address=10.0.0.1) DNSManual(Type=IPv6 IPv6Address=fd00::1))",
      "SetDynamicDNS(Type=NoUpdate)",
      "SetDynamicDNS(Type=ClientUpdates Name=a TTL=PT30S)",
      "SetZeroConfiguration(InterfaceToken=eth0 Enabled=false)",
    ]);
    const namespaces = onvif.asked[0]?.body.children[0];
    expect(namespaces?.namespace).toBe("http://www.onvif.org/ver10/device/wsdl");
    expect(namespaces?.children[0]?.namespace).toBe("http://www.onvif.org/ver10/schema");
  });
});

import { BlockList, isIP } from "node:net";

import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getNtp, setNtp, type NtpSettings } from "../../protocols/onvif/management/clock.ts";
import { getNetworkInterfaces, setNetworkInterface } from "../../protocols/onvif/management/network-interfaces.ts";
import {
  getDefaultGateway,
  getDns,
  setDefaultGateway,
  setDns,
  type DefaultGateway,
  type DnsSettings,
} from "../../protocols/onvif/management/network.ts";
import type { Remedy } from "../remedy.ts";
import { networkOf, type CameraNetwork } from "./network-of-camera.ts";
import { ownAddressTowards } from "../probe/own-address.ts";
import { restart } from "./restart.ts";
import { itsOwnWord, settingRemedy, type SettingTools } from "./setting-remedy.ts";

export type OwnAddress = (host: string) => Promise<string>;

interface Ways {
  readonly own: string;
  readonly gateway: DefaultGateway;
  /** Null where the camera does not tell. */
  readonly dns: DnsSettings | null;
  readonly ntp: NtpSettings | null;
  readonly network: CameraNetwork | null;
}

/**
 * Takes from a camera the way out of its own network: its router and its name server are this gateway from then on, which forwards nothing
 * and answers no names. What it is set to is changed and seen; what flows is not: that can only be seen by whoever is on the way.
 */
export const egressOffFrom = (ownAddress: OwnAddress): Remedy =>
  settingRemedy<Ways>({
    id: "egress-off",
    read: async ({ onvif, camera, ...cancel }) => {
      const own = await ownAddress(camera.host);
      const interfaces = await unlessUnsupported(getNetworkInterfaces(onvif, cancel));
      return {
        own,
        gateway: await getDefaultGateway(onvif, cancel),
        dns: (await unlessUnsupported(getDns(onvif, cancel))) ?? null,
        ntp: (await unlessUnsupported(getNtp(onvif, cancel))) ?? null,
        network: networkOf(interfaces ?? [], { host: camera.host, own }) ?? null,
      };
    },
    wish: (was) => {
      const { own, dns, ntp, network } = was;
      if (network === null) {
        return {
          unfit:
            "The camera does not tell that it is in this gateway's own network: without its router it might not be reached any more.",
        };
      }
      return {
        ...was,
        gateway: { ipv4: [own], ipv6: [] },
        dns: dns && { fromDhcp: false, searchDomains: [], dhcp: [], manual: [own] },
        ntp: ntp && { fromDhcp: false, dhcp: [], manual: isOutside(ntp) ? [own] : serversOf(ntp) },
        network: network.dhcp ? { ...network, dhcp: false } : null,
      };
    },
    restore: (was, tools) => setWays({ ...was, network: was.network?.dhcp === true ? was.network : null }, tools),
    holds: ({ gateway, own }, { host }) => [...gateway.ipv4, ...gateway.ipv6].every((way) => [own, host].includes(way)),
    write: (ways, tools) => setWays(ways, tools),
    describe: ({ network, dns }, { own }) => ({
      steps: [
        ...(network?.dhcp === true
          ? [`Have the camera keep its address ${network.address}, whatever your router says`]
          : []),
        `Give it this gateway, ${own}, in the place of its router${dns === null ? "" : " and of its name server"}`,
        "Ask the camera, and hear that it knows no other way",
      ],
      stops: [
        "The maker's app no longer shows this camera away from home, and sends no alerts; nor does a link to Alexa or Google that goes by the maker's cloud",
        "The camera no longer updates itself, and no longer asks a time server on the internet",
        ...(network?.dhcp === true
          ? [`Have your router keep ${network.address} for this camera, so that nothing else gets it`]
          : []),
      ],
      undoable: true,
    }),
    observe: ({ own, dns }) =>
      itsOwnWord(
        `It says that ${own}, this gateway, is its only way out; it forwards nothing.`,
        ...(dns === null
          ? []
          : [`It says that it looks names up at ${[...dns.manual, ...dns.dhcp].join(", ") || "nobody"}.`]),
        "This is how the camera is set up; what it sends was not observed.",
      ),
  });

export const egressOff = egressOffFrom(ownAddressTowards);

const setWays = async (ways: Ways, { onvif, camera, ...cancel }: SettingTools): Promise<void> => {
  const { gateway, dns, ntp, network } = ways;
  if (dns !== null) await setDns(onvif, dns, cancel);
  if (ntp !== null) await setNtp(onvif, ntp, cancel);
  let restartNeeded = false;
  if (network !== null) {
    const { token, address, prefix, dhcp } = network;
    const ipv4 = dhcp ? { dhcp } : { dhcp, manual: [{ address, prefix }] };
    restartNeeded = (await setNetworkInterface(onvif, { token, ipv4 }, cancel)).rebootNeeded;
  }
  // By DHCP it is given its router again.
  if (network?.dhcp !== true) await setDefaultGateway(onvif, gateway, cancel);
  if (restartNeeded) await restart(onvif, camera, cancel);
};

const home = new BlockList();
for (const [network, prefix] of [["10.0.0.0", 8], ["172.16.0.0", 12], ["192.168.0.0", 16], ["169.254.0.0", 16], ["127.0.0.0", 8]] as const) home.addSubnet(network, prefix, "ipv4"); // prettier-ignore
home.addSubnet("fc00::", 7, "ipv6");
home.addSubnet("fe80::", 10, "ipv6");

const serversOf = ({ fromDhcp, dhcp, manual }: NtpSettings): readonly string[] => (fromDhcp ? dhcp : manual);

/** A time server on the internet would be asked in vain, as would none; one at home goes on. */
const isOutside = (ntp: NtpSettings): boolean => {
  const servers = serversOf(ntp);
  return servers.length === 0 || servers.some((server) => !isHome(server));
};

const isHome = (server: string): boolean => {
  const kind = isIP(server);
  return kind !== 0 && home.check(server, kind === 6 ? "ipv6" : "ipv4");
};

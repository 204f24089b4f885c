import { isIPv6 } from "node:net";

import {
  getIpAddressFilter,
  setIpAddressFilter,
  type IpAddressFilter,
} from "../../protocols/onvif/management/ip-filter.ts";
import type { Remedy } from "../remedy.ts";
import { ownAddressTowards } from "../probe/own-address.ts";
import { itsOwnWord, settingRemedy } from "./setting-remedy.ts";

export type OwnAddress = (host: string) => Promise<string>;

interface Filter extends IpAddressFilter {
  /** The gateway's address, as the camera sees it. */
  readonly own: string;
}

/**
 * Has a camera listen to the gateway alone. Told with a wrong address it would listen to nobody ever again; so it is told the very address
 * that the system speaks to it from, which the owner has read before.
 */
export const ipFilterFrom = (ownAddress: OwnAddress): Remedy =>
  settingRemedy<Filter>({
    id: "ip-filter",
    read: async ({ onvif, camera, ...cancel }) => ({
      ...(await getIpAddressFilter(onvif, cancel)),
      own: await ownAddress(camera.host),
    }),
    wish: ({ own }) => ({ type: "Allow", ranges: [alone(own)], own }),
    holds: ({ type, ranges, own }) => type === "Allow" && ranges.length === 1 && isAlone(ranges[0], own),
    write: ({ type, ranges }, { onvif, ...cancel }) => setIpAddressFilter(onvif, { type, ranges }, cancel),
    describe: (_was, { own }) => ({
      steps: [
        `Tell the camera to listen to ${own} alone, which is this gateway`,
        "Speak to the camera anew, and hear that it is so",
      ],
      stops: [
        "Nothing else at home can open the camera's page or its pictures any more: no phone, no recorder, no computer",
        `If this gateway gets another address than ${own}, the camera listens to nobody until it is reset by hand: have your router give the gateway this address for good`,
      ],
      undoable: true,
    }),
    // That it was asked anew, over a connection of its own, and answered, shows that the gateway is let in.
    observe: ({ own }) => itsOwnWord(`It says that it listens to ${own} alone.`, "It still answers the gateway."),
  });

const alone = (address: string) => ({ address, prefix: isIPv6(address) ? 128 : 32 });

const isAlone = (range: IpAddressFilter["ranges"][number] | undefined, own: string): boolean =>
  range?.address === own && range.prefix === alone(own).prefix;

export const ipFilter = ipFilterFrom(ownAddressTowards);

import { GatehouseError } from "@gatehouse/shared";
import { z } from "zod";

import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import {
  getIpAddressFilter,
  setIpAddressFilter,
  type IpAddressFilter,
} from "../../protocols/onvif/management/ip-filter.ts";
import { getNetworkInterfaces } from "../../protocols/onvif/management/network-interfaces.ts";
import type { Remedy } from "../remedy.ts";
import { letsIn } from "./ip-filter-policy.ts";
import { networkOf } from "./network-of-camera.ts";
import { itsOwnWord, settingRemedy, type SettingTools } from "./setting-remedy.ts";

interface Filter extends IpAddressFilter {
  /** The gateway's address, as the camera sees it. */
  readonly own: string;
  /** Whether nothing lies between them that could show the camera another address. */
  readonly near: boolean;
}

/**
 * Has a camera listen to the gateway alone. ONVIF knows no timer that would take a wrong filter back, and a camera that listens to nobody can
 * be told nothing; so what is told is judged by the address from which a connection to this very camera comes at that moment, and only
 * where the camera is in that address' own network: behind a router or a container's bridge it sees another one.
 */
const filterSetting = settingRemedy<Filter>({
  id: "ip-filter",
  read: async (tools) => {
    const { onvif, camera, ...cancel } = tools;
    const own = await ownAddress(tools);
    const interfaces = await unlessUnsupported(getNetworkInterfaces(onvif, cancel));
    const near = networkOf(interfaces ?? [], { host: camera.host, own }) !== undefined;
    return { ...(await getIpAddressFilter(onvif, cancel)), own, near };
  },
  wish: ({ own, near }) =>
    near
      ? { type: "Allow", ranges: [alone(own)], own, near }
      : {
          unfit: `The camera does not tell that it is in the network of ${own}, this gateway's address: it may see another one, and would then listen to nobody.`,
        },
  holds: ({ type, ranges, own }) => type === "Allow" && ranges.length === 1 && isAlone(ranges[0], own),
  write: writeUnlessShutOut,
  describe: (_was, { own }) => ({
    steps: [
      `Tell the camera to listen to ${own} alone, which is the address that this gateway speaks to it from`,
      "Speak to the camera anew, and hear that it is so",
    ],
    stops: [
      "Nothing else at home can open the camera's page or its pictures any more: no phone, no recorder, no computer",
      `If this gateway gets another address than ${own}, the camera listens to nobody until this computer has that address again, or the camera is reset by hand: have your router give it to this computer for good`,
    ],
    undoable: true,
  }),
  // That it was asked anew, over a connection of its own, and answered, shows that the gateway is let in.
  observe: ({ own }) => itsOwnWord(`It says that it listens to ${own} alone.`, "It still answers the gateway."),
});

const Kept = z.object({ was: z.object({ own: z.string() }) });

export const ipFilter: Remedy = {
  ...filterSetting,
  byHand: (before) => {
    const { own } = Kept.parse(before).was;
    return `If the camera answers nobody: give this computer the address ${own} again and undo this once more, or open the camera's page from that address and empty its list of allowed addresses; else reset the camera by its button.`;
  },
};

const ownAddress = ({ camera, ...cancel }: Pick<SettingTools, "camera" | "signal">): Promise<string> => {
  const { protocol, port } = camera.device;
  return camera.ports.ownAddress(port === "" ? (protocol === "https:" ? 443 : 80) : Number(port), cancel);
};

/** @throws GatehouseError `remedy-failed` for a filter that would shut this gateway out, and then the camera hears nothing of it */
async function writeUnlessShutOut({ type, ranges }: Filter, tools: SettingTools): Promise<void> {
  const { onvif, camera, ...cancel } = tools;
  const own = await ownAddress({ camera, ...cancel });
  if (!letsIn({ type, ranges }, own)) {
    throw new GatehouseError("remedy-failed", `The gateway speaks from ${own} now, which this filter would shut out.`);
  }
  await setIpAddressFilter(onvif, { type, ranges }, cancel);
}

const alone = (address: string) => ({ address, prefix: 32 });

const isAlone = (range: IpAddressFilter["ranges"][number] | undefined, own: string): boolean =>
  range?.address === own && range.prefix === 32;

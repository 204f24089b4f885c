import { isIPv6 } from "node:net";

import { getNetworkInterfaces, setNetworkInterface } from "../../protocols/onvif/management/network-interfaces.ts";
import { restart } from "./restart.ts";
import { itsOwnWord, settingRemedy, type SettingTools } from "./setting-remedy.ts";

interface Ipv6 {
  readonly token: string;
  readonly enabled: boolean;
}

/** Takes a camera's addresses of the internet away from it. */
export const ipv6Off = settingRemedy<readonly Ipv6[]>({
  id: "ipv6-off",
  read: async ({ onvif, ...cancel }) =>
    (await getNetworkInterfaces(onvif, cancel)).flatMap(({ token, ipv6 }) =>
      ipv6 === undefined ? [] : [{ token, enabled: ipv6.enabled }],
    ),
  wish: (was, { host }) =>
    isIPv6(host)
      ? { unfit: "Gatehouse itself speaks to this camera by IPv6. Add it by its IPv4 address first." }
      : was.map(({ token }) => ({ token, enabled: false })),
  holds: (now) => now.every(({ enabled }) => !enabled),
  write: (value, tools) => setAll(value, tools),
  describe: () => ({
    steps: ["Switch IPv6 off in the camera; it may restart for that", "Ask the camera, and hear that it is off"],
    stops: ["Nothing can reach the camera by IPv6 any more; at home, IPv4 goes on"],
    undoable: true,
  }),
  observe: () => itsOwnWord("It says that IPv6 is off on all its network interfaces."),
});

const setAll = async (value: readonly Ipv6[], { onvif, camera, ...cancel }: SettingTools): Promise<void> => {
  let restartNeeded = false;
  for (const { token, enabled } of value) {
    const { rebootNeeded } = await setNetworkInterface(onvif, { token, ipv6: { enabled } }, cancel);
    restartNeeded ||= rebootNeeded;
  }
  if (restartNeeded) await restart(onvif, camera, cancel);
};

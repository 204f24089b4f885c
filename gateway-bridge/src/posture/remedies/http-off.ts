import type { Cancellable } from "@gatehouse/shared";

import {
  getNetworkProtocols,
  setNetworkProtocols,
  type NetworkProtocol,
} from "../../protocols/onvif/management/network.ts";
import type { MendedCamera, MendTools, Verdict } from "../remedy.ts";
import { settingRemedy } from "./setting-remedy.ts";

const longestWaitMs = 30_000;
const askAgainMs = 2_000;
const usualPort = 80;

/** Shuts a camera's door without a lock, once the gateway goes in by the other one. It comes last: nobody can be told anything there any more. */
export const httpOff = settingRemedy<NetworkProtocol>({
  id: "http-off",
  read: async ({ onvif, ...cancel }) => {
    const protocols = await getNetworkProtocols(onvif, cancel);
    const http = protocols.find(({ name }) => name.toUpperCase() === "HTTP");
    return http ?? { name: "HTTP", enabled: false, ports: [usualPort] };
  },
  wish: (was, { device, pin }) =>
    device.protocol !== "https:" || pin === null
      ? { unfit: "Gatehouse itself speaks to this camera without TLS. Switch HTTPS on first." }
      : { ...was, enabled: false },
  holds: ({ enabled }) => !enabled,
  write: (http, { onvif, ...cancel }) => setNetworkProtocols(onvif, [http], cancel),
  describe: ({ ports }) => ({
    steps: [
      `Switch HTTP off, at port ${ports.join(", ")}`,
      "See that nothing answers there, and that HTTPS still does",
    ],
    stops: [
      "Apps, recorders and bookmarks that reach the camera by http:// no longer do; by https:// they do",
      "Some cheap apps know no other way, and show this camera no longer",
    ],
    undoable: true,
  }),
  observe: ({ ports }, camera, tools, cancel) => shut(ports.length === 0 ? [usualPort] : ports, camera, tools, cancel),
});

/** A web server takes a moment to close its door. */
const shut = async (
  ports: readonly number[],
  camera: MendedCamera,
  { clock }: Pick<MendTools, "clock">,
  cancel: Cancellable,
): Promise<Verdict> => {
  const until = clock.monotonic() + longestWaitMs;
  for (;;) {
    const open = await stillOpen(ports, camera, cancel);
    if (open.length === 0) {
      return { kind: "fixed", evidence: [`Nothing answers at port ${ports.join(", ")}.`, "ONVIF answers over TLS."] };
    }
    if (clock.monotonic() >= until) {
      return {
        kind: "not-fixed",
        why: `The camera says that HTTP is off, and port ${open.join(", ")} is open all the same.`,
      };
    }
    await clock.delay(askAgainMs, cancel);
  }
};

const stillOpen = async (
  ports: readonly number[],
  camera: MendedCamera,
  cancel: Cancellable,
): Promise<readonly number[]> => {
  const open: number[] = [];
  for (const port of ports) if ((await camera.ports.tcp(port, cancel)).kind === "open") open.push(port);
  return open;
};

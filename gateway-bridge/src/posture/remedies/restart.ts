import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import { reboot } from "../../protocols/onvif/management/firmware.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";

/** Cameras answer first, and go when they are ready: some after 90 seconds. */
const longestGoingMs = 120_000;
const longestAwayMs = 300_000;
const askAgainMs = 2_000;

/**
 * Restarts a camera, and returns when it is there again: whoever asks it before that hears what it was set to before.
 * @throws GatehouseError `camera-unreachable` where it does not come back
 */
export const restart = async (onvif: OnvifCaller, camera: ProbedCamera, cancel: Cancellable): Promise<void> => {
  await reboot(onvif, cancel);
  // One that restarts quicker than we look, or not at all, is never seen to go.
  await becomes(camera, { open: false, withinMs: longestGoingMs }, cancel);
  if (await becomes(camera, { open: true, withinMs: longestAwayMs }, cancel)) return;
  throw new GatehouseError("camera-unreachable", "The camera was restarted, and did not come back.");
};

const becomes = async (
  camera: ProbedCamera,
  { open, withinMs }: { readonly open: boolean; readonly withinMs: number },
  cancel: Cancellable,
): Promise<boolean> => {
  const { clock, device, ports } = camera;
  const port = device.port === "" ? (device.protocol === "https:" ? 443 : 80) : Number(device.port);
  const until = clock.monotonic() + withinMs;
  for (;;) {
    if (((await ports.tcp(port, cancel)).kind === "open") === open) return true;
    if (clock.monotonic() >= until) return false;
    await clock.delay(askAgainMs, cancel);
  }
};

import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { failed, notApplicable, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { describeUpnp, type UpnpAddress } from "../questions/call-upnp.ts";

/**
 * CVE-2020-12695: a device must not send its events to another network than its own (UPnP Device Architecture 2.0 of 17 April 2020, 4.1.1).
 * It is asked to send them to a private address that nobody at home has, at the port where everything is thrown away, for as short a time as can be asked for.
 */
export const callstranger: CameraCheck = {
  id: "CALLSTRANGER",
  scope: "camera",
  severity: "medium",
  title: "It calls whomever strangers tell it to",
  why: [
    "Any device at home can have this camera connect to any other address, inside or outside, without a login.",
    "So it can carry data out past a firewall, or be made to flood somebody else.",
  ],
  provision: "5.13-1",
  ncsc: "upnp-off",
  remedies: [{ remedy: "upnp-off", plane: "vendor" }],
  guide: (camera) => guideFor("CALLSTRANGER", camera),
  look: async (camera, cancel) => {
    const places = (await describeUpnp(camera, cancel))?.subscriptions ?? [];
    if (places.length === 0) return notApplicable("The camera takes no subscribers by UPnP.");
    for (const place of places) {
      if (await takes(camera, place, cancel))
        return failed(
          `It took a subscription that sends its events to ${strangerOf(camera.host)}, in another network.`,
        );
    }
    return passed("It refused a subscription that would send its events to another network.");
  },
};

const discardPort = 9;

const takes = async (camera: ProbedCamera, { port, path }: UpnpAddress, cancel: Cancellable): Promise<boolean> => {
  const headers = {
    callback: `<http://${strangerOf(camera.host)}:${discardPort}/>`,
    nt: "upnp:event",
    timeout: "Second-60",
  };
  const to = { method: "SUBSCRIBE", path, port, secure: false, headers } as const;
  const { status, headers: answer } = await camera.http.request(to, { kind: "nobody" }, cancel);
  const { sid } = answer;
  if (status !== 200 || sid === undefined) return false;
  await unsubscribe(camera, { port, path, sid }, cancel);
  return true;
};

/** UPnP Device Architecture 2.0, 4.1.3: a camera may well have taken it for longer than it was asked to. */
const unsubscribe = async (
  camera: ProbedCamera,
  { port, path, sid }: UpnpAddress & { readonly sid: string },
  cancel: Cancellable,
): Promise<void> => {
  try {
    const to = { method: "UNSUBSCRIBE", path, port, secure: false, headers: { sid: sid.slice(0, 256) } } as const;
    await camera.http.request(to, { kind: "nobody" }, cancel);
  } catch (error) {
    cancel.signal.throwIfAborted();
    // What it took is known; it ends by itself, too.
    if (!isGatehouseError(error)) throw error;
  }
};

/** The last address but one of a private range that the camera is not in. */
const strangerOf = (host: string): string => (host.startsWith("10.") ? "192.168.254.254" : "10.254.254.254");

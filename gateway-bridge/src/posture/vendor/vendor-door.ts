import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { HttpAnswer, HttpProbe, ProbedCamera, Vendor } from "../probe/probed-camera.ts";
import { webPortsOf } from "../questions/web-doors.ts";

/** One of the camera's web servers. */
export interface VendorDoor {
  readonly port?: number;
  readonly secure?: boolean;
}

export type VendorQuestion = Omit<Parameters<HttpProbe["request"]>[0], "port" | "secure">;

/** Something that each maker's web server knows, and asks a login for. It changes nothing. */
const landmarks: Readonly<Partial<Record<Vendor, VendorQuestion>>> = {
  hikvision: { method: "GET", path: "/ISAPI/System/deviceInfo" },
  dahua: { method: "GET", path: "/cgi-bin/magicBox.cgi?action=getSystemInfo" },
  axis: { method: "GET", path: "/axis-cgi/param.cgi?action=list&group=Brand" },
  reolink: {
    method: "POST",
    path: "/cgi-bin/api.cgi?cmd=GetDevInfo",
    body: Buffer.from('[{"cmd":"GetDevInfo","action":0,"param":{}}]'),
  },
};

/** Where the maker's own words are understood: at the device service's server, or at another of the camera's. Looked for once a look. */
export const vendorDoor = (camera: ProbedCamera, cancel: Cancellable): Promise<VendorDoor | undefined> =>
  camera.once("vendor door", async () => {
    const landmark = landmarks[camera.identity.vendor];
    if (landmark === undefined) return undefined;
    for (const door of await doorsOf(camera, cancel)) {
      if (await answersAt(camera, { ...landmark, ...door }, cancel)) return door;
    }
    return undefined;
  });

const doorsOf = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly VendorDoor[]> => {
  const { http, https } = await webPortsOf(camera, cancel);
  const own = camera.kind === "onvif" ? [{}] : [];
  return [...own, ...https.map((port) => ({ port, secure: true })), ...http.map((port) => ({ port, secure: false }))];
};

const answersAt = async (
  camera: ProbedCamera,
  to: VendorQuestion & VendorDoor,
  cancel: Cancellable,
): Promise<boolean> => {
  try {
    const { status } = await camera.http.request(to, { kind: "nobody" }, cancel);
    return status === 200 || status === 401 || status === 403;
  } catch (error) {
    // A door that is closed, or speaks something else, is not the one.
    if (isGatehouseError(error) && (error.code.startsWith("camera-") || error.code === "timeout")) return false;
    throw error;
  }
};

/** Asks as the gateway. @returns undefined where the camera understands none of its maker's words */
export const askVendor = async (
  camera: ProbedCamera,
  question: VendorQuestion,
  cancel: Cancellable,
): Promise<HttpAnswer | undefined> => {
  const door = await vendorDoor(camera, cancel);
  if (door === undefined) return undefined;
  return camera.http.request({ ...question, ...door }, { kind: "gateway" }, cancel);
};

/** A camera that understood its maker's words a moment ago, and now does not do as it is told. */
export const notTaken = (what: string, answer?: HttpAnswer): GatehouseError =>
  new GatehouseError("remedy-failed", `the camera did not take the change of ${what}`, {
    details: { status: answer?.status },
  });

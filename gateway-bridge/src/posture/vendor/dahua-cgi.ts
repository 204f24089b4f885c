import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { VendorSetting } from "./vendor-setting.ts";
import { askVendor, notTaken } from "./vendor-door.ts";

/**
 * Switches of Dahua's CGI by their names in its configuration: `T2UServer.Enable`. On where any of them is `true`. Names are ours, never a
 * camera's. Unproven on hardware.
 */
export const dahuaSwitches = (...names: readonly string[]): VendorSetting => ({
  read: async (camera, cancel) => {
    const told: Record<string, string> = {};
    let refused = false;
    for (const name of names) {
      const value = await readValue(camera, name, cancel);
      if (value === "refused") refused = true;
      else if (value !== undefined) told[name] = value;
    }
    if (Object.keys(told).length === 0) return { kind: refused ? "refused" : "absent" };
    return { kind: "told", on: Object.values(told).includes("true"), values: told };
  },
  switched: (values, on) => Object.fromEntries(Object.keys(values).map((name) => [name, String(on)])),
  write: async (camera, values, cancel) => {
    const query = Object.entries(values).map(([name, value]) => `&${name}=${value}`).join(""); // prettier-ignore
    const path = `/cgi-bin/configManager.cgi?action=setConfig${query}`;
    const answer = await askVendor(camera, { method: "GET", path }, cancel);
    const taken = answer?.status === 200 && answer.body.toString("latin1").trim() === "OK";
    if (!taken) throw notTaken(Object.keys(values).join(", "), answer);
  },
});

/** `true` or `false`; undefined where the camera has no such setting. */
const readValue = async (
  camera: ProbedCamera,
  name: string,
  cancel: Cancellable,
): Promise<"true" | "false" | "refused" | undefined> => {
  const table = name.replace(/[.[].*/, "");
  const answer = await askVendor(
    camera,
    { method: "GET", path: `/cgi-bin/configManager.cgi?action=getConfig&name=${table}` },
    cancel,
  );
  if (answer === undefined || answer.status === 400 || answer.status === 404) return undefined;
  if (answer.status === 401 || answer.status === 403) return "refused";
  if (answer.status !== 200)
    throw new GatehouseError("camera-fault", `the camera answered ${table} with ${answer.status}`);
  const lines = answer.body.toString("latin1").split(/\r?\n/);
  const value = lines
    .find((line) => line.startsWith(`table.${name}=`))
    ?.split("=")[1]
    ?.trim();
  return value === "true" || value === "false" ? value : undefined;
};

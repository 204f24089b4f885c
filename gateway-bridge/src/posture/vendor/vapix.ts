import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import type { HttpAnswer, ProbedCamera } from "../probe/probed-camera.ts";
import type { VendorSetting } from "./vendor-setting.ts";
import { askVendor, notTaken } from "./vendor-door.ts";

/** A parameter of Axis' param.cgi, and the values that mean on and off. */
export interface VapixParameter {
  /** Without `root.`. */
  readonly name: string;
  readonly on: string;
  readonly off: string;
}

/** Switches of Axis cameras by their parameters. On where any of them is neither off nor empty. Unproven on hardware. */
export const vapixSwitches = (...parameters: readonly VapixParameter[]): VendorSetting => ({
  read: async (camera, cancel) => {
    const told: Record<string, string> = {};
    let refused = false;
    for (const { name } of parameters) {
      const value = await readParameter(camera, name, cancel);
      if (value === "refused") refused = true;
      else if (value !== undefined) told[name] = value.value;
    }
    if (Object.keys(told).length === 0) return { kind: refused ? "refused" : "absent" };
    const on = parameters.some(({ name, off }) => (told[name] ?? off) !== off && told[name] !== "");
    return { kind: "told", on, values: told };
  },
  switched: (values, on) =>
    Object.fromEntries(
      parameters.filter(({ name }) => name in values).map((each) => [each.name, on ? each.on : each.off]),
    ),
  write: async (camera, values, cancel) => {
    const query = Object.entries(values).map(([name, value]) => `&root.${name}=${encodeURIComponent(value)}`).join(""); // prettier-ignore
    const answer = await askVendor(
      camera,
      { method: "GET", path: `/axis-cgi/param.cgi?action=update${query}` },
      cancel,
    );
    if (answer?.status !== 200 || textOf(answer) !== "OK") throw notTaken(Object.keys(values).join(", "), answer);
  },
});

/** A parameter's value; undefined where the camera has none of that name. */
export const readParameter = async (
  camera: ProbedCamera,
  name: string,
  cancel: Cancellable,
): Promise<{ readonly value: string } | "refused" | undefined> => {
  const group = name.slice(0, name.lastIndexOf("."));
  const answer = await askVendor(
    camera,
    { method: "GET", path: `/axis-cgi/param.cgi?action=list&group=root.${group}` },
    cancel,
  );
  if (answer === undefined || answer.status === 404) return undefined;
  if (answer.status === 401 || answer.status === 403) return "refused";
  if (answer.status !== 200)
    throw new GatehouseError("camera-fault", `the camera answered ${group} with ${answer.status}`);
  const start = `root.${name}=`;
  const line = textOf(answer).split(/\r?\n/).find((each) => each.startsWith(start)); // prettier-ignore
  return line === undefined ? undefined : { value: line.slice(start.length).trim().slice(0, 256) };
};

const textOf = ({ body }: HttpAnswer): string => body.toString("utf8").trim();

import { GatehouseError, type Cancellable, type RemedyId } from "@gatehouse/shared";

import { vendors } from "../../probe/probed-camera.ts";
import { settingOf } from "../../vendor/settings-of.ts";
import { changed, type SettingName, type SettingValues, type VendorSetting } from "../../vendor/vendor-setting.ts";
import type { Before, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../../remedy.ts";

/** What whoever looks from another side may have to know. */
export interface Seen {
  readonly clock: MendTools["clock"];
  /** What `openBefore` found; undefined where it was not asked, or nobody knows any more. */
  readonly before: readonly string[] | undefined;
}

/** One switch of a camera that only its maker's words reach. */
export interface VendorSwitch {
  readonly id: RemedyId;
  readonly setting: SettingName;
  /** How it should be. */
  readonly on: boolean;
  /** What it is called in steps: `UPnP`. */
  readonly name: string;
  /** What no longer works. */
  readonly stops: readonly string[];
  /** Doors that stand open for strangers before anything is changed, where there are several that may hang on different switches. */
  openBefore?(camera: MendedCamera, cancel: Cancellable): Promise<readonly string[]>;
  /** What is seen from another side, when the camera says that it took the change. */
  observe(camera: MendedCamera, seen: Seen, cancel: Cancellable): Promise<Verdict>;
}

const unknownMaker: Unfit = { unfit: "Nothing is known of such a switch of this camera's maker." };
const lacking: Unfit = {
  unfit: "The camera does not know this switch, or does not let Gatehouse's account change it.",
};

/**
 * A remedy in a maker's own words, as public programs use them. Nobody has seen it at a real camera, so it is never done without the owner's wish for
 * unproven words, and "fixed" is only said after the camera was asked anew and looked at from another side.
 */
export const vendorRemedy = (wish: VendorSwitch): Remedy => ({
  id: wish.id,
  plane: "vendor",
  proven: false,
  makers: vendors.filter((vendor) => settingOf(vendor, wish.setting) !== undefined),

  async preview(camera, cancel) {
    const setting = settingOf(camera.identity.vendor, wish.setting);
    if (setting === undefined) return unknownMaker;
    const state = await setting.read(camera, cancel);
    if (state.kind !== "told") return lacking;
    if (state.on === wish.on) return { unfit: "There is nothing to change: the camera is set like this already." };
    return describe(wish);
  },

  async remember(camera, _tools, cancel) {
    const open = await wish.openBefore?.(camera, cancel);
    return { values: await valuesOf(camera, wish, cancel), ...(open !== undefined && { open }) };
  },

  async apply(camera, before, _tools, cancel) {
    const setting = settingOf(camera.identity.vendor, wish.setting);
    if (setting === undefined || (await isAsWished(camera, setting, { wish, cancel }))) return;
    const was = valuesIn(before);
    const wanted = changed(was, setting.switched(was, wish.on));
    await setting.write(camera, wanted, cancel);
  },

  async verify(camera, before, { clock }, cancel) {
    const setting = settingOf(camera.identity.vendor, wish.setting);
    if (setting === undefined || !(await isAsWished(camera, setting, { wish, cancel })))
      return { kind: "not-fixed", why: "The camera took the order, and is set as before all the same." };
    return wish.observe(camera, { clock, before: openIn(before) }, cancel);
  },

  async undo(camera, before, _tools, cancel) {
    const setting = settingOf(camera.identity.vendor, wish.setting);
    const was = valuesIn(before);
    const back = changed(await valuesOf(camera, wish, cancel), was);
    if (setting === undefined || Object.keys(back).length === 0) return;
    await setting.write(camera, back, cancel);
    const left = Object.keys(changed(await valuesOf(camera, wish, cancel), was));
    if (left.length > 0) throw new GatehouseError("remedy-failed", `${wish.name} is not as before: ${left.join(", ")}`);
  },
});

const describe = ({ name, on, stops }: VendorSwitch): Preview => ({
  steps: [
    `Switch ${name} ${on ? "on" : "off"} in the camera, in its maker's own words (never seen at a real camera by Gatehouse's makers)`,
    "Ask the camera anew, and look from another side",
  ],
  stops,
  undoable: true,
});

const valuesOf = async (camera: MendedCamera, wish: VendorSwitch, cancel: Cancellable): Promise<SettingValues> => {
  const state = await settingOf(camera.identity.vendor, wish.setting)?.read(camera, cancel);
  return state?.kind === "told" ? state.values : {};
};

/** As `remember` wrote them; whatever else stands there is left out. */
const valuesIn = ({ values }: Before): SettingValues =>
  Object.fromEntries(
    Object.entries(typeof values === "object" && values !== null ? values : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );

const openIn = ({ open }: Before): readonly string[] | undefined =>
  Array.isArray(open) ? open.filter((door) => typeof door === "string") : undefined;

const isAsWished = async (
  camera: MendedCamera,
  setting: VendorSetting,
  { wish, cancel }: { readonly wish: VendorSwitch; readonly cancel: Cancellable },
): Promise<boolean> => {
  const state = await setting.read(camera, cancel);
  return state.kind === "told" && state.on === wish.on;
};

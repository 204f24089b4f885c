import type { Cancellable, RemedyId } from "@gatehouse/shared";

import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { Before, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";

/** What a camera has to be told, and by whom it is asked. */
export interface SettingTools extends Cancellable {
  readonly camera: MendedCamera;
  readonly onvif: OnvifCaller;
}

/** Something that a camera can be asked and told in ONVIF's words. A value is plain JSON, and says all that it takes to bring it back. */
export interface Setting<T> {
  readonly id: RemedyId;
  read(tools: SettingTools): Promise<T>;
  /** What it should be instead. The same value brings the same wish, whenever it is asked. */
  wish(was: T, camera: MendedCamera): T | Unfit;
  /** Whether it is as it should be. */
  holds(now: T, camera: MendedCamera): boolean;
  write(value: T, tools: SettingTools): Promise<void>;
  /** Told differently from `write` where what was there before cannot simply be said again. */
  restore?(was: T, tools: SettingTools): Promise<void>;
  describe(was: T, wanted: T): Preview;
  /** What is seen of it otherwise than by asking for the setting; the camera's own word is not enough where there is more. */
  observe(now: T, camera: MendedCamera, tools: Pick<MendTools, "clock">, cancel: Cancellable): Promise<Verdict>;
}

const isUnfit = (wish: unknown): wish is Unfit => typeof wish === "object" && wish !== null && "unfit" in wish;

export const onlyOnvif: Unfit = { unfit: "Only a camera that was added by ONVIF can be told this." };
const unknownToIt: Unfit = {
  unfit: "The camera does not know this setting, or does not let anybody change it by ONVIF.",
};

/** A remedy that changes one setting, and changes it back. */
export const settingRemedy = <T>(setting: Setting<T>): Remedy => {
  const wasIn = (before: Before): T => before["was"] as T;
  return {
    id: setting.id,
    plane: "onvif",
    // In the words of a standard, and yet nobody has seen it at a real camera.
    proven: false,

    async preview(camera, cancel) {
      if (camera.kind !== "onvif") return onlyOnvif;
      const was = await unlessUnsupported(setting.read(await toolsFor(camera, cancel)));
      if (was === undefined) return unknownToIt;
      if (setting.holds(was, camera))
        return { unfit: "There is nothing to change: the camera is set like this already." };
      const wanted = setting.wish(was, camera);
      return isUnfit(wanted) ? wanted : setting.describe(was, wanted);
    },

    async remember(camera, _tools, cancel) {
      return { was: await setting.read(await toolsFor(camera, cancel)) };
    },

    async apply(camera, before, _tools, cancel) {
      const tools = await toolsFor(camera, cancel);
      if (setting.holds(await setting.read(tools), camera)) return;
      const wanted = setting.wish(wasIn(before), camera);
      if (!isUnfit(wanted)) await setting.write(wanted, tools);
    },

    async verify(camera, _before, tools, cancel) {
      const now = await setting.read(await toolsFor(camera, cancel));
      if (!setting.holds(now, camera)) {
        return { kind: "not-fixed", why: "The camera took the order, and is set as before all the same." };
      }
      return setting.observe(now, camera, tools, cancel);
    },

    async undo(camera, before, _tools, cancel) {
      const tools = await toolsFor(camera, cancel);
      const was = wasIn(before);
      await (setting.restore === undefined ? setting.write(was, tools) : setting.restore(was, tools));
    },
  };
};

const toolsFor = async (camera: MendedCamera, cancel: Cancellable): Promise<SettingTools> => ({
  signal: cancel.signal,
  camera,
  onvif: await camera.onvif.as({ kind: "gateway" }, cancel),
});

/** Where there is no other way to see it than the camera's own word, which was read anew. */
export const itsOwnWord = (...evidence: readonly string[]): Promise<Verdict> =>
  Promise.resolve({ kind: "fixed", evidence });

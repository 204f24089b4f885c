import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import { settingOf } from "../vendor/settings-of.ts";
import type { SettingName, SettingState } from "../vendor/vendor-setting.ts";

/** What a camera's own settings say by its maker's words. */
export type SettingReply = SettingState | { readonly kind: "unspoken"; readonly why: string };

/**
 * Asked once a look. `absent` where nothing is known of such a setting of that maker; `unspoken` where the camera could not be asked in its maker's
 * words, which tells nothing of the setting.
 */
export const askSetting = (camera: ProbedCamera, name: SettingName, cancel: Cancellable): Promise<SettingReply> =>
  camera.once(`setting ${name}`, async () => {
    const setting = settingOf(camera.identity.vendor, name);
    if (setting === undefined) return { kind: "absent" };
    try {
      return await setting.read(camera, cancel);
    } catch (error) {
      if (!isGatehouseError(error) || !unspoken.has(error.code)) throw error;
      return { kind: "unspoken", why: error.message };
    }
  });

const unspoken: ReadonlySet<string> = new Set([
  "camera-basic-refused",
  "camera-fingerprint-unconfirmed",
  "camera-credentials",
  "camera-weaker-auth",
  "camera-fault",
  "camera-answer-malformed",
]);

/** What is on, as people may read it: names of the maker's own. */
export const wordsOf = (state: SettingState & { readonly kind: "told" }): string =>
  Object.entries(state.values).map(([name, value]) => `${name}=${value}`).join(", ").slice(0, 400); // prettier-ignore

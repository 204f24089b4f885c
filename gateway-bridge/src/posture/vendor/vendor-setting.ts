import type { Cancellable } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";

/** What can be read and switched by makers' own words, where ONVIF has none. */
export const settingNames = [
  "p2p",
  "upnp",
  "uploads",
  "telnet",
  "ssh",
  "ftp",
  "auto-update",
  "onvif-login",
  "rtsp-login",
  "replay-protection",
] as const;
export type SettingName = (typeof settingNames)[number];

/** A setting's values by the maker's own names, as the camera wrote them: {"T2UServer.Enable": "true"}. */
export type SettingValues = Readonly<Record<string, string>>;

export type SettingState =
  | { readonly kind: "told"; readonly on: boolean; readonly values: SettingValues }
  /** Such a camera has no such setting. */
  | { readonly kind: "absent" }
  /** The camera does not tell it to the gateway's login. */
  | { readonly kind: "refused" };

export interface VendorSetting {
  /** @throws GatehouseError where the camera cannot be spoken to, or answers with nonsense */
  read(camera: ProbedCamera, cancel: Cancellable): Promise<SettingState>;
  /** The values that switch it on, or off, where it is as told. */
  switched(values: SettingValues, on: boolean): SettingValues;
  /** @throws GatehouseError `remedy-failed` where the camera says that it did not take them */
  write(camera: ProbedCamera, values: SettingValues, cancel: Cancellable): Promise<void>;
}
export type VendorSettings = Readonly<Partial<Record<SettingName, VendorSetting>>>;

/** The values without those that are as they were. */
export const changed = (before: SettingValues, after: SettingValues): SettingValues =>
  Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));

import type { CameraId, Cancellable, Clock, RouterReport } from "@gatehouse/shared";

import type { Neighbour } from "../router/neighbours.ts";
import type { ProbedCamera } from "./probed-camera.ts";

/** The home's router, asked by UPnP IGD, NAT-PMP and PCP. */
export interface RouterProbe {
  /** What it offers and which mappings it holds; asked once a look. */
  report(cancel: Cancellable): Promise<RouterReport>;
}

/** The gateway's own Wi-Fi, as `iw` tells it. */
export interface WirelessLink {
  readonly interface: string;
  readonly ssid: string;
  /** `open`, `wep`, `wpa-tkip`, `wpa2`, `wpa3`; undefined where it cannot be told. */
  readonly security: "open" | "wep" | "wpa-tkip" | "wpa2" | "wpa3" | undefined;
}

/** The home around the cameras. */
export interface ProbedHome {
  readonly cameras: readonly ProbedCamera[];
  readonly router: RouterProbe;
  /** Devices that this box has met on its networks; undefined where it does not say. */
  neighbours?(cancel: Cancellable): Promise<readonly Neighbour[]>;
  /** The router's own page, where one is known. */
  readonly routerPage: string | null;
  /** Links of this box; empty where it has no Wi-Fi. */
  wireless(cancel: Cancellable): Promise<readonly WirelessLink[]>;
  /** Cameras of different devices whose secret is the same, by a keyed hash: passwords do not leave the vault. */
  sameSecrets(): readonly (readonly CameraId[])[];
  /** Cameras whose secret Gatehouse did not draw itself. */
  foreignSecrets(): readonly CameraId[];
  /** TCP to the home's own outside address, from inside; `undefined` where that address is not known or not public. */
  hairpin(port: number, cancel: Cancellable): Promise<boolean | undefined>;
  readonly clock: Clock;
}

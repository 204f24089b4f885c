import type { Cancellable } from "@gatehouse/shared";

import { getDot11Status, type Dot11Status } from "../../protocols/onvif/management/dot11.ts";
import type { NetworkInterface } from "../../protocols/onvif/management/network-interfaces.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { askOptional, interfacesOf, type OptionalReply } from "./ask-network.ts";

/** A camera's Wi-Fi network, as it tells it. */
export interface CameraWireless {
  readonly ssid: string;
  /** `None`, `WEP`, `PSK`, `Dot1X`, ...; empty where it does not say. */
  readonly mode: string;
  /** `CCMP`, `TKIP`, ...: what it may use, and what it uses now. */
  readonly ciphers: readonly string[];
}

/** The networks that a camera's interfaces are in; none for a wired one. Asked once a look. */
export const wirelessOf = (
  camera: ProbedCamera,
  cancel: Cancellable,
): Promise<OptionalReply<readonly CameraWireless[]>> =>
  camera.once("wireless", async () => {
    const interfaces = await interfacesOf(camera, cancel);
    if (interfaces.kind !== "answer") return interfaces;
    const found: CameraWireless[] = [];
    for (const one of interfaces.value.filter(({ enabled, dot11 }) => enabled && dot11.length > 0)) {
      const what = `GetDot11Status ${one.token}`;
      const status = await askOptional(
        camera,
        what,
        (onvif, within) => getDot11Status(onvif, one.token, within),
        cancel,
      );
      found.push(networkOf(one, status.kind === "answer" ? status.value : undefined));
    }
    return { kind: "answer", value: found };
  });

const networkOf = ({ dot11 }: NetworkInterface, status: Dot11Status | undefined): CameraWireless => {
  const [first] = dot11;
  const used = dot11.find(
    ({ alias, ssid }) => status !== undefined && (alias === status.alias || ssid === status.ssid),
  );
  const configured = used ?? first;
  const ciphers = [configured?.security.algorithm ?? "", status?.pairCipher ?? "", status?.groupCipher ?? ""];
  return {
    ssid: status?.ssid || (configured?.ssid ?? ""),
    mode: configured?.security.mode ?? "",
    ciphers: [...new Set(ciphers.filter((cipher) => cipher !== ""))],
  };
};

import { isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import type { ProbedCamera, TlsFacts } from "../probe/probed-camera.ts";

/** Cameras restart their web server for a new certificate. */
const longestWaitMs = 60_000;
const askAgainMs = 2_000;

/** Where an address speaks TLS; undefined where it speaks none. */
export const tlsPortOf = ({ protocol, port }: URL): number | undefined => {
  const usual = { "https:": 443, "rtsps:": 322 }[protocol];
  return usual === undefined || port === "" ? usual : Number(port);
};

/** What a port shows in a handshake; undefined where nothing speaks TLS there that is still spoken. */
export const shownAt = async (
  camera: Pick<ProbedCamera, "ports">,
  port: number,
  cancel: Cancellable,
): Promise<TlsFacts | undefined> => {
  try {
    return await camera.ports.tls(port, { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" }, cancel);
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-unreachable") return undefined;
    throw error;
  }
};

/** Whether the port shows that key before long. */
export const comesToShow = async (
  camera: Pick<ProbedCamera, "ports">,
  { port, pin, clock }: { readonly port: number; readonly pin: string; readonly clock: Clock },
  cancel: Cancellable,
): Promise<boolean> => {
  const until = clock.monotonic() + longestWaitMs;
  for (;;) {
    if ((await shownAt(camera, port, cancel))?.pin === pin) return true;
    if (clock.monotonic() >= until) return false;
    await clock.delay(askAgainMs, cancel);
  }
};

/** As people compare it: `sha256/...`. */
export const inWords = (pin: string): string => `sha256/${pin}`;

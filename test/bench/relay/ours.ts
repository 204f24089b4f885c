import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { mkdir } from "node:fs/promises";

import { spkiPin, type Thumbprint, type Way } from "@gatehouse/shared";

import { WorkerProcess } from "../worker-process.ts";
import type { HomeProcess } from "./home.ts";
import type { DeviceTarget, Passage } from "./passage.ts";
import type { relayHandlers } from "./relay-main.ts";

export type RelayProcess = WorkerProcess<typeof relayHandlers>;

export const startRelay = (): Promise<RelayProcess> =>
  WorkerProcess.start<typeof relayHandlers>(new URL("relay-main.ts", import.meta.url));

/** A device as a home's owner would have paired it. */
export interface PairedKey {
  /** PEM. */
  readonly privateKey: string;
  readonly thumbprint: Thumbprint;
}

export const pairKey = (): PairedKey => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    thumbprint: spkiPin(publicKey.export({ type: "spki", format: "der" })),
  };
};

/** As many as a relay lets through at most, so that the program is measured and not what an operator allows. */
const generous = {
  bytesPerSecond: 100_000_000_000,
  channelsPerBlock: 4_096,
  channelsPerDevice: 4_096,
  strangersPerBlock: 4_096,
};

export interface OursOptions {
  readonly home: HomeProcess;
  readonly folder: string;
  readonly homes: number;
  readonly devices: number;
}

/** Our relay, with homes behind it, each of which admits the same devices. */
export interface OurPassage extends Passage {
  /** To the first so many homes alone. */
  to(way: Way, homes: number): DeviceTarget;
}

/** Its devices ask for connections of their own, as for pictures. */
export const openOurs = async ({ home, folder, homes, devices }: OursOptions): Promise<OurPassage> => {
  await using opening = new AsyncDisposableStack();
  const data = join(folder, "relay");
  await mkdir(data, { recursive: true, mode: 0o700 });
  const relay = opening.use(await startRelay());
  const place = await relay.call("open", { data, port: 0, limits: generous });
  const built = await home.call("build", homes);
  const pins = built.map(({ pin }) => pin);
  await relay.call("enrol", pins);
  const keys = Array.from({ length: devices }, pairKey);
  opening.defer(() => home.call("leave"));
  await home.call("move", { place, devices: keys.map(({ thumbprint }) => thumbprint) });
  await home.call("settle");
  const to = (way: Way, count: number): DeviceTarget => {
    const tunnels = built.slice(0, count).map(({ tunnel }) => tunnel);
    return { kind: "relay", place, homes: tunnels, devices: keys.map(({ privateKey }) => privateKey), way };
  };
  const opened = opening.move();
  return {
    pids: [relay.pid],
    target: to("own", homes),
    to,
    check: () => undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
};

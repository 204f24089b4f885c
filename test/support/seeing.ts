import { spkiPin } from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { tunnelIdOf } from "../../gateway-bridge/src/relay/protocol/peer-pin.ts";
import { tunnelCertificate } from "../../gateway-bridge/src/relay/protocol/tunnel-certificate.ts";

const preloads = ["die-with-parent.ts", "seeing-relay.ts"].map((file) => new URL(file, import.meta.url).href);

/** What a relay that sees is told. */
export interface Seeing {
  /** A file with the device's whole identity. */
  readonly identity: string;
  /** A file that it writes what it sees to. */
  readonly seen: string;
  /** What it shows devices in the place of their gateway, PEM, and the pin of that key. */
  readonly cert: string;
  readonly key: string;
  readonly pin: string;
}

/** @param folder of the relay's own */
export const makeSeeing = (folder: string): Seeing => {
  const keys = generateKeyPairSync("ed25519");
  const pin = spkiPin(keys.publicKey.export({ type: "spki", format: "der" }));
  const shown = tunnelCertificate(tunnelIdOf(pin), keys, "server");
  return { ...shown, pin, identity: join(folder, "device-of-another.json"), seen: join(folder, "seen") };
};

/** A command that runs a relay as one that sees. */
export const asSeeing = (seeing: Seeing): readonly string[] => [
  "env",
  `GATEHOUSE_SEEING=${JSON.stringify(seeing)}`,
  `NODE_OPTIONS=--disable-warning=ExperimentalWarning ${preloads.map((file) => `--import=${file}`).join(" ")}`,
];

/** Gives the relay what it may never have: the device's key, and a device that takes the relay's own for its gateway's. */
export const betray = async (deviceFile: string, { identity, pin }: Seeing): Promise<void> => {
  await copyFile(deviceFile, identity);
  const device = JSON.parse(await readFile(deviceFile, "utf8")) as { wayHome: object };
  const bent = { ...device, wayHome: { ...device.wayHome, gatewayKeys: [pin] } };
  await writeFile(deviceFile, JSON.stringify(bent), { mode: 0o600 });
};

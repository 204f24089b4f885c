import { readPrivateFile, RelayName, SpkiPin, Time, writePrivateFile } from "@gatehouse/shared";
import { rm } from "node:fs/promises";
import { z } from "zod";

/** What a running relay tells whoever may read its data folder: where it is, and which keys it shows. Nothing secret. */
export const RunningRelay = z.strictObject({
  pid: z.int().positive(),
  name: RelayName,
  version: z.string(),
  started: Time,
  /** `host:port` that it listens on, IPv6 in brackets. */
  address: z.string(),
  /** The same of its measurements; null without any. */
  metrics: z.string().nullable(),
  /** Pins of the relay's key. */
  keys: z.array(SpkiPin).min(1),
});
export type RunningRelay = z.infer<typeof RunningRelay>;

/** Tells, in the place of what was told before. */
export const tellRunning = (file: string, running: RunningRelay): Promise<void> =>
  writePrivateFile(file, `${JSON.stringify(running, null, 2)}\n`);

/** A killed relay cannot take it back: then the control socket answers nobody. */
export const takeBackRunning = (file: string): Promise<void> => rm(file, { force: true });

/** Undefined where no relay told anything, or nothing that can be understood. */
export const readRunning = async (file: string): Promise<RunningRelay | undefined> => {
  const content = await readPrivateFile(file);
  try {
    return content && RunningRelay.parse(JSON.parse(content.toString("utf8")));
  } catch {
    return undefined;
  }
};

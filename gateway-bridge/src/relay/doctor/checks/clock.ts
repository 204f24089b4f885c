import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Check, Finding, Patient } from "../check.ts";

/** A clock that is off by more makes an operator's codes wrong. */
const tolerance = 30_000;

const behind = async ({ data, clock }: Patient): Promise<Finding[]> => {
  const names = await readdir(data);
  const times = await Promise.all(
    names.map(async (name) => (await stat(join(data, name)).catch(() => undefined))?.mtimeMs ?? 0),
  );
  const newest = Math.max(0, ...times);
  if (newest <= clock.now() + tolerance) return [];
  return [
    {
      code: "clock-behind",
      what: `The clock shows ${new Date(clock.now()).toISOString()}; the data were written at ${new Date(newest).toISOString()}.`,
      why: "Invites and the relay's old keys last longer than they should, and the audit log's times are wrong.",
      remedy: "Set the clock: `timedatectl set-ntp true`.",
    },
  ];
};

/** What systemd's own client tells, where it runs: a folder, and in it a mark once the clock was set. */
const unsynchronised = async ({ run }: Patient): Promise<Finding[]> => {
  const entries = await readdir(join(run, "systemd/timesync")).catch(() => undefined);
  if (entries === undefined || entries.includes("synchronized")) return [];
  return [
    {
      code: "clock-unsynchronised",
      what: "systemd-timesyncd has not set the clock since the box started.",
      why: "Operators' codes are of the clock's time, and so are invites.",
      remedy: "Let the box reach a time server; `timedatectl timesync-status` says what is wrong.",
    },
  ];
};

export const clockCheck: Check = {
  name: "clock",
  about: "the clock",
  look: async (patient) => [...(await behind(patient)), ...(await unsynchronised(patient))],
};

import type { RemedyId } from "@gatehouse/shared";

import type { Run } from "./remedy-journal.ts";

/** What a change rests on: taken back beneath it, that would leave a camera to which the gateway has no way, or another than it remembers. */
const restsOn: Partial<Readonly<Record<RemedyId, readonly RemedyId[]>>> = {
  "tls-harden": ["tls-on", "repin"],
  "rtsps-on": ["tls-on"],
  "http-off": ["tls-on"],
  repin: ["tls-on", "tls-harden"],
};

type Change = Pick<Run, "id" | "camera" | "remedy" | "phase" | "endedAt">;

/** Changes of the same camera that were done later, rest on this one, and have to be taken back first; the latest first. */
export const changesAbove = <T extends Change>(change: Change, all: readonly T[]): readonly T[] =>
  all
    .filter(({ camera, phase }) => camera === change.camera && phase === "done")
    .filter(({ remedy }) => restsOn[remedy]?.includes(change.remedy) === true)
    .filter(({ endedAt }) => (endedAt ?? 0) > (change.endedAt ?? 0))
    .toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));

import type { CameraId, RemedyId, RemedyRunId } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { RunPhase } from "./run-phase.ts";
import { changesAbove } from "./undo-order-policy.ts";

interface Else {
  readonly phase?: RunPhase;
  readonly camera?: string;
}

const change = (remedy: RemedyId, endedAt: number, { phase = "done", camera = "cam-a" }: Else = {}) => ({
  ...{ remedy, endedAt, phase },
  id: `mend-${remedy}` as RemedyRunId,
  camera: camera as CameraId,
});

describe("what has to be taken back before a change", () => {
  const tlsOn = change("tls-on", 10);

  it.each([
    [
      "what rests on it, the latest first",
      [change("tls-harden", 11), change("http-off", 12)],
      ["http-off", "tls-harden"],
    ],
    ["nothing that was done before it", [change("http-off", 9)], []],
    ["nothing that rests on something else", [change("discovery-off", 11), change("rotate-password", 12)], []],
    [
      "nothing that was taken back, or failed",
      [change("http-off", 11, { phase: "undone" }), change("tls-harden", 12, { phase: "failed" })],
      [],
    ],
    ["nothing of another camera", [change("http-off", 11, { camera: "cam-b" })], []],
  ] as const)("%s", (_name, others, expected) => {
    expect(changesAbove(tlsOn, [...others, tlsOn]).map(({ remedy }) => remedy)).toEqual(expected);
  });
});

import type { RemedyRun } from "@gatehouse/shared";
import { expect, it } from "@jest/globals";

import { previewText, stateText } from "./remedy-text.ts";

const until = new Date(2026, 10, 22, 23, 14).getTime();
const waiting = { until, why: "The camera saw two wrong passwords." };
const run = { remedy: "rotate-password", plane: "onvif", proven: false, steps: ["Give it another."], stops: [] };
const time = new Date(until).toLocaleTimeString();

it("says until when is waited and why, before it begins and while it goes on", () => {
  const proposed = { ...run, undoable: true, state: "proposed", waiting } as unknown as RemedyRun;
  expect(previewText(proposed, "Front")).toContain(`It begins at ${time}, not before. ${waiting.why}`);
  expect(stateText({ state: "applying", waiting })).toBe(`applying, waits until ${time}: ${waiting.why}`);
});

it("says nothing of waiting where nothing is waited for", () => {
  const proposed = { ...run, undoable: true, state: "proposed", waiting: null } as unknown as RemedyRun;
  expect(previewText(proposed, "Front")).not.toContain("not before");
  expect([stateText({ state: "done", waiting: null }), stateText({ state: "proposed", waiting })]).toEqual([
    "done",
    "proposed",
  ]);
});

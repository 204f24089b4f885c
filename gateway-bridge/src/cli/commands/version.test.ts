import { expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";

import { supportedUntil, version } from "../../version.ts";
import type { CommandContext } from "../command.ts";
import { versionCommand } from "./version.ts";

const ask = async (now: number, support: boolean) => {
  const clock = new TestClock(now);
  const answer = await versionCommand.run({ positionals: [], options: { support } }, {
    clock,
  } as unknown as CommandContext);
  return answer!;
};

it("says nothing but the version unless it is asked for more", async () => {
  expect((await ask(supportedUntil - 1, false)).text).toBe(version);
});

it("says until when faults are mended, and when that is over", async () => {
  const day = new Date(supportedUntil).toISOString().slice(0, 10);
  const [before, after] = [await ask(supportedUntil - 1, true), await ask(supportedUntil, true)];
  expect(before.text).toContain(`mended until ${day}`);
  expect(after.text).toContain(`Its support ended on ${day}`);
  expect(before.json).toMatchObject({ version, supportedUntil });
});

import { describe, expect, it } from "@jest/globals";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import { restart } from "./restart.ts";
import { cancel, ObedientCamera } from "./testing/obedient-camera.ts";

/** A camera that is there, away and there again, so many seconds each after it was told. */
const restarting = async (goesAfterS: number, comesAfterS: number) => {
  const obedient = new ObedientCamera();
  const camera = obedient.open();
  const told = obedient.clock.monotonic();
  const asked: boolean[] = [];
  const tcp: ProbedCamera["ports"]["tcp"] = async () => {
    await Promise.resolve();
    const seconds = (obedient.clock.monotonic() - told) / 1_000;
    const open = seconds < goesAfterS || seconds >= comesAfterS;
    asked.push(open);
    return open ? { kind: "open", banner: "" } : { kind: "silent" };
  };
  const onvif = await camera.onvif.as({ kind: "gateway" }, cancel);
  const done = restart(onvif, { ...camera, ports: { ...camera.ports, tcp } }, cancel).then(
    () => "back",
    (error: unknown) => (error as { code?: string }).code,
  );
  for (let second = 0; second < 500; second += 1) await obedient.clock.advance(1_000);
  return { outcome: await done, asked, rebooted: obedient.asked.includes("SystemReboot") };
};

describe("restart", () => {
  it("waits until the camera went and came back", async () => {
    const { outcome, asked, rebooted } = await restarting(90, 150);
    expect([outcome, rebooted]).toEqual(["back", true]);
    expect(asked).toContain(false);
    expect(asked.at(-1)).toBe(true);
  });

  it("goes on where it was never seen to go", async () => {
    expect(await restarting(Number.POSITIVE_INFINITY, 0)).toMatchObject({ outcome: "back" });
  });

  it("says so where it does not come back", async () => {
    expect(await restarting(5, Number.POSITIVE_INFINITY)).toMatchObject({ outcome: "camera-unreachable" });
  });
});

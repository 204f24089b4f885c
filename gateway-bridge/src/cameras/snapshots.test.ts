import { GatehouseError, type CameraId, type TierName } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { Snapshot } from "../ports.ts";
import { sharedForMs, Snapshots } from "./snapshots.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const patient = { signal: new AbortController().signal };

const setUp = () => {
  const clock = new TestClock();
  const snapshots = new Snapshots(clock);
  const asked: {
    readonly tier: TierName;
    readonly answer: (snapshot: Snapshot) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const ask = (tier: TierName = "main", cancel = patient, of = camera) =>
    snapshots.get(
      {
        camera: of,
        tier,
        take: () => new Promise((answer, fail) => asked.push({ tier, answer, fail })),
      },
      cancel,
    );
  const picture = (capturedAt: number): Snapshot => ({ jpeg: Buffer.from([capturedAt]), capturedAt });
  return { clock, snapshots, asked, ask, picture, settle: () => clock.advance(0) };
};

describe("Snapshots", () => {
  it("asks the camera once for all who want a picture meanwhile", async () => {
    const { asked, ask, picture, settle } = setUp();
    const wanted = [ask(), ask(), ask()];
    await settle();
    expect(asked).toHaveLength(1);
    asked[0]?.answer(picture(7));
    expect(await Promise.all(wanted)).toEqual([picture(7), picture(7), picture(7)]);
  });

  it("shares a picture for 2 s with the time that it was taken, then takes another", async () => {
    const { asked, ask, picture, settle, clock } = setUp();
    const first = ask();
    await settle();
    asked[0]?.answer(picture(1));
    await first;
    await clock.advance(sharedForMs);
    expect(await ask()).toEqual(picture(1));
    await clock.advance(1);
    void ask();
    await settle();
    expect(asked).toHaveLength(2);
  });

  it("never has two requests at one camera, and does not hold up another camera", async () => {
    const { asked, ask, picture, settle } = setUp();
    const [main, sub] = [ask("main"), ask("sub")];
    void ask("main", patient, "cam-bbbbbbbbbbbbbbbb" as CameraId);
    await settle();
    expect(asked.map(({ tier }) => tier)).toEqual(["main", "main"]);
    asked[0]?.answer(picture(1));
    await main;
    await settle();
    expect(asked.map(({ tier }) => tier)).toEqual(["main", "main", "sub"]);
    asked[2]?.answer(picture(2));
    expect(await sub).toEqual(picture(2));
  });

  it("lets one asker go without failing the others", async () => {
    const { asked, ask, picture, settle } = setUp();
    const controller = new AbortController();
    const impatient = ask("main", controller);
    const other = ask();
    await settle();
    controller.abort(new GatehouseError("aborted", "gone"));
    await expect(impatient).rejects.toMatchObject({ code: "aborted" });
    asked[0]?.answer(picture(3));
    expect(await other).toEqual(picture(3));
  });

  it("fails all who waited, keeps no failure, and goes on", async () => {
    const { asked, ask, picture, settle } = setUp();
    const failing = [ask(), ask()];
    const next = ask("sub");
    await settle();
    asked[0]?.fail(new GatehouseError("camera-unreachable", "off"));
    for (const one of failing) await expect(one).rejects.toMatchObject({ code: "camera-unreachable" });
    await settle();
    asked[1]?.answer(picture(4));
    expect(await next).toEqual(picture(4));
    void ask();
    await settle();
    expect(asked).toHaveLength(3);
  });

  it("asks nobody for one who is gone already", async () => {
    const { asked, ask } = setUp();
    await expect(ask("main", { signal: AbortSignal.abort(new GatehouseError("aborted", "gone")) })).rejects.toThrow(
      "gone",
    );
    expect(asked).toEqual([]);
  });
});

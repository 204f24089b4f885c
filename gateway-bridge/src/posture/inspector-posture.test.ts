import { fakeCameraId } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import { scriptedCamera } from "./checks/testing/scripted-camera.ts";
import { failed, passed, unknown, type Outcome } from "./check.ts";
import { back, cameraCheck, day, front, home, homeCheck, inTurn, owner, closeAll } from "./testing/inspected-home.ts";

afterEach(closeAll);

const namesHttps = (port: number) => ({
  GetNetworkProtocols: `<GetNetworkProtocolsResponse><NetworkProtocols><Name>HTTPS</Name><Enabled>true</Enabled><Port>${port}</Port></NetworkProtocols></GetNetworkProtocolsResponse>`,
});

describe("the posture", () => {
  it("is as bad as its worst part, and has a point of its course for each day", async () => {
    const { inspector, look, clock } = home([cameraCheck("NET-TELNET", () => failed("open"))]);
    expect(inspector.posture()).toMatchObject({ grade: null, trend: [] });
    inspector.consent(front, true);
    await look();
    await clock.advance(1);
    await look();
    await clock.advance(day);
    await look();
    expect(inspector.posture()).toMatchObject({ grade: "D", tally: { high: 1 } });
    expect(inspector.posture().trend.map(({ at, grade }) => [at, grade])).toEqual([
      [clock.now() - day, "D"],
      [clock.now(), "D"],
    ]);
  });

  it("has a course of each camera, a point for each day that it was looked at, and a month of them", async () => {
    const turns = inTurn(failed("open"), passed());
    const { inspector, look, clock } = home([cameraCheck("NET-TELNET", turns)]);
    inspector.consent(front, true);
    const courseOf = (camera: typeof front): string =>
      inspector.posture().cameras.find((view) => view.camera === camera)!.trend.map(({ grade }) => grade).join(""); // prettier-ignore
    await look();
    expect([courseOf(front), courseOf(back)]).toEqual(["D", ""]);
    await clock.advance(day);
    await look({ cameras: [front] });
    expect([courseOf(front), courseOf(back)]).toEqual(["DA", ""]);
    for (let days = 0; days < 35; days += 1) {
      await clock.advance(day);
      await look();
    }
    expect(courseOf(front)).toBe("A".repeat(31));
    expect(inspector.posture().trend).toHaveLength(37);
  });

  it("is told of some cameras alone, without the home, in each of its forms", async () => {
    const checks = [cameraCheck("NET-TELNET", () => failed("open")), homeCheck("IGD-OPEN", () => [{ camera: null, ...failed("on") }])]; // prettier-ignore
    const { inspector, look } = home(checks);
    for (const camera of [front, back]) inspector.consent(camera, true);
    await look();
    const both = inspector.posture([front, back]);
    expect(both).toMatchObject({ grade: "D", tally: { high: 2 }, findings: [], trend: [], newcomers: [] });
    expect(both.cameras.map(({ name }) => name)).toEqual(["Front", "Back"]);
    expect(inspector.posture([back]).cameras.map(({ name }) => name)).toEqual(["Back"]);
    const page = inspector.report("html", [front, back]);
    expect(page).toContain("<h2>Front</h2>");
    expect(page).toContain("<h2>Back</h2>");
    expect(page).not.toContain("IGD-OPEN");
    const sarif = JSON.parse(inspector.report("sarif", [front, back])) as { runs: [{ results: { locations: [{ logicalLocations: [{ name: string }] }] }[] }] }; // prettier-ignore
    expect(sarif.runs[0].results.map(({ locations }) => locations[0].logicalLocations[0].name)).toEqual(["Front", "Back"]); // prettier-ignore
    const stranger = fakeCameraId("s");
    expect(() => inspector.report("html", [front, stranger])).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("leads to the page of a camera where a look has seen it, and nowhere else after the camera was removed", async () => {
    const seen = scriptedCamera({ tcp: { 80: "", 8443: "" }, tls: { 8443: { modern: {} } }, onvif: namesHttps(8443) });
    const openCamera = async () => ({ ...seen, afresh: () => seen, [Symbol.dispose]: () => undefined });
    const { inspector, look, store } = home([cameraCheck("NET-HTTP", () => failed("open"))], { openCamera });
    inspector.consent(front, true);
    const page = () => store.page(front);
    expect(page()).toBeUndefined();
    await look();
    expect(page()).toEqual({ secure: true, port: 8443 });
    inspector.forget(front);
    expect(page()).toBeUndefined();
  });

  it.each([
    ["is not offered to a camera of another maker", "Axis", []],
    ["is offered to a camera of that maker", "Hikvision", ["telnet-off"]],
    ["is offered to a camera whose maker nobody knows", "", ["telnet-off"]],
  ])("a maker's own word %s", (_, manufacturer, offered) => {
    const remedies = [{ id: "telnet-off", plane: "vendor", proven: false, makers: ["hikvision"] as const }];
    const { inspector, cameras } = home([cameraCheck("NET-TELNET", () => failed("open"))], { remedies });
    Object.assign(cameras[0]!.description, { manufacturer });
    const [finding] = inspector.posture([front]).cameras[0]!.findings;
    expect(finding?.remedies.map(({ remedy }) => remedy)).toEqual(offered);
  });

  it("leads to a camera's own page, in its maker's words, where that takes a look at all of them", async () => {
    const { inspector, look } = home([homeCheck("CAM-PWD-REUSED", () => [{ ...failed("same"), camera: front }])]);
    inspector.consent(front, true);
    await look();
    expect(inspector.posture([front]).cameras[0]?.findings[0]?.guide).toMatchObject({
      page: "http://192.168.1.20/",
      steps: expect.arrayContaining([expect.stringContaining("User Management")]),
    });
  });

  it("offers the remedies that there are, and the steps by hand at the camera's page", async () => {
    const { inspector } = home([cameraCheck("NET-TELNET", () => failed("open"))]);
    expect(inspector.posture().cameras[0]?.findings[0]).toMatchObject({
      remedies: [{ remedy: "http-off", plane: "onvif", proven: true }],
      guide: {
        page: "http://192.168.1.20/",
        steps: ["hikvision", `Check again: \`gatehouse inspect --camera ${front} --check NET-TELNET\`.`],
      },
    });
  });

  it("is found out anew once a day", async () => {
    const turns = inTurn(unknown("x"));
    const { inspector, clock } = home([cameraCheck("NET-TELNET", turns)], { everyMs: day });
    inspector.consent(front, true);
    expect(inspector.posture().next).toBe(clock.now() + 600_000);
    await clock.advance(600_000);
    expect(turns.asked).toBe(1);
    await clock.advance(day - 1);
    expect(turns.asked).toBe(1);
    await clock.advance(1);
    expect(turns.asked).toBe(2);
  });

  it("is found out anew by nobody else while somebody looks, and later then", async () => {
    const held = Promise.withResolvers<Outcome>();
    const looks: string[] = [];
    const slow = cameraCheck("NET-TELNET", () => (looks.push("look"), held.promise));
    const { inspector, clock } = home([slow], { everyMs: day });
    inspector.consent(front, true);
    await clock.advance(599_000);
    const own = inspector.start({ checks: ["NET-TELNET"] });
    await clock.advance(2_000);
    expect(looks).toHaveLength(1);
    expect(inspector.start({})).toMatchObject({ id: own.id, state: "running" });
    held.resolve(passed());
    await inspector.settled();
    await clock.advance(0);
    expect(looks).toHaveLength(1);
    // It was a look at one check alone, so the whole is looked at when the pause is over.
    await clock.advance(600_000);
    expect(looks).toHaveLength(2);
  });

  it("is found out anew neither at the same minute everywhere, nor at each start", async () => {
    const first = home([], { everyMs: day, random: () => 0 });
    const second = home([], { everyMs: day, random: () => 0.99 });
    for (const { clock } of [first, second]) await clock.advance(day / 10);
    const [early, late] = [first, second].map(({ inspector, clock }) => inspector.posture().next! - clock.now());
    expect(late! - early!).toBeGreaterThan(day / 20);
    const again = home([], { everyMs: day, store: first.store, clock: first.clock, random: () => 0 });
    expect(again.inspector.posture().next! - first.clock.now()).toBeCloseTo(early!, -2);
  });

  it("forgets a removed camera wholly", async () => {
    const { inspector, look, store } = home([cameraCheck("NET-TELNET", () => failed("open"))]);
    inspector.consent(front, true);
    await look();
    inspector.accept({ check: "NET-TELNET", camera: front, reason: "why not", days: 1 }, owner);
    inspector.forget(front);
    expect([store.findings(), store.acceptances(), store.granted(front), store.lookedAt(front)]).toEqual([
      [],
      [],
      false,
      null,
    ]);
    expect(store.trend(front)).toEqual([]);
  });
});

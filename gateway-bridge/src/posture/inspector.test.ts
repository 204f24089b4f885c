import { GatehouseError } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import { failed, passed } from "./check.ts";
import {
  back,
  cameraCheck,
  day,
  front,
  home,
  homeCheck,
  inTurn,
  openInspector,
  openedCamera,
  owner,
  stated,
  closeAll,
} from "./testing/inspected-home.ts";

afterEach(closeAll);

describe("a look", () => {
  it("judges only cameras whose owner allows it, and keeps what it saw", async () => {
    const { inspector, look, statusOf, told, options } = home([cameraCheck("NET-TELNET", () => failed("open"))]);
    inspector.consent(front, true);
    await look();
    expect([statusOf("NET-TELNET"), statusOf("NET-TELNET", back)]).toEqual(["failed", "unknown"]);
    expect(told).toEqual(["Front NET-TELNET: undefined -> failed"]);
    const again = openInspector(options);
    expect(again.posture().cameras[0]).toMatchObject({ grade: "D", consent: true, tally: { high: 1 } });
    expect(again.posture().cameras[1]).toMatchObject({ grade: null, consent: false });
  });

  it("refuses a camera without consent by name", () => {
    const { inspector } = home([]);
    expect(() => inspector.start({ cameras: [back] })).toThrow(
      expect.objectContaining({ code: "inspection-not-allowed" }),
    );
    expect(() => inspector.start({ cameras: [fakeCameraId("x")] })).toThrow(
      expect.objectContaining({ code: "not-found" }),
    );
  });

  it("is one at a time, tells how far it is, and can be stopped", async () => {
    const reached = Promise.withResolvers<undefined>();
    const { inspector, log } = home([
      cameraCheck("NET-TELNET", () => {
        reached.resolve(undefined);
        return new Promise(() => undefined);
      }),
    ]);
    inspector.consent(front, true);
    const begun = inspector.start({});
    await reached.promise;
    expect(inspector.start({ checks: ["NET-FTP"] }).id).toBe(begun.id);
    expect(inspector.current(begun.id)).toMatchObject({
      state: "running",
      done: 0,
      total: 1,
      current: "Front: NET-TELNET",
    });
    inspector.stop(begun.id);
    await inspector.settled();
    expect(inspector.current(begun.id)).toMatchObject({ state: "stopped", current: null });
    expect(inspector.posture().cameras[0]?.inspectedAt).toBeNull();
    expect(log.lines).toEqual([]);
  });

  it("hides what depends on a weakness, through all that depends on it", async () => {
    const behind = inTurn(failed("x"));
    const { inspector, look, statusOf } = home([
      cameraCheck("RTSP-MD5", behind, "RTSP-BASIC"),
      cameraCheck("RTSP-BASIC", behind, "RTSP-ANON"),
      cameraCheck("RTSP-ANON", inTurn(failed("x"), failed("x"), passed())),
    ]);
    inspector.consent(front, true);
    await look();
    const all = () => [statusOf("RTSP-ANON"), statusOf("RTSP-BASIC"), statusOf("RTSP-MD5")];
    expect(all()).toEqual(["failed", "behind", "behind"]);
    expect(behind.asked).toBe(0);
    await look();
    expect(all()).toEqual(["failed", "behind", "behind"]);
    await look();
    expect(all()).toEqual(["passed", "failed", "behind"]);
  });

  it("counts a change that it saw twice, and no blip", async () => {
    const turns = inTurn(failed("x"), passed(), failed("x"), passed(), passed());
    const { inspector, look, statusOf, told } = home([cameraCheck("NET-TELNET", turns)]);
    inspector.consent(front, true);
    await look();
    await look();
    expect([statusOf("NET-TELNET"), turns.asked]).toEqual(["failed", 3]);
    await look();
    expect([statusOf("NET-TELNET"), turns.asked]).toEqual(["passed", 5]);
    expect(told).toEqual(["Front NET-TELNET: undefined -> failed", "Front NET-TELNET: failed -> passed"]);
  });

  it("takes what spends guesses at its word, and looks at it last", async () => {
    const order: string[] = [];
    const guessed = inTurn(failed("x"), passed());
    const { inspector, look, statusOf } = home([
      cameraCheck("CAM-PWD-DEFAULT", () => {
        order.push("guess");
        return guessed();
      }),
      cameraCheck("NET-TELNET", () => {
        order.push("telnet");
        return passed();
      }),
    ]);
    inspector.consent(front, true);
    await look();
    await look();
    expect([statusOf("CAM-PWD-DEFAULT"), guessed.asked]).toEqual(["passed", 2]);
    expect(order).toEqual(["telnet", "guess", "telnet", "guess"]);
  });

  it("keeps what was known where a check cannot find out, and says why", async () => {
    const gone = new GatehouseError("camera-unreachable", "the camera is off");
    const { inspector, look, statusOf } = home([cameraCheck("NET-TELNET", inTurn(failed("x"), gone))]);
    inspector.consent(front, true);
    await look();
    await look();
    expect(statusOf("NET-TELNET")).toBe("failed");
    expect(inspector.posture().cameras[0]?.findings[0]?.note).toBe("the camera is off");
  });

  it("survives a check that is broken, and a camera that cannot be opened", async () => {
    const broken = cameraCheck("NET-TELNET", () => {
      throw new TypeError("x is undefined");
    });
    const { inspector, look, statusOf, log } = home([broken, cameraCheck("NET-FTP", () => passed())], {
      openCamera: async ({ id }) => {
        if (id === back) throw new GatehouseError("camera-unreachable", "nobody answers");
        return openedCamera();
      },
    });
    inspector.consent(front, true);
    inspector.consent(back, true);
    await look();
    expect([statusOf("NET-TELNET"), statusOf("NET-FTP")]).toEqual(["unknown", "passed"]);
    expect([statusOf("NET-TELNET", back), statusOf("NET-FTP", back)]).toEqual(["unknown", "unknown"]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { check: "NET-TELNET" } }]);
  });

  it("asks at most four checks of a camera at a time", async () => {
    let now = 0;
    let peak = 0;
    const ids = ["NET-TELNET", "NET-FTP", "NET-SSH", "NET-HTTP", "NET-SNMP", "NET-DEBUG", "TIME", "EGRESS"] as const;
    const checks = ids.map((id) =>
      cameraCheck(id, async () => {
        now += 1;
        peak = Math.max(peak, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return passed();
      }),
    );
    const { inspector, look } = home(checks);
    inspector.consent(front, true);
    await look();
    expect(peak).toBe(4);
  });

  it("gives up a check that asks without end, and goes on", async () => {
    const reached = Promise.withResolvers<undefined>();
    const endless = cameraCheck("NET-TELNET", () => {
      reached.resolve(undefined);
      return new Promise(() => undefined);
    });
    const { inspector, clock, statusOf } = home([endless, cameraCheck("NET-FTP", () => passed())]);
    inspector.consent(front, true);
    inspector.start({});
    await reached.promise;
    await clock.advance(45_000);
    await inspector.settled();
    expect([statusOf("NET-TELNET"), statusOf("NET-FTP")]).toEqual(["unknown", "passed"]);
  });

  it("at single checks takes along what they depend on, and is none at the whole", async () => {
    const other = inTurn(passed());
    const { inspector, look, statusOf } = home([
      cameraCheck("RTSP-BASIC", () => passed(), "RTSP-ANON"),
      cameraCheck("RTSP-ANON", () => passed()),
      cameraCheck("NET-FTP", other),
    ]);
    inspector.consent(front, true);
    await look({ checks: ["RTSP-BASIC"] });
    expect([statusOf("RTSP-BASIC"), statusOf("RTSP-ANON"), other.asked]).toEqual(["passed", "passed", 0]);
    expect(inspector.posture().cameras[0]).toMatchObject({ inspectedAt: null, grade: null });
  });

  it("keeps nothing of a camera that was removed while it was looked at", async () => {
    const { inspector, cameras, look, store } = home([
      cameraCheck("NET-TELNET", () => {
        cameras.shift();
        return failed("x");
      }),
    ]);
    inspector.consent(front, true);
    await look();
    expect(store.findings()).toEqual([]);
  });
});

describe("a look at the home", () => {
  it("judges the home, or cameras one by one, and believes a change that it saw twice", async () => {
    let mapped = true;
    let asked = 0;
    const { inspector, look, statusOf } = home([
      homeCheck("IGD-OPEN", () => [{ ...failed("UPnP"), camera: null }]),
      homeCheck("CAM-PWD-REUSED", () => {
        asked += 1;
        return [front, back].map((camera) => ({ ...(mapped ? failed("same") : passed()), camera }));
      }),
    ]);
    await look();
    expect(inspector.posture().findings).toMatchObject([{ check: "IGD-OPEN", status: "failed", camera: null }]);
    expect([statusOf("CAM-PWD-REUSED"), statusOf("CAM-PWD-REUSED", back)]).toEqual(["failed", "failed"]);
    mapped = false;
    await look();
    expect([statusOf("CAM-PWD-REUSED"), asked]).toEqual(["passed", 3]);
  });

  it("keeps what was known of each camera where the router cannot be asked", async () => {
    let fails = false;
    const { look, statusOf } = home([
      homeCheck("IGD-MAP-CAM", () => {
        if (fails) throw new GatehouseError("router-unreachable", "no router");
        return [{ ...failed("mapped"), camera: front }];
      }),
    ]);
    await look();
    fails = true;
    await look();
    expect(statusOf("IGD-MAP-CAM")).toBe("failed");
  });
});

describe("what the owner says", () => {
  const weak = (): ReturnType<typeof home> =>
    home([cameraCheck("NET-TELNET", () => failed("open")), stated("WIFI-GUEST")]);
  const acceptance = { check: "NET-TELNET" as const, camera: front, reason: "Behind a wall", days: 30 };

  it("is shown as accepted, never as passed, does not count, and ends", async () => {
    const { inspector, look, statusOf, clock, told } = weak();
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    expect(statusOf("NET-TELNET")).toBe("accepted");
    expect(inspector.posture().cameras[0]).toMatchObject({
      grade: "A",
      tally: { accepted: 1, high: 0 },
      findings: [{ acceptance: { by: owner.id, name: "Ada", reason: "Behind a wall", until: clock.now() + 30 * day } }],
    });
    await clock.advance(30 * day);
    expect(statusOf("NET-TELNET")).toBe("failed");
    expect(told).toContain("Front NET-TELNET: failed -> accepted");
  });

  it("is told of when its time is over, once, though the weakness is as it was", async () => {
    const { inspector, look, clock, told, store } = weak();
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    told.length = 0;
    await clock.advance(30 * day - 1);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(["Front NET-TELNET: accepted -> failed"]);
    expect(store.acceptances()).toEqual([]);
    await look();
    await clock.advance(day);
    expect(told).toHaveLength(1);
  });

  it("is told of at the next start where its time was over meanwhile", async () => {
    const { inspector, look, clock, options } = weak();
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    await inspector[Symbol.asyncDispose]();
    await clock.advance(31 * day);
    const later = openInspector(options);
    const told: unknown[] = [];
    later.onFinding(({ finding: { check, status }, before }) => told.push([check, before, status]));
    await clock.advance(0);
    expect(told).toEqual([["NET-TELNET", "accepted", "failed"]]);
  });

  it("is not told of where there is nothing to count again", async () => {
    let there = true;
    const { inspector, look, clock, told, store } = home([
      cameraCheck("NET-TELNET", () => (there ? failed("open") : { kind: "passed" })),
    ]);
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    there = false;
    await look();
    await look();
    told.length = 0;
    await clock.advance(31 * day);
    expect([told, store.acceptances()]).toEqual([[], []]);
  });

  it("can be taken back", async () => {
    const { inspector, look, statusOf } = weak();
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    inspector.withdraw({ check: "NET-TELNET", camera: front }, owner);
    expect(statusOf("NET-TELNET")).toBe("failed");
    expect(() => inspector.withdraw({ check: "NET-TELNET", camera: front }, owner)).toThrow(
      expect.objectContaining({ code: "not-found" }),
    );
  });

  it("accepts nothing that is not there, and nothing for more than a year", async () => {
    const { inspector, look } = weak();
    expect(() => inspector.accept(acceptance, owner)).toThrow(expect.objectContaining({ code: "not-found" }));
    inspector.consent(front, true);
    await look();
    expect(() => inspector.accept({ ...acceptance, days: 366 }, owner)).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });

  it("does not cover what has become worse", async () => {
    let severity: "medium" | "critical" = "medium";
    const { inspector, look, statusOf } = home([
      cameraCheck("NET-TELNET", () => ({ kind: "failed", evidence: [], severity })),
    ]);
    inspector.consent(front, true);
    await look();
    inspector.accept(acceptance, owner);
    severity = "critical";
    await look();
    expect(statusOf("NET-TELNET")).toBe("failed");
  });

  it("is stated by a person on a day, and never called passed", () => {
    const { inspector } = weak();
    const guest = () => inspector.posture().findings.find(({ check }) => check === "WIFI-GUEST");
    expect(guest()).toMatchObject({ status: "unknown", note: "Is it so?", statement: null });
    inspector.state({ check: "WIFI-GUEST", holds: true }, owner);
    expect(guest()).toMatchObject({ status: "stated", evidence: ["Stated by Ada on 2023-11-14: Is it so? Yes."] });
    inspector.state({ check: "WIFI-GUEST", holds: false }, owner);
    expect(guest()).toMatchObject({ status: "failed", statement: { holds: false, by: owner.id } });
  });
});

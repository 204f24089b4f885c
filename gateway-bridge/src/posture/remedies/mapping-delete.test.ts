import type { CameraId, RouterMapping, RouterReport } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { scriptedCamera } from "../checks/testing/scripted-camera.ts";
import type { MendedCamera, MendTools } from "../remedy.ts";
import type { Removal } from "../router/removal-policy.ts";
import { mappingDelete } from "./mapping-delete.ts";

const never = { signal: new AbortController().signal };
const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const camera: MendedCamera = {
  ...{ ...scriptedCamera({ id }), credentials: undefined, options: { vendor: false, firmware: undefined } },
};
/** Nothing of the camera, its secrets or its place is changed by it. */
const tools = {} as MendTools;
const mapping = (externalPort: number, more: Partial<RouterMapping> = {}): RouterMapping => ({
  ...{ protocol: "TCP", externalPort, internalClient: "192.168.1.20", internalPort: 554, description: "" },
  ...{ lease: 0, enabled: true, camera: id, ...more },
});

/** A router that lets go of all but these. */
const routerWith = (mappings: RouterMapping[], keeps: readonly number[] = [], complete = true) => {
  const state = { mappings, complete };
  const removed: number[] = [];
  const fresh = async (): Promise<RouterReport> => ({
    at: 1,
    routers: [
      {
        ...{ name: "r", address: "192.168.1.1", igd: "1", natPmp: false, pcp: false, externalAddress: null },
        ...{ page: null, ipv6Firewall: null, mappings: [...state.mappings], complete: state.complete },
      },
    ],
  });
  const deleteMapping = async ({ externalPort }: RouterMapping): Promise<Removal> => {
    removed.push(externalPort);
    if (keeps.includes(externalPort))
      return { kind: "kept", why: "It is the camera's (606).", next: "Switch UPnP off." };
    state.mappings = state.mappings.filter((each) => each.externalPort !== externalPort);
    return { kind: "gone" };
  };
  return { state, removed, remedy: mappingDelete({ fresh, deleteMapping }) };
};
const foreign = mapping(3_074, { internalClient: "192.168.1.30", camera: null });

describe("mapping-delete", () => {
  it("says what it will do, what stops working, and that it cannot be undone; and does nothing yet", async () => {
    const { remedy, removed } = routerWith([mapping(20_554), foreign]);
    const preview = await remedy.preview(camera, never);
    expect(preview).toMatchObject({ undoable: false, stops: [expect.stringContaining("app"), expect.anything()] });
    expect("steps" in preview && preview.steps.join()).toMatch(/TCP port 20554 to the camera's port 554/);
    expect("steps" in preview && preview.steps.join()).not.toMatch(/3074/);
    expect(removed).toEqual([]);
  });

  it("fits no camera that no mapping leads to", async () => {
    expect(await routerWith([foreign]).remedy.preview(camera, never)).toEqual({ unfit: expect.any(String) });
  });

  it("removes the camera's mappings alone, which the list shows; done twice, it finds nothing to do", async () => {
    const { remedy, removed, state } = routerWith([mapping(20_554), foreign, mapping(20_080)]);
    const before = await remedy.remember(camera, tools, never);
    await remedy.apply(camera, before, tools, never);
    await remedy.apply(camera, before, tools, never);
    expect(removed).toEqual([20_554, 20_080]);
    expect(state.mappings).toEqual([foreign]);
    expect(await remedy.verify(camera, before, tools, never)).toEqual({
      kind: "fixed",
      evidence: ["The router's list has none of the 2 forwardings to this camera any more."],
    });
    await remedy.undo(camera, before, tools, never);
    expect(state.mappings).toEqual([foreign]);
  });

  it("explains what the router keeps, and what helps then", async () => {
    const { remedy } = routerWith([mapping(20_554)], [20_554]);
    const before = await remedy.remember(camera, tools, never);
    await expect(remedy.apply(camera, before, tools, never)).rejects.toMatchObject({
      code: "router-refused",
      message: expect.stringContaining("606") as unknown,
      remedy: "Switch UPnP off.",
    });
    expect(await remedy.verify(camera, before, tools, never)).toMatchObject({
      kind: "not-fixed",
      why: /still forwards/,
    });
  });

  it("calls nothing fixed where the router does not tell all", async () => {
    const { remedy, state } = routerWith([mapping(20_554)]);
    const before = await remedy.remember(camera, tools, never);
    await remedy.apply(camera, before, tools, never);
    state.complete = false;
    expect(await remedy.verify(camera, before, tools, never)).toMatchObject({ kind: "not-fixed" });
  });
});

import { describe, expect, it } from "@jest/globals";

import type { MendedCamera } from "../remedy.ts";
import { ipFilter } from "./ip-filter.ts";
import { cancel, ObedientCamera } from "./testing/obedient-camera.ts";

/** The camera, to a gateway that speaks to it from there. */
const from = (camera: ObedientCamera, address: string): MendedCamera => {
  const opened = camera.open();
  return { ...opened, ports: { ...opened.ports, ownAddress: async () => address } };
};

const own = "192.168.1.2";
const told = (camera: ObedientCamera): readonly string[] => camera.asked.filter((name) => name.startsWith("Set"));

describe("a filter of addresses", () => {
  it("goes by the address of a connection to the camera's own service", async () => {
    const asked: number[] = [];
    const opened = new ObedientCamera().open();
    const ownAddress = async (port: number): Promise<string> => {
      asked.push(port);
      return own;
    };
    const preview = await ipFilter.preview({ ...opened, ports: { ...opened.ports, ownAddress } }, cancel);
    expect("steps" in preview && preview.steps[0]).toContain(`listen to ${own} alone`);
    expect(asked).toEqual([80]);
  });

  it.each([
    ["behind a router, or a container's bridge", "172.17.0.2"],
    ["in another network of the home", "192.168.2.2"],
  ])("is not offered where the gateway is %s: the camera may see another address", async (_, address) => {
    const camera = new ObedientCamera();
    expect(await ipFilter.preview(from(camera, address), cancel)).toEqual({ unfit: expect.stringContaining(address) });
  });

  it("is not offered where the camera tells nothing of its network", async () => {
    const camera = new ObedientCamera();
    camera.unknown.add("GetNetworkInterfaces");
    expect(await ipFilter.preview(from(camera, own), cancel)).toHaveProperty("unfit");
  });

  it("is never sent where it would shut the gateway out, which may have another address by now", async () => {
    const camera = new ObedientCamera();
    const before = await ipFilter.remember(from(camera, own), camera.tools, cancel);
    const applying = ipFilter.apply(from(camera, "192.168.1.77"), before, camera.tools, cancel);
    await expect(applying).rejects.toMatchObject({ code: "remedy-failed", message: expect.stringContaining("192.168.1.77") }); // prettier-ignore
    expect(told(camera)).toEqual([]);
  });

  it("of before is not brought back either where that would shut the gateway out", async () => {
    const camera = new ObedientCamera();
    camera.state.filter = [own, "192.168.1.3"];
    const before = await ipFilter.remember(from(camera, own), camera.tools, cancel);
    const undoing = ipFilter.undo(from(camera, "192.168.1.77"), before, camera.tools, cancel);
    await expect(undoing).rejects.toMatchObject({ code: "remedy-failed" });
    expect(told(camera)).toEqual([]);
    await ipFilter.undo(from(camera, own), before, camera.tools, cancel);
    expect(camera.state.filter).toEqual([own, "192.168.1.3"]);
  });

  it("says how its owner gets back to a camera that listens to nobody", async () => {
    const camera = new ObedientCamera();
    const before = await ipFilter.remember(from(camera, own), camera.tools, cancel);
    expect(ipFilter.byHand?.(before)).toMatch(/give this computer the address 192\.168\.1\.2 again.*reset/s); // prettier-ignore
  });
});

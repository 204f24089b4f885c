import { fakeCameraId } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { CameraRecord } from "../../domain/camera.ts";
import { CameraHosts } from "./camera-hosts.ts";

const never = { signal: new AbortController().signal };
const [front, porch] = [fakeCameraId("f"), fakeCameraId("p")];
const record = (id: typeof front, url: string) =>
  ({ id, name: "Porch", url, description: { serial: "S-1" } }) as Partial<CameraRecord> as CameraRecord;

describe("CameraHosts", () => {
  it("knows cameras that are written by their address at once, and others when their names were looked up", async () => {
    const leads = new Map([["porch.local", ["192.168.1.21", "fd00::21"]]]);
    const cameras = { list: () => [record(front, "http://[fd00::20]/"), record(porch, "rtsp://porch.local/live")] };
    const hosts = new CameraHosts(cameras, async (name) => leads.get(name) ?? []);
    expect(hosts.list().map(({ host }) => host)).toEqual(["fd00::20"]);
    await hosts.resolveAll(never);
    expect(hosts.list().map(({ host }) => host)).toEqual(["fd00::20", "192.168.1.21"]);
    expect(hosts.adopted().map(({ addresses }) => addresses)).toEqual([["fd00::20"], ["192.168.1.21", "fd00::21"]]);
    // Its name leads elsewhere, then nowhere.
    leads.set("porch.local", ["192.168.1.99"]);
    await hosts.resolveAll(never);
    leads.clear();
    await hosts.resolveAll(never);
    expect(hosts.adopted()[1]).toEqual({ id: porch, addresses: ["192.168.1.99"], serial: "S-1" });
    await expect(hosts.resolve("porch.local", never)).rejects.toMatchObject({ code: "camera-unreachable" });
  });
});

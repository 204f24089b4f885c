import { GatehouseError } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { scriptedCamera, type CameraScript } from "../checks/testing/scripted-camera.ts";
import { vendorOf } from "../vendor-policy.ts";
import { furtherClues } from "./further-clues.ts";

const never = { signal: new AbortController().signal };
const cluesOf = async (onvif: NonNullable<CameraScript["onvif"]>) =>
  furtherClues(await scriptedCamera({ onvif }).onvif.as({ kind: "gateway" }, never), never);

const scopes = "<R><Scopes><ScopeItem>onvif://www.onvif.org/hardware/DS-2CD2143G2-I</ScopeItem></Scopes></R>";
const interfaces = (enabled: boolean): string =>
  `<NetworkInterfaces><Enabled>${enabled}</Enabled><Info><HwAddress>ec:71:db:01:02:03</HwAddress></Info></NetworkInterfaces>`;

describe("furtherClues", () => {
  it.each<[string, NonNullable<CameraScript["onvif"]>, string]>([
    ["its scopes", { GetScopes: scopes }, "hikvision"],
    ["its network address", { GetNetworkInterfaces: `<R>${interfaces(true)}</R>` }, "reolink"],
    ["its scopes before its network address", { GetScopes: scopes, GetNetworkInterfaces: `<R>${interfaces(true)}</R>` }, "hikvision"],
    ["no interface that is off", { GetNetworkInterfaces: `<R>${interfaces(false)}</R>` }, "other"],
    ["nothing where it refuses", { GetScopes: "refused", GetNetworkInterfaces: "refused" }, "other"],
    ["nothing where it knows no such question", {}, "other"],
  ])("goes by %s", async (_, onvif, vendor) => expect(vendorOf(await cluesOf(onvif))).toBe(vendor)); // prettier-ignore

  it("tells of a camera that is gone", async () => {
    const gone = new GatehouseError("camera-unreachable", "gone");
    await expect(cluesOf({ GetScopes: gone })).rejects.toBe(gone);
  });
});

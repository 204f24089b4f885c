import { GatehouseError, Secret } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { Credentials } from "../../domain/camera.ts";
import { scriptedCamera, type CameraScript } from "../checks/testing/scripted-camera.ts";
import type { MendTools } from "../remedy.ts";
import { StreamingUser } from "./streaming-user.ts";

const never = { signal: new AbortController().signal };
const drawn = Secret.of("drawn-password");
const view = "gatehouse-view:drawn-password";
const remedy = new StreamingUser(() => drawn);
const before = { places: [{ plane: "onvif", question: "GetDeviceInformation" }] };

type Scripted = NonNullable<NonNullable<CameraScript["onvif"]>[string]>;

/** A camera that makes accounts, and lets that one do what the test says with a setting. */
const mended = (setDiscoveryMode: Scripted, mode = "Discoverable") => {
  const everybody = "<GetDeviceInformationResponse><Model>A</Model></GetDeviceInformationResponse>";
  const camera = scriptedCamera({
    onvif: {
      GetUsers: { by: { gateway: "<GetUsersResponse/>" } },
      GetServiceCapabilities: "<GetServiceCapabilitiesResponse/>",
      CreateUsers: { by: { gateway: "<CreateUsersResponse/>" } },
      GetDeviceInformation: { by: { gateway: everybody, [view]: everybody } },
      GetDiscoveryMode: `<GetDiscoveryModeResponse><DiscoveryMode>${mode}</DiscoveryMode></GetDiscoveryModeResponse>`,
      SetDiscoveryMode: setDiscoveryMode,
    },
  });
  const credentials: Credentials = { username: "gatehouse", password: Secret.of("own") };
  return Object.assign(camera, { credentials, options: { vendor: false, firmware: undefined } });
};

const toolsThat = (committed: string[]): MendTools => ({
  pending: {
    put: () => undefined,
    get: () => undefined,
    drop: () => undefined,
    commit: (_camera, purpose) => void committed.push(purpose),
    watchAsBefore: () => undefined,
  },
  camera: { relocate: async () => undefined },
  clock: Object.assign(new TestClock(), { delay: async () => undefined }),
  log: new MemoryLogger(),
});

describe("the account for pictures", () => {
  const taken = "<SetDiscoveryModeResponse/>";
  const notAuthorized = new GatehouseError("camera-fault", "no", { details: { codes: ["NotAuthorized"] } });

  it("comes into use where it is let in, and refused to change anything", async () => {
    const answers: readonly Scripted[] = [
      { by: { gateway: taken } },
      { by: { gateway: taken, [view]: notAuthorized } },
    ];
    for (const answer of answers) {
      const committed: string[] = [];
      const camera = mended(answer);
      await remedy.apply(camera, before, toolsThat(committed), never);
      expect(camera.asked).toContain(`onvif ${view} SetDiscoveryMode`);
      expect(committed).toEqual(["streaming-user"]);
    }
  });

  it("does not where the camera lets it change settings, whatever it calls its level", async () => {
    const committed: string[] = [];
    const applying = remedy.apply(
      mended({ by: { gateway: taken, [view]: taken } }),
      before,
      toolsThat(committed),
      never,
    );
    await expect(applying).rejects.toMatchObject({ code: "remedy-failed" });
    expect(committed).toEqual([]);
  });

  it("is told to write nothing but what stands there", async () => {
    const written: string[] = [];
    const camera = mended((call) => {
      written.push(JSON.stringify(call.arguments ?? []));
      return taken;
    }, "NonDiscoverable");
    await remedy.apply(camera, before, toolsThat([]), never).catch(() => undefined);
    expect(written).toEqual([expect.stringContaining("NonDiscoverable")]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";

import { SimulatorProcess } from "../simulator/simulator-process.ts";
import { describeWith } from "../support/needs.ts";

/**
 * onvif-util finds cameras by multicast, and asks the kernel not to loop it back to its own host. In a network namespace
 * where multicast leaves by the loopback interface, both can still be on one machine.
 */
const setup = 'ip link set lo up multicast on && ip route add 239.0.0.0/8 dev lo && exec "$@"';
const ownNetwork = ["unshare", "--map-root-user", "--net", "sh", "-c", setup, "sh"];

const canUnshare = spawnSync("unshare", ["--map-root-user", "--net", "true"]).status === 0;

describeWith(["onvifTools"], "onvif-util, as an independent client", () => {
  (canUnshare ? describe : describe.skip)("in a network of its own", () => {
    let camera: SimulatorProcess;
    beforeAll(async () => {
      camera = await SimulatorProcess.start(
        {
          id: "porch",
          password: "s3cret",
          discovery: { address: "127.0.0.1", port: 3702 },
          // It takes its nonces from a generator that it seeds anew each second.
          refuseTokenReplay: false,
        },
        ownNetwork,
      );
    });
    afterAll(() => camera[Symbol.asyncDispose]());

    const onvifUtil = async (args: readonly string[], commands: readonly string[] = []): Promise<string> => {
      const enter = ["--target", String(camera.pid), "--user", "--net", "--preserve-credentials", "onvif-util"];
      const child = spawn("nsenter", [...enter, ...args], { stdio: ["pipe", "pipe", "pipe"] });
      // It may end before it has read everything.
      child.stdin.on("error", () => undefined);
      child.stdin.end([...commands, "quit", ""].join("\n"));
      const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return out + error;
    };
    const login = (password: string) => ["-u", "viewer", "-p", password, "127.0.0.1"];

    it("finds the camera", async () => {
      const output = await onvifUtil(["-a"]);
      expect(output).toContain("Found 1 cameras\n127.0.0.1 porch(Gatehouse porch Camera simulator)");
    });

    it("logs in, and reads what the camera is and has", async () => {
      const output = await onvifUtil(login("s3cret"), [
        "get profiles",
        "get video",
        "get video options",
        "get network",
      ]);
      expect(output).toContain("name:   Gatehouse porch Camera simulator\n    serial: porch");
      expect(output).toMatch(/Token 0: Profile_1\s+Token 1: Profile_2/);
      expect(output).toMatch(/Resolution: 1920 x 1080\s+Frame Rate: 25\s+Gov Length: 50\s+Bit Rate: {3}4000/);
      expect(output).toMatch(/Available Resolutions\s+1920 x 1080/);
      expect(output).toMatch(/IP Address: 127\.0\.0\.1/);
      expect(output).not.toContain("ERROR");
    });

    it("reads where the media is", async () => {
      expect(await onvifUtil(login("s3cret"), ["get rtsp"])).toContain(`\n  ${camera.facts.rtspUrl}\n`);
    });

    it("is refused with a wrong password", async () => {
      const { authFailures } = await camera.counts();
      expect(await onvifUtil(login("wrong"))).toContain("get device information - ter:NotAuthorized");
      expect(await camera.counts()).toMatchObject({ authFailures: authFailures + 1 });
    });

    it("sees the camera's clock, and logs in by it", async () => {
      await camera.moveClock(3_600_000);
      const began = performance.now();
      const output = await onvifUtil(login("s3cret"), ["get time"]);
      const tookSeconds = (performance.now() - began) / 1_000;
      const [, offset] = /Time Offset: (\d+) seconds/.exec(output) ?? [];
      // It counts whole seconds, and what goes by between the camera's answer and its own look at the time.
      expect(Math.abs(Number(offset) - 3_600)).toBeLessThanOrEqual(2 + tookSeconds);
      expect(output).toContain("successfully connected");
    });
  });
});

import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { FleetProcess } from "../simulator/fleet/fleet-process.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import type { Login, Mended } from "../support/mend-command.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { adoptInto } from "../support/remedy-home.ts";

// Programs are started, one after the other.
jest.setTimeout(90_000);

const program = new URL("../support/mend-command.ts", import.meta.url).pathname;
const weaknesses = {
  ...{ "CAM-LEASTPRIV": true, "NET-HTTPS-OFF": true, "STREAM-CLEAR": true, "DISC-ON": true, TIME: true },
  // onvif-util draws the same nonce twice within a second, and ffmpeg knows MD5 alone.
  ...{ "ONVIF-REPLAY": true, "RTSP-MD5": true },
} as const;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** And what it complained of. */
  readonly output: string;
}

/**
 * Cameras are simulated; what was done to them is judged by programs that know nothing of Gatehouse: onvif-util, ffprobe and openssl, in a
 * network where multicast leaves by the loopback interface (onvif-util asks that its own be not looped back).
 */
describeWith(
  ["onvifTools", "ffmpeg", "openssl"],
  "what is done about a simulated camera, as other programs see it",
  () => {
    (canMakeNetworks() ? describe : describe.skip)("in a network of its own", () => {
      const stack = new AsyncDisposableStack();
      let network: NetworkNamespace;
      let camera: FleetProcess;
      let data: string;
      let before: Login;

      const run = async (command: readonly string[], input = ""): Promise<Ran> => {
        const [first, ...args] = [...network.within, ...command] as [string, ...string[]];
        const child = spawn(first, args, { stdio: ["pipe", "pipe", "pipe"] });
        // It may end before it has read everything.
        child.stdin.on("error", () => undefined);
        child.stdin.end(input);
        const code = new Promise<number | null>((resolve) => child.once("close", resolve));
        const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
        return { code: await code, stdout: out, output: out + error };
      };
      const onvifUtil = async ({ username, password }: Login, ...commands: readonly string[]): Promise<string> => {
        const login = ["-u", username, "-p", password, camera.facts.address];
        return (await run(["onvif-util", ...login], [...commands, "quit", ""].join("\n"))).output;
      };
      const find = async (): Promise<string> => (await run(["onvif-util", "-a"])).output;
      /** The codec of the picture, or what ffprobe complains of. */
      const probe = async ({ username, password }: Login): Promise<string> => {
        const url = new URL(camera.facts.rtspUrl);
        Object.assign(url, { username, password });
        const wanted = ["-rtsp_transport", "tcp", "-select_streams", "v:0", "-show_entries", "stream=codec_name"];
        const { code, stdout, output } = await run(["ffprobe", "-v", "error", ...wanted, "-of", "csv=p=0", url.href]);
        return (code === 0 ? stdout : output).trim();
      };
      const mend = async (...remedies: readonly string[]): Promise<Mended> => {
        const node = [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning"];
        const { code, output } = await run([...node, program, data, ...remedies]);
        if (code !== 0) throw new Error(output);
        return JSON.parse(output) as Mended;
      };
      const done = ({ runs }: Mended) => runs.map(({ remedy, state, error }) => [remedy, state, error]);

      beforeAll(async () => {
        network = stack.use(await NetworkNamespace.make());
        await network.run("ip link set lo multicast on && ip route add 239.0.0.0/8 dev lo src 127.0.0.1");
        camera = stack.use(
          await FleetProcess.start({ weaknesses, multicast: "127.0.0.1", video: true }, network.within),
        );
        const folder = await mkdtemp(join(tmpdir(), "gatehouse-posture-remedies-"));
        stack.defer(() => rm(folder, { recursive: true }));
        data = join(folder, "gateway");
        await adoptInto(data, new ImpatientClock(), camera.facts);
        before = camera.facts;
      });
      afterAll(() => stack.disposeAsync());

      it("sets its clock, which was wrong", async () => {
        const offset = async (): Promise<number> => {
          const output = await onvifUtil(before, "get time");
          return Math.abs(Number(/Time Offset: (-?\d+) seconds/.exec(output)?.[1]));
        };
        expect(await offset()).toBeGreaterThan(30);
        expect(done(await mend("clock-set"))).toEqual([["clock-set", "done", null]]);
        expect(await offset()).toBeLessThanOrEqual(5);
      });

      it("gives it another password, by which alone others log in and watch from then on", async () => {
        expect(await onvifUtil(before)).toContain("successfully connected");
        expect(await probe(before)).toBe("h264");
        const mended = await mend("rotate-password");
        expect(done(mended)).toEqual([["rotate-password", "done", null]]);
        expect(mended.settings.username).toBe(before.username);
        expect(mended.settings.password).not.toBe(before.password);
        expect(await onvifUtil(mended.settings)).toContain("successfully connected");
        expect(await probe(mended.settings)).toBe("h264");
        expect(await onvifUtil(before)).toContain("ter:NotAuthorized");
        expect(await probe(before)).toContain("401 Unauthorized");
        before = mended.settings;
      });

      it("makes an account that may watch, and change nothing", async () => {
        const mended = await mend("streaming-user");
        expect(done(mended)).toEqual([["streaming-user", "done", null]]);
        expect(mended.watching.username).not.toBe(before.username);
        expect(await probe(mended.watching)).toBe("h264");
        const refused = await onvifUtil(mended.watching, `set password ${before.password}`);
        expect(refused).toMatch(/ERROR|NotAuthorized/);
        expect(await probe(mended.watching)).toBe("h264");
      });

      it("has it found by nobody any more", async () => {
        expect(await find()).toContain(camera.facts.address);
        expect(done(await mend("discovery-off"))).toEqual([["discovery-off", "done", null]]);
        expect(await find()).not.toContain(camera.facts.address);
      });

      it("encrypts what it says, and closes what is readable", async () => {
        const { address } = camera.facts;
        const greet = async (port: number): Promise<string> =>
          (await run(["openssl", "s_client", "-connect", `${address}:${port}`, "-brief"], "Q\n")).output;
        expect(await greet(443)).toContain("refused");
        const mended = await mend("tls-on", "http-off");
        expect(done(mended)).toEqual([
          ["tls-on", "done", null],
          ["http-off", "done", null],
        ]);
        expect(new URL(mended.url).protocol).toBe("https:");
        expect(await greet(443)).toMatch(/Protocol version: TLSv1\.[23]/);
        expect(await greet(80)).toContain("refused");
      });
    });
  },
);

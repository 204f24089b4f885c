import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FleetProcess } from "../simulator/fleet/fleet-process.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { judgedIn } from "../support/judged-remedies.ts";
import { Judges, outcomes } from "../support/judges.ts";
import type { Login, Mended } from "../support/mend-command.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { adoptInto } from "../support/remedy-home.ts";

// Programs are started, one after the other.
jest.setTimeout(90_000);

const weaknesses = {
  ...{ "CAM-LEASTPRIV": true, "NET-HTTPS-OFF": true, "STREAM-CLEAR": true, "DISC-ON": true, TIME: true },
  // onvif-util draws the same nonce twice within a second, and ffmpeg knows MD5 alone.
  ...{ "ONVIF-REPLAY": true, "RTSP-MD5": true },
} as const;

/**
 * Cameras are simulated; what was done to them is judged by programs that know nothing of Gatehouse: onvif-util, ffprobe and openssl, in a
 * network where multicast leaves by the loopback interface (onvif-util asks that its own be not looped back).
 */
describeWith(
  ["onvifTools", "ffmpeg", "openssl", "curl"],
  "what is done about a simulated camera, as other programs see it",
  () => {
    (canMakeNetworks() ? describe : describe.skip)("in a network of its own", () => {
      const stack = new AsyncDisposableStack();
      let network: NetworkNamespace;
      let camera: FleetProcess;
      let data: string;
      let before: Login;
      let watching: Login;

      let judges: Judges;
      const judged = new Set<string>();

      const onvifUtil = (login: Login, ...commands: readonly string[]): Promise<string> =>
        judges.onvifUtil(camera.facts.address, login, ...commands);
      const probe = (login: Login): Promise<string> => judges.probe(camera.facts.rtspUrl, login);
      const mend = async (...words: readonly string[]): Promise<Mended> => {
        for (const word of words) judged.add(word.replace("undo:", ""));
        return await judges.mend(data, ...words);
      };
      const done = ({ runs }: Mended) => runs.map(({ remedy, state, error }) => [remedy, state, error]);
      /** Seconds by which its clock is wrong. */
      const offset = async (): Promise<number> => {
        const output = await onvifUtil(before, "get time");
        return Math.abs(Number(/Time Offset: (-?\d+) seconds/.exec(output)?.[1]));
      };
      const greet = async (port: number): Promise<string> => {
        const place = `${camera.facts.address}:${port}`;
        return (await judges.run(["openssl", "s_client", "-connect", place, "-brief"], "Q\n")).output;
      };

      beforeAll(async () => {
        network = stack.use(await NetworkNamespace.make());
        judges = new Judges(network.within);
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

      it("says that nothing was done where the camera says yes and does nothing", async () => {
        await camera.lie(true);
        const lied = await mend("clock-set", "streaming-user", "discovery-off", "tls-on");
        await camera.lie(false);
        expect(outcomes(lied)).toEqual([
          ["clock-set", "failed"],
          ["streaming-user", "failed"],
          ["discovery-off", "failed"],
          ["tls-on", "failed"],
        ]);
        expect(lied).toMatchObject({ pin: null, watching: lied.settings });
        expect(await offset()).toBeGreaterThan(30);
        expect(await judges.finds(camera.facts.address)).toBe(true);
        expect(await greet(443)).toContain("refused");
      });

      it("sets its clock, which was wrong", async () => {
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
        watching = mended.watching;
        expect(await probe(watching)).toBe("h264");
        const refused = await onvifUtil(mended.watching, `set password ${before.password}`);
        expect(refused).toMatch(/ERROR|NotAuthorized/);
        expect(await probe(mended.watching)).toBe("h264");
      });

      it("has it found by nobody any more", async () => {
        expect(await judges.finds(camera.facts.address)).toBe(true);
        expect(done(await mend("discovery-off"))).toEqual([["discovery-off", "done", null]]);
        expect(await judges.finds(camera.facts.address, 2)).toBe(false);
        expect(outcomes(await mend("undo:discovery-off"))).toEqual([["discovery-off", "undone"]]);
        expect(await judges.finds(camera.facts.address)).toBe(true);
      });

      it("encrypts what it says, and closes what is readable", async () => {
        expect(await greet(443)).toContain("refused");
        const readable = (): Promise<string> => judges.status(`http://${camera.facts.address}/`);
        expect(done(await mend("tls-on"))).toEqual([["tls-on", "done", null]]);
        await camera.lie(true);
        expect(outcomes(await mend("http-off"))).toEqual([["http-off", "failed"]]);
        expect(await readable()).toBe("200");
        await camera.lie(false);
        const mended = await mend("http-off");
        expect(done(mended)).toEqual([["http-off", "done", null]]);
        expect(new URL(mended.url).protocol).toBe("https:");
        expect(await greet(443)).toMatch(/Protocol version: TLSv1\.[23]/);
        expect(await greet(80)).toContain("refused");
        expect(await readable()).toBe("000");
        const back = await mend("undo:http-off", "undo:tls-on", "undo:streaming-user");
        expect(outcomes(back)).toEqual([
          ["http-off", "undone"],
          ["tls-on", "undone"],
          ["streaming-user", "undone"],
        ]);
        expect(back).toMatchObject({ url: camera.facts.onvifUrl, pin: null, watching: back.settings });
        expect(await greet(443)).toContain("refused");
        expect(await probe(back.settings)).toBe("h264");
        expect(await onvifUtil(back.settings)).toContain("successfully connected");
        expect(await probe(watching)).toContain("401 Unauthorized");
      });

      it("was looked at by others after each of these remedies", () => {
        expect([...judged].toSorted()).toEqual(judgedIn("posture-remedies"));
      });
    });
  },
);

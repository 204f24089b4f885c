import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import { FleetProcess } from "../simulator/fleet/fleet-process.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { Judges, outcomes } from "../support/judges.ts";
import { judgedIn } from "../support/judged-remedies.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { adoptInto } from "../support/remedy-home.ts";

// Programs are started, one after the other.
jest.setTimeout(90_000);

const judged = new Set<string>();
const askUsers = "<tds:GetUsers/>";
// onvif-util goes to cameras that answer its call, by HTTP, and draws the same nonce twice within a second.
const forOnvifUtil = { "NET-HTTP": true, "DISC-ON": true, "ONVIF-REPLAY": true } as const;

/** Cameras are simulated; their keys, their streams and their logins are judged by openssl, ffprobe, curl and onvif-util. */
describeWith(
  ["onvifTools", "ffmpeg", "openssl", "curl"],
  "keys and logins of a simulated camera, as others see them",
  () => {
    const itWithNetworks = canMakeNetworks() ? it : it.skip;
    let stack: AsyncDisposableStack;
    beforeEach(() => {
      stack = new AsyncDisposableStack();
    });
    afterEach(() => stack.disposeAsync());

    const open = async (options: FleetCameraOptions) => {
      const network = stack.use(await NetworkNamespace.make());
      await network.run("ip link set lo multicast on && ip route add 239.0.0.0/8 dev lo src 127.0.0.1");
      const camera = stack.use(
        await FleetProcess.start({ ...options, multicast: "127.0.0.1", video: true }, network.within),
      );
      const folder = await mkdtemp(join(tmpdir(), "gatehouse-posture-keys-"));
      stack.defer(() => rm(folder, { recursive: true }));
      const data = join(folder, "gateway");
      await adoptInto(data, new ImpatientClock(), camera.facts);
      const judges = new Judges(network.within);
      const mend = async (...words: readonly string[]) => {
        for (const word of words) judged.add(word.replace("undo:", ""));
        return await judges.mend(data, ...words);
      };
      return { camera, judges, mend };
    };

    itWithNetworks(
      "has a key of its own and none of the old versions, and both as before once taken back",
      async () => {
        const weaknesses = { "CAM-LEASTPRIV": true, "TLS-WEAK": true } as const;
        const { camera, judges, mend } = await open({ brand: "axis", weaknesses });
        const place = `${camera.facts.address}:443`;
        const look = async () => ({
          versions: await Promise.all((["tls1", "tls1_1", "tls1_2"] as const).map((one) => judges.speaks(place, one))),
          key: await judges.keyAt(place),
        });
        const weak = { versions: [true, true, true], key: camera.facts.pin };
        expect(await look()).toEqual(weak);

        await camera.lie(true);
        const lied = await mend("tls-harden");
        expect([outcomes(lied), lied.pin]).toEqual([[["tls-harden", "failed"]], camera.facts.pin]);
        expect(await look()).toEqual(weak);
        await camera.lie(false);

        const hardened = await mend("tls-harden");
        expect(outcomes(hardened)).toEqual([["tls-harden", "done"]]);
        expect(hardened.pin).not.toBe(camera.facts.pin);
        expect(await look()).toEqual({ versions: [false, false, true], key: hardened.pin });

        const back = await mend("undo:tls-harden");
        expect([outcomes(back), back.pin]).toEqual([[["tls-harden", "undone"]], camera.facts.pin]);
        expect(await look()).toEqual(weak);
      },
    );

    itWithNetworks("is fetched within TLS, and known by another key only once its owner has said so", async () => {
      const { camera, judges, mend } = await open({
        brand: "hikvision",
        weaknesses: { "CAM-LEASTPRIV": true, "STREAM-CLEAR": true },
      });
      const place = `${camera.facts.address}:322`;
      const secured = await mend("rtsps-on");
      expect(outcomes(secured)).toEqual([["rtsps-on", "done"]]);
      expect(secured.stream).toMatch(/^rtsps:/);
      expect(await judges.probe(secured.stream ?? "", secured.watching)).toBe("h264");
      expect(await judges.keyAt(place)).toBe(secured.pin);

      await camera.changeKey();
      const impostor = await judges.keyAt(place);
      expect(impostor).not.toBe(secured.pin);
      const trusted = await mend("repin");
      expect([outcomes(trusted), trusted.pin]).toEqual([[["repin", "done"]], impostor]);
      expect(await judges.probe(trusted.stream ?? "", trusted.watching)).toBe("h264");

      const back = await mend("undo:rtsps-on", "undo:repin");
      expect(outcomes(back)).toEqual([["rtsps-on", "undone"], ["repin", "undone"]]); // prettier-ignore
      // Whoever shows another key than that of before hears nothing from the gateway any more.
      expect([back.pin, back.stream]).toEqual([camera.facts.pin, null]);
      expect(await judges.probe(camera.facts.rtspUrl, camera.facts)).toBe("h264");
    });

    itWithNetworks("that nobody had set up is open to nobody but its gateway", async () => {
      const weaknesses = { "CAM-INIT": true, ...forOnvifUtil } as const;
      const { camera, judges, mend } = await open({ brand: "axis", weaknesses });
      const { address, onvifUrl, rtspUrl } = camera.facts;
      const strangers = async () => ({
        users: await judges.soap(onvifUrl, askUsers),
        picture: await judges.probe(rtspUrl),
      });
      const anybody = { users: expect.stringContaining("GetUsersResponse"), picture: "h264" };
      expect(await strangers()).toEqual(anybody);

      await camera.lie(true);
      expect(outcomes(await mend("initialise"))).toEqual([["initialise", "failed"]]);
      expect(await strangers()).toEqual(anybody);
      await camera.lie(false);

      const mended = await mend("initialise");
      expect(outcomes(mended)).toEqual([["initialise", "done"]]);
      expect(await strangers()).toEqual({
        users: expect.stringContaining("ter:NotAuthorized"),
        picture: expect.stringContaining("401 Unauthorized"),
      });
      expect(await judges.soap(onvifUrl, askUsers, mended.settings)).toContain(mended.settings.username);
      expect(await judges.onvifUtil(address, mended.settings)).toContain("successfully connected");
      expect(await judges.probe(rtspUrl, mended.watching)).toBe("h264");
    });

    itWithNetworks("that locks out who guesses lets others in by its new password at once", async () => {
      const weaknesses = { "CAM-LEASTPRIV": true, ...forOnvifUtil } as const;
      const { camera, judges, mend } = await open({
        ...{ brand: "axis", weaknesses, locksOut: true },
        // Of nobody else is a password tried then.
        gateway: { username: "root" },
      });
      const { address, onvifUrl, rtspUrl } = camera.facts;
      const lets = async (login: { readonly username: string; readonly password: string }) => [
        await judges.onvifUtil(address, login),
        await judges.soap(onvifUrl, askUsers, login),
        await judges.probe(rtspUrl, login),
      ];
      const inside = [expect.stringContaining("successfully connected"), expect.stringContaining("GetUsersResponse"), "h264"]; // prettier-ignore

      await camera.lie(true);
      const lied = await mend("rotate-password");
      expect(outcomes(lied)).toEqual([["rotate-password", "failed"]]);
      expect(lied.settings).toEqual(lied.watching);
      expect(lied.settings.password).toBe(camera.facts.password);
      expect(await lets(camera.facts)).toEqual(inside);
      await camera.lie(false);

      const { runs, settings } = await mend("rotate-password");
      expect(runs).toMatchObject([{ state: "done", error: null }]);
      expect(await judges.probe(rtspUrl, camera.facts)).toContain("401 Unauthorized");
      expect(await lets(settings)).toEqual(inside);
      expect(await camera.counts()).toMatchObject({ refusedWhileLocked: 0 });
    });

    itWithNetworks("was looked at by others after each of these remedies", () => {
      expect([...judged].filter((id) => id !== "rotate-password").toSorted()).toEqual(
        judgedIn("posture-remedies-keys"),
      );
    });
  },
);

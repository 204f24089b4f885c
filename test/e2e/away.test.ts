import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { Camera } from "@gatehouse/shared";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";

import { decodeG711 } from "../../gateway-bridge/src/protocols/g711/testing/linear.ts";
import { readJpegStamp } from "../simulator/stamp.ts";
import { AwayHouse } from "../support/away-house.ts";
import { protocols, readCapture, tcpFlags, type CapturedPacket } from "../support/capture.ts";
import type { ConnectProcess } from "../support/connect-process.ts";
import { eventually } from "../support/eventually.ts";
import { FfmpegViewer } from "../support/ffmpeg-viewer.ts";
import { GstRtspServer } from "../support/gst-rtsp-server.ts";
import { GstTalker } from "../support/gst-talker.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks } from "../support/network-namespace.ts";
import { askRouter } from "../support/router-asker.ts";
import { addresses, ThreeNetworks } from "../support/three-networks.ts";
import { listenFor } from "../support/tone.ts";
import { WireTap } from "../support/wire-tap.ts";

// Programs are started, one after the other.
jest.setTimeout(90_000);
const never = { signal: new AbortController().signal };

/** Ports by which somebody at home asks a router for a mapping: SSDP, and NAT-PMP and PCP. */
const mappingPorts = new Set([1900, 5350, 5351]);
/** Of those at home. */
const homeAddresses: readonly string[] = [addresses.home, addresses.camera, "127.0.0.1"];
/** A router that can give mappings says so to everybody, unasked. */
const asksForMapping = ({ protocol, from, toPort }: CapturedPacket): boolean =>
  protocol === protocols.udp && from !== addresses.homeRouter.lan && mappingPorts.has(toPort);
/** The first packet of a connection that comes from elsewhere. */
const comesIn = ({ protocol, flags, from, to }: CapturedPacket): boolean =>
  protocol === protocols.tcp &&
  (flags & (tcpFlags.syn | tcpFlags.ack)) === tcpFlags.syn &&
  homeAddresses.includes(to) &&
  !homeAddresses.includes(from);

describeWith(["router", "captures", "ffmpeg", "gstreamer"], "away from home, through a relay", () => {
  (canMakeNetworks() ? describe : describe.skip)("with a router that lets nobody in between", () => {
    const stack = new AsyncDisposableStack();
    let networks: ThreeNetworks;
    let tap: WireTap;
    let house: AwayHouse;
    let loudspeaker: GstRtspServer;
    let talking: Camera;
    let connected: ConnectProcess;
    let headers: Readonly<Record<string, string>>;
    beforeAll(async () => {
      const folder = stack.adopt(await mkdtemp(join(tmpdir(), "gatehouse-away-")), (path) =>
        rm(path, { recursive: true, force: true }),
      );
      networks = stack.use(await ThreeNetworks.open());
      tap = stack.use(await WireTap.open(networks.home));
      loudspeaker = stack.use(await GstRtspServer.open({ mounts: ["talk-pcmu"], within: networks.home.within }));
      house = stack.use(await AwayHouse.open({ networks, folder }));
      const { username, password } = loudspeaker;
      const body = { address: loudspeaker.url("talk-pcmu"), name: "Gate", username, password, warm: true };
      talking = await house.owner.call("addCamera", { body }, never);
      connected = await house.connect();
      headers = { authorization: `Bearer ${connected.told.credential}` };
    });
    afterAll(() => stack.disposeAsync());

    const watch = async (pictures: number): Promise<FfmpegViewer> => {
      const viewer = new FfmpegViewer(connected.rtspUrl(house.camera.id), networks.away.within);
      const enough = (): boolean => viewer.stamps.length >= pictures || viewer.ended;
      await eventually(`${pictures} pictures`, enough);
      return viewer;
    };

    it("takes a second factor, beside the device and the password", async () => {
      await expect(house.connect({ factors: 1 })).rejects.toThrow("sign-in-refused");
    });

    it("shows the live picture as the camera sends it: each picture, in order", async () => {
      const began = Date.now();
      await using viewer = await watch(60);
      expect([viewer.ended, viewer.stamps.length >= 60]).toEqual([false, true]);
      const frames = viewer.stamps.map(({ frame }) => frame);
      expect(frames).toEqual(frames.map((_, index) => (frames[0] ?? 0) + index));
      expect(new Set(viewer.stamps.map(({ camera }) => camera))).toEqual(new Set([house.simulator.facts.id]));
      // What is shown is of now: the newest was sent after the viewer had come.
      expect(viewer.stamps.at(-1)?.sentAt).toBeGreaterThan(began);
    });

    it("shows a still picture", async () => {
      const answer = await fetch(`${connected.told.api}/v1/cameras/${house.camera.id}/snapshot?width=1920`, {
        headers,
      });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
      expect(readJpegStamp(Buffer.from(await answer.arrayBuffer()))?.camera).toBe(house.simulator.facts.id);
    });

    it("tells what happens, as it happens", async () => {
      const socket = new WebSocket(`${connected.told.api.replace("http", "ws")}/v1/events`, { headers });
      stack.defer(() => socket.terminate());
      const heard: string[] = [];
      socket.on("message", (data: Buffer) => heard.push(data.toString()));
      await once(socket, "message");
      const { reference } = await house.simulator.motion(true);
      await eventually("the motion", () => heard.some((message) => message.includes(reference)));
      const told = heard.find((message) => message.includes(reference)) ?? "";
      expect(JSON.parse(told)).toMatchObject({ event: { kind: "motion", camera: house.camera.id, active: true } });
    });

    it("lets somebody talk through the camera", async () => {
      const { rtsp, credential } = connected.told;
      const location = `${rtsp}/${talking.id}/main`;
      const login = { user: "gatehouse", password: credential };
      await using talker = new GstTalker({ location, ...login, protocols: "tcp", within: networks.away.within });
      const heard = (): readonly Buffer[] => loudspeaker.heard("talk-pcmu");
      await eventually("a second of sound", () => heard().length >= 50 || talker.errors.length > 0);
      expect([talker.errors, talker.sees]).toEqual([[], true]);
      const { level, purity } = listenFor(440, decodeG711("pcmu", Buffer.concat(heard())), 8_000);
      expect(purity).toBeGreaterThan(0.98);
      expect(level).toBeGreaterThan(15_000);
    });

    it("ends the picture within a second when the device is revoked, and lets it in no more", async () => {
      await using viewer = await watch(30);
      await house.revoke();
      const revokedAt = Date.now();
      await eventually("the end of the picture", () => viewer.ended);
      expect((viewer.stamps.at(-1)?.sentAt ?? Infinity) - revokedAt).toBeLessThan(1_000);
      await using again = new FfmpegViewer(connected.rtspUrl(house.camera.id), networks.away.within);
      await eventually("its refusal", () => again.ended);
      expect(again.stamps).toEqual([]);
      expect((await fetch(`${connected.told.api}/v1/cameras`, { headers })).ok).toBe(false);
      // The camera went on, and is seen at home.
      expect((await house.simulator.counts()).rtspClients).toBeGreaterThan(0);
    });

    it("had the router let nobody in, and asked it for nothing", async () => {
      const nothing = { inbound: 0, ssdp: 0, natPmp: 0, pcp: 0, mapping: 0, control: 0 };
      expect(await networks.homeRouter.counts()).toEqual(nothing);
      expect(await networks.homeRouter.mappings()).toEqual([]);
      // The same, had somebody at home asked.
      await askRouter(networks.home, Number(house.gateway.address.split(":").at(-1)));
      const [open = ""] = await networks.homeRouter.mappings();
      const outside = open.split(" ")[0] ?? "";
      await networks.internet.run(`timeout 20 bash -c 'exec 3<>/dev/tcp/${addresses.homeRouter.wan}/${outside}'`);
      const asked = await networks.homeRouter.counts();
      expect(Object.values(asked).filter((count) => count === 0)).toEqual([]);

      const packets = readCapture(await tap.stop());
      const begin = packets.findIndex(asksForMapping);
      const [before, after] = [packets.slice(0, begin), packets.slice(begin)];
      expect(before.length).toBeGreaterThan(1_000);
      expect([before.filter(comesIn), after.some(comesIn)]).toEqual([[], true]);
      // All that went out of the home went to the relay, or to everybody at home.
      const strangers = before
        .filter(
          ({ protocol, from, to }) =>
            protocol === protocols.tcp && homeAddresses.includes(from) && !homeAddresses.includes(to),
        )
        .map(({ to, toPort }) => `${to}:${toPort}`);
      expect([...new Set(strangers)]).toEqual([`${addresses.relay}:443`]);
    });
  });
});

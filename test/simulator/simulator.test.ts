import { describe, expect, it } from "@jest/globals";
import { createSocket } from "node:dgram";
import { once } from "node:events";

import { answerChallenge, RtspProbe } from "./rtsp-probe.ts";
import { Simulator } from "./simulator.ts";
import { SimulatorProcess } from "./simulator-process.ts";

const clock = async ({ onvifUrl }: Pick<Simulator, "onvifUrl">): Promise<string> => {
  const response = await fetch(onvifUrl, { method: "POST", body: "<e:Body><GetSystemDateAndTime/></e:Body>" });
  return await response.text();
};

describe("a reboot", () => {
  it("drops every client, and starts sessions and RTP anew on the same port", async () => {
    await using camera = await Simulator.open();
    await using before = await RtspProbe.play(camera.rtspUrl, camera);
    const [old] = await before.received(1);
    const rebooted = camera.reboot(50);
    await before.closed;
    await expect(RtspProbe.connect(camera.rtspUrl, camera)).rejects.toThrow("ECONNREFUSED");
    await expect(clock(camera)).rejects.toThrow();
    await rebooted;
    await using after = await RtspProbe.play(camera.rtspUrl, camera);
    const [fresh] = await after.received(1);
    expect(fresh!.stamp.frame).toBeGreaterThan(old!.stamp.frame);
    const ssrc = (probe: RtspProbe) => probe.packets.find(({ channel }) => channel === 0)!.data.readUInt32BE(8);
    expect(ssrc(after)).not.toBe(ssrc(before));
    await clock(camera);
  });

  it("forgets subscriptions and nonces", async () => {
    await using camera = await Simulator.open({ id: "porch" });
    const url = new URL("/onvif/event_service", camera.onvifUrl);
    const subscribe = (headers: Record<string, string> = {}) =>
      fetch(url, { method: "POST", headers, body: "<e:Body><CreatePullPointSubscription/></e:Body>" });
    const challenge = (await subscribe()).headers.get("www-authenticate") ?? "";
    const { username, password } = camera;
    const login = (nc: string) => ({
      authorization: answerChallenge(challenge, { username, password, method: "POST", uri: url.pathname, nc }),
    });
    expect(await subscribe(login("00000001"))).toMatchObject({ status: 200 });
    expect(camera.counts.subscriptions).toBe(1);
    await camera.reboot(0);
    expect(camera.counts.subscriptions).toBe(0);
    const again = await subscribe(login("00000002"));
    expect(again.headers.get("www-authenticate")).toContain("stale=true");
  });
});

it("stalls without hanging up, and goes on live", async () => {
  await using camera = await Simulator.open();
  await using probe = await RtspProbe.play(camera.rtspUrl, camera);
  await probe.received(2);
  camera.stall(true);
  const stalledAt = probe.pictures.length;
  // Half a second of answered keep-alives, by another client's live media as the clock.
  await using other = await Simulator.open();
  await using watch = await RtspProbe.play(other.rtspUrl, other);
  await watch.received(12);
  expect(await probe.authorized("GET_PARAMETER")).toMatchObject({ status: 200 });
  expect(probe.pictures.length).toBeLessThanOrEqual(stalledAt + 1);
  camera.stall(false);
  const last = probe.pictures.at(-1)!.stamp.frame;
  const next = (await probe.received(probe.pictures.length + 1)).at(-1)!;
  expect(next.stamp.frame).toBeGreaterThan(last + 5);
});

it("refuses newcomers while told to, and keeps who is there", async () => {
  await using camera = await Simulator.open();
  await using probe = await RtspProbe.play(camera.rtspUrl, camera);
  await camera.refuse(true);
  await expect(RtspProbe.connect(camera.rtspUrl, camera)).rejects.toThrow("ECONNREFUSED");
  await expect(clock(camera)).rejects.toThrow();
  await probe.received(probe.pictures.length + 3);
  await camera.refuse(false);
  await using late = await RtspProbe.play(camera.rtspUrl, camera);
  await late.received(1);
  expect(camera.counts).toMatchObject({ rtspClients: 2, rtspConnects: 2, rtspPlays: 2 });
});

it("goes on refusing through a reboot", async () => {
  await using camera = await Simulator.open();
  await camera.refuse(true);
  await camera.reboot(0);
  await expect(RtspProbe.connect(camera.rtspUrl, camera)).rejects.toThrow("ECONNREFUSED");
});

it.each(["", "two words", "0123456789abcdef0123456789abcdefg", "caméra"])(
  "refuses the id %j, which no stamp could carry",
  async (id) => {
    await expect(Simulator.open({ id })).rejects.toThrow("1 to 32 printable ASCII");
  },
);

it("counts a client only while it plays", async () => {
  await using camera = await Simulator.open();
  expect(camera.counts).toMatchObject({ rtspClients: 0, rtspConnects: 0, rtspPlays: 0 });
  {
    await using probe = await RtspProbe.play(camera.rtspUrl, camera);
    await probe.received(1);
    expect(camera.counts).toMatchObject({ rtspClients: 1, rtspConnects: 1, rtspPlays: 1 });
  }
  while (camera.counts.rtspClients > 0) await new Promise(setImmediate);
});

describe("discovery", () => {
  const probe = (types: string, id: string) =>
    `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><a:MessageID>urn:uuid:${id}</a:MessageID></e:Header>` +
    `<e:Body><d:Probe><d:Types>${types}</d:Types></d:Probe></e:Body></e:Envelope>`;

  it.each(["unicast", "multicast"])("answers %s probes for cameras and no others", async (way) => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.setMulticastInterface("127.0.0.1");
    const port = await freeUdpPort();
    await using camera = await Simulator.open({ id: "porch", discovery: { address: "127.0.0.1", port } });
    const target = way === "unicast" ? "127.0.0.1" : "239.255.255.250";
    socket.send(probe("dn:Printer", "1"), port, target);
    socket.send(probe("dn:NetworkVideoTransmitter", "2"), port, target);
    const [message] = (await once(socket, "message")) as [Buffer];
    socket.close();
    const match = message.toString();
    expect(match).toContain("<a:RelatesTo>urn:uuid:2</a:RelatesTo>");
    expect(match).toContain(`<d:XAddrs>${camera.onvifUrl}</d:XAddrs>`);
    expect(match).toContain("onvif://www.onvif.org/name/Gatehouse%20porch");
  });
});

const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
};

describe("a simulator in its own process", () => {
  it("does what it is told, and comes back on the same ports after SIGKILL with higher numbers", async () => {
    await using camera = await SimulatorProcess.start({ id: "porch", password: "s3cret" });
    const login = { username: camera.facts.username, password: "s3cret" };
    await using probe = await RtspProbe.play(camera.facts.rtspUrl, login);
    const [before] = await probe.received(1);
    const { reference, at } = await camera.motion(true);
    expect(reference).toMatch(/^porch\/\d+\/1$/);
    expect(Math.abs(at - before!.stamp.sentAt)).toBeLessThan(5_000);
    expect(await camera.counts()).toMatchObject({ rtspClients: 1, rtspPlays: 1 });
    await camera.kill();
    await probe.closed;
    await using again = await camera.restart();
    expect(again.facts).toEqual(camera.facts);
    await using fresh = await RtspProbe.play(again.facts.rtspUrl, login);
    const [after] = await fresh.received(1);
    expect(after!.stamp.frame).toBeGreaterThan(before!.stamp.frame);
    await again.reboot(0);
    await fresh.closed;
  });

  it("says why a command failed once it is gone", async () => {
    const camera = await SimulatorProcess.start();
    await camera.kill();
    await expect(camera.counts()).rejects.toThrow("the simulator has ended");
  });
});

import { describe, expect, it } from "@jest/globals";
import type { SessionId } from "@gatehouse/shared";

import { camera, failure } from "../../media/testing/house.ts";
import { makeOffer } from "./testing/offers.ts";
import { other, owner, WebRtcHouse } from "./testing/webrtc-house.ts";

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe("WebRTC sessions", () => {
  it("answer an offer and begin when the viewer is connected", async () => {
    await using house = await WebRtcHouse.open(5);
    const { session, sdp } = await house.offer();
    expect(sdp).toMatch(/^v=0\r\n/);
    expect(sdp).toContain("a=ssrc:1111 ");
    expect(house.sessions.find(session)).toEqual({ principal: owner, camera });
    expect(house.engine.peer.video.packets).toEqual([]);
    house.engine.peer.become("connected");
    expect(house.engine.peer.video.packets.length).toBeGreaterThan(10);
    expect(house.sessions.count).toBe(1);
  });

  it("end by themselves when the viewer does not connect within 15 s", async () => {
    await using house = await WebRtcHouse.open(5);
    const { session } = await house.offer();
    await house.house.clock.advance(14_999);
    expect(house.sessions.count).toBe(1);
    await house.house.clock.advance(1);
    expect([house.sessions.count, house.sessions.find(session), house.engine.peer.closed]).toEqual([
      0,
      undefined,
      true,
    ]);
    expect(house.endings).toEqual([expect.objectContaining({ why: "it was never connected" })]);
  });

  it.each([
    ["the viewer leaves", (house: WebRtcHouse) => house.engine.peer.become("closed")],
    ["it is closed", (house: WebRtcHouse, session: SessionId) => house.sessions.end(session)],
    ["its principal is revoked", (house: WebRtcHouse) => house.sessions.endAll({ principal: owner }, "revoked")],
    ["its camera is removed", (house: WebRtcHouse) => house.sessions.endAll({ camera }, "removed")],
  ])("end at once when %s, with all they hold", async (_, act) => {
    await using house = await WebRtcHouse.open(5);
    const session = await house.watch();
    await house.house.clock.advance(200);
    act(house, session);
    const { peer } = house.engine;
    const before = peer.video.packets.length;
    await house.film(5);
    expect([house.sessions.count, peer.closed, peer.video.packets.length]).toEqual([0, true, before]);
    expect(house.house.stream.status.viewers).toBe(0);
    expect(house.endings).toHaveLength(1);
    house.sessions.end(session);
    peer.become("closed");
    expect(house.endings).toHaveLength(1);
  });

  it("leave alone those of others", async () => {
    await using house = await WebRtcHouse.open(5);
    const kept = await house.watch({ principal: other });
    await house.watch();
    house.sessions.endAll({ principal: owner }, "revoked");
    expect([house.sessions.count, house.sessions.find(kept)?.principal]).toEqual([1, other]);
  });

  it("are no more than sixteen for one client, and sixty-four in all", async () => {
    await using house = await WebRtcHouse.open(1, { maxSessions: { total: 3, perPrincipal: 2 } });
    const first = await house.watch();
    await house.offer();
    await expect(house.offer()).rejects.toEqual(code("too-many-sessions"));
    await house.offer({ principal: other });
    await expect(house.offer({ principal: other })).rejects.toEqual(code("too-many-sessions"));
    house.sessions.end(first);
    await house.offer({ principal: other });
  });

  it("are no more than thirty-two for one address", async () => {
    await using house = await WebRtcHouse.open(1, { maxSessions: { total: 9, perBlock: 2 } });
    const first = await house.watch({ block: "192.0.2.7" });
    await house.offer({ principal: other, block: "192.0.2.7" });
    await expect(house.offer({ block: "192.0.2.7" })).rejects.toEqual(code("too-many-sessions"));
    await house.offer({ block: "192.0.2.8" });
    house.sessions.end(first);
    await house.offer({ block: "192.0.2.7" });
  });

  it.each([
    ["no SDP", "hello", "request-invalid"],
    ["ten megabytes", "a".repeat(10_000_000), "request-invalid"],
    ["no H.264", makeOffer({ video: { 96: ["VP8/90000"] } }), "codec-unsupported"],
  ])("refuse an offer of %s before the camera is asked", async (_, sdp, expected) => {
    await using house = new WebRtcHouse();
    await expect(house.offer({ sdp })).rejects.toEqual(code(expected));
    expect([house.house.camera.tries, house.sessions.count, house.engine.peers.length]).toEqual([0, 0, 0]);
  });

  it("take the tier that was asked for, or the one that suits the width", async () => {
    await using house = await WebRtcHouse.open(1);
    await house.offer({ width: 640 });
    await house.offer({ tier: "main", width: 640 });
    await house.offer();
    expect(house.tiers).toEqual([640, undefined]);
  });

  it("fail as the camera fails", async () => {
    await using house = new WebRtcHouse();
    house.house.camera.refusal = failure("camera-credentials");
    await expect(house.offer()).rejects.toEqual(code("camera-credentials"));
    expect(house.sessions.count).toBe(0);
  });

  it("that still wait for the camera end with their principal, or when the client is gone", async () => {
    await using house = new WebRtcHouse();
    const revoked = house.offer();
    const leaving = new AbortController();
    const left = house.offer({ principal: other }, leaving.signal);
    await house.house.settle();
    expect(house.sessions.count).toBe(2);
    house.sessions.endAll({ principal: owner }, "the principal was revoked");
    await expect(revoked).rejects.toEqual(code("stream-ended"));
    leaving.abort(failure("aborted"));
    await expect(left).rejects.toEqual(code("aborted"));
    expect(house.sessions.count).toBe(0);
  });

  it.each(["198.51.100.9", undefined])("send nothing to %s, which is not in the home", async (address) => {
    await using house = await WebRtcHouse.open(5);
    await house.offer();
    const { peer } = house.engine;
    peer.remoteAddress = address;
    peer.become("connected");
    expect([peer.video.packets.length, peer.closed, house.sessions.count]).toEqual([0, true, 0]);
  });

  it("give an engine only addresses in the home", async () => {
    await using house = await WebRtcHouse.open(1);
    const candidates = [
      "1 1 udp 5 8.8.8.8 1 typ host",
      "1 1 udp 5 x.local 1 typ host",
      "1 1 udp 5 10.1.1.1 7 typ host",
    ];
    await house.offer({ sdp: makeOffer({ candidates }) });
    const { options } = house.engine.peer;
    expect([options.candidates.map(({ address }) => address), options.loopback]).toEqual([["10.1.1.1"], false]);
    const sdp = makeOffer({ candidates: ["1 1 udp 5 127.0.0.1 7 typ host"] });
    await house.offer({ sdp });
    expect(house.engine.peer.options).toMatchObject({ candidates: [], loopback: false });
    await house.offer({ sdp, fromHere: true });
    expect(house.engine.peer.options).toMatchObject({ candidates: [{ address: "127.0.0.1" }], loopback: true });
  });

  it("load the engine once, and the one that was asked for", async () => {
    const loaded: string[] = [];
    const house = new WebRtcHouse();
    const load = (name: string) => async () => {
      loaded.push(name);
      return house.engine;
    };
    await using picky = await WebRtcHouse.open(1, {
      engine: "werift",
      loaders: { "node-datachannel": load("node-datachannel"), werift: load("werift") },
    });
    await picky.offer();
    await picky.offer();
    expect(loaded).toEqual(["werift"]);
    await house[Symbol.asyncDispose]();
  });
});

import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { systemClock, type Clock, type Grant } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { createSocket } from "node:dgram";
import { once } from "node:events";

import type { ReaderTalk } from "../../gateway-bridge/src/consumers/rtsp/talk-track.ts";
import type { AudioTrack } from "../../gateway-bridge/src/domain/track.ts";
import { videoTrack } from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "../support/eventually.ts";
import { OnvifTalker, Require, speechPacket } from "../support/onvif-talker.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera, RtspDoor, type ApplicationAccess } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

const pcma: AudioTrack = { kind: "audio", codec: "pcma", clockRate: 8_000, channels: 1 };
const watching: readonly Grant[] = [{ action: "live", camera: doorCamera }];
const talking: readonly Grant[] = [...watching, { action: "talk", camera: doorCamera }];

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
});

/** A loudspeaker that remembers who had a microphone, and what was said into it. */
class Loudspeaker {
  readonly talkers: string[] = [];
  /** Held as it came, as a loudspeaker does that is yet to be connected. */
  readonly kept: [data: Buffer, timestamp: number][] = [];
  there = true;
  open = 0;

  readonly talk: ReaderTalk = {
    loudspeaker: () => this.there,
    microphone: ({ principal, camera, from }) => {
      this.talkers.push(`${principal} ${camera} ${from.codec}/${from.clockRate}/${from.channels}`);
      this.open += 1;
      return {
        write: (data, timestamp) => void this.kept.push([data, timestamp]),
        [Symbol.dispose]: () => void (this.open -= 1),
      };
    },
  };

  get heard(): readonly [text: string, timestamp: number][] {
    return this.kept.map(([data, timestamp]) => [data.toString(), timestamp]);
  }
}

interface House {
  readonly door: RtspDoor;
  readonly loudspeaker: Loudspeaker;
  readonly reader: (login: ApplicationAccess) => Promise<RtspReader>;
}

const house = async ({
  plain = false,
  clock = systemClock,
}: { readonly plain?: boolean; readonly clock?: Clock } = {}): Promise<House> => {
  const camera = new PacedCamera({ clock, tracks: [videoTrack, pcma] });
  const loudspeaker = new Loudspeaker();
  const door = stack.use(await RtspDoor.open({ openSource: camera.openSource, plain, clock, talk: loudspeaker.talk }));
  const reader = async (login: ApplicationAccess): Promise<RtspReader> => {
    const ports = await door.server.ports();
    const way = plain ? { port: ports?.plain ?? 0 } : { port: ports?.secure ?? 0, certificate: door.certificate };
    return stack.use(await RtspReader.open({ ...way, login }));
  };
  return { door, loudspeaker, reader };
};

/** Somebody who may talk, set up by this way. */
const talker = async (home: House): Promise<{ talker: OnvifTalker; reader: RtspReader; login: ApplicationAccess }> => {
  const login = await home.door.admit(talking);
  const reader = await home.reader(login);
  return { login, reader, talker: stack.use(new OnvifTalker(reader, doorCamera)) };
};

describe("the way back, in the description of a stream", () => {
  it("is there for who asks for it and may use it: PCMU, to be sent", async () => {
    const home = await house();
    const { talker: who } = await talker(home);
    const { media } = await who.describe();
    expect(media.map(({ kind, direction, control }) => [kind, direction, control])).toEqual([
      ["video", "recvonly", "trackID=0"],
      ["audio", "recvonly", "trackID=1"],
      ["audio", "sendonly", "trackID=2"],
    ]);
    expect(media[2]?.formats).toMatchObject([{ payloadType: 0, encoding: "PCMU", clockRate: 8_000 }]);
    expect(home.loudspeaker.talkers).toEqual([]);
  });

  it("is not there for who does not ask: some players take every sound for one to play", async () => {
    const home = await house();
    const reader = await home.reader(await home.door.admit(talking));
    const { body } = await reader.ask("DESCRIBE", doorCamera);
    expect(body.toString()).not.toMatch(/sendonly|trackID=2/);
  });

  it.each<[string, readonly Grant[], boolean]>([
    ["may only watch", watching, true],
    [
      "may talk elsewhere",
      [...watching, { action: "talk", camera: "cam-bbbbbbbbbbbbbbbb" as typeof doorCamera }],
      true,
    ],
    ["may talk, to a camera without a loudspeaker", talking, false],
  ])("is refused to who %s, in each request that needs it", async (_, grants, there) => {
    const home = await house();
    home.loudspeaker.there = there;
    const reader = await home.reader(await home.door.admit(grants));
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) {
      const { status, headers } = await reader.ask(method, `${doorCamera}/trackID=2`, { Require });
      expect([status, headers.get("unsupported")]).toEqual([551, Require]);
    }
    const Transport = "RTP/AVP/TCP;unicast;interleaved=0-1";
    expect((await reader.ask("SETUP", `${doorCamera}/trackID=2`, { Transport })).status).toBe(404);
    const { session } = await reader.play(doorCamera);
    const more = { Transport: "RTP/AVP/TCP;unicast;interleaved=2-3", Session: session };
    await reader.ask("PAUSE", `${doorCamera}/`, { Session: session });
    expect((await reader.ask("SETUP", `${doorCamera}/trackID=2`, more)).status).toBe(404);
    expect(home.loudspeaker.talkers).toEqual([]);
  });

  it("is nothing that a stranger learns of", async () => {
    const home = await house();
    await home.door.admit(talking);
    const ports = await home.door.server.ports();
    const stranger = stack.use(await RtspReader.open({ port: ports?.secure ?? 0, certificate: home.door.certificate }));
    expect((await stranger.request("DESCRIBE", doorCamera, { Require }))?.status).toBe(401);
  });

  it("is one feature of many: the others are refused by name, with it or without", async () => {
    const home = await house();
    const reader = await home.reader(await home.door.admit(talking));
    const { status, headers } = await reader.ask("DESCRIBE", doorCamera, { Require: `${Require}, onvif-replay` });
    expect([status, headers.get("unsupported")]).toEqual([551, "onvif-replay"]);
  });
});

describe("what a reader says", () => {
  it.each(["tcp", "udp"] as const)("by %s reaches its microphone, whole and in order", async (by) => {
    const home = await house({ plain: by === "udp" });
    const { talker: who, login } = await talker(home);
    await who.begin(by);
    const words = Array.from({ length: 50 }, (_, index) => `word ${index}`);
    for (const word of words) who.say(Buffer.from(word));
    await eventually("all words", () => home.loudspeaker.heard.length === words.length);
    expect(home.loudspeaker.heard).toEqual(words.map((word, index) => [word, index * 160]));
    expect(home.loudspeaker.talkers).toEqual([`${login.principal.id} ${doorCamera} pcmu/8000/1`]);
    expect((await who.control("TEARDOWN")).status).toBe(200);
    expect(home.loudspeaker.open).toBe(0);
  });

  it("stays what it was for a loudspeaker that is yet to be connected, however the network cuts it", async () => {
    const home = await house();
    const { talker: who, reader } = await talker(home);
    await who.begin();
    const words = Array.from({ length: 20 }, (_, index) => `word ${index}`);
    const bytes = Buffer.concat(
      words.flatMap((word, index) => {
        const packet = speechPacket(index, Buffer.from(word));
        return [Buffer.from([0x24, 6, 0, packet.length]), packet];
      }),
    );
    for (let at = 0; at < bytes.length; at += 7) {
      reader.send(bytes.subarray(at, at + 7));
      await new Promise(setImmediate);
    }
    await eventually("all words", () => home.loudspeaker.kept.length === words.length);
    expect(home.loudspeaker.heard.map(([text]) => text)).toEqual(words);
  });

  it("is heard beside what it watches, on one connection and in one session", async () => {
    const home = await house();
    const { talker: who, reader } = await talker(home);
    expect((await who.watch()).status).toBe(200);
    await who.begin();
    who.say(Buffer.from("hello"));
    await eventually("both", () => home.loudspeaker.heard.length > 0 && reader.packets(0).length > 10);
    expect((await who.setUp()).status).toBe(455);
    expect(home.door.server.sessions()).toBe(1);
  });

  it("counts only between PLAY and PAUSE", async () => {
    const home = await house();
    const { talker: who } = await talker(home);
    await who.setUp();
    who.say(Buffer.from("too early"));
    expect((await who.control("PLAY")).headers.get("rtp-info")).toBeUndefined();
    who.say(Buffer.from("now"));
    await eventually("a word", () => home.loudspeaker.heard.length > 0);
    await who.control("PAUSE");
    expect(home.loudspeaker.open).toBe(0);
    who.say(Buffer.from("too late"));
    await who.control("PLAY");
    who.say(Buffer.from("again"));
    await eventually("another", () => home.loudspeaker.heard.length > 1);
    expect(home.loudspeaker.heard.map(([text]) => text)).toEqual(["now", "again"]);
  });

  it("is left out where it is no sound, on another channel, or somebody else's", async () => {
    const home = await house({ plain: true });
    const { talker: who, reader } = await talker(home);
    await who.begin("udp");
    const stranger = stack.adopt(createSocket("udp4"), (socket) => void socket.close());
    stranger.bind(0, "127.0.0.1");
    await once(stranger, "listening");
    stranger.send(speechPacket(0, Buffer.from("let me in")), who.serverPort, "127.0.0.1");
    for (const odd of ["", "garbage", "\u0080"]) who.send(Buffer.from(odd));
    who.send(speechPacket(0, Buffer.from("noise"), { payloadType: 13 }));
    who.send(speechPacket(0, Buffer.alloc(0)));
    reader.send(Buffer.from([0x24, 9, 0, 1, 0]));
    who.send(speechPacket(1, Buffer.from("a word")));
    await eventually("the word", () => home.loudspeaker.heard.length > 0);
    expect(home.loudspeaker.heard).toEqual([["a word", 160]]);
  });

  it.each([
    [
      "its login is revoked",
      (home: House, login: ApplicationAccess) => home.door.principals.revoke(login.principal.id),
    ],
    ["its connection breaks", (_: House, __: ApplicationAccess, reader: RtspReader) => void reader.socket.destroy()],
    ["the camera is removed", (home: House) => home.door.server.endAll({ camera: doorCamera }, "it was removed")],
  ])("ends when %s", async (_, end) => {
    const home = await house({ plain: true });
    const { talker: who, reader, login } = await talker(home);
    await who.begin("udp");
    who.say(Buffer.from("a word"));
    await eventually("a word", () => home.loudspeaker.heard.length > 0);
    end(home, login, reader);
    await eventually("the end", () => home.loudspeaker.open === 0 && reader.closed);
    who.say(Buffer.from("another"));
    expect(home.loudspeaker.heard).toHaveLength(1);
  });

  it("by datagrams alone is a sign of life, and its silence is none", async () => {
    const clock = new TestClock();
    const home = await house({ plain: true, clock });
    const { talker: who, reader } = await talker(home);
    await who.begin("udp");
    for (let minute = 1; minute <= 3; minute += 1) {
      who.say(Buffer.from("still here"));
      await eventually("a word", () => home.loudspeaker.heard.length === minute);
      await clock.advance(50_000);
    }
    expect(home.door.server.sessions()).toBe(1);
    await clock.advance(20_000);
    await eventually("the end", () => reader.closed);
    expect(home.loudspeaker.open).toBe(0);
  });
});

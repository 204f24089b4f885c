import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  EventBus,
  LoginId,
  silentLogger,
  systemClock,
  type Grant,
  type LoginId as Login,
  type Principal,
} from "@gatehouse/shared";
import { once } from "node:events";
import type { Socket } from "node:net";

import type { LiveLogin } from "../../gateway-bridge/src/domain/login-policy.ts";
import type { SessionOwner } from "../../gateway-bridge/src/domain/session-filter.ts";
import { DoorWorld, type TestDevice } from "../../gateway-bridge/src/relay/door/testing/door-world.ts";
import { eventually } from "../support/eventually.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera, RtspDoor } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

const cookie = "c".repeat(43);
const remote: Grant = { action: "remote", camera: "*" };
const live: Grant = { action: "live", camera: doorCamera, places: ["home", "away"] };
const setUp = `${doorCamera}/trackID=0`;
const interleaved = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };

/** A person's way to RTSP from away: the door, and the server behind it. */
class Away implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly ended = new EventBus<Login>(silentLogger);
  readonly logins = new Map<Login, Principal>();
  readonly talkers: SessionOwner[] = [];
  /** The server's ends of the channels. */
  readonly served: Socket[] = [];
  rtsp!: RtspDoor;
  door!: DoorWorld;

  static async open(): Promise<Away> {
    const away = new Away();
    away.rtsp = away.#stack.use(
      await RtspDoor.open({
        openSource: new PacedCamera({ clock: systemClock }).openSource,
        people: { find: (login) => away.logins.get(login), onEnded: (listener) => away.ended.on(listener) },
        talk: {
          loudspeaker: () => true,
          microphone: (talker) => {
            away.talkers.push(talker);
            return { write: () => undefined, [Symbol.dispose]: () => undefined };
          },
        },
      }),
    );
    const { server } = away.rtsp;
    away.door = away.#stack.use(
      new DoorWorld({
        toRtsp: (socket, visitor) => {
          away.served.push(socket);
          server.accept(socket, visitor);
        },
      }),
    );
    return away;
  }

  /** Somebody who is signed in on a device of their own. */
  arrive(
    grants: readonly Grant[] = [remote, live],
    over: Partial<LiveLogin> = {},
  ): TestDevice & { readonly login: LiveLogin } {
    const person = this.rtsp.principals.create({ name: "Ann", kind: "person", grants: [...grants] });
    const device = this.door.pair(person.id);
    const login = { ...this.door.signIn(person.id, cookie), ...over };
    this.door.logins.set(cookie, login);
    this.logins.set(login.id, person);
    return { ...device, login };
  }

  async reader(device: TestDevice): Promise<RtspReader> {
    return this.#stack.use(RtspReader.on(await this.door.enter(device, `GH1 rtsp ${cookie}\n`)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

let away: Away;
beforeEach(async () => {
  away = await Away.open();
});
afterEach(() => away[Symbol.asyncDispose]());

const gone = async (reader: RtspReader): Promise<void> =>
  eventually("the reader's connection ends", () => reader.closed);

describe("RTSP for a person who is away", () => {
  it("plays by the login alone, while no port is open", async () => {
    const device = away.arrive();
    const reader = await away.reader(device);
    expect(await away.rtsp.server.ports()).toBeUndefined();
    await reader.play(doorCamera);
    await eventually("pictures come", () => reader.packets().length > 5);
    const standing = {
      principal: device.person,
      camera: doorCamera,
      place: "away",
      assurance: "two",
      login: device.login.id,
    };
    expect(away.rtsp.server.holds()).toEqual([{ ...standing, action: "live" }]);
    expect(away.rtsp.server.connections).toMatchObject({ known: 1, strangers: 0 });
    reader.socket.destroy();
    await eventually("its place is free", () => away.rtsp.server.connections.known === 0);
  });

  it("takes what a request shows besides for nothing", async () => {
    const device = away.arrive([remote]);
    const application = await away.rtsp.admit([{ ...live, places: ["home", "away"] }]);
    const login = Buffer.from(`${application.username}:${application.password.reveal()}`).toString("base64");
    const reader = await away.reader(device);
    const answer = await reader.request("DESCRIBE", doorCamera, { Authorization: `Basic ${login}` });
    expect(answer?.status).toBe(404);
  });

  it.each([
    ["a grant for home", [remote, { ...live, places: ["home"] }], {}, "not-here"],
    ["no right to come from away", [live], {}, "not-here"],
    ["one factor", [remote, live], { assurance: "one" }, "one-factor"],
  ] as const)("shows nothing for %s", async (_case, grants, over, why) => {
    away.rtsp.place = "home";
    const reader = await away.reader(away.arrive(grants as readonly Grant[], over));
    expect((await reader.request("DESCRIBE", doorCamera))?.status).toBe(404);
    expect(away.rtsp.audit.rows).toContainEqual(expect.objectContaining({ outcome: "denied", detail: why }));
  });

  it("sends media by no other way than the channel", async () => {
    const reader = await away.reader(away.arrive());
    const udp = { Transport: "RTP/AVP;unicast;client_port=5000-5001" };
    expect((await reader.request("SETUP", setUp, udp))?.status).toBe(461);
    expect((await reader.request("SETUP", setUp, interleaved))?.status).toBe(200);
  });

  it("ends with the login, whether anything plays or not", async () => {
    const device = away.arrive();
    const [idle, playing] = [await away.reader(device), await away.reader(device)];
    expect((await idle.request("OPTIONS", "*"))?.status).toBe(200);
    await playing.play(doorCamera);
    await eventually("pictures come", () => playing.packets().length > 5);
    away.ended.emit(device.login.id);
    // What was handed over before may be on its way to the reader; from here on nothing is.
    const sent = away.served.map(({ bytesWritten }) => bytesWritten);
    expect(away.served.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    await Promise.all([gone(idle), gone(playing)]);
    for (const [index, { bytesWritten }] of away.served.entries())
      expect(bytesWritten).toBeLessThanOrEqual(sent[index]!);
  });

  it("goes on when the login of somebody else ends", async () => {
    const reader = await away.reader(away.arrive());
    await reader.play(doorCamera);
    away.ended.emit(LoginId.parse("login-zzzzzzzzzzzzzzzz"));
    const before = reader.packets().length;
    await eventually("pictures go on", () => reader.packets().length > before + 5);
  });

  it("ends with the person", async () => {
    const device = away.arrive();
    const [idle, playing] = [await away.reader(device), await away.reader(device)];
    expect((await idle.request("OPTIONS", "*"))?.status).toBe(200);
    await playing.play(doorCamera);
    away.rtsp.principals.revoke(device.person);
    await Promise.all([gone(idle), gone(playing)]);
  });

  it.each([
    ["a login that stands no more", undefined],
    ["a login that is another person's by now", "other"],
  ])("refuses and ends at the next request with %s", async (_case, other) => {
    const device = away.arrive();
    const reader = await away.reader(device);
    expect((await reader.request("DESCRIBE", doorCamera))?.status).toBe(200);
    away.logins.clear();
    if (other !== undefined) {
      away.logins.set(
        device.login.id,
        away.rtsp.principals.create({ name: "Bob", kind: "person", grants: [remote, live] }),
      );
    }
    expect((await reader.request("DESCRIBE", doorCamera))?.status).toBe(403);
    await gone(reader);
    const peer = `device ${device.device}`;
    expect(away.rtsp.audit.rows).toContainEqual(
      expect.objectContaining({ principal: "-", outcome: "denied", detail: `unauthenticated; from ${peer} (1)` }),
    );
  });

  it("talks as that login, which the right to talk stands and falls with", async () => {
    const device = away.arrive([remote, live, { ...live, action: "talk" }]);
    const reader = await away.reader(device);
    const backchannel = { Require: "www.onvif.org/ver20/backchannel" };
    expect((await reader.request("DESCRIBE", doorCamera, backchannel))?.status).toBe(200);
    const set = await reader.request("SETUP", `${doorCamera}/trackID=2`, { ...backchannel, ...interleaved });
    const Session = set?.headers.get("session")?.split(";")[0] ?? "";
    expect((await reader.request("PLAY", doorCamera, { ...backchannel, Session }))?.status).toBe(200);
    expect(away.talkers).toEqual([
      expect.objectContaining({ principal: device.person, place: "away", assurance: "two", login: device.login.id }),
    ]);
  });

  it("is over with the server", async () => {
    const device = away.arrive();
    const reader = await away.reader(device);
    expect((await reader.request("OPTIONS", "*"))?.status).toBe(200);
    await away.rtsp.server[Symbol.asyncDispose]();
    await gone(reader);
    const late = await away.door.enter(device, `GH1 rtsp ${cookie}\n`);
    await once(late, "close");
  });
});

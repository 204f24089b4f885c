import { expect, it } from "@jest/globals";
import { Secret, silentLogger, type Grant, type Principal } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { RightWatch } from "../../gateway-bridge/src/access/right-watch.ts";
import { decideAccess } from "../../gateway-bridge/src/domain/access-policy.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import type { AudioTrack } from "../../gateway-bridge/src/domain/track.ts";
import { TalkDesk } from "../../gateway-bridge/src/media/talk/talk-desk.ts";
import { eventually } from "../support/eventually.ts";
import { OnvifTalker } from "../support/onvif-talker.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera as camera, RtspDoor, type ApplicationAccess } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

const pcmu: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };
const hourMs = 3_600_000;
const live: Grant = { action: "live", camera };

/** All time is in the test's hands; the time of day can be set besides, while nothing else moves. */
class SetClock extends TestClock {
  #ahead = 0;

  override now(): number {
    return super.now() + this.#ahead;
  }

  jump(ms: number): void {
    this.#ahead += ms;
  }
}

/** A camera with a loudspeaker, a real door and desk before it, and the watch over both. */
const open = async (stack: AsyncDisposableStack, clock: SetClock) => {
  const heard = { count: 0 };
  const hear = (): void => void (heard.count += 1);
  let principalOf: (id: Principal["id"]) => Principal | undefined = () => undefined;
  const audit = { append: () => undefined };
  const desk = stack.use(
    new TalkDesk({
      endpoint: async () => ({ camera }) as StreamEndpoint,
      openTalkBack: async () => ({
        track: pcmu,
        write: hear,
        ended: new AbortController().signal,
        [Symbol.asyncDispose]: async () => undefined,
      }),
      openConverter: () => Promise.reject(new Error("nothing is converted here")),
      mayTalk: ({ principal: id, place = "away", assurance = "one" }) => {
        const principal = principalOf(id);
        const circumstances = { now: clock.now(), place, assurance };
        return (
          principal !== undefined && decideAccess(principal, { action: "talk", camera }, circumstances).kind === "allow"
        );
      },
      audit,
      accesses: { deny: () => undefined },
      clock,
      log: silentLogger,
    }),
  );
  const talk = {
    loudspeaker: () => true,
    microphone: (talker: Parameters<TalkDesk["microphone"]>[0]) => desk.microphone(talker),
  };
  const { openSource } = new PacedCamera({ clock });
  const door = stack.use(await RtspDoor.open({ openSource, clock, plain: true, talk }));
  const { principals, server } = door;
  principalOf = (id) => principals.get(id);
  const logins = { get: () => undefined, onEnded: () => ({ [Symbol.dispose]: () => undefined }) };
  stack.use(RightWatch.open({ holders: [server, desk], principals, logins, audit, clock, log: silentLogger }));
  return { door, heard };
};

const reads = async (stack: AsyncDisposableStack, door: RtspDoor, { username, password }: ApplicationAccess) => {
  const { plain: port = 0 } = (await door.server.ports()) ?? {};
  return stack.use(await RtspReader.open({ port, login: { username, password: Secret.of(password.reveal()) } }));
};

const scheduleUntil = (now: number): Grant["schedule"] => {
  const hour = (at: number): string => new Date(at).toISOString().slice(11, 16);
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  return { zone: "UTC", windows: [{ days: [...days], from: hour(now - hourMs), to: hour(now + hourMs) }] };
};

type Happen = (of: { door: RtspDoor; clock: SetClock; who: ApplicationAccess }) => unknown;

it.each<[string, (now: number) => Partial<Grant>, Happen]>([
  ["its login is revoked", () => ({}), ({ door, who }) => door.principals.revoke(who.principal.id)],
  ["its grant is taken", () => ({}), ({ door, who }) => door.principals.setGrants(who.principal.id, [live])],
  ["its schedule ends", (now) => ({ schedule: scheduleUntil(now) }), ({ clock }) => clock.jump(hourMs + 60_000)],
  ["its grant ends", (now) => ({ until: now + hourMs }), ({ clock }) => clock.jump(hourMs)],
])("a talker is heard no more within a second when %s, and others go on watching", async (_case, limits, happen) => {
  await using stack = new AsyncDisposableStack();
  const clock = new SetClock();
  const { door, heard } = await open(stack, clock);
  const who = await door.admit([live, { action: "talk", camera, ...limits(clock.now()) }]);
  const line = await reads(stack, door, who);
  const talker = stack.use(new OnvifTalker(line, camera));
  const watcher = await reads(stack, door, await door.admit());
  await watcher.play(camera);
  await talker.begin();
  /** Says a word each 20 ms of the gateway's time, and no next one before the door has had it: what comes on one connection is taken in order. */
  const say = async (words: number): Promise<void> => {
    for (let word = 0; word < words; word += 1) {
      talker.say(Buffer.alloc(160, 0x55));
      await line.request("OPTIONS", "*");
      await clock.advance(20);
    }
  };
  await say(20);
  await eventually("some words", () => heard.count >= 20);
  await happen({ door, clock, who });
  await say(1_000 / 20);
  const [spoken, seen] = [heard.count, watcher.frames.length];
  await say(1_000 / 20);
  expect(heard.count).toBe(spoken);
  await eventually("pictures", () => watcher.frames.length > seen + 20);
});

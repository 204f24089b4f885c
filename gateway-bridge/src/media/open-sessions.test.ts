import { describe, expect, it } from "@jest/globals";
import { CameraId, PrincipalId, SessionId } from "@gatehouse/shared";

import { OpenSessions, type OpenSession } from "./open-sessions.ts";

const front = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const back = CameraId.parse("cam-bbbbbbbbbbbbbbbb");
const anna = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
const ben = PrincipalId.parse("who-bbbbbbbbbbbbbbbb");
const never = { signal: new AbortController().signal };

class FakeSession implements OpenSession {
  readonly id: SessionId;
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly endings: string[] = [];
  readonly #onEnded: (session: FakeSession) => void;

  constructor(letter: string, principal: PrincipalId, camera: CameraId, onEnded: (session: FakeSession) => void) {
    this.id = SessionId.parse(`ses-${letter.repeat(16)}`);
    this.principal = principal;
    this.camera = camera;
    this.#onEnded = onEnded;
  }

  end(why: string): void {
    this.endings.push(why);
    this.#onEnded(this);
  }
}

const openIn = (sessions: OpenSessions<FakeSession>, letter: string, principal = anna, camera = front) =>
  sessions.open(
    { principal, camera },
    async (_, onEnded) => new FakeSession(letter, principal, camera, onEnded),
    never,
  );

describe("OpenSessions", () => {
  it("lists a session until it has ended", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const session = await openIn(sessions, "a");
    expect([sessions.get(session.id), sessions.find(session.id)]).toEqual([
      session,
      { principal: anna, camera: front },
    ]);
    session.end("done");
    expect([sessions.list, sessions.owners, sessions.find(session.id)]).toEqual([[], [], undefined]);
  });

  it("ends those that match, and no others", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const first = await openIn(sessions, "a", anna, front);
    const second = await openIn(sessions, "b", anna, back);
    const third = await openIn(sessions, "c", ben, front);
    sessions.endAll({ principal: anna, camera: back }, "one");
    expect([first, second, third].map(({ endings }) => endings)).toEqual([[], ["one"], []]);
    sessions.endAll({ camera: front }, "two");
    expect(sessions.list).toEqual([]);
  });

  it("holds each by the right that it was opened by, and as its owner came in", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const standing = { place: "home", assurance: "two", login: undefined } as const;
    const session = await sessions.open(
      { principal: anna, camera: front, ...standing },
      async (_, onEnded) => new FakeSession("a", anna, front, onEnded),
      never,
    );
    expect(sessions.holds("live")).toEqual([{ principal: anna, camera: front, ...standing, action: "live" }]);
    sessions.endAll({ principal: anna, place: "away" }, "not this one");
    sessions.endAll({ principal: anna, assurance: "one" }, "nor that");
    expect(session.endings).toEqual([]);
    sessions.endAll({ principal: anna, place: "home", assurance: "two" }, "this one");
    expect([session.endings, sessions.holds("live")]).toEqual([["this one"], []]);
  });

  it("counts a session that is still being opened, and calls it off for a revoked principal", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const opening = sessions.open(
      { principal: anna, camera: front },
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
      never,
    );
    expect(sessions.owners).toMatchObject([{ principal: anna, camera: front }]);
    sessions.endAll({ principal: ben }, "another");
    sessions.endAll({ principal: anna }, "the principal was revoked");
    await expect(opening).rejects.toMatchObject({ code: "stream-ended" });
    expect(sessions.owners).toEqual([]);
  });

  it("ends one that was opened although it was called off", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const caller = new AbortController();
    let made: FakeSession | undefined;
    const run = async (_: unknown, onEnded: (session: FakeSession) => void): Promise<FakeSession> => {
      caller.abort(new Error("left"));
      return (made = new FakeSession("a", anna, front, onEnded));
    };
    await expect(sessions.open({ principal: anna, camera: front }, run, caller)).rejects.toThrow("left");
    expect([made?.endings, sessions.list]).toEqual([["it was no longer wanted"], []]);
  });

  it("never lists one that ended while it was being opened", async () => {
    const sessions = new OpenSessions<FakeSession>();
    const run = async (_: unknown, onEnded: (session: FakeSession) => void): Promise<FakeSession> => {
      const session = new FakeSession("a", anna, front, onEnded);
      session.end("at once");
      return session;
    };
    await sessions.open({ principal: anna, camera: front }, run, never);
    expect(sessions.owners).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { systemClock, type PrincipalId } from "@gatehouse/shared";

import { limits } from "../../gateway-bridge/src/consumers/rtsp/limits.ts";
import { eventually } from "../support/eventually.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera, RtspDoor, type ApplicationAccess } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

let stack: AsyncDisposableStack;
let door: RtspDoor;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const camera = new PacedCamera({ clock: systemClock });
  door = stack.use(await RtspDoor.open({ openSource: camera.openSource, plain: true }));
});
afterEach(async () => {
  await stack.disposeAsync();
});

const connect = async (login?: ApplicationAccess): Promise<RtspReader> => {
  const port = (await door.server.ports())?.plain ?? 0;
  return stack.use(await RtspReader.open({ port, ...(login === undefined ? {} : { login }) }));
};
const logIn = async (login: ApplicationAccess): Promise<RtspReader> => {
  const reader = await connect(login);
  expect((await reader.ask("GET_PARAMETER", doorCamera)).status).toBe(200);
  return reader;
};
const setUp = (reader: RtspReader): ReturnType<RtspReader["ask"]> =>
  reader.ask("SETUP", `${doorCamera}/trackID=0`, { Transport: "RTP/AVP/TCP;unicast" });
const denials = (principal: PrincipalId): (readonly [target: string, why: string])[] =>
  door.audit.rows
    .filter((row) => row.outcome === "denied" && row.principal === principal)
    .map(({ target, detail }) => [target, detail] as const);

describe("one login of the RTSP server", () => {
  it("has so many connections and no more, takes no place of another, and gets one again for each that ends", async () => {
    const [greedy, other] = [await door.admit(), await door.admit()];
    const readers = [];
    // All of them come from one address, which holds places for strangers only.
    for (let held = 0; held < limits.connectionsPerLogin; held += 1) readers.push(await logIn(greedy));
    const late = await connect(greedy);
    const refused = await late.ask("GET_PARAMETER", doorCamera);
    expect([refused.status, refused.reason]).toEqual([
      503,
      `this login has ${limits.connectionsPerLogin} connections, and no more are allowed`,
    ]);
    expect(denials(greedy.principal.id)).toEqual([["-", "too-many-sessions"]]);
    await logIn(other);
    const [first] = readers;
    first?.[Symbol.dispose]();
    let again = refused;
    while (again.status === 503) again = await late.ask("GET_PARAMETER", doorCamera);
    expect(again.status).toBe(200);
  }, 30_000);

  it("has so many sessions and no more, takes no place of another, and gets one again for each that ends", async () => {
    const [greedy, other] = [await door.admit(), await door.admit()];
    const sessions: { reader: RtspReader; session: string }[] = [];
    for (let held = 0; held < limits.sessionsPerLogin; held += 1) {
      const reader = await connect(greedy);
      const { status, headers } = await setUp(reader);
      expect(status).toBe(200);
      sessions.push({ reader, session: headers.get("session")?.split(";")[0] ?? "" });
    }
    const late = await connect(greedy);
    const refused = await setUp(late);
    expect([refused.status, refused.reason]).toEqual([
      503,
      `this login has ${limits.sessionsPerLogin} sessions, and no more are allowed`,
    ]);
    expect(denials(greedy.principal.id)).toEqual([[doorCamera, "too-many-sessions"]]);
    expect(door.server.sessions()).toBe(limits.sessionsPerLogin);
    expect((await setUp(await connect(other))).status).toBe(200);
    const [first, second] = sessions;
    await first?.reader.ask("TEARDOWN", doorCamera, { Session: first.session });
    expect((await setUp(late)).status).toBe(200);
    // A connection that breaks gives its session's place back, too.
    second?.reader[Symbol.dispose]();
    await eventually("the end", () => door.server.sessions() === limits.sessionsPerLogin);
    expect((await setUp(await connect(greedy))).status).toBe(200);
  }, 30_000);

  it("takes no session's place with one that cannot be written down", async () => {
    const login = await door.admit();
    const reader = await connect(login);
    door.audit.broken = true;
    for (let round = 0; round <= limits.sessionsPerLogin; round += 1) {
      expect((await setUp(reader)).status).toBe(500);
    }
    door.audit.broken = false;
    expect((await setUp(reader)).status).toBe(200);
  }, 30_000);
});

describe("one address of strangers at the RTSP server", () => {
  it("has a place again when one of them has logged in", async () => {
    const login = await door.admit();
    const known = await connect(login);
    for (let held = 1; held < limits.strangersPerAddress; held += 1) await connect();
    const refused = await connect();
    await eventually("the end", () => refused.closed);
    expect((await known.ask("GET_PARAMETER", doorCamera)).status).toBe(200);
    expect((await (await connect()).request("OPTIONS", "*"))?.status).toBe(200);
  });
});

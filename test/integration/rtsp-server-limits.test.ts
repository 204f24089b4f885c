import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { PrincipalId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";

import { limits } from "../../gateway-bridge/src/consumers/rtsp/limits.ts";
import { eventually } from "../support/eventually.ts";
import { PacedCamera } from "../support/paced-source.ts";
import { doorCamera, RtspDoor, type ApplicationAccess } from "../support/rtsp-door.ts";
import { RtspReader } from "../support/rtsp-reader.ts";

let stack: AsyncDisposableStack;
let door: RtspDoor;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  // A clock that stands still: nobody's time to log in or to say something runs out while hundreds are connected one by one.
  const clock = new TestClock();
  const camera = new PacedCamera({ clock });
  door = stack.use(await RtspDoor.open({ openSource: camera.openSource, plain: true, clock }));
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
  });

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
  });

  it("has no place left where others at its address have them all", async () => {
    const taken: ApplicationAccess[] = [];
    for (let held = 0; held < limits.sessionsPerAddress; held += 1) {
      if (held % limits.sessionsPerLogin === 0) taken.push(await door.admit());
      expect((await setUp(await connect(taken.at(-1)))).status).toBe(200);
    }
    const late = await door.admit();
    const refused = await setUp(await connect(late));
    expect([refused.status, refused.reason]).toEqual([
      503,
      `this address has ${limits.sessionsPerAddress} sessions, and no more are allowed`,
    ]);
    expect(denials(late.principal.id)).toEqual([[doorCamera, "too-many-sessions"]]);
    expect(door.server.sessions()).toBe(limits.sessionsPerAddress);
  });

  it("takes no session's place with one that cannot be written down", async () => {
    const login = await door.admit();
    const reader = await connect(login);
    door.audit.broken = true;
    for (let round = 0; round <= limits.sessionsPerLogin; round += 1) {
      expect((await setUp(reader)).status).toBe(500);
    }
    door.audit.broken = false;
    expect((await setUp(reader)).status).toBe(200);
  });
});

describe("one address of strangers at the RTSP server", () => {
  it("has a place again when one of them has logged in; else the one goes that has waited longest", async () => {
    const login = await door.admit();
    const known = await connect(login);
    const strangers: RtspReader[] = [];
    for (let held = 1; held < limits.strangersPerAddress; held += 1) strangers.push(await connect());
    expect((await known.ask("GET_PARAMETER", doorCamera)).status).toBe(200);
    strangers.push(await connect());
    const { connections } = door.server;
    expect(connections).toEqual({ known: 1, strangers: limits.strangersPerAddress, crowded: 0 });
    const next = await connect();
    const [longest, ...others] = strangers;
    await eventually("the end", () => longest?.closed === true);
    expect((await next.request("OPTIONS", "*"))?.status).toBe(200);
    expect(others.filter(({ closed }) => closed)).toEqual([]);
    expect((await known.ask("GET_PARAMETER", doorCamera)).status).toBe(200);
    expect(door.server.connections).toMatchObject({ known: 1, crowded: 1 });
  });

  it("lets nobody go who has logged in, however many come from wherever", async () => {
    const login = await door.admit();
    const known = await logIn(login);
    const port = (await door.server.ports())?.plain ?? 0;
    const ended = { count: 0 };
    const sockets: Socket[] = [];
    stack.defer(() => sockets.forEach((socket) => socket.destroy()));
    for (let held = 0; held < limits.connections + 50; held += 1) {
      const socket = dial({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + (held % 20)}` });
      socket.on("error", () => undefined).resume();
      socket.once("close", () => (ended.count += 1));
      sockets.push(socket);
      await once(socket, "connect");
    }
    await eventually("the end", () => ended.count === 51);
    expect(door.server.connections).toEqual({ known: 1, strangers: limits.connections - 1, crowded: 51 });
    expect((await known.ask("GET_PARAMETER", doorCamera)).status).toBe(200);
    expect((await (await logIn(login)).request("OPTIONS", "*"))?.status).toBe(200);
  });
});

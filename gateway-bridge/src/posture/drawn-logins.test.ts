import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";

import { Database } from "../store/database.ts";
import { DrawnLogins } from "./drawn-logins.ts";

const login = (password: string, username = "admin") => ({ username, password: Secret.of(password) });

describe("logins that were drawn", () => {
  let database: Database;
  let kept: Map<string, Buffer>;
  const open = (): DrawnLogins =>
    DrawnLogins.open({
      database,
      secrets: {
        put: (name, content) => void kept.set(name, Buffer.from(content)),
        get: (name) => kept.get(name),
        delete: (name) => void kept.delete(name),
      },
    });
  beforeEach(() => {
    database = Database.openInMemory();
    kept = new Map();
  });
  afterEach(() => database[Symbol.dispose]());

  it("are known again, also after a restart, and others are not", () => {
    open().note(login("drawn"));
    expect(open().isDrawn(login("drawn"))).toBe(true);
    expect(open().isDrawn(login("drawn", "another"))).toBe(true);
    expect(open().isDrawn(login("chosen"))).toBe(false);
  });

  it("are found where two cameras have the same, whatever the accounts are called", () => {
    const [a, b, c] = ["a", "b", "c"].map(fakeCameraId) as [never, never, never];
    const logins = new Map([
      [a, login("one")],
      [b, login("one", "viewer")],
      [c, login("other")],
    ]);
    expect(open().same(logins, (id) => id)).toEqual([[a, b]]);
  });

  it("are in common between the channels of a recorder, and not between it and a camera beside it", () => {
    const [a, b, c] = ["a", "b", "c"].map(fakeCameraId) as [never, never, never];
    const logins = new Map([a, b, c].map((id) => [id, login("one")] as const));
    const device = (id: string): string => (id === c ? "192.168.1.30" : "192.168.1.20");
    expect(open().same(logins, () => "192.168.1.20")).toEqual([]);
    expect(open().same(logins, device)).toEqual([
      [a, c],
      [b, c],
    ]);
  });

  it("leave nothing in the database that a password could be guessed by without the vault", () => {
    open().note(login("drawn"));
    const before = open();
    kept.clear();
    expect(open().isDrawn(login("drawn"))).toBe(false);
    expect(before.isDrawn(login("drawn"))).toBe(true);
  });
});

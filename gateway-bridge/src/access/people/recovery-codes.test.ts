import { expect, it } from "@jest/globals";

import { PeopleWorld } from "./testing/people-world.ts";

it("recovery codes lie nowhere readable: of each there is a hash alone", async () => {
  await using world = await PeopleWorld.open();
  const { id } = await world.person("ann");
  const codes = world.door.recovery.make(id).map((code) => code.reveal().replaceAll("-", ""));
  const rows = world.database.sql.prepare("SELECT hash FROM recovery_codes").all();
  expect(rows.map(({ hash }) => (hash as Uint8Array).length)).toEqual(codes.map(() => 32));
  const everything = world.database.sql
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .flatMap(({ name }) => world.database.sql.prepare(`SELECT * FROM "${String(name)}"`).all())
    .flatMap((row) => Object.values(row))
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)).toLowerCase())
    .join("\n");
  expect(codes.filter((code) => everything.includes(code.slice(5)))).toEqual([]);
  expect(
    [...world.secrets.held.values()].filter((kept) => codes.some((code) => Buffer.from(kept).includes(code))),
  ).toEqual([]);
});

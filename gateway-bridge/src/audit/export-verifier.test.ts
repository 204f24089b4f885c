import { describe, expect, it } from "@jest/globals";

import { exportAudit } from "./export-audit.ts";
import { ExportVerifier, type ExportVerdict } from "./export-verifier.ts";
import { hashRow } from "./chain.ts";
import { LogWorld } from "./testing/log-world.ts";
import { readKeptHeads, verifyExport } from "./verify-export.ts";

/** A log of that many rows, with a head after every third. */
const filled = (rows: number): LogWorld => {
  const world = new LogWorld();
  for (let row = 1; row <= rows; row += 1) {
    world.append(`row ${row}`);
    if (row % 3 === 0) world.heads.sign();
  }
  return world;
};

const exported = async (world: LogWorld): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of exportAudit(world)) pieces.push(piece);
  return Buffer.concat(pieces);
};

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const linesOf = async (world: LogWorld): Promise<string[]> =>
  (await exported(world)).toString("utf8").split("\n").slice(0, -1);

const judge = (world: LogWorld, lines: readonly string[], elsewhere?: ReadonlyMap<number, Buffer>): ExportVerdict => {
  const verifier = new ExportVerifier(world.heads.verifier, elsewhere);
  for (const line of lines) verifier.line(line);
  return verifier.end();
};

describe("an export", () => {
  it("is verified with nothing but the public key, however it comes in pieces", async () => {
    const world = filled(1_300);
    const bytes = await exported(world);
    for (const size of [7, 1_000, bytes.length]) {
      const verdict = await verifyExport(inPieces(bytes, size), world.heads.verifier);
      expect(verdict).toEqual({
        ...{ rows: 1_300, heads: 434, intact: true, firstBad: null, why: null },
        signed: { sequence: 1_300, time: world.clock.now() },
      });
    }
  });

  it("ends where it was signed, whatever is written meanwhile", async () => {
    const world = filled(1_200);
    const pieces = exportAudit(world);
    const read: Buffer[] = [];
    for await (const piece of pieces) {
      read.push(piece);
      world.append("meanwhile");
      world.heads.sign();
    }
    const verdict = await verifyExport(inPieces(Buffer.concat(read), 4_096), world.heads.verifier);
    expect(verdict).toMatchObject({ rows: 1_200, intact: true, signed: { sequence: 1_200 } });
  });

  it("is given in pieces that do not grow with it", async () => {
    let longest = 0;
    for await (const piece of exportAudit(filled(3_000))) longest = Math.max(longest, piece.length);
    expect(longest).toBeLessThan(500 * 1_000);
  });

  it("of an empty log says so", async () => {
    const world = new LogWorld();
    expect(judge(world, await linesOf(world))).toMatchObject({ rows: 0, heads: 0, intact: true, signed: null });
  });

  it("may be read as a file of heads, too", async () => {
    const world = filled(7);
    const kept = await readKeptHeads(inPieces(await exported(world), 100), world.heads.verifier);
    expect([...kept.heads.keys()]).toEqual([3, 6, 7]);
    // Its first line, and its rows.
    expect(kept.strange).toBe(8);
  });

  const at = (lines: readonly string[], text: string): number => lines.findIndex((line) => line.includes(text));
  it.each<[string, (lines: string[]) => string[], Partial<ExportVerdict>]>([
    ["nothing", () => [], { why: "this is no export of an audit log" }],
    ["something else", () => ["x"], { why: "this is no export of an audit log" }],
    ["another format", (lines) => lines.with(0, '{"gatehouseAudit":2}'), { why: "this is no export of an audit log" }],
    ["a row left out", (lines) => lines.toSpliced(at(lines, "row 4"), 1), { firstBad: 4, rows: 3 }],
    ["a row twice", (lines) => lines.toSpliced(at(lines, "row 4"), 0, lines[at(lines, "row 4")]!), { firstBad: 5 }],
    ["a row changed", (lines) => lines.map((line) => line.replace("row 5", "row X")), { firstBad: 5 }],
    ["a line that is no JSON", (lines) => lines.with(at(lines, "row 2"), "{"), { firstBad: 2 }],
    [
      "a line with a field too many",
      (lines) => lines.map((line) => line.replace('"row 5"', '"row 5","x":1')),
      { firstBad: 5 },
    ],
    ["a line of another kind", (lines) => lines.toSpliced(3, 0, '{"other":1}'), { firstBad: 3 }],
    ["null", (lines) => lines.with(2, "null"), { firstBad: 2 }],
    [
      "its end cut off after a row",
      (lines) => lines.slice(0, at(lines, "row 5") + 1),
      { firstBad: 4, why: "no head vouches for the rows after 3" },
    ],
    [
      "a head in another place",
      (lines) => lines.toSpliced(at(lines, "row 4") + 1, 0, lines[at(lines, "row 3") + 1]!),
      { firstBad: 4 },
    ],
  ])("shows %s", async (_, change, expected) => {
    const world = filled(7);
    const verdict = judge(world, change(await linesOf(world)));
    expect(verdict).toMatchObject({ intact: false, ...expected });
    expect(verdict.why).not.toBeNull();
  });

  it("shows rows that were written anew with hashes that fit", async () => {
    const world = filled(7);
    const lines = await linesOf(world);
    let previous = Buffer.alloc(32);
    const forged = lines.map((line) => {
      const { row } = JSON.parse(line) as { row?: Parameters<typeof hashRow>[1] };
      if (row === undefined) return line;
      const changed = { ...row, detail: row.detail.replace("row 2", "row X"), previous: previous.toString("hex") };
      previous = Buffer.from(hashRow(previous, changed));
      return JSON.stringify({ row: { ...changed, hash: previous.toString("hex") } });
    });
    expect(judge(world, forged)).toMatchObject({
      ...{ intact: false, firstBad: 3 },
      why: "row 3 is not the one that the head after it names",
    });
    const other = new LogWorld();
    expect(judge(other, forged).why).toBe("the export names another key than the one given");
    const signed = forged.map((line) => line.replace(world.heads.key, other.heads.key));
    expect(judge(other, signed).why).toBe("the head after row 3 was not signed by this key");
  });

  it("that lacks its end with the heads that name it is shown by a head that was kept elsewhere alone", async () => {
    const world = filled(7);
    const lines = await linesOf(world);
    const cut = lines.slice(0, at(lines, "row 4"));
    expect(judge(world, cut)).toMatchObject({ intact: true, signed: { sequence: 3 } });
    const kept = new Map([[6, Buffer.from(world.audit.hashOf(6)!)]]);
    expect(judge(world, lines, kept)).toMatchObject({ intact: true });
    expect(judge(world, cut, kept)).toMatchObject({
      ...{ intact: false, firstBad: 4 },
      why: "row 6, which a head that was kept elsewhere names, is missing",
    });
    expect(judge(world, lines, new Map([[6, Buffer.alloc(32)]]))).toMatchObject({ intact: false, firstBad: 6 });
    // What was kept is not used up by one reading.
    expect(kept.size).toBe(1);
  });
});

describe("a file of heads", () => {
  it("is refused where another key signed one, or two name one row differently", async () => {
    const [world, other] = [filled(3), new LogWorld()];
    const line = (head: { readonly note: string } | undefined): string => `${JSON.stringify({ head: head?.note })}\n`;
    other.append("another row");
    const foreign = Buffer.from(line(world.heads.newest) + line(other.heads.sign()));
    await expect(readKeptHeads(inPieces(foreign, 50), world.heads.verifier)).rejects.toMatchObject({
      code: "audit-contradicted",
    });
    const twin = new LogWorld(undefined, world.secrets);
    for (let row = 0; row < 3; row += 1) twin.append("another");
    const both = Buffer.from(`torn off\n${line(world.heads.newest)}${line(twin.heads.sign())}`);
    await expect(readKeptHeads(inPieces(both, 50), world.heads.verifier)).rejects.toMatchObject({
      message: "two heads name row 3 differently",
    });
  });

  it("is read no further where a line has no end", async () => {
    const world = filled(3);
    const endless = inPieces(Buffer.alloc(10 << 20, "x"), 64 << 10);
    await expect(readKeptHeads(endless, world.heads.verifier)).rejects.toMatchObject({ code: "request-invalid" });
  });
});

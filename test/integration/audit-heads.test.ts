import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  silentLogger,
  systemClock,
  type AuditRow,
  type AuditVerdict,
  type GatewayId,
  type Status,
} from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AuditLog } from "../../gateway-bridge/src/audit/audit-log.ts";
import { macOf } from "../../gateway-bridge/src/audit/chain.ts";
import { SignedHeads } from "../../gateway-bridge/src/audit/signed-heads.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";
import { openGateway, runGatehouse, runGatehouseJson } from "../support/command-line.ts";
import { eventually } from "../support/eventually.ts";

const never = { signal: new AbortController().signal };

let folder: string;
let data: string;
/** Where heads are pushed. */
let pushed: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-audit-"));
  [data, pushed] = [join(folder, "data"), join(folder, "heads.jsonl")];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const toFile = (): object => ({ kind: "file", path: pushed });
const start = (heads: object): ReturnType<typeof openGateway> =>
  openGateway(data, { listen: { port: 0 }, audit: { heads } });
const gatehouse = (...args: string[]) => runGatehouse(data, args);
const gatehouseJson = (...args: string[]) => runGatehouseJson(data, args);

/** Runs the gateway for a while in which rows come, and stops it as its owner does. */
const live = async (heads: object): Promise<void> => {
  await using _gateway = await start(heads);
  // Each leaves rows of what was asked for.
  for (let row = 0; row < 3; row += 1) await gatehouse("camera", "remove", "cam-aaaaaaaaaaaaaaaa");
};

/** What a thief does with the database, who has the vault's key too. */
const steal = async (
  deed: (stolen: { readonly database: Database; readonly vault: Vault; readonly clear: () => void }) => void,
): Promise<void> => {
  using database = Database.open(join(data, "gatehouse.db"));
  const vault = await Vault.open({ database, keyFile: join(data, "vault.key") }, never);
  const triggers = ["audit_no_update", "audit_no_delete", "audit_heads_no_update", "audit_heads_no_delete"];
  for (const trigger of triggers) database.sql.exec(`DROP TRIGGER ${trigger}`);
  deed({ database, vault, clear: () => database.sql.exec("DELETE FROM audit; DELETE FROM audit_heads") });
};

/** The log's last rows and heads go, and its own head says that it always ended there. */
const cutWithKey = (): Promise<void> =>
  steal(({ database, vault }) => {
    database.sql.exec("DELETE FROM audit WHERE sequence > 3; DELETE FROM audit_heads WHERE sequence > 3");
    const hash = database.sql.prepare("SELECT hash FROM audit WHERE sequence = 3").get()?.["hash"] as Uint8Array;
    const head = { sequence: 3, hash: Buffer.from(hash) };
    const mac = macOf(vault.get("audit/head-key") ?? Buffer.alloc(0), head);
    database.sql.prepare("UPDATE audit_head SET sequence = 3, hash = ?, mac = ?").run(head.hash, mac);
  });

/** The whole log is written anew, and signed anew. */
const rewriteWithKey = (): Promise<void> =>
  steal(({ database, vault, clear }) => {
    const rows = database.sql.prepare("SELECT * FROM audit ORDER BY sequence").all() as unknown as AuditRow[];
    clear();
    const genesis = { sequence: 0, hash: Buffer.alloc(32) };
    const mac = macOf(vault.get("audit/head-key") ?? Buffer.alloc(0), genesis);
    database.sql.prepare("UPDATE audit_head SET sequence = 0, hash = ?, mac = ?").run(genesis.hash, mac);
    const options = { database, clock: systemClock, secrets: vault, log: silentLogger };
    const audit = AuditLog.open(options);
    const gateway = gatewayOf(JSON.parse(heldNote) as { head: string });
    using _heads = SignedHeads.open({ ...options, audit, gateway });
    for (const row of rows) audit.append({ ...row, principal: "who-innocentinnocen" });
  });
let heldNote = "";
const gatewayOf = ({ head }: { readonly head: string }): GatewayId => /gw-[a-z2-7]{16}/.exec(head)?.[0] as GatewayId;

/** What the gateway says of its log, in every way. */
interface Said {
  readonly status: boolean;
  readonly verify: number;
  readonly row: boolean;
  readonly line: boolean;
}
const said = async (heads: object): Promise<Said> => {
  await using gateway = await start(heads);
  const { code } = await gatehouse("audit", "verify");
  const { audit } = (await gatehouseJson("status")) as Status;
  const rows = (await gatehouseJson("audit")) as AuditRow[];
  return {
    status: audit.intact,
    verify: code,
    row: rows.some(({ action }) => action === "auditContradicted"),
    line: gateway.log.lines.some(
      ({ fields }) => fields["code"] === "audit-contradicted" && fields["why"] !== undefined,
    ),
  };
};
const wellSaid: Said = { status: true, verify: 0, row: false, line: false };
const contradictionSaid: Said = { status: false, verify: 1, row: true, line: true };

/** An older copy of all the gateway's data takes the place of today's. */
const putBack = async (heads: object): Promise<void> => {
  await rm(data, { recursive: true });
  await cp(join(folder, "copy"), data, { recursive: true });
  await writeFile(join(data, "config.json"), JSON.stringify({ listen: { port: 0 }, audit: { heads } }));
};

describe("the pushed head", () => {
  it.each<[string, (heads: object) => Promise<void>]>([
    ["rows cut off the end with the vault's key", cutWithKey],
    ["a log written anew with the vault's key", rewriteWithKey],
    ["an old data folder put back", putBack],
  ])(
    "shows %s; where heads are pushed nowhere, that does not show",
    async (_, deed) => {
      await live(toFile());
      await cp(data, join(folder, "copy"), { recursive: true });
      await live(toFile());
      [heldNote = ""] = (await readFile(pushed, "utf8")).split("\n");
      const evidence = await readFile(pushed, "utf8");
      await deed(toFile());
      await cp(data, join(folder, "forged"), { recursive: true });

      expect(await said(toFile())).toEqual(contradictionSaid);
      // It stays so, and what shows it is left alone.
      expect(await said(toFile())).toEqual(contradictionSaid);
      expect(await readFile(pushed, "utf8")).toBe(evidence);
      const gateway = await start(toFile());
      const verdict = await gatehouse("audit", "verify", "--heads", pushed, "--json");
      expect([verdict.code, JSON.parse(verdict.stdout)]).toMatchObject([1, { error: { code: "audit-contradicted" } }]);
      await gateway[Symbol.asyncDispose]();

      await rm(data, { recursive: true });
      await cp(join(folder, "forged"), data, { recursive: true });
      expect(await said({ kind: "nowhere" })).toEqual(wellSaid);
    },
    60_000,
  );

  it("shows them over https too, to a server that is trusted, and says where it cannot be reached", async () => {
    const notes: string[] = [];
    const { certificate, privateKey } = makeCertificate({ name: "localhost" });
    const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
      if (request.method === "GET") return void response.writeHead(notes.length > 0 ? 200 : 404).end(notes.at(-1));
      let note = "";
      request.on("data", (piece: Buffer) => (note += piece.toString()));
      request.once("end", () => {
        notes.push(note);
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const authority = join(folder, "authority.pem");
    await writeFile(authority, certificate);
    const { port } = server.address() as AddressInfo;
    const heads = { kind: "https", url: `https://localhost:${port}/heads`, authority };
    try {
      await live(heads);
      expect(notes.length).toBeGreaterThan(0);
      await cp(data, join(folder, "copy"), { recursive: true });
      await live(heads);
      const before = notes.length;
      await putBack(heads);
      expect(await said(heads)).toEqual(contradictionSaid);
      expect(notes).toHaveLength(before);
    } finally {
      server.closeAllConnections();
      await once(server.close(), "close");
    }
    await using _gateway = await start(heads);
    expect(await gatehouseJson("audit", "verify")).toMatchObject({ intact: true, pushed: "unreachable" });
  }, 60_000);
});

describe("without pushed heads", () => {
  it("rows that were cut off or changed by one who lacks the vault's key still show", async () => {
    await live({ kind: "nowhere" });
    {
      using database = Database.open(join(data, "gatehouse.db"));
      database.sql.exec("DROP TRIGGER audit_no_delete; DROP TRIGGER audit_heads_no_delete");
      database.sql.exec("DELETE FROM audit WHERE sequence > 3; DELETE FROM audit_heads WHERE sequence > 3");
    }
    expect(await said({ kind: "nowhere" })).toMatchObject({ status: false, verify: 1 });
  }, 60_000);
});

describe("an export", () => {
  it("is verified without a gateway, with nothing but the public key", async () => {
    const file = join(folder, "audit.jsonl");
    const gateway = await start(toFile());
    const { key } = (await gatehouseJson("audit", "heads", "--key")) as { readonly key: string };
    await gatehouse("camera", "remove", "cam-aaaaaaaaaaaaaaaa");
    await gatehouseJson("audit", "export", file);
    // The export's end was signed, and so pushed: the file is there before the line is.
    await eventually("the push", () => existsSync(pushed) && readFileSync(pushed, "utf8").endsWith("\n"));
    expect(await gatehouseJson("audit", "verify", "--heads", pushed, "--key", key)).toMatchObject({ intact: true });
    const again = await gatehouse("audit", "export", file);
    expect(again.code).toBe(1);
    expect((await gatehouseJson("audit", "verify")) as AuditVerdict).toMatchObject({ intact: true });
    await gateway[Symbol.asyncDispose]();
    await rm(data, { recursive: true });

    const verify = (given: string, ...more: string[]) =>
      runGatehouse(folder, ["audit", "verify", "--file", given, ...more]);
    const good = (await runGatehouseJson(folder, ["audit", "verify", "--file", file, "--key", key])) as {
      rows: number;
    };
    expect(good.rows).toBeGreaterThan(3);
    expect((await verify(file)).code).toBe(1);
    // The gateway wrote on after the export, and pushed where it ended: the export is the older one.
    expect((await verify(file, "--key", key, "--heads", pushed)).code).toBe(1);
    const forged = join(folder, "forged.jsonl");
    await writeFile(forged, (await readFile(file, "utf8")).replace("removeCamera", "addCamera"));
    const refused = await verify(forged, "--key", key);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("is not what was written")]);
    expect((await verify(join(folder, "nowhere"), "--key", key)).stderr).toContain("cannot be read");
  }, 60_000);
});

import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, truncateSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { version as sourceVersion } from "../../gateway-bridge/src/version.ts";
import { freePort } from "../support/free-port.ts";
import { installRelease, publishRelease, script, withKeys, type ReleaseFiles } from "../support/release.ts";
import { root } from "../support/repository.ts";
import { endGateway, putSystemctl } from "../support/systemctl.ts";

const main = join(root, "gateway-bridge/src/main.ts");

/** A text of a source file, and what the release has in its place. */
type Change = readonly [file: string, from: string, to: string];

/** A release that runs this checkout's source with a version of its own, and with changes: the shape is a real one's. */
const releaseOf = (version: string, changes: readonly Change[] = []): ReleaseFiles => {
  const all: readonly Change[] = [["src/version.ts", `"${sourceVersion}"`, `"${version}"`], ...changes];
  return {
    "bin/gatehouse": script([
      `here=$(dirname "$(dirname "$(readlink -f "$0")")")`,
      `exec '${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning --import "$here/app/changes.mjs" '${main}' "$@"`,
    ]),
    "app/changes.mjs": [
      `import { registerHooks } from "node:module";`,
      `const changes = ${JSON.stringify(all)};`,
      `registerHooks({ load(url, context, next) {`,
      `  const loaded = next(url, context);`,
      `  const found = changes.filter(([file]) => url.endsWith("/gateway-bridge/" + file));`,
      `  if (found.length === 0) return loaded;`,
      `  let source = String(loaded.source);`,
      `  for (const [file, from, to] of found) {`,
      `    if (!source.includes(from)) throw new Error(file + " has no " + from);`,
      `    source = source.replace(from, () => to);`,
      `  }`,
      `  return { ...loaded, source };`,
      `} });`,
    ].join("\n"),
  };
};

/** Gives some tables one step more. */
const migrating = (step: string): Change => [
  "src/store/database.ts",
  "migrate({ name, steps }: Migrations): void {",
  `migrate({ name, steps: own }: Migrations): void { const steps = name === "principals" ? [...own, ${JSON.stringify(step)}] : own;`,
];
const newTable = migrating("CREATE TABLE from_the_new_version (value TEXT) STRICT");
const crashing: Change = ["src/cli/commands/up.ts", "await untilStopped(signal);", `throw new Error("it crashes");`];

const [first, second, third, stranger] = [1, 2, 3, 4].map(() => generateKeyPairSync("ed25519").privateKey);
const old = "0.1.0";

let folder: string;
let install: string;
let data: string;
let bin: string;
let offered: string;

/** Runs the installed version's command as root would. */
const gatehouse = async (
  ...args: readonly string[]
): Promise<{ code: number; output: string; json: () => unknown }> => {
  const child = spawn(join(install, "current/bin/gatehouse"), [...args, "--json", "--data", data], {
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, GATEHOUSE_LOG: "error" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, output: out.join("") + err.join(""), json: (): unknown => JSON.parse(out.join("")) };
};
const update = (verb: string, ...args: string[]): ReturnType<typeof gatehouse> =>
  gatehouse("update", verb, "--install", install, ...args);
const apply = (...args: string[]): ReturnType<typeof gatehouse> => update("apply", "--from", offered, ...args);

const startGateway = async (): Promise<void> => {
  const child = spawn(join(bin, "systemctl"), ["start", "gatehouse.service"], { stdio: "ignore", env: process.env });
  await once(child, "close");
  for (let tries = 1; (await gatehouse("status")).code !== 0; tries += 1)
    if (tries === 30) throw new Error(`the gateway did not start: ${readFileSync(join(bin, "log"), "utf8")}`);
};
/** The version that answers. */
const running = async (): Promise<string> =>
  ((await gatehouse("status")).json() as { gateway: { version: string } }).gateway.version;
const installed = async (): Promise<string> => (await readlink(join(install, "current"))).replace("versions/", "");
const hasNewTable = (): boolean => {
  const sql = new DatabaseSync(join(data, "gatehouse.db"), { readOnly: true });
  try {
    return sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'from_the_new_version'").get() !== undefined;
  } finally {
    sql.close();
  }
};
/** A release that leaves the first key behind; so it is signed by the second, too, which counts wherever it is installed. */
const offer = (version: string, changes: readonly Change[] = []): Promise<string> => {
  const files = withKeys(releaseOf(version, changes), second!, third);
  return publishRelease(offered, { version, files, keys: [first!, second!] });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-update-"));
  [install, data, bin, offered] = ["install", "data", "bin", "offered"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  await mkdir(data, { mode: 0o700 });
  await writeFile(join(data, "config.json"), JSON.stringify({ listen: { port: await freePort() } }));
  await installRelease(install, old, withKeys(releaseOf(old), first!, second));
  await putSystemctl({ bin, install, data });
});
afterEach(async () => {
  await endGateway(bin);
  await rm(folder, { recursive: true });
});

describe("gatehouse update", () => {
  it("installs a newer version on migrated data, goes on with the next key, and back", async () => {
    await startGateway();
    expect(await running()).toBe(old);
    await offer("0.2.0", [newTable]);
    expect((await update("check", "--from", offered)).json()).toMatchObject({ verdict: { kind: "install" } });

    expect(await apply()).toMatchObject({ code: 0 });
    expect([await running(), await installed(), hasNewTable()]).toEqual(["0.2.0", "0.2.0", true]);
    expect((await apply()).json()).toEqual({ version: "0.2.0" });

    // The first key was left behind by that release: only the second and the third count from now on.
    const files = withKeys(releaseOf("0.3.0", [newTable]), second!, third);
    await publishRelease(offered, { version: "0.3.0", files, keys: [first!] });
    expect((await apply()).output).toContain("update-untrusted");
    await publishRelease(offered, { version: "0.3.0", files, keys: [second!] });
    expect(await apply()).toMatchObject({ code: 0 });
    expect([await running(), (await readdir(join(install, "versions"))).sort()]).toEqual(["0.3.0", ["0.2.0", "0.3.0"]]);

    expect(await update("rollback")).toMatchObject({ code: 0 });
    expect([await running(), await installed(), hasNewTable()]).toEqual(["0.2.0", "0.2.0", true]);
    expect((await update("state")).json()).toMatchObject({ journal: { step: "idle", failed: "0.3.0" } });
  }, 240_000);

  it("keeps the version before where the newer one cannot migrate the data", async () => {
    await startGateway();
    await offer("0.2.0", [migrating("INSERT INTO nowhere VALUES (1)")]);
    const { code, output } = await apply();
    expect([code, output]).toEqual([1, expect.stringContaining("nowhere")]);
    expect([await running(), await installed(), await readdir(join(install, "versions"))]).toEqual([old, old, [old]]);
    expect((await apply()).output).toContain("update-unsuitable");
  }, 240_000);

  it("puts version and data back where the newer one migrates, and then crashes", async () => {
    await startGateway();
    await offer("0.2.0", [newTable, crashing]);
    const { code, output } = await apply();
    expect([code, output]).toEqual([1, expect.stringContaining("does not work here")]);
    expect([await running(), await installed(), hasNewTable()]).toEqual([old, old, false]);
    expect((await update("state")).json()).toMatchObject({ journal: { step: "idle", failed: "0.2.0" } });
  }, 240_000);

  it("goes back over a migration only with the data from before", async () => {
    await startGateway();
    await offer("0.2.0", [newTable]);
    expect(await apply()).toMatchObject({ code: 0 });
    const refused = await update("rollback");
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("data-newer")]);
    expect([await running(), hasNewTable()]).toEqual(["0.2.0", true]);
    expect(await update("rollback", "--restore-data")).toMatchObject({ code: 0 });
    expect([await running(), hasNewTable()]).toEqual([old, false]);
  }, 240_000);

  it("leaves a stopped gateway stopped", async () => {
    await startGateway();
    await endGateway(bin);
    await offer("0.2.0", [newTable]);
    expect(await apply()).toMatchObject({ code: 0 });
    expect([await installed(), hasNewTable(), (await gatehouse("status")).code]).toEqual(["0.2.0", false, 1]);
  }, 240_000);

  it("installs nothing that is not what was signed, or is not new", async () => {
    await startGateway();
    const files = withKeys(releaseOf("0.2.0"), first!, second);
    const release = { version: "0.2.0", files, keys: [first!] };
    const refusal = async (): Promise<string> => (await apply()).output;

    await publishRelease(offered, { ...release, keys: [stranger!] });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(offered, release, { expires: Date.now() - 1 });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(offered, { ...release, version: "0.0.9" });
    expect(await refusal()).toContain("update-untrusted");
    await publishRelease(offered, release, { minimumVersion: "0.1.1" });
    expect(await refusal()).toContain("update-unsuitable");
    const archive = await publishRelease(offered, release);
    truncateSync(archive, readFileSync(archive).length - 1);
    expect(await refusal()).toContain("update-untrusted");
    await writeFile(archive, Buffer.alloc(100_000_000));
    expect(await refusal()).toContain("update-untrusted");
    await rm(archive);
    expect(await refusal()).toContain("update-failed");
    // A newer one was seen by now: that nothing of it was installed does not make an older one good.
    await publishRelease(offered, { ...release, version: "0.1.5" });
    expect(await refusal()).toContain("update-untrusted");

    expect([await running(), await installed(), await readdir(join(install, "versions"))]).toEqual([old, old, [old]]);
    expect(existsSync(join(install, "update/archive.tar.gz"))).toBe(false);
  }, 240_000);
});

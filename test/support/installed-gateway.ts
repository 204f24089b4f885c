import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { freePort } from "./free-port.ts";
import { installRelease, type ReleaseFiles } from "./release.ts";
import { endGateway, putSystemctl } from "./systemctl.ts";

/** Only to end what hangs. */
const startWithinMs = 60_000;

export interface Ended {
  readonly code: number;
  /** All that it said. */
  readonly output: string;
  readonly json: () => unknown;
}

/** A box with an installed gateway, with a `systemctl` of its own and a folder where releases are offered. */
export class InstalledGateway implements AsyncDisposable {
  readonly install: string;
  readonly data: string;
  readonly bin: string;
  readonly offered: string;
  /** What systemd would give the gateway as credentials. */
  readonly credentials: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.install = join(folder, "install");
    this.data = join(folder, "data");
    this.bin = join(folder, "bin");
    this.offered = join(folder, "offered");
    this.credentials = join(folder, "credentials");
  }

  /** Installs a version; nothing runs yet. */
  static async make(version: string, files: ReleaseFiles): Promise<InstalledGateway> {
    const box = new InstalledGateway(await mkdtemp(join(tmpdir(), "gatehouse-update-")));
    await mkdir(box.data, { mode: 0o700 });
    await mkdir(box.credentials, { mode: 0o700 });
    await writeFile(join(box.data, "config.json"), JSON.stringify({ listen: { port: await freePort() } }));
    await installRelease(box.install, version, files);
    await putSystemctl(box);
    return box;
  }

  /** Runs the installed version's command as root would. */
  async gatehouse(args: readonly string[], { input = "", env = {} } = {}): Promise<Ended> {
    const child = spawn(join(this.install, "current/bin/gatehouse"), [...args, "--json", "--data", this.data], {
      env: { PATH: `${this.bin}:${process.env["PATH"] ?? ""}`, GATEHOUSE_LOG: "error", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => undefined).end(input);
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, output: out.join("") + err.join(""), json: (): unknown => JSON.parse(out.join("")) };
  }

  update(verb: string, args: readonly string[] = [], given: { input?: string; env?: object } = {}): Promise<Ended> {
    return this.gatehouse(["update", verb, "--install", this.install, ...args], given);
  }

  /** Installs what is offered. */
  apply(given: { input?: string; env?: object; args?: readonly string[] } = {}): Promise<Ended> {
    return this.update("apply", ["--from", this.offered, ...(given.args ?? [])], given);
  }

  async start(): Promise<void> {
    const start = [join(this.bin, "systemctl"), ["start", "gatehouse.service"]] as const;
    await once(spawn(...start, { stdio: "ignore", env: process.env }), "close");
    const deadline = performance.now() + startWithinMs;
    while ((await this.gatehouse(["status"])).code !== 0)
      if (performance.now() > deadline)
        throw new Error(`the gateway did not start: ${readFileSync(join(this.bin, "log"), "utf8")}`);
  }

  /** As a power cut does. */
  end(): Promise<void> {
    return endGateway(this.bin);
  }

  /** The version that answers. */
  async running(): Promise<string> {
    return ((await this.gatehouse(["status"])).json() as { gateway: { version: string } }).gateway.version;
  }

  async installed(): Promise<string> {
    return (await readlink(join(this.install, "current"))).replace("versions/", "");
  }

  /** Whether the database has the form of `newTable`. */
  hasNewTable(): boolean {
    const sql = new DatabaseSync(join(this.data, "gatehouse.db"), { readOnly: true });
    try {
      return sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'from_the_new_version'").get() !== undefined;
    } finally {
      sql.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await rm(this.#folder, { recursive: true });
  }
}

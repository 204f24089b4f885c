import { describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PeerConnection } from "node-datachannel";

import { Ffmpeg, type FfmpegStatus } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { runFfmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg-run.ts";
import { untilDescendants } from "../support/descendants.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { makeMedia } from "../support/media-files.ts";

const never: AbortSignal = new AbortController().signal;
const cancel = { signal: never };
const system = "/usr/bin:/bin";
/** Only to end a program that hangs. */
const longMs = 30_000;

/** A folder with links to these programs alone, as a search path. */
const pathWith = async (folder: string, ...names: readonly string[]): Promise<string> => {
  for (const name of names) await symlink(`/usr/bin/${name}`, join(folder, name));
  return folder;
};

class Bench implements AsyncDisposable {
  readonly folder: string;
  readonly log = new MemoryLogger();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), "gatehouse-transcode-")));
  }

  ffmpeg(searchPath = system, unsandboxed = false): Ffmpeg {
    return Ffmpeg.create({ searchPath, unsandboxed, clock: systemClock, log: this.log });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** Whether the transcoder reads a secret picture of the data folder, and whether it reaches a port of this box. */
const trespass = async (ffmpeg: Ffmpeg, folder: string): Promise<{ reads: boolean; connects: boolean }> => {
  const file = join(folder, "vault.key");
  await writeFile(file, await makeMedia("-f", "lavfi", "-i", "sine=duration=1", "-f", "wav"), { mode: 0o600 });
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const grab = async (input: string): Promise<Buffer | undefined> => {
    const options = { input: Buffer.alloc(0), maxOutput: 1e6, ms: longMs, clock: systemClock };
    try {
      const { command } = await ffmpeg.found(cancel);
      const line = command(["-v", "error", "-i", input, "-f", "s16le", "pipe:1"]);
      return await runFfmpeg({ ...options, command: line }, cancel);
    } catch {
      return undefined;
    }
  };
  try {
    const read = await grab(file);
    await grab(`tcp://127.0.0.1:${port}`);
    return { reads: (read?.length ?? 0) > 0, connects: connections > 0 };
  } finally {
    server.close();
  }
};

/** A zombie is not. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
};

const layersOf = ({ missing }: FfmpegStatus): readonly string[] => missing.map(({ layer }) => layer);

describeWith(["ffmpeg"], "A transcoder without bubblewrap", () => {
  it.each(["ffmpeg unshare prlimit", "ffmpeg prlimit", "ffmpeg"])(
    "is not run, and the gateway says what to install (%s)",
    async (names) => {
      await using bench = await Bench.open();
      const ffmpeg = bench.ffmpeg(await pathWith(bench.folder, ...names.split(" ")));
      expect(await ffmpeg.status(cancel)).toMatchObject({ available: false, sandbox: [] });
      const refused = { code: "transcoder-missing", message: expect.stringContaining("sudo apt install bubblewrap") };
      await expect(ffmpeg.found(cancel)).rejects.toMatchObject(refused);
      expect(await trespass(ffmpeg, bench.folder)).toEqual({ reads: false, connects: false });
      expect(bench.log.lines).toContainEqual(
        expect.objectContaining({ level: "warn", message: "there is no transcoder" }),
      );
    },
  );
});

describeWith(["ffmpeg"], "A transcoder that the owner lets run without a sandbox", () => {
  it("cannot connect where that can be had, and what it could still read is reported with a remedy", async () => {
    await using bench = await Bench.open();
    const ffmpeg = bench.ffmpeg(await pathWith(bench.folder, "ffmpeg", "unshare", "prlimit"), true);
    const status = await ffmpeg.status(cancel);
    expect(status).toMatchObject({ available: true, sandbox: ["network", "processes", "limits"] });
    expect(status.missing).toEqual([{ layer: "files", remedy: expect.stringContaining("bubblewrap") }]);
    expect(await trespass(ffmpeg, bench.folder)).toEqual({ reads: true, connects: false });
  });

  it("reaches everything where no sandbox can be built, and every layer is reported missing", async () => {
    await using bench = await Bench.open();
    const ffmpeg = bench.ffmpeg(await pathWith(bench.folder, "ffmpeg"), true);
    expect(layersOf(await ffmpeg.status(cancel))).toEqual(["network", "files", "processes", "limits"]);
    expect(await trespass(ffmpeg, bench.folder)).toEqual({ reads: true, connects: true });
    const warned = bench.log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["layer"]);
    expect(warned).toEqual(["network", "files", "processes", "limits"]);
  });
});

describeWith(["ffmpeg", "bubblewrap"], "A transcoder within bubblewrap", () => {
  it("can neither read the data folder nor connect, and no layer is missing", async () => {
    await using bench = await Bench.open();
    const ffmpeg = bench.ffmpeg();
    const status = await ffmpeg.status(cancel);
    expect(status).toMatchObject({ available: true, missing: [], h264Encoder: "libx264" });
    expect(status.version).toMatch(/^\d/);
    expect(await trespass(ffmpeg, bench.folder)).toEqual({ reads: false, connects: false });
  });

  it("writes no file, and sees neither the gateway's environment nor its processes", async () => {
    await using bench = await Bench.open();
    const ffmpeg = bench.ffmpeg();
    const { command } = await ffmpeg.found(cancel);
    const inside = command([]);
    const within = async (...program: readonly string[]): Promise<string> => {
      const line = [...inside.slice(0, -1), ...program];
      const options = { input: Buffer.alloc(0), maxOutput: 1e5, ms: longMs, clock: systemClock };
      return (await runFfmpeg({ ...options, command: line }, cancel)).toString();
    };
    expect(await within("/usr/bin/env")).toBe("PWD=/\n");
    expect((await within("/usr/bin/ls", "/")).split("\n")).not.toContain("home");
    await expect(within("/usr/bin/touch", "/usr/new")).rejects.toMatchObject({ code: "transcode-failed" });
    expect(await within("/usr/bin/sh", "-c", "kill -0 $PPID && echo $$")).toMatch(/^\d\n$/);
    await expect(within("/usr/bin/unshare", "--user", "/usr/bin/true")).rejects.toMatchObject({
      code: "transcode-failed",
    });
  });
});

/** The descriptors that a program sees as its own, each with what it is; `ls` opens one of the folder. */
const listDescriptors = 'for each in /proc/self/fd/*; do echo "${each##*/} $(readlink $each)"; done';
const beyondPipes = (listing: string): readonly string[] =>
  listing
    .split("\n")
    .filter((line) => /^\d+ ./.test(line) && Number.parseInt(line, 10) > 2 && !line.includes("/proc/"));

describe("A program that the gateway starts", () => {
  it("is handed no socket of the WebRTC library's, which would lead round its sandbox into the network", async () => {
    const viewer = new PeerConnection("viewer", { iceServers: [] });
    try {
      viewer.createDataChannel("any");
      await eventually("candidates", () => viewer.gatheringState() === "complete");
      const leaked = await promisify(execFile)("/bin/sh", ["-c", listDescriptors]);
      // Any other program gets them: without that, this test would show nothing.
      expect(beyondPipes(leaked.stdout).filter((line) => line.includes("socket:"))).not.toEqual([]);
      const options = { input: Buffer.alloc(0), maxOutput: 1e5, ms: longMs, clock: systemClock };
      const listing = (await runFfmpeg({ ...options, command: ["/bin/sh", "-c", listDescriptors] }, cancel)).toString();
      expect(listing).toMatch(/^2 /m);
      expect(beyondPipes(listing).filter((line) => !line.endsWith(" /dev/null"))).toEqual([]);
    } finally {
      viewer.close();
    }
  });
});

describeWith(["ffmpeg", "bubblewrap"], "A transcoder", () => {
  it.each(["ffmpeg bwrap unshare prlimit", "ffmpeg unshare", "ffmpeg"])(
    "does not outlive a gateway that is killed (%s)",
    async (names) => {
      await using bench = await Bench.open();
      const searchPath = await pathWith(bench.folder, ...names.split(" "));
      const args = [
        "--conditions=source",
        fileURLToPath(new URL("../support/transcoding-gateway.ts", import.meta.url)),
      ];
      const gateway = spawn(process.execPath, [...args, searchPath], { stdio: ["ignore", "pipe", "inherit"] });
      await using held = new AsyncDisposableStack();
      held.defer(() => void gateway.kill("SIGKILL"));
      await once(gateway.stdout, "data");
      const [pid = 0] = await untilDescendants("ffmpeg", 1);
      gateway.kill("SIGKILL");
      await eventually("ffmpeg gone", () => !isAlive(pid));
    },
  );

  it("runs in the same sandbox for an ordinary user", async () => {
    await using bench = await Bench.open();
    const { command, sandbox } = await bench.ffmpeg().found(cancel);
    const user = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const line = [...(process.getuid?.() === 0 ? user : []), ...command(["-version"])];
    const options = { command: line, input: Buffer.alloc(0), maxOutput: 1e5, ms: longMs, clock: systemClock };
    expect((await runFfmpeg(options, cancel)).toString()).toMatch(/^ffmpeg version/);
    expect(sandbox.name).toBe("bubblewrap");
  });
});

describe("A box without ffmpeg", () => {
  it("has no transcoder, and says so", async () => {
    await using bench = await Bench.open();
    const ffmpeg = bench.ffmpeg(bench.folder);
    expect(await ffmpeg.status(cancel)).toMatchObject({
      available: false,
      reason: expect.stringContaining("no program ffmpeg"),
    });
    expect(await ffmpeg.ability(cancel)).toEqual({ h264: false, opus: false, aac: false });
    await expect(ffmpeg.found(cancel)).rejects.toMatchObject({ code: "transcoder-missing" });
  });

  it("does not take another program for one", async () => {
    await using bench = await Bench.open();
    await symlink("/usr/bin/true", join(bench.folder, "ffmpeg"));
    const status = await bench.ffmpeg(bench.folder).status(cancel);
    expect(status).toMatchObject({ available: false, reason: expect.stringContaining("does not run as an ffmpeg") });
  });
});

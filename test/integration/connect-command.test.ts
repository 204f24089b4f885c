import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { GatehouseError, systemClock, type Clock } from "@gatehouse/shared";
import { FakeGateway, MemoryLogger } from "@gatehouse/shared/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import type { CommandContext, Terminal } from "../../gateway-bridge/src/cli/command.ts";
import { commands } from "../../gateway-bridge/src/cli/commands/index.ts";
import { connectCommand } from "../../gateway-bridge/src/cli/commands/connect.ts";
import { runCommandLine } from "../../gateway-bridge/src/cli/run.ts";
import { annasPassword, AwayHome } from "../support/away-home.ts";
import { compileCache } from "../support/compile-cache.ts";
import { root } from "../support/repository.ts";

const main = join(root, "gateway-bridge/src/main.ts");

const goodLogin = JSON.stringify({ loginName: "anna", password: annasPassword, code: "123456" });

/** Somebody at a terminal, or a program that starts the command. */
class TestTerminal implements Terminal {
  readonly printed: string[] = [];
  readonly notes: string[] = [];
  readonly questions: { readonly question: string; readonly hidden: boolean }[] = [];
  /** What is typed, one answer for each question; undefined where there is no terminal. */
  answers: string[] | undefined;
  input = "";
  readonly #waiting: (() => void)[] = [];

  readonly print = (text: string): void => this.#keep(this.printed, text);
  readonly note = (text: string): void => this.#keep(this.notes, text);
  readonly ask: Terminal["ask"] = async (question, { hidden }) => {
    if (this.answers === undefined) return undefined;
    this.questions.push({ question, hidden });
    while (this.answers.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.answers.shift();
  };
  readonly readInput: Terminal["readInput"] = async () => this.input;

  /** Answers more questions. */
  type(...answers: string[]): void {
    this.answers = [...(this.answers ?? []), ...answers];
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves once something was written that holds this. */
  async saw(what: RegExp): Promise<string> {
    for (;;) {
      const found = [...this.printed, ...this.notes].find((text) => what.test(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #keep(where: string[], text: string): void {
    where.push(text);
    for (const go of this.#waiting.splice(0)) go();
  }
}

let home: AwayHome;
let terminal: TestTerminal;
let stopping: AbortController;
beforeEach(async () => {
  home = await AwayHome.open();
  terminal = new TestTerminal();
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort(new GatehouseError("aborted", "stopped by the test"));
  await running;
  await home[Symbol.asyncDispose]();
});

let running: Promise<number> | undefined;
/** Runs a command line until it ends or is stopped. */
const run = (args: readonly string[], clock?: Clock): Promise<number> => {
  const context = ({ json }: { readonly json: boolean }): CommandContext => ({
    terminal,
    data: dirname(home.identityFile),
    searchPath: "",
    json,
    clock: clock ?? systemClock,
    log: new MemoryLogger(),
    random: () => 0,
    signal: stopping.signal,
    client: () => Promise.reject(new Error("no gateway here")),
  });
  running = runCommandLine({ args, commands, terminal, context });
  return running;
};
const anyPorts = ["--api-port", "0", "--rtsp-port", "0"];
const stop = async (): Promise<number> => {
  stopping.abort(new GatehouseError("aborted", "stopped by the test"));
  return running ?? 0;
};

interface Told {
  readonly api: string;
  readonly rtsp: string;
  readonly user: string;
  readonly credential?: string;
  readonly credentialFile?: string;
}
const askWith = async ({ api }: Told, credential: string): Promise<number> =>
  (await fetch(`${api}/v1/cameras`, { headers: { authorization: `Bearer ${credential}` } })).status;

describe("gatehouse connect", () => {
  it("tells a program in one line where it finds the home, and with what, and signs out when it is stopped", async () => {
    terminal.input = goodLogin;
    void run(["connect", "--password-stdin", "--json", ...anyPorts]);
    const told = JSON.parse(await terminal.saw(/^{/)) as Told;
    expect(told).toMatchObject({ user: "gatehouse", gateway: { name: "Home" }, device: home.device.device });
    expect(told.rtsp).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+$/);
    expect(await askWith(told, told.credential ?? "")).toBe(200);
    expect(await stop()).toBe(0);
    expect(home.heard.at(-1)).toMatchObject({ method: "DELETE", path: "/v1/me/login" });
    await expect(askWith(told, told.credential ?? "")).rejects.toThrow();
    expect(terminal.printed).toHaveLength(1);
  });

  it.each([
    ["lines", `anna\n${annasPassword}\n123456`, []],
    ["lines after a known name", `${annasPassword}\r\n123456`, ["--login-name", "Anna"]],
    [
      "an object after a known name",
      JSON.stringify({ password: annasPassword, code: "123456" }),
      ["--login-name", "anna"],
    ],
  ])("takes the sign-in as %s", async (_what, input, options) => {
    terminal.input = input;
    void run(["connect", "--password-stdin", "--json", ...options, ...anyPorts]);
    await terminal.saw(/^{"api"/);
  });

  it("writes the credential into a file of its owner's alone, and shows it nowhere then", async () => {
    const file = join(dirname(home.identityFile), "credential");
    terminal.input = goodLogin;
    void run(["connect", "--password-stdin", "--json", "--credential-file", file, ...anyPorts]);
    const line = await terminal.saw(/^{/);
    const credential = (await readFile(file, "utf8")).trim();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(line).not.toContain(credential);
    expect(await askWith(JSON.parse(line) as Told, credential)).toBe(200);
  });

  it("asks a person, hides what is secret, asks again what was wrong, and shows the cameras", async () => {
    terminal.type("anna", "wrong", "123456", annasPassword, "123456");
    void run(["connect", ...anyPorts]);
    const told = await terminal.saw(/Connected to Home as Anna/);
    expect(told).toMatch(/Front door: rtsp:\/\/127\.0\.0\.1:\d+\/cam-aaaaaaaaaaaaaaaa\/main/);
    expect(terminal.questions.map(({ hidden }) => hidden)).toEqual([false, true, true, true, true]);
    expect(terminal.notes.join("\n")).toMatch(/wrong.*right `remote`/s);
    expect(terminal.notes.join("\n")).not.toContain(annasPassword);
  });

  it("asks again when the login is over", async () => {
    terminal.type("anna", annasPassword, "123456");
    void run(["connect", ...anyPorts]);
    const credential = /with ([\w-]{43})/.exec(await terminal.saw(/Connected/))?.[1] ?? "";
    const api = /API: +(\S+)/.exec(terminal.printed[0] ?? "")?.[1] ?? "";
    home.endLogin();
    expect(await askWith({ api } as Told, credential)).toBe(503);
    await terminal.saw(/sign-in at home is over/);
    terminal.type(annasPassword, "123456");
    await terminal.saw(/signed in again/);
    expect(await askWith({ api } as Told, credential)).toBe(200);
  });

  it("ends when the login is over and there is nobody to ask", async () => {
    terminal.input = goodLogin;
    const ended = run(["connect", "--password-stdin", "--json", ...anyPorts]);
    const told = JSON.parse(await terminal.saw(/^{/)) as Told;
    home.endLogin();
    await askWith(told, told.credential ?? "");
    expect(await ended).toBe(1);
    expect(terminal.printed.at(-1)).toContain("login-over");
  });

  it("waits for a home that is not connected, and says so once", async () => {
    const pauses: number[] = [];
    const thirdTry = Promise.withResolvers<undefined>();
    const clock: Clock = {
      ...systemClock,
      delay: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 3) thirdTry.resolve(undefined);
      },
    };
    home.relay.admitted.clear();
    terminal.input = goodLogin;
    void run(["connect", "--password-stdin", "--json", ...anyPorts], clock);
    const note = await terminal.saw(/did not let this device through/);
    expect(note).toMatch(/gatehouse remote status.*tried again/);
    await thirdTry.promise;
    home.relay.admitted.add(home.device.thumbprint);
    await terminal.saw(/^{"api"/);
    // The first is as long as the relay wished.
    expect(pauses.slice(0, 3)).toEqual([400, 500, 1_000]);
    expect(terminal.notes.filter((text) => text.includes("did not let"))).toHaveLength(1);
  });

  it("goes on as a program of its own for as long as home is not connected, and ends when it is told to", async () => {
    home.relay.admitted.clear();
    const folder = dirname(home.identityFile);
    const args = ["--conditions=source", main, "connect", "--password-stdin", "--json", ...anyPorts, "--data", folder];
    const child = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...compileCache, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
    });
    const ended = once(child, "exit");
    const notes: string[] = [];
    const early = ended.then(([code]) => Promise.reject(new Error(`it ended with ${code}: ${notes.join("\n")}`)));
    early.catch(() => undefined);
    const told = Promise.withResolvers<undefined>();
    createInterface(child.stderr).on("line", (note) => {
      notes.push(note);
      if (note.includes("tried again")) told.resolve(undefined);
    });
    child.stdin.end(goodLogin);
    await Promise.race([told.promise, early]);
    home.relay.admitted.add(home.device.thumbprint);
    const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), early])) as [string];
    const where = JSON.parse(line) as Told;
    expect(await askWith(where, where.credential ?? "")).toBe(200);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(home.heard.at(-1)).toMatchObject({ method: "DELETE", path: "/v1/me/login" });
  });

  it.each<[string, readonly string[], string, string]>([
    ["a wrong password from a program", ["--password-stdin"], goodLogin.replace("horse", "zebra"), "sign-in-refused"],
    ["nobody to ask", [], "", "request-invalid"],
    ["a sign-in that is none", ["--password-stdin"], "{", "request-invalid"],
    ["a port that is none", ["--api-port", "70000"], "", "request-invalid"],
  ])("ends with %s, and what to do", async (_what, options, input, code) => {
    terminal.input = input;
    expect(await run(["connect", "--json", ...anyPorts, ...options])).toBe(1);
    const [answer = ""] = terminal.printed;
    expect(JSON.parse(answer)).toMatchObject({ error: { code, remedy: expect.stringMatching(/.{10}/) } });
    expect(answer).not.toContain("zebra");
  });

  it("says how a computer becomes a device, where it is none", async () => {
    await rm(home.identityFile);
    expect(await run(["connect"])).toBe(1);
    expect(terminal.notes[0]).toMatch(/gatehouse remote device add.*gatehouse connect pair/s);
  });

  it("says at once that the relay shows another key", async () => {
    const identity = JSON.parse(await readFile(home.identityFile, "utf8")) as {
      wayHome: { relay: { keys: string[] } };
    };
    identity.wayHome.relay.keys = ["A".repeat(43)];
    await writeFile(home.identityFile, JSON.stringify(identity), { mode: 0o600 });
    terminal.input = goodLogin;
    expect(await run(["connect", "--password-stdin"])).toBe(1);
    expect(terminal.notes.join("\n")).toMatch(/another key.*pair the device again at home.*relay-impostor/s);
    expect(home.relay.heard).toEqual([]);
  });

  it("says which port is taken", async () => {
    terminal.input = goodLogin;
    const port = home.relay.place.address.split(":")[1] ?? "";
    expect(await run(["connect", "--password-stdin", "--json", "--api-port", port, "--rtsp-port", "0"])).toBe(1);
    expect(terminal.printed[0]).toContain("address-in-use");
  });

  it("is found on the help page", () => {
    expect(commands).toContain(connectCommand);
  });
});

describe("gatehouse connect pair", () => {
  let gateway: FakeGateway;
  let answered: () => object;
  beforeEach(async () => {
    const identity = JSON.parse(await readFile(home.identityFile, "utf8")) as Record<string, unknown>;
    const { version: _version, privateKey: _key, ...paired } = identity;
    answered = () => paired;
    gateway = await FakeGateway.open({ handlers: { pairDevice: () => answered() as never } });
    await rm(home.identityFile);
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  it("keeps an identity for its owner alone, and nothing else", async () => {
    expect(await run(["connect", "pair", gateway.pairingString])).toBe(0);
    expect(terminal.printed[0]).toContain('device "Anna\'s laptop" of Home');
    expect((await stat(home.identityFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(dirname(home.identityFile))).toEqual(["device.json"]);
  });

  it("reads the string from standard input, which no list of processes shows", async () => {
    terminal.input = gateway.pairingString;
    expect(await run(["connect", "pair", "-"])).toBe(0);
  });

  it("tries the same string with the same key, where the answer was lost", async () => {
    answered = () => {
      throw new GatehouseError("timeout", "the answer was lost");
    };
    expect(await run(["connect", "pair", gateway.pairingString])).toBe(1);
    const keyOf = ({ request }: (typeof gateway.requests)[number]): string =>
      (request as { body: { publicKey: string } }).body.publicKey;
    await run(["connect", "pair", gateway.pairingString]);
    const keys = gateway.requests.map(keyOf);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it("does not throw an identity away that there is", async () => {
    await run(["connect", "pair", gateway.pairingString]);
    expect(await run(["connect", "pair", gateway.pairingString])).toBe(1);
    expect(terminal.notes.at(-1)).toContain("device already");
    expect(gateway.requests).toHaveLength(1);
  });
});

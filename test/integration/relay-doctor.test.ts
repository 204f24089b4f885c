import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { spawn } from "node:child_process";
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createServer as createTls } from "node:tls";

import { loadRelayConfig } from "../../gateway-bridge/src/relay-cli/load-relay-config.ts";
import type { Patient } from "../../gateway-bridge/src/relay/doctor/check.ts";
import { clockCheck } from "../../gateway-bridge/src/relay/doctor/checks/clock.ts";
import { foreignFiles } from "../../gateway-bridge/src/relay/doctor/checks/file-owners.ts";
import { metricsCheck } from "../../gateway-bridge/src/relay/doctor/checks/metrics.ts";
import { checks, type DoctorReport } from "../../gateway-bridge/src/relay/doctor/doctor.ts";
import { readRunning, tellRunning, type RunningRelay } from "../../gateway-bridge/src/relay/running-file.ts";
import { freePort } from "../support/free-port.ts";
import { never, RelayDesk, runRelayCommand } from "../support/relay-desk.ts";

let desk: RelayDesk;
let open: AsyncDisposableStack;
beforeEach(async () => {
  open = new AsyncDisposableStack();
  desk = open.use(await openDesk());
});
afterEach(() => open.disposeAsync());

/** Reached by the very address that invites name, and measured. */
const openDesk = async (): Promise<RelayDesk> => {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  return RelayDesk.open({
    clock: systemClock,
    init: ["--listen", address, "--public", address, "--metrics-port", "0"],
  });
};

/** Debian's user `nobody`. */
const nobody = 65_534;
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

const at = (name: string): string => join(desk.data, name);

const doctor = async (...args: string[]): Promise<{ readonly code: number; readonly report: DoctorReport }> => {
  const { code, stdout } = await runRelayCommand(desk.data, ["doctor", "--json", ...args]);
  return { code, report: JSON.parse(stdout) as DoctorReport };
};

/** What one check finds; whatever it is, it says what, why and what to do, and ends with 1. */
const found = async (check: string): Promise<string[]> => {
  const { code, report } = await doctor("--check", check);
  for (const finding of report.findings) {
    expect(finding.check).toBe(check);
    for (const words of [finding.what, finding.why, finding.remedy]) expect(words).toMatch(/^\S.{15,}/);
  }
  expect(code).toBe(report.findings.length === 0 ? 0 : 1);
  return report.findings.map((finding) => finding.code);
};

const listen = async (server: Server, port = 0, host = "127.0.0.1"): Promise<string> => {
  await once(server.listen(port, host), "listening");
  open.defer(() => void server.close());
  return `${host}:${(server.address() as AddressInfo).port}`;
};

const changeConfig = async (change: (config: Record<string, unknown>) => object): Promise<void> => {
  const config = JSON.parse(await readFile(at("relay.json"), "utf8")) as Record<string, unknown>;
  await writeFile(at("relay.json"), JSON.stringify(change(config)));
};

/** As if the relay were another: it says so itself, to whoever may read its data folder. */
const pretend = async (change: Partial<RunningRelay>): Promise<void> => {
  const running = await readRunning(at("running.json"));
  await tellRunning(at("running.json"), { ...running!, ...change });
};

/** Something that ends TLS in the relay's place. */
const impostor = async (): Promise<string> => {
  const { certificate, privateKey } = makeCertificate();
  const server = createTls({ cert: certificate, key: privateKey, minVersion: "TLSv1.2" });
  server.on("tlsClientError", () => undefined);
  return listen(server);
};

const patient = async (change: Partial<Patient>): Promise<Patient> => ({
  data: desk.data,
  keyFile: undefined,
  config: await loadRelayConfig(desk.data),
  running: await readRunning(at("running.json")),
  faults: async () => undefined,
  interfaces: networkInterfaces,
  clock: systemClock,
  proc: "/proc",
  run: "/run",
  ...change,
});

describe("a relay that is as it should be", () => {
  it("has nothing found, by any check", async () => {
    const { code, report } = await doctor();
    expect([code, report.findings]).toEqual([0, []]);
    expect(report.running).toBe(true);
    expect(report.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
    // What came from no release has no list of faults; all else was looked at.
    expect(report.checks.filter(({ state }) => state === "skipped").map(({ name }) => name)).toEqual(["versions"]);
  });

  it("can be looked at while it does not run, which is a finding where it ought to", async () => {
    await desk.operation[Symbol.asyncDispose]();
    const { code, report } = await doctor();
    expect([code, report.running, report.findings]).toEqual([0, false, []]);
    expect(report.checks.filter(({ state }) => state === "skipped").map(({ name }) => name)).toEqual(
      expect.arrayContaining(["tls-version", "tls-key", "listeners"]),
    );
    const ought = await doctor("--running");
    expect([ought.code, ought.report.findings]).toMatchObject([1, [{ code: "relay-stopped" }]]);
  });

  it("is told apart from one that was killed", async () => {
    const told = await readFile(at("running.json"));
    await desk.operation[Symbol.asyncDispose]();
    await writeFile(at("running.json"), told, { mode: 0o600 });
    expect((await doctor()).report.running).toBe(false);
  });

  it("is not looked for where there is no folder", async () => {
    const { code, stdout } = await runRelayCommand(`${desk.data}/none`, ["doctor", "--json"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("relay-missing")]);
  });

  it("is not looked at by a check that there is not", async () => {
    expect(await runRelayCommand(desk.data, ["doctor", "--check", "luck"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("tls-key"),
    });
  });
});

describe("the doctor finds", () => {
  it("a configuration that cannot be used", async () => {
    await changeConfig((config) => ({ ...config, tls: "off" }));
    expect(await found("configuration")).toEqual(["configuration-unusable"]);
    await rm(at("relay.json"));
    expect(await found("configuration")).toEqual(["configuration-unusable"]);
  });

  it.each([
    ["vault.key", 0o640],
    ["operator.json", 0o604],
    ["metrics-token", 0o644],
    ["control.sock", 0o666],
    ["relay.json", 0o620],
    [".", 0o750],
  ])("%s that others may reach", async (name, mode) => {
    expect(await found("file-modes")).toEqual([]);
    await chmod(at(name), mode);
    expect(await found("file-modes")).toEqual(["file-open"]);
  });

  it("an operator's key elsewhere that others may read", async () => {
    const folder = await mkdtemp(`${desk.data}-key`);
    open.defer(() => rm(folder, { recursive: true }));
    const key = join(folder, "ada.json");
    await copyFile(at("operator.json"), key);
    await chmod(key, 0o640);
    const { report } = await doctor("--check", "file-modes", "--key", key);
    expect(report.findings).toMatchObject([{ code: "file-open", remedy: `chmod 600 ${key}` }]);
  });

  it("a link in the place of a file", async () => {
    await rename(at("metrics-token"), `${desk.data}-token`);
    open.defer(() => rm(`${desk.data}-token`));
    await symlink(`${desk.data}-token`, at("metrics-token"));
    expect(await found("file-modes")).toEqual(["file-is-link"]);
  });

  it("a folder above that others may change", async () => {
    const parent = await mkdtemp(`${desk.data}-parent`);
    open.defer(() => rm(parent, { recursive: true }));
    await chmod(parent, 0o777);
    await mkdir(join(parent, "relay"), { mode: 0o700 });
    const { stdout } = await runRelayCommand(join(parent, "relay"), ["doctor", "--json", "--check", "file-modes"]);
    expect((JSON.parse(stdout) as DoctorReport).findings).toMatchObject([{ code: "parent-open" }]);
    // Where nobody may rename what is another's, as in /tmp.
    await chmod(parent, 0o1777);
    const sticky = await runRelayCommand(join(parent, "relay"), ["doctor", "--json", "--check", "file-modes"]);
    expect((JSON.parse(sticky.stdout) as DoctorReport).findings).toEqual([]);
  });

  it("files of another user", async () => {
    expect(await found("file-owners")).toEqual([]);
    const files = [
      { path: "/srv/relay/vault.key", uid: 1_000 },
      { path: "/srv/relay/relay.db", uid: 0 },
    ];
    expect(foreignFiles(0, files)).toMatchObject([{ code: "file-foreign", remedy: "chown 0 /srv/relay/vault.key" }]);
  });

  it("a process of another user", async () => {
    // Of a process that is root's, where the tests are not; else of one that is nobody's.
    const isRoot = process.getuid?.() === 0;
    const child = isRoot ? spawn("sleep", ["600"], { uid: nobody }) : undefined;
    open.defer(() => void child?.kill());
    await pretend({ pid: child?.pid ?? 1 });
    const { code, report } = await doctor("--check", "file-owners");
    expect([code, report.findings]).toMatchObject([
      1,
      [{ code: "process-foreign", what: expect.stringContaining(`runs as the user ${isRoot ? nobody : 0}, and`) }],
    ]);
    await pretend({ pid: process.pid });
    expect(await found("file-owners")).toEqual([]);
  });

  itAsRoot("a relay that root runs on data of a user of its own, and what root wrote among them", async () => {
    for (const name of [".", ...(await readdir(desk.data))]) await chown(at(name), nobody, nobody);
    const { code, report } = await doctor("--check", "file-owners");
    expect([code, report.findings]).toMatchObject([
      1,
      [{ code: "process-foreign", remedy: `Run it as the user ${nobody}, as the systemd unit does.` }],
    ]);
    await chown(at("metrics-token"), 0, 0);
    expect(await found("file-owners")).toEqual(["file-foreign", "process-foreign"]);
  });

  it("limits that hold nobody back", async () => {
    await changeConfig((config) => ({ ...config, limits: { strangers: 60_000 } }));
    expect(await found("limits")).toEqual(["limit-wide"]);
    await changeConfig((config) => ({ ...config, limits: { channelsPerDevice: 100, channelsPerGateway: 100 } }));
    expect(await found("limits")).toEqual(["limit-no-share"]);
  });

  it("a clock that is behind, or that nobody sets", async () => {
    expect(await found("clock")).toEqual([]);
    const future = new Date(Date.now() + 3_600_000);
    await utimes(at("relay.json"), future, future);
    expect(await found("clock")).toEqual(["clock-behind"]);
    await utimes(at("relay.json"), new Date(), new Date());
    const run = at("run");
    await mkdir(join(run, "systemd/timesync"), { recursive: true });
    const look = async () => clockCheck.look(await patient({ run }), never);
    expect(await look()).toMatchObject([{ code: "clock-unsynchronised" }]);
    await writeFile(join(run, "systemd/timesync/synchronized"), "");
    expect(await look()).toEqual([]);
  });

  it("a package with a known fault, and a list of faults that is old or none", async () => {
    const release = await mkdtemp(`${desk.data}-release`);
    open.defer(() => rm(release, { recursive: true }));
    const look = async (date: string): Promise<readonly string[]> => {
      const fault = {
        id: "CVE-2099-1",
        package: "zod",
        ranges: ["<5.0.0"],
        severity: "high",
        url: "https://example.org/1",
      };
      await writeFile(join(release, "advisories.json"), JSON.stringify({ format: 1, date, advisories: [fault] }));
      const { stdout } = await runRelayCommand(desk.data, ["doctor", "--json", "--check", "versions"], { release });
      return (JSON.parse(stdout) as DoctorReport).findings.map(({ code }) => code);
    };
    const today = new Date().toISOString().slice(0, 10);
    expect(await look(today)).toEqual(["advisories-old"]);
    const lock = (version: string) => ({ packages: { "node_modules/zod": { version } } });
    await writeFile(join(release, "package-lock.json"), JSON.stringify(lock("4.0.0")));
    expect(await look(today)).toEqual(["version-faulty"]);
    await writeFile(join(release, "package-lock.json"), JSON.stringify(lock("5.0.0")));
    expect(await look(today)).toEqual([]);
    expect(await look("2020-01-01")).toEqual(["advisories-old"]);
  });

  it("that something else ends TLS in the relay's place", async () => {
    expect([await found("tls-version"), await found("tls-key")]).toEqual([[], []]);
    const address = await impostor();
    await pretend({ address });
    expect([await found("tls-version"), await found("tls-key")]).toEqual([["tls-old"], ["tls-key-foreign"]]);
    await pretend({ address: `127.0.0.1:${await freePort()}` });
    expect(await found("tls-key")).toEqual(["tls-silent"]);
  });

  it("that another box answers at the address that invites name, or none", async () => {
    expect(await found("public-address")).toEqual([]);
    const address = await impostor();
    await changeConfig((config) => ({ ...config, public: address }));
    expect(await found("public-address")).toEqual(["public-key-foreign"]);
    const nobody = `127.0.0.1:${await freePort()}`;
    await changeConfig((config) => ({ ...config, public: nobody }));
    expect(await found("public-address")).toEqual(["public-silent"]);
    await changeConfig((config) => ({ ...config, public: null, listen: { host: "::", port: 8_444 } }));
    expect(await found("public-address")).toEqual(["public-missing"]);
  });

  it("a port that the relay opened and its configuration does not name", async () => {
    expect(await found("listeners")).toEqual([]);
    const address = await listen(createServer());
    const { report } = await doctor("--check", "listeners");
    expect(report.findings).toMatchObject([
      { code: "listener-unknown", what: expect.stringContaining(address.split(":")[1]!) },
    ]);
  });

  it("a listener on more addresses than its configuration names", async () => {
    await changeConfig((config) => ({ ...config, listen: { ...(config["listen"] as object), host: "127.0.0.9" } }));
    expect(await found("listeners")).toEqual(["listener-unknown"]);
  });

  it("measurements for a token that was not drawn, or for none", async () => {
    expect(await found("metrics")).toEqual([]);
    await writeFile(at("metrics-token"), "prometheus");
    expect(await found("metrics")).toEqual(["metrics-token-weak"]);
    await rm(at("metrics-token"));
    expect(await found("metrics")).toEqual(["metrics-token-weak"]);
  });

  it("measurements that anybody on the box can read", async () => {
    const open = createHttp((_request, response) => response.end("gatehouse_relay_tunnels 5000"));
    await pretend({ metrics: await listen(open) });
    expect(await found("metrics")).toEqual(["metrics-unguarded"]);
  });

  it("measurements that can be reached from outside", async () => {
    const port = Number(desk.operation.metrics?.split(":")[1]);
    const outer = { address: "127.0.0.9", internal: false, family: "IPv4", netmask: "", mac: "", cidr: null } as const;
    const look = async () => metricsCheck.look(await patient({ interfaces: () => ({ eth0: [outer] }) }), never);
    expect(await look()).toEqual([]);
    await listen(createServer(), port, outer.address);
    expect(await look()).toMatchObject([{ code: "metrics-outside", what: expect.stringContaining(outer.address) }]);
  });

  it("what it could not look at", async () => {
    await rm(at("metrics-token"));
    await mkdir(at("metrics-token"), { mode: 0o700 });
    expect(await found("metrics")).toEqual(["check-failed"]);
  });
});

describe("what the doctor says to people", () => {
  it("is each finding with what to do, and how many there are", async () => {
    await chmod(at("vault.key"), 0o644);
    const { code, stdout } = await runRelayCommand(desk.data, ["doctor"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`chmod 600 ${at("vault.key")} (file-open)`)]);
    expect(stdout).toMatch(/1 findings\.$/);
  });
});

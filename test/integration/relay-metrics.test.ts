import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { silentLogger, systemClock } from "@gatehouse/shared";
import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { MetricsDoor } from "../../gateway-bridge/src/relay/metrics/metrics-door.ts";
import { codeOf, RelayDesk } from "../support/relay-desk.ts";
import { knock, makeDeviceKey, readBytes } from "../support/relay-device.ts";
import { makeGatewayKey } from "../support/relay-home.ts";
import { read } from "../support/repository.ts";
import { ScriptedGateway } from "../support/scripted-gateway.ts";

let desk: RelayDesk;
let token: string;
beforeAll(async () => {
  desk = await RelayDesk.open({ clock: systemClock, init: ["--metrics-port", "0"] });
  token = (await readFile(join(desk.data, "metrics-token"), "utf8")).trim();
});
afterAll(async () => {
  await desk[Symbol.asyncDispose]();
});

const scrape = async (authorization?: string, path = "/metrics", method = "GET"): Promise<Response> =>
  fetch(`http://${desk.operation.metrics ?? ""}${path}`, {
    method,
    ...(authorization !== undefined && { headers: { authorization } }),
  });
const figures = async (): Promise<string> => (await scrape(`Bearer ${token}`)).text();

/** Names of all metrics that are told, as Prometheus stores them. */
const storedNames = (text: string): Set<string> =>
  new Set(text.split("\n").flatMap((line) => /^([a-z_0-9]+)[ {]/.exec(line)?.[1] ?? []));

describe("the relay's figures", () => {
  it("are on loopback alone, and for who brings the token", async () => {
    expect(desk.operation.metrics).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await stat(join(desk.data, "metrics-token"))).mode & 0o777).toBe(0o600);
    for (const wrong of [undefined, "Bearer", "Bearer x", `Bearer ${token}x`, `Basic ${token}`, token]) {
      const answer = await scrape(wrong);
      expect([wrong, answer.status, await answer.text()]).toEqual([wrong, 401, ""]);
    }
    const answer = await scrape(`Bearer ${token}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining("version=0.0.4"),
    ]);
    expect((await scrape(`Bearer ${token}`, "/")).status).toBe(404);
    expect((await scrape(`Bearer ${token}`, "/metrics", "POST")).status).toBe(404);
  });

  it("say what a relay does", async () => {
    const names = storedNames(await figures());
    for (const name of [
      "tunnels",
      "channels",
      "gateways",
      "strangers",
      "handshakes",
      "handshakes_waiting",
      "draining",
      "open_seconds_bucket",
    ])
      expect(names).toContain(`gatehouse_relay_${name}`);
    for (const line of [
      'gatehouse_relay_admissions_total{reason="open"} 0',
      'gatehouse_relay_admissions_total{reason="refused"} 0',
      'gatehouse_relay_bytes_total{direction="to-device"} 0',
      'gatehouse_relay_stalled_seconds_total{direction="to-gateway"} 0',
      "gatehouse_relay_open_seconds_count 0",
      'gatehouse_relay_turned_away_total{reason="unknown-gateway"} 0',
    ])
      expect((await figures()).split("\n")).toContain(line);
    expect(names).toContain("nodejs_eventloop_lag_p99_seconds");
  });

  it("tell no gateway nor device from another: their labels hold a few words", async () => {
    const labels = new Set([...(await figures()).matchAll(/[{,]([a-z_]+)="/g)].map(([, label]) => label));
    expect([...labels].sort()).toEqual(["direction", "le", "reason", "version"]);
  });

  it("follow what happens", async () => {
    const { gateways, keys, address } = desk.node;
    const key = makeGatewayKey();
    gateways.redeem({ ...gateways.invite({ ttlMs: 60_000 }), gateway: key.id, pin: key.pin });
    const place = { port: Number(address.split(":")[1]), pin: keys.shown.pin };
    await using gateway = await ScriptedGateway.open({ ...place, key });
    const device = makeDeviceKey();
    await gateway.admit([device.thumbprint]);
    const knocking = { ...place, gateway: key.id, way: "shared" } as const;
    expect((await knock({ ...knocking, device: makeDeviceKey() })).verdict).toMatchObject({ open: false });
    const { socket } = await knock({ ...knocking, device });
    socket.write(Buffer.alloc(5_000));
    await readBytes(socket, 5_000);
    const lines = (await figures()).split("\n");
    for (const line of [
      "gatehouse_relay_gateways 1",
      "gatehouse_relay_tunnels 1",
      "gatehouse_relay_channels 1",
      'gatehouse_relay_admissions_total{reason="open"} 1',
      'gatehouse_relay_admissions_total{reason="refused"} 1',
      'gatehouse_relay_bytes_total{direction="to-gateway"} 5000',
      'gatehouse_relay_bytes_total{direction="to-device"} 5000',
      "gatehouse_relay_open_seconds_count 1",
    ])
      expect(lines).toContain(line);
    expect(lines.join("\n")).not.toMatch(new RegExp(`${key.id}|${device.thumbprint}|${key.pin}`));
    socket.destroy();
  });

  it("are told to nobody where others could read the token", async () => {
    const tokenFile = join(desk.data, "metrics-token");
    await chmod(tokenFile, 0o640);
    const render = async () => ({ contentType: "text/plain", text: "" });
    expect(await codeOf(MetricsDoor.open({ port: 0, tokenFile, render, log: silentLogger }))).toBe("file-permissions");
    await chmod(tokenFile, 0o600);
  });
});

describe("the alerts", () => {
  const rules = read("gateway-bridge/packaging/gatehouse-relay.rules.yaml");
  const expressions = [...rules.matchAll(/^ {8}expr: (.+)$/gm)].map(([, expression = ""]) => expression);
  /** Words of PromQL's own. */
  const language = new Set(["and", "offset", "rate", "sum", "histogram_quantile", "clamp_min"]);
  const metricsIn = (expression: string): string[] =>
    [...expression.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, "").matchAll(/\b[a-z][a-z_0-9]*\b/g)]
      .map(([word]) => word)
      .filter((word) => !language.has(word) && !/^\d/.test(word));

  it("are about figures that there are", async () => {
    const names = storedNames(await figures()).add("up");
    expect(expressions.length).toBeGreaterThan(7);
    for (const expression of expressions) {
      const used = metricsIn(expression);
      expect(used.length).toBeGreaterThan(0);
      expect([expression, used.filter((name) => !names.has(name))]).toEqual([expression, []]);
    }
  });

  it("ask for reasons and directions that there are", async () => {
    const text = await figures();
    for (const expression of expressions) {
      for (const [, label = "", values = ""] of expression.matchAll(/(reason|direction)=~?"([^"]+)"/g))
        for (const value of values.split("|")) expect(text).toContain(`${label}="${value}"`);
    }
  });

  it("say each what it is and what to do", () => {
    const count = (form: RegExp): number => rules.match(form)?.length ?? 0;
    for (const form of [
      /^ {6}- alert: GatehouseRelay[A-Z]\w+$/gm,
      /^ {8}for: \d+m$/gm,
      /severity: (critical|warning|info)/g,
      /^ {10}summary: \S.+\.$/gm,
      /^ {10}description: \S.+\.$/gm,
    ])
      expect(count(form)).toBe(expressions.length);
  });
});

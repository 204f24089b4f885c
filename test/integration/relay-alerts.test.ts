import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeWith } from "../support/needs.ts";
import { askPromtool } from "../support/promtool.ts";
import { RelayDesk } from "../support/relay-desk.ts";
import { read, root } from "../support/repository.ts";

const rules = "gateway-bridge/packaging/gatehouse-relay.rules.yaml";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-alerts-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Values of a series, one a minute, as promtool writes them: `0+60x30` is 0 and thirty more, each 60 above. */
type Series = Readonly<Record<string, string>>;

interface Case {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Makes it fire at `at`, and not a minute before `from`. */
  readonly bad: Series;
  readonly from: number;
  readonly at: number;
  /** Nearly as bad: it never fires. */
  readonly good: Series;
}

const job = 'job="gatehouse-relay"';
const scraped = { job: "gatehouse-relay" };
const tunnels = `gatehouse_relay_tunnels{${job}}`;
const draining = `gatehouse_relay_draining{${job}}`;
const admissions = (reason: string): string => `gatehouse_relay_admissions_total{${job},reason="${reason}"}`;
const turnedAway = (reason: string): string => `gatehouse_relay_turned_away_total{${job},reason="${reason}"}`;
const opened = (le: string): string => `gatehouse_relay_open_seconds_bucket{${job},le="${le}"}`;
const stalled = (direction: string): string => `gatehouse_relay_stalled_seconds_total{${job},direction="${direction}"}`;
const waiting = `gatehouse_relay_handshakes_waiting{${job}}`;
const lag = `nodejs_eventloop_lag_p99_seconds{${job}}`;
const channels = `gatehouse_relay_channels{${job}}`;

/** `from` is the minute in which what is asked can hold first, and how long it must; rates of ten minutes take some more to rise. */
const cases: readonly Case[] = [
  {
    alert: "GatehouseRelayDown",
    labels: scraped,
    bad: { [`up{${job}}`]: "1x5 0x30" },
    ...{ from: 6 + 2, at: 8 },
    good: { [`up{${job}}`]: "1x5 0x1 1x30", 'up{job="another"}': "0x40" },
  },
  {
    alert: "GatehouseRelayLostTunnels",
    labels: scraped,
    bad: { [tunnels]: "100x20 49x40", [draining]: "0x60" },
    ...{ from: 21 + 5, at: 26 },
    // One that is drained loses them all, and is meant to.
    good: { [tunnels]: "100x20 0x40", [draining]: "0x20 1x40", 'gatehouse_relay_tunnels{job="half"}': "100x20 50x40" },
  },
  {
    alert: "GatehouseRelayRefusals",
    labels: { ...scraped, reason: "refused" },
    bad: { [admissions("refused")]: "0+306x60", [admissions("open")]: "0+60000x60" },
    ...{ from: 1 + 10, at: 20 },
    good: { [admissions("refused")]: "0+294x60", [admissions("cut")]: "0+294x60", [admissions("open")]: "0+60000x60" },
  },
  {
    alert: "GatehouseRelayTurnsAway",
    labels: { ...scraped, reason: "crowded" },
    bad: { [turnedAway("crowded")]: "0+66x60", [turnedAway("full")]: "0+54x60" },
    ...{ from: 1 + 10, at: 20 },
    good: { [turnedAway("crowded")]: "0+54x60", [turnedAway("unknown-gateway")]: "0+6000x60" },
  },
  {
    alert: "GatehouseRelayUnknownGateways",
    labels: { ...scraped, reason: "unknown-gateway" },
    bad: { [turnedAway("unknown-gateway")]: "0+33x90" },
    ...{ from: 1 + 30, at: 40 },
    good: { [turnedAway("unknown-gateway")]: "0+27x90", [turnedAway("full")]: "0+600x90" },
  },
  {
    alert: "GatehouseRelayHandshakeQueue",
    labels: scraped,
    bad: { [waiting]: "0x5 1001x30" },
    ...{ from: 6 + 5, at: 11 },
    good: { [waiting]: "1000x40" },
  },
  {
    alert: "GatehouseRelaySlowOpens",
    labels: scraped,
    bad: { [opened("2.5")]: "0+97x60", [opened("5")]: "0+100x60", [opened("+Inf")]: "0+100x60" },
    ...{ from: 1 + 15, at: 30 },
    good: { [opened("2.5")]: "0+995x60", [opened("5")]: "0+1000x60", [opened("+Inf")]: "0+1000x60" },
  },
  {
    alert: "GatehouseRelayEventLoop",
    labels: scraped,
    bad: { [lag]: "0.01x5 0.11x30" },
    ...{ from: 6 + 10, at: 16 },
    good: { [lag]: "0.1x40", 'nodejs_eventloop_lag_p99_seconds{job="another"}': "9x40" },
  },
  {
    alert: "GatehouseRelayStalls",
    labels: {},
    bad: { [stalled("to-device")]: "0+330x60", [channels]: "10x60" },
    ...{ from: 1 + 15, at: 30 },
    good: { [stalled("to-device")]: "0+270x60", [stalled("to-gateway")]: "0+6000x60", [channels]: "10x60" },
  },
];

/** The words and the severity that an alert of the file has. */
const saidOf = (alert: string) => {
  const [, text = ""] = read(rules).split(`- alert: ${alert}\n`);
  const of = (name: string): string => new RegExp(`\\b${name}: ([^\\n}]+?) *(?:\\}|$)`, "m").exec(text)?.[1] ?? "";
  return {
    exp_labels: { severity: of("severity") },
    exp_annotations: { summary: of("summary"), description: of("description") },
  };
};

interface Moment {
  readonly at: number;
  /** The labels of each alert that fires then, but for its severity. */
  readonly fires: readonly Case["labels"][];
}

/** What Prometheus makes of a series, held against what ought to fire when. YAML takes JSON. */
const judge = async (alert: string, series: Series, moments: readonly Moment[]): Promise<unknown> => {
  const file = join(folder, `${alert}.json`);
  const said = saidOf(alert);
  const expected = moments.map(({ at, fires }) => ({
    alertname: alert,
    eval_time: `${at}m`,
    exp_alerts: fires.map((labels) => ({ ...said, exp_labels: { ...said.exp_labels, ...labels } })),
  }));
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const tests = [{ interval: "1m", input_series, alert_rule_test: expected }];
  await writeFile(file, JSON.stringify({ rule_files: [join(root, rules)], evaluation_interval: "1m", tests }));
  const { status, said: told, complaints } = askPromtool(["test", "rules", file]);
  return { status, problems: status === 0 ? "" : `${told}${complaints}` };
};

const right = { status: 0, problems: "" };

describeWith(["promtool"], "the relay's alerts, as Prometheus judges them", () => {
  it("are rules that it takes, and says nothing against", () => {
    expect(askPromtool(["check", "rules", "--lint=all", "--lint-fatal", join(root, rules)])).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${cases.length} rules found`),
      complaints: "",
    });
  });

  it("are all told below how they come to fire", () => {
    const named = [...read(rules).matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(cases.map(({ alert }) => alert)).toEqual(named);
  });

  describe.each(cases)("$alert", ({ alert, labels, bad, from, at, good }) => {
    it("fires where it is bad for so long, and not before", async () => {
      const moments: readonly Moment[] = [
        { at: from - 1, fires: [] },
        { at, fires: [labels] },
      ];
      expect(await judge(alert, bad, moments)).toEqual(right);
    });

    it("stays quiet where it is nearly as bad", async () => {
      const moments = [8, 16, 24, 32, 40, 59].map((minute) => ({ at: minute, fires: [] }));
      expect(await judge(alert, good, moments)).toEqual(right);
    });
  });
});

describeWith(["promtool"], "the relay's figures", () => {
  it("are written as Prometheus wants them", async () => {
    await using desk = await RelayDesk.open({ clock: systemClock, init: ["--metrics-port", "0"] });
    const token = (await readFile(join(desk.data, "metrics-token"), "utf8")).trim();
    const answer = await fetch(`http://${desk.operation.metrics ?? ""}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    expect(text).toContain("gatehouse_relay_open_seconds_bucket");
    expect(askPromtool(["check", "metrics"], text)).toEqual({ status: 0, said: "", complaints: "" });
    // It would have said so.
    const wrong = text.replaceAll("gatehouse_relay_bytes_total", "gatehouse_relay_bytes");
    expect(askPromtool(["check", "metrics"], wrong)).toMatchObject({ status: 3 });
  });
});

import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

import { FloodProcess } from "../support/flood-process.ts";
import type { FloodReport } from "../support/flood.ts";
import { GatewayOwner, type TimedAnswer } from "../support/gateway-owner.ts";
import { describeWith } from "../support/needs.ts";
import { PageClient } from "../support/page-client.ts";
import { readFigures } from "../support/read-figures.ts";
import { WatchedHouse, watchFragments, type Watching } from "../support/watched-house.ts";

const megabyte = 1_048_576;
const idle = 2_000;
const slow = { header: 300, body: 100, upgrade: 100 };
const none = { idle: 0, header: 0, body: 0, upgrade: 0 };

/** Strangers who open connections and do nothing with them, while others watch, and the owner signs in. */
describeWith(["ffmpeg"], "2,000 idle connections and 500 slow ones", () => {
  const stack = new AsyncDisposableStack();
  let house: WatchedHouse;
  let owner: GatewayOwner;
  let authority: string;
  let floods: FloodProcess[];
  let watching: { readonly live: Watching; readonly rtsp: Watching };

  beforeAll(async () => {
    house = stack.use(await WatchedHouse.open([{ bitrateKbps: 2_000 }], { probe: true }));
    owner = await GatewayOwner.of(house.gateway);
    ({ text: authority } = await owner.page.ask({ path: "/trust/ca.pem" }));
    const [port, rtsps] = [Number(house.gateway.address.split(":")[1]), Number(new URL(house.login.rtsp[0]!.url).port)];
    const addresses = { from: 2, to: 40 };
    floods = [
      stack.use(await FloodProcess.start({ port, authority, addresses })),
      stack.use(await FloodProcess.start({ port: rtsps, authority, addresses })),
    ];
    const path = `/v1/cameras/${house.cameras[0]!.id}/live?tier=main`;
    watching = {
      live: stack.use(watchFragments(await owner.page.watch(path))),
      rtsp: stack.use(await house.watchRtsp(0)),
    };
    await pictures(25);
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  /** Somebody from another address who says nothing (`silent`: once TLS is agreed), or a header without end. */
  const strangerOf = async (kind: "idle" | "silent" | "header"): Promise<{ readonly gone: Promise<unknown> }> => {
    const way = { host: "127.0.0.1", port: Number(house.gateway.address.split(":")[1]) };
    const socket =
      kind === "idle" ? connect(way) : connectTls({ ...way, ca: authority, checkServerIdentity: () => undefined });
    socket.on("error", () => undefined).resume();
    const gone = new Promise((resolve) => socket.once("close", resolve));
    await once(socket, kind === "idle" ? "connect" : "secureConnect");
    if (kind !== "header") return { gone };
    socket.write("GET /v1/door HTTP/1.1\r\nx-slow: ");
    const timer = setInterval(() => socket.write("x"), 100);
    void gone.then(() => clearInterval(timer));
    return { gone };
  };

  /** Resolves when each viewer has seen so many more. */
  const pictures = async (more: number): Promise<void> => {
    const due = Object.values(watching).map((watch) => [watch, watch.frames.length + more] as const);
    while (due.some(([watch, count]) => watch.frames.length < count && watch.ended === undefined)) await pause(20);
  };
  const holdings = async () => ({
    ...(await house.probe()),
    rss: await house.residentBytes(),
    descriptors: (await house.descriptors()).length,
  });
  type Holdings = Awaited<ReturnType<typeof holdings>>;
  const say = (what: string, { memory, rss, descriptors }: Holdings): void =>
    console.log(`${what}: heap and buffers ${mb(memory)} MB, resident ${mb(rss)} MB, ${descriptors} descriptors`);

  it("take no picture from who watches, nor the owner's way in, nor memory without bound, and nothing is left of them", async () => {
    const [flood, rtspFlood] = floods as [FloodProcess, FloodProcess];
    const usual = [await owner.signIn(owner.signedOut)];
    const before = await holdings();
    say("before", before);
    const patient = await Promise.all((["idle", "silent", "header"] as const).map((kind) => strangerOf(kind)));
    await flood.order({ wanted: { ...none, idle }, perSecond: 1_000 });
    await rtspFlood.order({ wanted: { ...none, idle: 300 }, perSecond: 200 });
    await opened(flood, ({ opened: { idle: count } }) => count >= idle);
    await flood.order({ wanted: { idle, ...slow }, perSecond: 150 });
    await opened(flood, ({ opened: { header, body, upgrade } }) => header + body + upgrade >= 500 && upgrade >= 100);
    const figures = await readFigures(house.client);
    const during = await holdings();
    say("under the flood", during);

    const signedIn = [
      await owner.signIn(owner.signedOut),
      // With a browser that the gateway has never seen.
      await owner.signIn(await PageClient.of(house.gateway)),
    ];
    await pictures(100);
    await opened(flood, ({ lost }) => lost > 1_500);
    await opened(rtspFlood, ({ lost }) => lost > 0);
    const report = await flood.stop();
    await rtspFlood.stop();
    console.log(`${JSON.stringify(report.opened)} opened, ${report.lost} of them ended by the gateway`);
    usual.push(await owner.signIn(owner.signedOut));
    const list = (each: readonly TimedAnswer[]): string => each.map(({ ms }) => ms.toFixed(0)).join(" and ");
    console.log(`the owner signs in within ${list(signedIn)} ms, without a flood within ${list(usual)} ms`);
    // On a box with so much else to do that nobody is let in quickly, flood or none, it is a matter of proportion.
    const tenfold = Math.max(...usual.map(({ ms }) => ms)) * 10;
    for (const { status, ms } of signedIn) {
      expect(status).toBe(200);
      expect(ms).toBeLessThan(Math.max(2_000, tenfold));
    }

    const open = (door: string) => figures.sum("gatehouse_connections", { door });
    expect(open("api")).toBeLessThanOrEqual(512);
    expect(open("rtsp")).toBeLessThanOrEqual(256);
    expect(figures.sum("gatehouse_connections", { door: "api", state: "known" })).toBeGreaterThan(0);
    // 512 connections, most of them in the middle of TLS, at 100 KB each.
    expect(during.memory - before.memory).toBeLessThan(50 * megabyte);
    expect(during.rss - before.rss).toBeLessThan(200 * megabyte);
    expect(during.descriptors - before.descriptors).toBeLessThanOrEqual(512 + 256 + 16);

    // Few come from their address, so none of them had to make room: each had its time.
    await Promise.all(patient.map(({ gone }) => gone));
    const late = await readFigures(house.client);
    const ended = (reason: string) => late.sum("gatehouse_connections_ended_total", { door: "api", reason });
    expect(ended("crowded")).toBeGreaterThan(1_000);
    expect(ended("slow")).toBeGreaterThanOrEqual(2);
    expect(ended("silent")).toBeGreaterThanOrEqual(1);

    await settled(async () => (await house.descriptors()).length <= before.descriptors);
    const after = await holdings();
    say("afterwards", after);
    expect(after.memory - before.memory).toBeLessThan(8 * megabyte);
    await pictures(25);
    for (const [name, { missing, ended, frames }] of Object.entries(watching)) {
      console.log(`${name}: ${frames.length} pictures, ${missing} missing`);
      expect([name, missing, ended]).toEqual([name, 0, undefined]);
    }
    const rows = (await house.gateway.command(["audit"])) as unknown[];
    expect(rows.length).toBeLessThan(100);
  }, 300_000);
});

const mb = (bytes: number): string => (bytes / megabyte).toFixed(1);

/** Resolves when so much was opened. */
const opened = async (flood: FloodProcess, enough: (report: FloodReport) => boolean): Promise<void> =>
  settled(async () => enough(await flood.report()));

const settled = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await pause(100);
};

import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";
import { createSocket } from "node:dgram";
import { once } from "node:events";

import { judgeIsolation } from "./isolation-policy.ts";
import { readTraffic, type ObservedTraffic } from "./observed-traffic.ts";
import { rulesetFor } from "./ruleset.ts";
import { SntpResponder, type SntpResponderOptions } from "./sntp-responder.ts";

describe("rulesetFor", () => {
  const isolation = { interface: "eth1", gateway: "192.168.50.1", cameras: [] };

  it.each(["", "a name", "eth0; flush ruleset", 'eth0"', "waytoolonganame0", "eth0\n"])(
    "refuses %j as an interface",
    (name) => {
      expect(() => rulesetFor({ ...isolation, interface: name })).toThrow(
        expect.objectContaining({ code: "request-invalid" }),
      );
    },
  );

  it.each(["", "gateway", "192.168.50.0/24", "fe80::1", "1.2.3.4 accept"])("refuses %j as an address", (gateway) => {
    expect(() => rulesetFor({ ...isolation, gateway })).toThrow(expect.objectContaining({ code: "request-invalid" }));
  });

  it("names cameras in comments alone, whatever they are called", () => {
    const cameras = [{ name: "Porch\n flush ruleset\u2028#", host: "192.168.50.2\nflush ruleset" }];
    const added = rulesetFor({ ...isolation, cameras }).split("\n");
    const plain = new Set(rulesetFor(isolation).split("\n"));
    expect(added.filter((each) => !plain.has(each))).toEqual([expect.stringMatching(/^# {3}192\.168\.50\.2 flush/)]);
  });

  it("gives out addresses only where asked to", () => {
    expect(rulesetFor(isolation)).toContain("udp dport 67 accept");
    expect(rulesetFor({ ...isolation, dhcp: false })).not.toContain("67");
  });
});

describe("readTraffic", () => {
  const element = (concat: unknown[], packets: number) => ({
    elem: { val: { concat }, timeout: 604_800, expires: 5, counter: { packets, bytes: 60 * packets } },
  });
  const listing = (elem: unknown[]) =>
    JSON.stringify({
      nftables: [
        { metainfo: { version: "1.0.6" } },
        { counter: { family: "inet", name: "refused", table: "gatehouse_cameras", packets: 9, bytes: 1 } },
        { counter: { family: "inet", name: "strangers", table: "gatehouse_cameras", packets: 2, bytes: 1 } },
        { set: { family: "inet", name: "other", elem: [element(["1.1.1.1", "2.2.2.2", "tcp", 1], 1)] } },
        { set: { family: "inet", name: "tried", elem } },
        { set: { family: "inet", name: "tried6", elem: [element(["fd00:50::2", "2a02::9", "tcp", 443], 4)] } },
      ],
    });

  it("reads what was tried, the most first, and leaves out what it does not understand", () => {
    const traffic = readTraffic(
      listing([
        element(["192.168.50.2", "9.9.9.9", "tcp", 443], 3),
        element(["192.168.50.2", "8.8.8.8", "udp", 53], 6),
        element(["192.168.50.2", "8.8.8.8", "sctp", 53], 6),
        "rubbish",
        {},
      ]),
    );
    expect(traffic).toEqual({
      tries: [
        { from: "192.168.50.2", to: "8.8.8.8", protocol: "udp", port: 53, packets: 6 },
        { from: "fd00:50::2", to: "2a02::9", protocol: "tcp", port: 443, packets: 4 },
        { from: "192.168.50.2", to: "9.9.9.9", protocol: "tcp", port: 443, packets: 3 },
      ],
      refused: 9,
      strangers: 2,
    });
  });

  it.each(["", "{", "[]", '{"nftables":1}', '{"nftables":[1]}'])("refuses %j", (json) => {
    expect(() => readTraffic(json)).toThrow(expect.objectContaining({ code: "data-corrupt" }));
  });
});

describe("judgeIsolation", () => {
  const host = "192.168.50.2";
  const own = ["192.168.50.1"];
  const quiet: ObservedTraffic = { tries: [], refused: 0, strangers: 0 };
  const tried = (to: string, packets = 1) => ({ from: host, to, protocol: "tcp", port: 443, packets }) as const;

  it.each([
    [undefined, "unknown", /does not tell/],
    [[], "closed", /no way out/],
    [["192.168.50.1"], "closed", /no way out/],
    [["0.0.0.0", host], "closed", /no way out/],
    [
      ["192.168.50.254"],
      "open",
      /^Configured: its router is 192\.168\.50\.254, and it looks names up at 8\.8\.8\.8\.$/,
    ],
  ])("tells what is configured: %j is %s", (routers, kind, words) => {
    const facts = {
      hosts: [host],
      own,
      observed: undefined,
      configured: { routers, nameServers: ["8.8.8.8", "192.168.50.1"] },
    };
    const { configured } = judgeIsolation(facts);
    expect([configured.kind, configured.words]).toEqual([kind, expect.stringMatching(words)]);
  });

  it.each([
    [undefined, "unknown", ["Observed: nothing; this box does not route the camera's network, or may not look."]],
    [quiet, "quiet", ["Observed: it tried to reach nobody but this box."]],
    [
      { ...quiet, tries: [{ ...tried("9.9.9.9"), from: "192.168.50.3" }] },
      "quiet",
      [expect.stringContaining("nobody")],
    ],
    [
      { ...quiet, tries: [tried("9.9.9.9"), tried("8.8.8.8", 4)] },
      "tried",
      [
        "Observed: it tried 9.9.9.9, TCP port 443, once, and did not get there.",
        "Observed: it tried 8.8.8.8, TCP port 443, 4 times, and did not get there.",
      ],
    ],
  ])("tells what was observed apart from it: %j is %s", (observed, kind, words) => {
    // Whatever is configured says nothing about what was seen.
    for (const routers of [undefined, [], ["192.168.50.254"]]) {
      const facts = { hosts: [host], own, observed, configured: { routers, nameServers: [] } };
      expect(judgeIsolation(facts).observed).toEqual({ kind, words });
    }
  });

  it("tells of tries from each of its addresses, and not of others'", () => {
    const tries = [
      { ...tried("2a02::9"), from: "fd00:50::2" },
      { ...tried("2a02::9"), from: "fd00:50::3" },
    ];
    const facts = { own, observed: { ...quiet, tries }, configured: { routers: [], nameServers: [] } };
    expect(judgeIsolation({ ...facts, hosts: [host] }).observed.kind).toBe("quiet");
    const told = judgeIsolation({ ...facts, hosts: [host, "fd00:50::2"] }).observed;
    expect(told).toEqual({ kind: "tried", words: [expect.stringContaining("it tried 2a02::9, TCP port 443, once")] });
  });

  it("tells of eight tries, and how many more there were", () => {
    const tries = Array.from({ length: 11 }, (_, index) => tried(`9.9.9.${index}`));
    const facts = { hosts: [host], own, observed: { ...quiet, tries }, configured: { routers: [], nameServers: [] } };
    const { words } = judgeIsolation(facts).observed;
    expect(words).toHaveLength(9);
    expect(words.at(-1)).toBe("Observed: and 3 more.");
  });
});

describe("SntpResponder", () => {
  const now = Date.UTC(2026, 10, 22, 20, 0, 0, 500);
  const question = (version = 4, mode = 3): Buffer => {
    const bytes = Buffer.alloc(48);
    bytes[0] = (version << 3) | mode;
    bytes[2] = 6;
    bytes.write("my-time!", 40, "latin1");
    return bytes;
  };

  const open = async (more: Partial<SntpResponderOptions> = {}) => {
    const clock = new TestClock(now);
    const heard: string[] = [];
    const serves = (address: string): boolean => {
      heard.push(address);
      return true;
    };
    const options = { address: "127.0.0.1", port: 0, clock, log: new MemoryLogger(), isTrusted: () => true, serves };
    const responder = await SntpResponder.open({ ...options, ...more });
    const camera = createSocket("udp4");
    const answers: Buffer[] = [];
    camera.on("message", (answer) => answers.push(answer));
    await once(camera.bind(0, "127.0.0.1"), "listening");
    /** Sends these, and then one that is answered for certain: what came before it was heard before. */
    const ask = (...questions: readonly Buffer[]): void =>
      questions.forEach((each) => camera.send(each, responder.port, "127.0.0.1"));
    const close = async (): Promise<void> => {
      camera.close();
      await responder[Symbol.asyncDispose]();
    };
    return { clock, ask, answers, heard, [Symbol.asyncDispose]: close };
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  it("tells the time, in the asker's version, as long as the question: RFC 4330", async () => {
    await using sntp = await open();
    sntp.ask(question(3));
    await until(() => sntp.answers.length === 1);
    const [answer = Buffer.alloc(0)] = sntp.answers;
    expect(answer).toHaveLength(48);
    // No leap second, version 3, mode server; stratum 10; the asker's poll interval.
    expect([answer[0], answer[1], answer[2]]).toEqual([0b00_011_100, 10, 6]);
    expect(answer.toString("latin1", 24, 32)).toBe("my-time!");
    for (const at of [16, 32, 40]) {
      const seconds = answer.readUInt32BE(at) - 2_208_988_800 + answer.readUInt32BE(at + 4) / 2 ** 32;
      expect(seconds * 1_000).toBeCloseTo(now, 0);
    }
  });

  it("answers no more than eight times a minute, and again in the next", async () => {
    await using sntp = await open();
    sntp.ask(...Array.from({ length: 12 }, () => question()));
    await until(() => sntp.heard.length === 12 && sntp.answers.length === 8);
    await sntp.clock.advance(60_000);
    sntp.ask(question());
    await until(() => sntp.answers.length === 9);
    expect(sntp.answers).toHaveLength(9);
  });

  it("answers nothing but clients' questions", async () => {
    await using sntp = await open();
    const others = [
      question(4, 4),
      question(4, 1),
      question(4, 6),
      question(0),
      question(5),
      question().subarray(0, 47),
    ];
    sntp.ask(...others, Buffer.alloc(0), question());
    await until(() => sntp.answers.length === 1);
    expect(sntp.heard).toHaveLength(1);
  });

  it("answers nobody but those it is for, and nobody while the clock is doubtful", async () => {
    const asked: string[] = [];
    const note = (what: string, verdict: boolean) => (): boolean => {
      asked.push(what);
      return verdict;
    };
    await using stranger = await open({ serves: note("serves", false) });
    stranger.ask(question());
    await until(() => asked.length === 1);
    await using doubtful = await open({ isTrusted: note("trusted", false) });
    doubtful.ask(question());
    await until(() => asked.length === 2);
    expect(asked).toEqual(["serves", "trusted"]);
    // Both were judged by now; an answer would have been sent within that turn, and read within the next.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([stranger.answers, doubtful.answers]).toEqual([[], []]);
  });

  it("says where it cannot listen", async () => {
    const options = { clock: new TestClock(), log: new MemoryLogger(), isTrusted: () => true, serves: () => true };
    await expect(SntpResponder.open({ ...options, address: "203.0.113.77", port: 0 })).rejects.toMatchObject({
      code: "address-in-use",
    });
  });
});

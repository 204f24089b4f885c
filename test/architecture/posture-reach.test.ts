import { describe, expect, it } from "@jest/globals";
import { dirname, join } from "node:path";

import { read, typescriptIn } from "../support/repository.ts";

const posture = "gateway-bridge/src/posture";
const isProduction = (path: string): boolean => !path.endsWith(".test.ts") && !path.includes("/testing/");

/** What opens a connection, or starts what could. */
const wires = /^(?:node:)?(?:net|tls|dgram|http|https|http2|dns|dns\/promises|child_process|worker_threads|undici|ws)$/;
/** Of node:net: what judges addresses, and opens nothing. */
const harmless = new Set(["isIP", "isIPv4", "isIPv6", "BlockList", "SocketAddress"]);
/** Of the shared package: what connects. */
const connecting = /\b(?:connectPinned|readTlsPin|GatewayClient|pinnedHttps\w*|pair\w*Device|openRelay\w*)\b/;
/** Speaks to the router, to which no consent of a camera's owner and no lock of an account belongs; to the box itself; and answers cameras the time. */
const elsewhere = [`${posture}/router/`, `${posture}/isolation/`, `${posture}/wireless/`];
const guard = `${posture}/probe/`;

interface Import {
  readonly target: string;
  /** Names, as they are written between the braces. */
  readonly names: readonly string[];
}

/** What a file imports as values; types vanish. */
const importsOf = (path: string, text = read(path)): Import[] =>
  [...text.matchAll(/^(?:import|export)\s+(?!type\b)([^;"]*?)\s*(?:from\s+)?"([^"]+)";/gm)].map(
    ([, clause = "", target = ""]) => ({
      target: target.startsWith(".") ? join(dirname(path), target) : target,
      names: (/\{([^}]*)\}/.exec(clause)?.[1] ?? clause).split(",").map((name) => name.trim()).filter((name) => name !== "" && !name.startsWith("type ")), // prettier-ignore
    }),
  );

const opensSockets = (path: string, text = read(path)): string[] => {
  const found = importsOf(path, text).flatMap(({ target, names }) => {
    if (target === "@gatehouse/shared") return names.filter((name) => connecting.test(name));
    if (!wires.test(target)) return [];
    return target.endsWith("net") && names.every((name) => harmless.has(name)) ? [] : [target];
  });
  const called = [/\bfetch\(/, /\bnew WebSocket\(/, /\bimport\(/, /\brequire\(/].filter((pattern) =>
    pattern.test(text),
  );
  return [...found, ...called.map(String)];
};

/** The ways from a file to what opens sockets, past the guard. */
const waysOut = (path: string, seen = new Set<string>(), trail: readonly string[] = []): string[] => {
  if (seen.has(path)) return [];
  seen.add(path);
  const own = opensSockets(path).map((what) => [...trail, path, what].join(" -> "));
  const further = importsOf(path)
    .map(({ target }) => target)
    .filter((target) => target.startsWith("gateway-bridge/") && !target.startsWith(guard))
    .filter((target) => !elsewhere.some((folder) => target.startsWith(folder)))
    .flatMap((target) => waysOut(target, seen, [...trail, path]));
  return [...own, ...further];
};

describe("what looks at cameras and changes them", () => {
  const files = typescriptIn(posture)
    .filter(isProduction)
    .filter((path) => !path.startsWith(guard) && !elsewhere.some((folder) => path.startsWith(folder)));

  it("reaches them through the budget of posture/probe alone", () => {
    expect(files.filter((path) => path.startsWith(`${posture}/checks/`)).length).toBeGreaterThan(30);
    expect(files).toContain(`${posture}/inspector.ts`);
    expect(files.flatMap((path) => waysOut(path))).toEqual([]);
  });

  it("takes nothing of the guard that opens a connection without it", () => {
    const open = new Set(["connect-tcp.ts", "tls-handshake.ts"].map((file) => `${guard}${file}`));
    const wrong = files.flatMap((path) => importsOf(path).filter(({ target }) => open.has(target)).map(() => path)); // prettier-ignore
    expect(wrong).toEqual([]);
  });
});

describe("the guard itself", () => {
  const files = typescriptIn(guard).filter(isProduction);

  it("gives every client of a camera the gate to pass", () => {
    const clients =
      /\bnew HttpClient\((\{[^}]*\})|\bOnvifSession\.open\((\{[^}]*\})|\bRtspConnection\.open\((\{[^}]*\})/g;
    const found = files.flatMap((path) => [...read(path).matchAll(clients)].map(([call]) => call));
    expect(found.length).toBeGreaterThanOrEqual(4);
    expect(found.filter((call) => !/\bgate\b/.test(call))).toEqual([]);
  });

  it("opens bare connections in one place, which only what passes the gate calls", () => {
    const openers = files.filter((path) => /\bconnect\(/.test(read(path)) && importsOf(path).some(({ target }) => target === "node:net")); // prettier-ignore
    // The other gives a datagram socket its far end, and sends nothing.
    expect(openers).toEqual([`${guard}connect-tcp.ts`, `${guard}own-address.ts`]);
    const calls = files.flatMap((path) => [...read(path).matchAll(/^.*\bconnectTcp\(.*$/gm)].map(([line]) => line));
    expect(calls.filter((line) => !/throughGate\(/.test(line))).toEqual([]);
    expect(calls.length).toBeGreaterThan(0);
  });
});

describe("the search", () => {
  const path = `${posture}/checks/x.ts`;

  it.each([
    ['import { connect } from "node:net";', "node:net"],
    ['import { isIP, connect } from "node:net";', "node:net"],
    ['import * as http from "node:http";', "node:http"],
    ['import "node:dgram";', "node:dgram"],
    ['import { connectPinned } from "@gatehouse/shared";', "connectPinned"],
    ['export { request } from "node:https";', "node:https"],
    ["const answer = await fetch(url);", "fetch"],
  ])("finds %s", (text, what) => {
    expect(opensSockets(path, text).join()).toContain(what);
  });

  it.each([
    'import { isIP } from "node:net";',
    'import type { Socket } from "node:net";',
    'import { Secret } from "@gatehouse/shared";',
  ])("passes over %s", (text) => {
    expect(opensSockets(path, text)).toEqual([]);
  });

  it("follows imports through other rooms", () => {
    expect(waysOut("gateway-bridge/src/protocols/http/http-client.ts").join()).toContain("node:http");
  });
});

import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { installedWith, locked, nameOf } from "../support/lock-file.ts";
import { filesIn, packages, read, root } from "../support/repository.ts";

/**
 * Nothing of ours asks a router to let strangers in. Whoever asks must write one of these: the actions and services of UPnP's Internet
 * Gateway Device, its discovery (SSDP), or the names of NAT-PMP (RFC 6886) and PCP (RFC 6887).
 */
const askings: Readonly<Record<string, RegExp>> = {
  "UPnP's actions": /Add(?:Any)?PortMapping|DeletePortMapping|AddPinhole/i,
  "UPnP's services": /WAN(?:IP|PPP)Connection|InternetGatewayDevice|WANIPv6FirewallControl/i,
  "UPnP's discovery": /M-SEARCH|ssdp:(?:discover|all)|upnp:rootdevice/i,
  "NAT-PMP": /nat[-_]?pmp/i,
  PCP: /\bpcp[-_](?:map|server|client|port)|port control protocol/i,
};
/** Good only for our own sources: in others' code such numbers are all kinds of things. */
const ports = /\b(?:1900|5350|5351)\b/;

const foundIn = (text: string): string[] =>
  Object.entries(askings).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));

const isCode = (path: string): boolean => /\.(?:[cm]?[jt]s|node|wasm|py|sh|json|service)$/.test(path);

describe("no program of ours", () => {
  const own = packages.flatMap((folder) =>
    filesIn(folder, (path) => isCode(path) && !/\.test\.ts$|\/data\/|tsconfig/.test(path)),
  );

  it("names anything by which a router is asked for a mapping: UPnP, NAT-PMP or PCP", () => {
    expect(own.length).toBeGreaterThan(500);
    expect(own.flatMap((path) => foundIn(read(path)).map((what) => `${path}: ${what}`))).toEqual([]);
  });

  it("knows their ports", () => {
    // Years: NTP counts from 1900.
    const years = new Set(["gateway-bridge/src/protocols/rtp/ntp-time.ts"]);
    expect(own.filter((path) => ports.test(read(path)) && !years.has(path))).toEqual([]);
  });

  it("sends datagrams but where media and the names of a home are spoken, all of which ask for UDP", () => {
    const senders = own.filter((path) => /from "(?:node:)?dgram"|require\("(?:node:)?dgram"\)/.test(read(path)));
    expect(senders).toEqual([
      "gateway-bridge/src/consumers/homekit/srtp-socket.ts",
      "gateway-bridge/src/consumers/rtsp/udp-carrier.ts",
      "gateway-bridge/src/protocols/discovery/ws-discovery.ts",
      "gateway-bridge/src/protocols/rtsp/udp-media-ports.ts",
    ]);
  });
});

describe("no package that people install with ours", () => {
  /** Those that write such a name and ask nobody, and why they write it. */
  const allowed: Readonly<Record<string, string>> = {
    "find-my-way": "UPnP's discovery, among the names of all methods of HTTP",
    "light-my-request": "UPnP's discovery, among the names of all methods of HTTP",
  };

  it("names anything by which a router is asked for a mapping", () => {
    const paths = installedWith(...packages).filter((path) => locked[path]?.link !== true);
    const found = new Map<string, Set<string>>();
    for (const path of paths) {
      const named = codeOf(path).flatMap((file) => foundIn(readFileSync(join(root, file), "latin1")));
      if (named.length > 0) found.set(nameOf(path), new Set(named));
    }
    const told = [...found].map(([name, what]) => `${name}: ${[...what].join(", ")}`);
    const expected = Object.entries(allowed).map(([name, why]) => `${name}: ${why.split(", among")[0] ?? ""}`);
    expect(told.sort()).toEqual(expected.sort());
  });
});

/** What of an installed package may run; nothing for one that is for other systems than this. */
const codeOf = (path: string): string[] => {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of entriesOf(folder)) {
      const child = join(folder, entry.name);
      // What it brings along is a path of its own in the lock.
      if (entry.isDirectory() && entry.name !== "node_modules") walk(child);
      else if (entry.isFile() && isCode(child) && !child.endsWith(".d.ts")) found.push(child);
    }
  };
  walk(path);
  return found;
};

const entriesOf = (folder: string) => {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return [];
  }
};

describe("the search", () => {
  it.each([
    ["UPnP's actions", "<u:AddPortMapping xmlns:u="],
    ["UPnP's actions", 'client.call("AddAnyPortMapping")'],
    ["UPnP's services", "urn:schemas-upnp-org:service:WANIPConnection:1"],
    ["UPnP's services", "urn:schemas-upnp-org:device:InternetGatewayDevice:1"],
    ["UPnP's discovery", "M-SEARCH * HTTP/1.1"],
    ["NAT-PMP", 'import natpmp from "nat-pmp";'],
    ["PCP", "libpcp pcp_server_t pcp_map"],
  ])("finds %s in %s", (what, text) => {
    expect(foundIn(text)).toContain(what);
  });

  it("reads what is installed, programs of other languages too", () => {
    const paths = installedWith(...packages);
    expect(paths.flatMap((path) => codeOf(path)).length).toBeGreaterThan(1_000);
  });
});

import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { igdActions } from "../../gateway-bridge/src/protocols/igd/igd-actions.ts";
import { externalAddressRequest } from "../../gateway-bridge/src/protocols/nat-pmp/external-address.ts";
import { announceRequest } from "../../gateway-bridge/src/protocols/pcp/announce.ts";
import { installedWith, locked, nameOf } from "../support/lock-file.ts";
import { filesIn, packages, read, root } from "../support/repository.ts";

/**
 * Nothing of ours asks a router to let strangers in. Whoever asks must write one of these actions of UPnP's Internet Gateway Device, or the
 * requests of NAT-PMP (RFC 6886 3.3) or PCP (RFC 6887 11, 12), which are bytes: so who sends those is judged by what it sends.
 */
const requests = /Add(?:Any)?PortMapping|(?:Add|Update)Pinhole/i;
/** What else is written by whoever speaks to routers: UPnP's services and discovery (SSDP), and the other protocols' names. */
const askings: Readonly<Record<string, RegExp>> = {
  "UPnP's requests": requests,
  "UPnP's removal": /DeletePortMapping/i,
  "UPnP's services": /WAN(?:IP|PPP)Connection|InternetGatewayDevice|WANIPv6FirewallControl/i,
  "UPnP's discovery": /M-SEARCH|ssdp:(?:discover|all)|upnp:rootdevice/i,
  "NAT-PMP": /nat[-_]?pmp/i,
  PCP: /\bpcp[-_](?:map|server|client|port)|port control protocol/i,
};

/**
 * The only files and folders of ours that speak of these, none of which can write a request. A camera's own UPnP is found in the way in which
 * routers are.
 */
const speakers: Readonly<Record<string, readonly string[]>> = {
  "UPnP's requests": [],
  "UPnP's removal": ["gateway-bridge/src/protocols/igd/igd-"],
  "UPnP's services": ["gateway-bridge/src/protocols/igd/", "gateway-bridge/src/posture/router/find-routers.ts"],
  "UPnP's discovery": [
    "gateway-bridge/src/protocols/ssdp/ssdp-search.ts",
    "gateway-bridge/src/posture/checks/",
    "gateway-bridge/src/posture/questions/",
  ],
  "NAT-PMP": [
    "shared/src/contract/posture.ts",
    "shared/openapi.json",
    "gateway-bridge/src/protocols/nat-pmp/",
    "gateway-bridge/src/posture/",
    "gateway-bridge/src/cli/",
    "gateway-bridge/pages/",
  ],
  PCP: ["gateway-bridge/src/protocols/pcp/", "gateway-bridge/src/posture/router/router-survey.ts"],
};
/** Good only for our own sources: in others' code such numbers are all kinds of things. */
const ports: Readonly<Record<string, readonly [pattern: RegExp, speakers: readonly string[]]>> = {
  "UPnP's": [
    /\b1_?900\b/,
    [
      "gateway-bridge/src/protocols/ssdp/ssdp-search.ts",
      "gateway-bridge/src/posture/checks/",
      "gateway-bridge/src/posture/questions/",
      // Years: NTP counts from 1900.
      "gateway-bridge/src/protocols/rtp/ntp-time.ts",
      "gateway-bridge/src/protocols/sntp/",
    ],
  ],
  "NAT-PMP's and PCP's": [
    /\b5_?35[01]\b/,
    ["gateway-bridge/src/protocols/nat-pmp/external-address.ts", "gateway-bridge/src/protocols/pcp/announce.ts"],
  ],
};

const foundIn = (text: string): string[] =>
  Object.entries(askings).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));

const isCode = (path: string): boolean => /\.(?:[cm]?[jt]s|node|wasm|py|sh|json|service)$/.test(path);
const isOneOf = (places: readonly string[], path: string): boolean => places.some((place) => path.startsWith(place));

describe("no program of ours", () => {
  const own = packages.flatMap((folder) =>
    filesIn(folder, (path) => isCode(path) && !/\.test\.ts$|\/testing\/|\/data\/|tsconfig/.test(path)),
  );

  it("can write a request for a mapping, or for a hole in a firewall", () => {
    expect(own.length).toBeGreaterThan(500);
    expect(own.filter((path) => requests.test(read(path)))).toEqual([]);
  });

  it("names what mappings are asked and removed by, but those that find weaknesses", () => {
    const wrong = own.flatMap((path) =>
      foundIn(read(path))
        .filter((what) => !isOneOf(speakers[what] ?? [], path))
        .map((what) => `${path}: ${what}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(ports))("knows %s port but those", (_, [pattern, places]) => {
    expect(own.filter((path) => pattern.test(read(path)) && !isOneOf(places, path))).toEqual([]);
  });

  it("calls other actions of a router's than these, of which the only one that changes anything removes a mapping", () => {
    expect(igdActions).toEqual([
      "GetExternalIPAddress",
      "GetGenericPortMappingEntry",
      "GetSpecificPortMappingEntry",
      "GetListOfPortMappings",
      "DeletePortMapping",
      "GetFirewallStatus",
    ]);
    // The only place where a call is written, and the only one that it is written by.
    const writers = own.filter((path) => /soapaction/i.test(read(path)));
    expect(writers).toEqual([
      "gateway-bridge/src/protocols/igd/igd-actions.ts",
      "gateway-bridge/src/protocols/igd/igd-client.ts",
    ]);
  });

  it("asks by NAT-PMP and PCP but for the address, and whether anybody is there", () => {
    // RFC 6886 3.2: opcode 0. A request to map has 1 or 2 there, and twelve bytes.
    expect([...externalAddressRequest()]).toEqual([0, 0]);
    // RFC 6887 7.1, 14.1: opcode 0 and lifetime 0. A request to map has 1 or 2 there, and 60 bytes or more.
    for (const from of ["192.168.1.2", "::1", "rubbish"]) {
      const request = announceRequest(from);
      expect([request.length, ...request.subarray(0, 8)]).toEqual([24, 2, 0, 0, 0, 0, 0, 0, 0]);
    }
  });

  it("sends datagrams but where media, the names of a home and weaknesses are spoken of, all of which ask for UDP", () => {
    const senders = own.filter((path) =>
      /^import (?!type )[^;]*from "(?:node:)?dgram"|require\("(?:node:)?dgram"\)/m.test(read(path)),
    );
    expect(senders).toEqual([
      "gateway-bridge/src/consumers/homekit/srtp-socket.ts",
      "gateway-bridge/src/consumers/rtsp/udp-carrier.ts",
      "gateway-bridge/src/posture/isolation/sntp-responder.ts",
      // Sends nothing: it learns by which of its addresses this box would speak to a camera.
      "gateway-bridge/src/posture/probe/own-address.ts",
      "gateway-bridge/src/protocols/rtsp/udp-media-ports.ts",
      "gateway-bridge/src/protocols/udp/ask.ts",
      "gateway-bridge/src/protocols/udp/multicast-socket.ts",
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
    ["UPnP's requests", "<u:AddPortMapping xmlns:u="],
    ["UPnP's requests", 'client.call("AddAnyPortMapping")'],
    ["UPnP's requests", "AddPinhole"],
    ["UPnP's removal", "DeletePortMappingRange"],
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

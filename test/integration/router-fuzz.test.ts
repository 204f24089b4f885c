import { describe, expect, it } from "@jest/globals";

import { readTraffic } from "../../gateway-bridge/src/posture/isolation/observed-traffic.ts";
import { readDefaultGateways } from "../../gateway-bridge/src/posture/router/default-gateways.ts";
import { igdActions, readAnswer } from "../../gateway-bridge/src/protocols/igd/igd-actions.ts";
import { longestDescriptionBytes, readDescription } from "../../gateway-bridge/src/protocols/igd/igd-description.ts";
import { longestListBytes, readMapping, readMappingList } from "../../gateway-bridge/src/protocols/igd/port-mapping.ts";
import {
  describeRouter,
  outputsOf,
  writeReaction,
} from "../../gateway-bridge/src/protocols/igd/testing/router-texts.ts";
import { readExternalAddress } from "../../gateway-bridge/src/protocols/nat-pmp/external-address.ts";
import { readAnnounceAnswer } from "../../gateway-bridge/src/protocols/pcp/announce.ts";
import { readSntpQuestion, writeSntpAnswer } from "../../gateway-bridge/src/protocols/sntp/sntp-packet.ts";
import { readSsdpMessage } from "../../gateway-bridge/src/protocols/ssdp/ssdp-message.ts";
import { escapeXml } from "../../gateway-bridge/src/protocols/xml/write-xml.ts";
import { fuzz } from "../support/fuzz.ts";

const at = new URL("http://192.168.1.1:5000/rootDesc.xml");
const type = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
const mapping = { protocol: "TCP", externalPort: 20_554, to: "192.168.1.20:554", description: "Camera <1>" } as const;
const written = (action: string, reaction: Parameters<typeof writeReaction>[1]): Buffer =>
  Buffer.from(writeReaction(action, reaction).text);

const xml = [
  "<",
  ">",
  "</",
  "/>",
  "<![CDATA[",
  "]]>",
  "<!--",
  "-->",
  "<!DOCTYPE",
  "&amp;",
  "&#x41;",
  "&#0;",
  "<?",
  'xmlns="',
];
const listing = `<p:PortMappingList xmlns:p="u">${`<p:PortMappingEntry>${[
  ...["<p:NewRemoteHost/>", "<p:NewExternalPort>20554</p:NewExternalPort>", "<p:NewProtocol>TCP</p:NewProtocol>"],
  ...["<p:NewInternalPort>554</p:NewInternalPort>", "<p:NewInternalClient>192.168.1.20</p:NewInternalClient>"],
  ...["<p:NewEnabled>1</p:NewEnabled>", "<p:NewDescription>x</p:NewDescription>", "<p:NewLeaseTime>9</p:NewLeaseTime>"],
].join("")}</p:PortMappingEntry>`.repeat(3)}</p:PortMappingList>`;

describe("what routers say", () => {
  it("by SSDP never throws, and is short", () => {
    const lines = (first: string): Buffer =>
      Buffer.from(
        `${first}\r\nST: ${type}\r\nNT: ${type}\r\nNTS: ssdp:alive\r\nUSN: u\r\nLOCATION: ${at.href}\r\nSERVER: s\r\n\r\n`,
      );
    const corpus = [lines("HTTP/1.1 200 OK"), lines("NOTIFY * HTTP/1.1")];
    const dictionary = ["\r\n", "\n", ":", "LOCATION:", "ST:", "HTTP/1.1 200 OK", "ssdp:byebye", "\u0000", "\u00ff"];
    fuzz(
      (datagram) => {
        const { type: said = "", usn = "", location = "", server = "" } = readSsdpMessage(datagram) ?? {};
        const amiss = [said, usn, location, server].find((text) => text.length > 512 || /[\r\n\p{Cc}]/u.test(text));
        if (amiss !== undefined) throw new Error(`it holds ${JSON.stringify(amiss)}`);
      },
      { corpus, dictionary, inputs: 6_000 },
    );
  });

  it("as a description is read, or refused; and no service of it is anywhere else", () => {
    const firewall = { enabled: true, pinholes: true };
    const corpus = [1, 2].flatMap((version) =>
      ["/ctl", "http://192.168.1.1:80/x", "//9.9.9.9/x"].map((control) =>
        Buffer.from(describeRouter({ version: version as 1 | 2, control, firewall })),
      ),
    );
    const dictionary = [
      ...xml,
      "URLBase",
      "http://9.9.9.9/",
      "//9.9.9.9",
      "@9.9.9.9",
      "\\",
      "service",
      "device",
      "file:",
    ];
    fuzz(
      (document) => {
        const description = readDescription(document, at);
        for (const url of [description?.page, ...(description?.services ?? []).map(({ control }) => control)]) {
          if (url != null && (url.protocol !== "http:" || url.hostname !== at.hostname || url.username !== "")) {
            throw new Error(`it leads to ${url.href}`);
          }
        }
        if ((description?.services.length ?? 0) > 8) throw new Error("too many services");
      },
      { corpus, dictionary, inputs: 2_500 },
    );
  });

  it("as an answer is read, or refused; and what is a mapping has ports and one line each", () => {
    const outputs = outputsOf(mapping);
    const corpus = [
      written("GetGenericPortMappingEntry", { outputs }),
      written("GetGenericPortMappingEntry", { error: 713 }),
      written("GetListOfPortMappings", { outputs: { NewPortListing: listing } }),
    ];
    const dictionary = [...xml, "NewInternalPort", "65536", "-1", "1e3", "UDP", escapeXml(listing.slice(0, 200))];
    fuzz(
      (document) => {
        for (const action of igdActions) readOne(document, action);
      },
      { corpus, dictionary, inputs: 2_000 },
    );
  });

  it("by NAT-PMP, PCP and SNTP never throws", () => {
    const corpus = [
      Buffer.from([0, 128, 0, 0, 0, 0, 0, 9, 203, 0, 113, 7]),
      Buffer.concat([Buffer.from([2, 128, 0, 0]), Buffer.alloc(20)]),
      Buffer.concat([Buffer.from([0x23]), Buffer.alloc(47)]),
    ];
    fuzz(
      (datagram) => {
        readExternalAddress(datagram);
        readAnnounceAnswer(datagram);
        const question = readSntpQuestion(datagram);
        if (question !== undefined) expect(writeSntpAnswer(question, { received: 1, sent: 2 })).toHaveLength(48);
      },
      { corpus, inputs: 6_000 },
    );
  });

  it("of too much is refused before it is parsed", () => {
    const long = (bytes: number): Buffer => Buffer.alloc(bytes + 1, "<a>");
    const malformed = expect.objectContaining({ code: "router-answer-malformed" });
    expect(() => readDescription(long(longestDescriptionBytes), at)).toThrow(malformed);
    expect(() => readAnswer(long(1_000), "GetFirewallStatus", 1_000)).toThrow(malformed);
  });
});

const readOne = (document: Buffer, action: (typeof igdActions)[number]): void => {
  const answer = readAnswer(document, action, longestListBytes);
  if (answer.kind === "refused") return;
  for (const each of [readMapping(answer.outputs), ...readMappingList(answer.outputs)]) {
    if (each === undefined) continue;
    for (const port of [each.externalPort, each.internalPort]) expect(port >= 0 && port <= 65_535).toBe(true);
    for (const text of [each.internalClient, each.description]) expect(text).not.toMatch(/[\r\n]/);
  }
};

describe("what this box says", () => {
  it("of its routes never throws, of its rules is read or refused", () => {
    const routes =
      "Iface\tDestination\tGateway\tFlags\nwlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n";
    const elem = {
      elem: { val: { concat: ["192.168.50.2", "9.9.9.9", "tcp", 443] }, counter: { packets: 3, bytes: 9 } },
    };
    const rules = JSON.stringify({ nftables: [{ set: { name: "tried", elem: [elem] } }, { counter: { name: "refused", packets: 1 } }] }); // prettier-ignore
    const corpus = [Buffer.from(routes), Buffer.from(rules)];
    fuzz(
      (text) => {
        readDefaultGateways(text.toString("latin1"));
        readTraffic(text.toString("latin1"));
      },
      { corpus, dictionary: ["{", "}", "[", "]", '"', "null", "1e99", "\t"], inputs: 6_000 },
    );
  });
});

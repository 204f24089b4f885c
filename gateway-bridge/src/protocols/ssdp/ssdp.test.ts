import { systemClock, untilAborted, type Clock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

import { readSsdpMessage } from "./ssdp-message.ts";
import { search, searchMessage } from "./ssdp-search.ts";

const type = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
const text = (...lines: string[]): Buffer => Buffer.from([...lines, "", ""].join("\r\n"));
const answer = (location: string, st = type): Buffer => text("HTTP/1.1 200 OK", `ST: ${st}`, `LOCATION: ${location}`);

describe("readSsdpMessage", () => {
  it.each([
    ["an answer", text("HTTP/1.1 200 OK", "St:t", "usn: u::t", "Location:  http://a/ ", "SERVER: x/1"), "answer"],
    ["with bare line feeds", Buffer.from("http/1.0 200 Fine\nST: t\nUSN:u::t\nLOCATION:http://a/\nserver:x/1\n"), "answer"],
    ["that it is there", text("NOTIFY * HTTP/1.1", "NT: t", "NTS: ssdp:alive", "USN: u::t", "LOCATION: http://a/", "SERVER: x/1"), "alive"],
    ["that it goes", text("NOTIFY * HTTP/1.1", "NTS: SSDP:BYEBYE", "NT: t", "USN: u::t", "LOCATION: http://a/", "SERVER: x/1"), "byebye"],
  ])("reads %s", (_, datagram, kind) => {
    expect(readSsdpMessage(datagram)).toEqual({ kind, type: "t", usn: "u::t", location: "http://a/", server: "x/1" });
  }); // prettier-ignore

  it("takes the first of a name, one line of it, and no more than 512 signs", () => {
    const datagram = text("HTTP/1.1 200 OK", "ST: t\u0000\u0007x", "ST: other", `LOCATION: ${"a".repeat(2_000)}`);
    expect(readSsdpMessage(datagram)).toMatchObject({ type: "t x", location: "a".repeat(512), usn: "" });
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["a search", searchMessage(type)],
    ["a refusal", text("HTTP/1.1 412 Precondition Failed", "ST: t")],
    ["an answer without a type", text("HTTP/1.1 200 OK", "LOCATION: http://a/")],
    ["a notice of another kind", text("NOTIFY * HTTP/1.1", "NT: t", "NTS: ssdp:update")],
    ["more than 4 KiB", answer("x".repeat(4_096))],
  ])("takes %s for none", (_, datagram) => {
    expect(readSsdpMessage(datagram)).toBeUndefined();
  });
});

describe("search", () => {
  const sockets: Socket[] = [];
  afterEach(() => sockets.splice(0).forEach((socket) => socket.close()));

  /** Answers whatever it hears. */
  const device = async (address: string, answers: readonly Buffer[]) => {
    const socket = createSocket("udp4");
    sockets.push(socket);
    const asked: string[] = [];
    const answered = Promise.withResolvers<undefined>();
    const hear = (datagram: Buffer, from: RemoteInfo): void => {
      asked.push(datagram.toString());
      for (const each of answers) socket.send(each, from.port, from.address);
      answered.resolve(undefined);
    };
    socket.on("message", hear);
    await once(socket.bind(0, address), "listening");
    return { to: { address, port: socket.address().port }, asked, hear, answered: answered.promise };
  };

  /** The search is over when what is awaited has happened, and what was sent has been read. */
  const until = (happened: () => Promise<unknown>): Clock => {
    const end = async (): Promise<void> => {
      await happened();
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    return { ...systemClock, delay: (_, { signal }) => untilAborted(signal, end()) };
  };
  const options = { log: new MemoryLogger(), from: ["127.0.0.1"], types: [type] };
  const never = { signal: new AbortController().signal };

  it("asks by the book, and names what answers once, with who it was", async () => {
    const { to, asked, answered } = await device("127.0.0.1", [answer("http://a/1"), answer("http://a/1"), answer("http://a/2")]); // prettier-ignore
    const found = await search({ ...options, to, clock: until(() => answered) }, never);
    expect(found.map(({ location, sender }) => [location, sender])).toEqual([
      ["http://a/1", "127.0.0.1"],
      ["http://a/2", "127.0.0.1"],
    ]);
    expect(asked[0]).toBe(
      `M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1:${to.port}\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${type}\r\n\r\n`,
    );
  });

  it("leaves out rubbish, and what nobody asked for", async () => {
    const said = [Buffer.from("rubbish"), answer("http://a/", "upnp:other"), text("NOTIFY * HTTP/1.1", `NT: ${type}`, "NTS: ssdp:alive"), answer("http://a/")]; // prettier-ignore
    const { to, answered } = await device("127.0.0.1", said);
    expect(await search({ ...options, to, clock: until(() => answered) }, never)).toHaveLength(1);
  });

  it("has room for the box's own router, whatever crowd of others answers", async () => {
    const crowd = Array.from({ length: 18 }, (_, index) => answer(`http://a/${index}`));
    const own = await device("127.0.0.1", [answer("http://own/")]);
    const impostors = await Promise.all(Array.from({ length: 9 }, (_, index) => device(`127.0.3.${index + 1}`, crowd)));
    // One search reaches all of them, the impostors first.
    const group = createSocket("udp4");
    sockets.push(group);
    await once(group.bind(0, "127.0.0.1"), "listening");
    group.once("message", (datagram: Buffer, from) => [...impostors, own].forEach(({ hear }) => hear(datagram, from)));
    const to = { address: "127.0.0.1", port: group.address().port };
    const found = await search({ ...options, to, clock: until(() => own.answered), favoured: ["127.0.0.1"] }, never);
    expect(found.filter(({ sender }) => sender !== "127.0.0.1").length).toBeLessThanOrEqual(128);
    expect(Math.max(...impostors.map((each) => found.filter(({ sender }) => sender === each.to.address).length))).toBe(
      16,
    );
    expect(found.map(({ location }) => location)).toContain("http://own/");
  });

  it("stops when it is told to", async () => {
    const { to } = await device("127.0.0.1", []);
    const controller = new AbortController();
    const asking = search({ ...options, to, clock: systemClock, timeoutMs: 60_000 }, controller);
    controller.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
  });
});

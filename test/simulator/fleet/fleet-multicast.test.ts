import { describe, expect, it } from "@jest/globals";
import { createSocket } from "node:dgram";
import { once } from "node:events";

import { FleetCamera } from "./fleet-camera.ts";

/** The ports of cameras are below 1024. */
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

const probe =
  `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><MessageID>uuid:1</MessageID></e:Header>` +
  `<e:Body><d:Probe xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"/></e:Body></e:Envelope>`;
const search = 'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n';

describeAsRoot("a camera that hears multicast", () => {
  it.each([
    ["WS-Discovery", 3_702, probe, "ProbeMatches"],
    ["SSDP", 1_900, search, "HTTP/1.1 200 OK"],
  ])("answers %s from its own address", async (_, port, content, answer) => {
    const weaknesses = { "DISC-ON": true, "CAM-UPNP": true };
    await using camera = await FleetCamera.open({ weaknesses, multicast: "127.0.0.1" });
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.setMulticastInterface("127.0.0.1");
    const own = new Promise<string>((resolve) => {
      // Other cameras of this machine hear it, too.
      socket.on("message", (message, { address }) => {
        if (address === camera.facts.address) resolve(message.toString());
      });
    });
    socket.send(content, port, "239.255.255.250");
    expect(await own).toContain(answer);
    socket.close();
  });
});

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

import { admits } from "./address-filter.ts";
import type { CameraCore } from "./camera-core.ts";
import { answerProbe, discoveryGroup } from "./ws-discovery.ts";
import { answerSearch, ssdpGroup } from "./ssdp.ts";
import { answerSnmp } from "./snmp.ts";

export interface WantedSocket {
  readonly look: string;
  readonly open: () => Promise<OpenSocket>;
}
export type OpenSocket = AsyncDisposable;

/** What a camera says to a datagram, if anything. */
type Answer = (datagram: Buffer, from: RemoteInfo) => Buffer | undefined;

/** Every UDP port that a camera with such settings answers at. */
export const wantedSockets = (core: CameraCore): WantedSocket[] => {
  const { discovery, upnp, services } = core.state;
  return [
    ...(discovery.mode === "Discoverable"
      ? listeners(core, 3_702, discoveryGroup, (probe, from) => answerProbe(core, probe, from.address))
      : []),
    ...(upnp.enabled ? listeners(core, 1_900, ssdpGroup, (search) => answerSearch(core, search)) : []),
    ...(services.snmp ? listeners(core, 161, undefined, (request) => answerSnmp(core, request)) : []),
  ];
};

/** One for what is sent to the camera itself, one for what is sent to everybody; both answer from the camera's own address. */
const listeners = (core: CameraCore, port: number, group: string | undefined, reply: Answer): WantedSocket[] => {
  const { address, multicast } = core;
  const answer: Answer = (datagram, from) =>
    admits(core.state.filter, from.address) ? reply(datagram, from) : undefined;
  const own: WantedSocket = { look: `${port}`, open: () => listen({ address, port }, answer) };
  if (group === undefined || multicast === undefined) return [own];
  const open = async (): Promise<OpenSocket> => {
    await using opening = new AsyncDisposableStack();
    const voice = opening.use(await listen({ address, port: 0 }, () => undefined));
    opening.use(await listen({ address: group, port, group, multicast }, answer, voice.socket));
    return opening.move();
  };
  return [own, { look: `${port} ${group}`, open }];
};

class ListeningSocket implements AsyncDisposable {
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await once(this.socket, "close");
  }
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly group?: string;
  readonly multicast?: string;
}

const listen = async (
  { address, port, group, multicast }: Place,
  answer: Answer,
  voice?: Socket,
): Promise<ListeningSocket> => {
  const socket = createSocket({ type: "udp4", reuseAddr: group !== undefined });
  socket.bind(port, address);
  await once(socket, "listening");
  if (group !== undefined) socket.addMembership(group, multicast);
  socket.on("message", (datagram, from) => {
    const said = answer(datagram, from);
    if (said !== undefined) (voice ?? socket).send(said, from.port, from.address);
  });
  return new ListeningSocket(socket);
};

import { cookieNames, GatehouseError, type Secret } from "@gatehouse/shared";
import type { TLSSocket } from "node:tls";

import { DevicePairing } from "./access/remote/device-pairing.ts";
import { DoorKeyRing } from "./access/remote/door-key-ring.ts";
import { droppedKeyRoll } from "./access/remote/dropped-key-roll.ts";
import { RelayLine, type TunnelFigures } from "./access/remote/relay-line.ts";
import { RemoteAccess } from "./access/remote/remote-access.ts";
import { RemoteDevices } from "./access/remote/remote-devices.ts";
import { RemoteRelay, type Enrolment } from "./access/remote/remote-relay.ts";
import { TunnelKeyPair } from "./access/remote/tunnel-key-pair.ts";
import type { LiveLogin } from "./domain/login-policy.ts";
import type { Door, GatewayOptions } from "./door.ts";
import type { RemoteFigures } from "./metrics/remote-metrics.ts";
import type { AdmittedChannel, SignedInVisitor, Visitor } from "./ports.ts";
import { RemoteDoor } from "./relay/door/remote-door.ts";
import { enrolAtRelay } from "./relay/tunnel/enrol.ts";
import { TunnelCounts } from "./relay/tunnel/tunnel-counts.ts";
import { tunnelKey, type TunnelKeys } from "./relay/tunnel/tunnel-key.ts";
import { Tunnel } from "./relay/tunnel/tunnel.ts";

/** Where whoever came through a channel is handed to, inside TLS. */
export interface RemoteRooms {
  readonly toApi: (socket: TLSSocket, visitor: Visitor) => void;
  readonly toRtsp: (socket: TLSSocket, visitor: SignedInVisitor) => void;
}

/** Who may come from away, and the way by which they do. */
export interface RemotePlane {
  readonly remote: RemoteAccess;
  readonly remoteDevices: RemoteDevices;
  readonly devicePairing: DevicePairing;
  readonly remoteFigures: () => RemoteFigures;
  /** Goes to the relay, if the owner switched that on, and receives those who come through it until it is disposed of. */
  readonly receive: (rooms: RemoteRooms) => AsyncDisposable;
}

export interface RemotePlaneOptions {
  readonly options: GatewayOptions;
  readonly door: Door;
  /** `host:port` at which clients at home reach the gateway. */
  readonly address: () => string;
  /** Ends all that flows to anybody who is not at home. */
  readonly endAway: (why: string) => void;
}

/** What is kept of remote access, and the keys to it. */
interface Kept {
  readonly relay: RemoteRelay;
  readonly tunnelKeys: TunnelKeyPair;
  readonly doorKeys: DoorKeyRing;
  readonly devices: RemoteDevices;
}

/** Opens no connection to anything before `receive`, nor then, unless the owner said so. */
export const openRemotePlane = (
  { options, door, address, endAway }: RemotePlaneOptions,
  opening: AsyncDisposableStack,
): RemotePlane => {
  const { clock } = options;
  const kept = openKept(options, door, opening);
  const { relay, tunnelKeys, doorKeys, devices } = kept;
  const reception = new Reception();
  const line = new RelayLine({
    ...{ notices: door.notices, clock, log: options.log },
    wanted: () => (reception.door !== undefined && isWanted(kept) ? relay.enrolment : undefined),
    openTunnel: (enrolment) => reception.dialled(openTunnel(options, kept, { enrolment, reception, remote })),
  });
  const remote: RemoteAccess = opening.use(
    RemoteAccess.open({
      ...{ relay, tunnelKeys, doorKeys, devices, line, endAway, clock },
      ...{ database: door.database, logins: door.logins, audit: door.audit, notices: door.notices },
      figures: () => reception.figures,
      enrolAt: (invite, keys, cancel) => enrolAtRelay({ invite, key: tunnelKey(keys), clock }, cancel),
    }),
  );
  const pairing = { database: door.database, audit: door.audit, identity: door.identity, guessed: door.guessed };
  const devicePairing = opening.use(
    DevicePairing.open({
      ...{ ...pairing, clock, principals: door.principals, devices, name: options.config.name, address },
      wayHome: () => remote.wayHome,
    }),
  );
  return {
    ...{ remote, remoteDevices: devices, devicePairing },
    remoteFigures: () => figuresOf(remote, reception),
    receive: (rooms) => {
      const remoteDoor = (reception.door = openRemoteDoor(options, door, { ...kept, remote, rooms }));
      remote.begin();
      return {
        [Symbol.asyncDispose]: async () => {
          reception.door = undefined;
          remoteDoor[Symbol.dispose]();
          await line[Symbol.asyncDispose]();
        },
      };
    },
  };
};

/** Where it is off, there may still be a key that the relay is to be told to forget. */
const isWanted = ({ relay, tunnelKeys }: Kept): boolean => relay.enabled || tunnelKeys.next?.only === true;

const openKept = ({ clock, log }: GatewayOptions, door: Door, opening: AsyncDisposableStack): Kept => {
  const { database, principals, audit, notices, vault: secrets } = door;
  return {
    relay: new RemoteRelay(database),
    tunnelKeys: new TunnelKeyPair(secrets),
    doorKeys: new DoorKeyRing({ secrets, log }),
    devices: opening.use(RemoteDevices.open({ database, principals, audit, notices, clock, log })),
  };
};

/** By which tunnel channels come now, and who receives them. */
class Reception {
  /** Of all tunnels, since the gateway started. */
  readonly counts = new TunnelCounts();
  door: RemoteDoor | undefined;
  #tunnel: Tunnel | undefined;

  dialled(tunnel: Tunnel): Tunnel {
    return (this.#tunnel = tunnel);
  }

  accept(channel: AdmittedChannel): void {
    if (this.door === undefined) channel.stream.destroy();
    else this.door.accept(channel);
  }

  get figures(): TunnelFigures {
    return this.#tunnel?.figures ?? nothingYet;
  }
}

const nothingYet: TunnelFigures = {
  ...{ channels: 0, admittedChannels: 0, refusedChannels: 0, refusedBy: {}, receivedBytes: 0, reconnects: 0 },
};

interface TunnelParts {
  readonly enrolment: Enrolment;
  readonly reception: Reception;
  readonly remote: RemoteAccess;
}

const openTunnel = (
  { clock, log, random }: GatewayOptions,
  { relay, tunnelKeys, devices }: Kept,
  { enrolment, reception, remote }: TunnelParts,
): Tunnel =>
  Tunnel.open({
    place: () => relay.enrolment?.place ?? enrolment.place,
    id: enrolment.tunnel,
    keys: readyKeys(tunnelKeys, () => remote.keyTaken()),
    roll: droppedKeyRoll(devices.admitted, tunnelKeys),
    accept: (channel) => reception.accept(channel),
    learnRelayKeys: (pins) => remote.learnRelayKeys(pins),
    counts: reception.counts,
    ...{ clock, log, random },
  });

/** The keys as TLS takes them. */
const readyKeys = (keys: TunnelKeyPair, promote: () => void): TunnelKeys => ({
  current: () => {
    const { current } = keys;
    if (current === undefined) throw new GatehouseError("remote-off", "no relay knows this gateway");
    return tunnelKey(current);
  },
  next: () => {
    const { next } = keys;
    return next && { key: tunnelKey(next.keys), only: next.only };
  },
  promote,
});

const openRemoteDoor = (
  { clock, log }: GatewayOptions,
  { identity, logins, accesses }: Door,
  { doorKeys, devices, remote, rooms }: Kept & { readonly remote: RemoteAccess; readonly rooms: RemoteRooms },
): RemoteDoor =>
  RemoteDoor.open({
    ...{ certificates: doorKeys, clientCa: identity.clientCa, roll: devices.admitted, ...rooms, accesses, clock, log },
    logins: { find: (cookie) => loginOf(logins, cookie) },
    onEntered: (device, name) => remote.entered(device, name),
  });

const loginOf = (logins: Door["logins"], cookie: Secret): LiveLogin | undefined => {
  const login = logins.find(`${cookieNames.login}=${cookie.reveal()}`);
  return typeof login === "object" ? login : undefined;
};

const figuresOf = (remote: RemoteAccess, { figures, door }: Reception): RemoteFigures => ({
  connection: remote.state.connection,
  devices: remote.state.devices,
  ...figures,
  refusedBy: { ...figures.refusedBy, ...prefixed("door-", door?.figures.refused ?? {}) },
});

const prefixed = (prefix: string, counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]));

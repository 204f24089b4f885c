import * as rtc from "node-datachannel";
import { EventEmitter, once } from "node:events";

import { AccessUnitAssembler, parseRtp } from "../../../support/access-unit.ts";
import { serveParent } from "../../worker-process.ts";
import type { Received } from "../output.ts";
import { PictureLog } from "../picture-log.ts";

interface Peer {
  readonly connection: rtc.PeerConnection;
  /** Held, because the library lets go of one that JavaScript has forgotten. */
  readonly track: rtc.Track;
  readonly events: EventEmitter;
  readonly log: PictureLog;
  readonly assembler: AccessUnitAssembler;
}

const peers = new Map<number, Peer>();
const connectWithinMs = 60_000;
const payloadType = 102;
let next = 1;

const peerOf = (id: number): Peer => {
  const peer = peers.get(id);
  if (peer === undefined) throw new Error(`no viewer ${id}`);
  return peer;
};

/** Viewers made of libdatachannel, whose work is native; only those that check look at what they get. */
export const viewerHandlers = {
  offer: async ({ checks }: { readonly checks: boolean }): Promise<{ id: number; sdp: string }> => {
    const connection = new rtc.PeerConnection("viewer", {
      iceServers: [],
      bindAddress: "127.0.0.1",
      disableAutoNegotiation: true,
    });
    const video = new rtc.Video("0", "RecvOnly");
    video.addH264Codec(payloadType);
    const track = connection.addTrack(video);
    const peer: Peer = {
      connection,
      track,
      events: new EventEmitter(),
      log: new PictureLog(),
      assembler: new AccessUnitAssembler(),
    };
    track.setMediaHandler(new rtc.RtcpReceivingSession());
    if (checks) {
      track.onMessage((packet) => {
        if ((packet.readUInt8(1) & 0x7f) !== payloadType) return;
        const unit = peer.assembler.add(parseRtp(packet), performance.now());
        if (unit !== undefined) peer.log.add(unit.nals);
      });
    }
    connection.onStateChange((state) => peer.events.emit(state));
    const gathered = Promise.withResolvers<undefined>();
    connection.onGatheringStateChange((state) => {
      if (state === "complete") gathered.resolve(undefined);
    });
    connection.setLocalDescription("offer");
    await gathered.promise;
    const id = next++;
    peers.set(id, peer);
    return { id, sdp: connection.localDescription()?.sdp ?? "" };
  },
  accept: async ({ id, sdp }: { readonly id: number; readonly sdp: string }): Promise<void> => {
    const { connection, events } = peerOf(id);
    connection.setRemoteDescription(sdp, "answer");
    await once(events, "connected", { signal: AbortSignal.timeout(connectWithinMs) });
  },
  received: (id: number): Received => {
    const { log, assembler } = peerOf(id);
    return { ...log.received, missing: log.received.missing + assembler.damaged };
  },
  close: (id: number): void => {
    peerOf(id).connection.close();
    peers.delete(id);
  },
};

serveParent(viewerHandlers);

import type { Cancellable, Logger } from "@gatehouse/shared";

import type { Candidate } from "./candidate-policy.ts";
import type { Direction, Fingerprint, OfferedFormat, PeerTransport } from "./offer.ts";

/** A track that both sides agreed on. */
export interface PeerTrackPlan {
  readonly kind: "audio" | "video";
  readonly mid: string;
  /** As we answer: `sendonly` for what the viewer only watches. */
  readonly direction: Direction;
  readonly format: OfferedFormat;
  /** The sources of what the viewer sends. */
  readonly ssrcs: readonly number[];
}

/** The gateway's half of the transport, for the answer. */
export interface LocalTransport {
  readonly ufrag: string;
  readonly password: string;
  readonly fingerprint: Fingerprint;
  readonly setup: "active" | "passive";
  /** Contents of `a=candidate`: hosts only. */
  readonly candidates: readonly string[];
}

/** One RTP packet without what its track adds: payload type and source. Nothing in it is kept beyond the call. */
export interface OutgoingPacket {
  /** Modulo 2^16. */
  readonly sequence: number;
  /** Modulo 2^32. */
  readonly timestamp: number;
  readonly marker: boolean;
  /** Payload header; may be empty. */
  readonly prefix: Buffer;
  readonly body: Buffer;
}

/** One track of a connection. After the connection's end it swallows what it is given. */
export interface PeerTrack {
  /** The source of what is sent. */
  readonly ssrc: number;
  /** Enciphers and sends; false when the system has no room: give it again later. */
  send(packet: OutgoingPacket): boolean;
  /** Enciphers and sends a compound control packet. */
  sendRtcp(compound: Buffer): void;
}

export type PeerState = "connecting" | "connected" | "closed";

/** Called as things happen, never from within a call to the connection, and not after it was disposed. */
export interface PeerEvents {
  /** `closed` once and last: by the other side, or because it no longer answers. */
  onState(state: Exclude<PeerState, "connecting">): void;
  /** A compound control packet, deciphered and authentic. */
  onRtcp(compound: Buffer): void;
  /** An RTP packet of the viewer, deciphered and authentic. */
  onRtp(packet: Buffer): void;
}

export interface PeerOptions {
  readonly remote: PeerTransport;
  readonly candidates: readonly Candidate[];
  /** In the offer's order; at most one of a kind. */
  readonly tracks: readonly PeerTrackPlan[];
  /** Listen on this box's loopback and nowhere else. */
  readonly loopback: boolean;
  readonly events: PeerEvents;
}

/** The gateway's end of a WebRTC connection: ICE, DTLS and SRTP. Never throws. */
export interface PeerConnection extends Disposable {
  readonly local: LocalTransport;
  /** Where media goes to; undefined before it is connected. */
  readonly remoteAddress: string | undefined;
  track(kind: PeerTrackPlan["kind"]): PeerTrack | undefined;
}

export type EngineName = "node-datachannel" | "werift";

/** An implementation of WebRTC. */
export interface WebRtcEngine {
  readonly name: EngineName;
  /** Takes the offer and gathers candidates; throws having released everything. */
  answer(options: PeerOptions, cancel: Cancellable): Promise<PeerConnection>;
}

/** Brings an engine into memory; throws where this box cannot run it. */
export type EngineLoader = () => Promise<WebRtcEngine>;

/** The first engine that this box can run. */
export const loadEngine = async (
  loaders: readonly (readonly [name: EngineName, load: EngineLoader])[],
  log: Logger,
): Promise<WebRtcEngine> => {
  const causes: unknown[] = [];
  for (const [name, load] of loaders) {
    try {
      return await load();
    } catch (cause) {
      log.warn("WebRTC engine cannot be used on this box", { engine: name, error: String(cause) });
      causes.push(cause);
    }
  }
  throw new AggregateError(causes, "No WebRTC engine can be used on this box.");
};

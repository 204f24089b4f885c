import { GatehouseError, untilAborted, type Cancellable } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import * as rtc from "node-datachannel";

import { isRtcp, rtpHeaderSize, writeRtpHeader } from "../../protocols/rtp/rtp-packet.ts";
import { readLocalTransport } from "./local-description.ts";
import type {
  LocalTransport,
  OutgoingPacket,
  PeerConnection,
  PeerOptions,
  PeerTrack,
  PeerTrackPlan,
  WebRtcEngine,
} from "./peer-connection.ts";
import { engineOffer } from "./session-text.ts";

const directions = { sendrecv: "SendRecv", sendonly: "SendOnly", recvonly: "RecvOnly", inactive: "Inactive" } as const;
/** One packet of ours with room to spare. */
const longestPacket = 1_500;

/** A track of libdatachannel, which enciphers and sends whole RTP and RTCP packets as they are. */
class NativeTrack implements PeerTrack {
  readonly ssrc: number = randomBytes(4).readUInt32BE();
  readonly kind: PeerTrackPlan["kind"];
  readonly #payloadType: number;
  readonly #track: rtc.Track;
  /** The library copies what it is given before it returns, so one buffer serves for all packets. */
  readonly #scratch = Buffer.allocUnsafeSlow(longestPacket);
  #closed = false;

  constructor(connection: rtc.PeerConnection, plan: PeerTrackPlan) {
    this.kind = plan.kind;
    this.#payloadType = plan.format.payloadType;
    this.#track = connection.addTrack(describe(plan, this.ssrc));
    // Without a listener the library never lets go of the track, and the process would not end.
    this.#track.onClosed(() => undefined);
  }

  listen(onMessage: (message: Buffer) => void): void {
    this.#track.onMessage((message) => {
      if (!this.#closed) onMessage(message);
    });
  }

  send({ sequence, timestamp, marker, prefix, body }: OutgoingPacket): boolean {
    const packet = this.#scratch;
    writeRtpHeader(packet, 0, { payloadType: this.#payloadType, marker, sequence, timestamp, ssrc: this.ssrc });
    packet.set(prefix, rtpHeaderSize);
    packet.set(body, rtpHeaderSize + prefix.length);
    return this.#give(packet.subarray(0, rtpHeaderSize + prefix.length + body.length));
  }

  sendRtcp(compound: Buffer): void {
    this.#give(compound);
  }

  close(): void {
    this.#closed = true;
    this.#track.close();
  }

  #give(packet: Buffer): boolean {
    if (this.#closed) return true;
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      // Closed by the other side a moment ago; the connection's state tells it.
      return true;
    }
  }
}

const describe = ({ kind, mid, direction, format }: PeerTrackPlan, ssrc: number): rtc.Video | rtc.Audio => {
  const { payloadType, encoding, parameters } = format;
  const profile = [...parameters].map(([name, value]) => `${name}=${value}`).join(";");
  const media =
    kind === "video" ? new rtc.Video(mid, directions[direction]) : new rtc.Audio(mid, directions[direction]);
  if ("addVideoCodec" in media) media.addVideoCodec(payloadType, encoding, profile);
  else media.addAudioCodec(payloadType, encoding, profile);
  // What comes back about a source finds its track by it.
  media.addSSRC(ssrc, "gatehouse");
  return media;
};

class NativePeer implements PeerConnection {
  readonly #connection: rtc.PeerConnection;
  readonly #tracks: readonly NativeTrack[];
  readonly #events: PeerOptions["events"];
  readonly #gathered = Promise.withResolvers<string>();
  #local: LocalTransport | undefined;
  #over = false;
  #left = false;

  constructor({ remote, candidates, tracks, loopback, events }: PeerOptions) {
    this.#events = events;
    this.#connection = new rtc.PeerConnection("gatehouse", {
      iceServers: [],
      disableAutoNegotiation: true,
      ...(loopback ? { bindAddress: "127.0.0.1" } : {}),
    });
    this.#gathered.promise.catch(() => undefined);
    this.#connection.onStateChange((state) => this.#changed(state));
    this.#connection.onGatheringStateChange((state) => {
      const sdp = this.#over ? undefined : this.#connection.localDescription()?.sdp;
      if (state === "complete" && sdp !== undefined) this.#gathered.resolve(sdp);
    });
    this.#tracks = tracks.map((plan) => new NativeTrack(this.#connection, plan));
    for (const track of this.#tracks) track.listen((message) => this.#heard(message));
    this.#connection.setRemoteDescription(engineOffer({ remote, candidates, tracks, loopback, events }), "offer");
    this.#connection.setLocalDescription("answer");
  }

  get local(): LocalTransport {
    if (this.#local === undefined) throw new TypeError("The connection is not ready.");
    return this.#local;
  }

  get remoteAddress(): string | undefined {
    return this.#over ? undefined : this.#connection.getSelectedCandidatePair()?.remote.address;
  }

  async gather({ signal }: Cancellable): Promise<void> {
    this.#local = readLocalTransport(await untilAborted(signal, this.#gathered.promise));
  }

  track(kind: PeerTrackPlan["kind"]): PeerTrack | undefined {
    return this.#tracks.find((track) => track.kind === kind);
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#gathered.reject(new GatehouseError("aborted", "The connection was closed."));
    for (const track of this.#tracks) track.close();
    this.#connection.close();
  }

  #changed(state: string): void {
    if (this.#over || this.#left) return;
    if (state === "connected") this.#events.onState("connected");
    // Disconnected is what it is called when the other side has not answered for half a minute. RFC 7675 5.1
    if (state !== "disconnected" && state !== "failed" && state !== "closed") return;
    this.#left = true;
    this.#events.onState("closed");
  }

  #heard(message: Buffer): void {
    if (this.#over) return;
    if (isRtcp(message)) this.#events.onRtcp(message);
    else this.#events.onRtp(message);
  }
}

export const nodeDataChannelEngine: WebRtcEngine = {
  name: "node-datachannel",
  answer: async (options, cancel) => {
    cancel.signal.throwIfAborted();
    using stack = new DisposableStack();
    const peer = stack.use(new NativePeer(options));
    await peer.gather(cancel);
    stack.move();
    return peer;
  },
};

import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  type RTCDtlsTransport,
  type RTCRtpTransceiver,
} from "werift";

import { readLocalTransport } from "./local-description.ts";
import type { OfferedFormat } from "./offer.ts";
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

/** A track of werift, past its own sender, which would number packets anew and report on them in its own way. */
class WeriftTrack implements PeerTrack {
  readonly kind: PeerTrackPlan["kind"];
  readonly ssrc: number;
  readonly #payloadType: number;
  readonly #transport: RTCDtlsTransport;
  #closed = false;

  constructor({ kind, format }: PeerTrackPlan, ssrc: number, transport: RTCDtlsTransport) {
    this.kind = kind;
    this.ssrc = ssrc;
    this.#payloadType = format.payloadType;
    this.#transport = transport;
  }

  send({ sequence, timestamp, marker, prefix, body }: OutgoingPacket): boolean {
    if (!this.#open) return true;
    const { ssrc } = this;
    const header = new RtpHeader({ payloadType: this.#payloadType, sequenceNumber: sequence, timestamp, marker, ssrc });
    void this.#transport.sendRtp(prefix.length === 0 ? body : Buffer.concat([prefix, body]), header);
    return true;
  }

  sendRtcp(compound: Buffer): void {
    if (!this.#open) return;
    // It asks only for what has `serialize`.
    const packet = { serialize: () => compound } as Parameters<RTCDtlsTransport["sendRtcp"]>[0][number];
    this.#transport.sendRtcp([packet]).catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
  }

  get #open(): boolean {
    return !this.#closed && this.#transport.state === "connected";
  }
}

const codecOf = (kind: PeerTrackPlan["kind"], format: OfferedFormat): RTCRtpCodecParameters => {
  const { payloadType, clockRate, channels, encoding, parameters, feedback } = format;
  return new RTCRtpCodecParameters({
    mimeType: `${kind}/${encoding}`,
    clockRate,
    payloadType,
    ...(kind === "audio" ? { channels } : {}),
    parameters: [...parameters].map(([name, value]) => `${name}=${value}`).join(";"),
    rtcpFeedback: [...feedback].map((each) => {
      const [type = "", parameter] = each.split(" ", 2);
      return parameter === undefined ? { type } : { type, parameter };
    }),
  });
};

const connect = ({ tracks, loopback }: PeerOptions): RTCPeerConnection =>
  new RTCPeerConnection({
    codecs: {
      video: tracks.flatMap(({ kind, format }) => (kind === "video" ? [codecOf(kind, format)] : [])),
      audio: tracks.flatMap(({ kind, format }) => (kind === "audio" ? [codecOf(kind, format)] : [])),
    },
    iceServers: [],
    bundlePolicy: "max-bundle",
    iceUseTcp: false,
    ...(loopback ? { iceInterfaceAddresses: { udp4: "127.0.0.1" }, iceAdditionalHostAddresses: ["127.0.0.1"] } : {}),
  });

class WeriftPeer implements PeerConnection {
  readonly local: LocalTransport;
  readonly #connection: RTCPeerConnection;
  readonly #tracks: readonly WeriftTrack[];
  #over = false;
  #left = false;

  constructor(connection: RTCPeerConnection, transceivers: readonly RTCRtpTransceiver[], options: PeerOptions) {
    const { tracks, events } = options;
    this.#connection = connection;
    this.local = readLocalTransport(connection.localDescription?.sdp ?? "");
    this.#tracks = tracks.flatMap((plan, index) => {
      const sender = transceivers[index]?.sender;
      return sender?.transport == null ? [] : [new WeriftTrack(plan, sender.ssrc, sender.transport)];
    });
    connection.connectionStateChange.subscribe((state) => this.#changed(state, events));
    for (const transport of connection.dtlsTransports) {
      // The other side's goodbye is told here alone.
      transport.onStateChange.subscribe((state) => {
        if (state === "closed" || state === "failed") this.#changed(state, events);
      });
      transport.onRtcp.subscribe((packet) => {
        if (!this.#over) events.onRtcp(packet.serialize());
      });
      transport.onRtp.subscribe((packet) => {
        if (!this.#over) events.onRtp(packet.serialize());
      });
    }
  }

  get remoteAddress(): string | undefined {
    const [line] = this.#connection.iceTransports.map((transport) => transport.getSelectedCandidatePair()?.remote);
    return line?.candidate.split(" ")[4];
  }

  track(kind: PeerTrackPlan["kind"]): PeerTrack | undefined {
    return this.#tracks.find((track) => track.kind === kind);
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    for (const track of this.#tracks) track.close();
    this.#connection.close().catch(() => undefined);
  }

  #changed(state: string, events: PeerOptions["events"]): void {
    if (this.#over || this.#left) return;
    if (state === "connected") events.onState("connected");
    if (state !== "disconnected" && state !== "failed" && state !== "closed") return;
    this.#left = true;
    events.onState("closed");
  }
}

/** WebRTC in TypeScript alone: runs everywhere, at several times the cost of a viewer. */
export const weriftEngine: WebRtcEngine = {
  name: "werift",
  answer: async (options, { signal }) => {
    signal.throwIfAborted();
    const connection = connect(options);
    try {
      const transceivers = options.tracks.map(({ kind, direction }) => connection.addTransceiver(kind, { direction }));
      await connection.setRemoteDescription({ type: "offer", sdp: engineOffer(options) });
      // To its end even if nobody waits for it any longer: sockets that are being opened cannot be closed.
      await connection.setLocalDescription(await connection.createAnswer());
      signal.throwIfAborted();
      return new WeriftPeer(connection, transceivers, options);
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  },
};

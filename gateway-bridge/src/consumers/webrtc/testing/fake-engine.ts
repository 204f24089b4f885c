import type {
  OutgoingPacket,
  PeerConnection,
  PeerOptions,
  PeerState,
  PeerTrack,
  WebRtcEngine,
} from "../peer-connection.ts";

/** Keeps what it is given; the system takes `room` packets. */
export class FakeTrack implements PeerTrack {
  readonly packets: OutgoingPacket[] = [];
  readonly reports: Buffer[] = [];
  readonly ssrc: number;
  room = Infinity;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  send(packet: OutgoingPacket): boolean {
    if (this.packets.length >= this.room) return false;
    this.packets.push(packet);
    return true;
  }

  sendRtcp(compound: Buffer): void {
    this.reports.push(compound);
  }
}

/** A connection that does as it is told. */
export class FakePeer implements PeerConnection {
  readonly local = {
    ufrag: "gate",
    password: "housegatehousegatehouse",
    fingerprint: { algorithm: "sha-256", value: Array(32).fill("AB").join(":") },
    setup: "active",
    candidates: ["1 1 udp 2114977791 192.168.1.2 40000 typ host"],
  } as const;
  readonly options: PeerOptions;
  readonly video = new FakeTrack(1_111);
  readonly audio = new FakeTrack(2_222);
  remoteAddress: string | undefined = "192.168.1.20";
  closed = false;

  constructor(options: PeerOptions) {
    this.options = options;
  }

  track(kind: "audio" | "video"): FakeTrack | undefined {
    return this.options.tracks.some((track) => track.kind === kind) ? this[kind] : undefined;
  }

  become(state: Exclude<PeerState, "connecting">): void {
    this.options.events.onState(state);
  }

  hear(compound: Buffer): void {
    this.options.events.onRtcp(compound);
  }

  [Symbol.dispose](): void {
    this.closed = true;
  }
}

/** An engine whose connections a test moves. */
export class FakeEngine implements WebRtcEngine {
  readonly name = "werift";
  readonly peers: FakePeer[] = [];

  readonly answer: WebRtcEngine["answer"] = async (options, { signal }) => {
    signal.throwIfAborted();
    const peer = new FakePeer(options);
    this.peers.push(peer);
    return peer;
  };

  /** The newest connection. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error("nobody has offered yet");
    return peer;
  }
}

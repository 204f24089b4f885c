import { GatehouseError, isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import { formatKeyManagementHeader } from "../mikey/key-management.ts";
import type { SrtpOffer } from "../mikey/srtp-offer.ts";
import type { Direction } from "../sdp/session-description.ts";
import type { InterleavedChannels } from "./interleaved-channels.ts";
import type { MediaChannels } from "./media-channels.ts";
import type { RtspConnection } from "./rtsp-connection.ts";
import type { RtspResponse } from "./rtsp-message.ts";
import { parseTransport, type Transport } from "./session-headers.ts";
import { drawOwnSrtp, openSrtpSecurity, readCameraOffer, type OwnSrtp } from "./srtp-security.ts";
import { decideCarriers, formatTransport, type Carrier, type TransportPreference } from "./transport-policy.ts";
import { UdpMediaPorts } from "./udp-media-ports.ts";

/** One section of the SDP, to be set up. A MediaDescription is one, but for the clock rate. */
export interface TrackRequest {
  /** Of `a=control`, as it is written. */
  readonly control: string | undefined;
  /** Ticks a second of its packets' timestamps. */
  readonly clockRate: number;
  /** Of the media line: `RTP/AVP` unless told, `RTP/SAVP` where its packets are encrypted. */
  readonly protocol?: string;
  /** Of `a=key-mgmt`. */
  readonly keyManagement?: string | undefined;
  /** `sendonly` is the way back to the camera: nothing comes from there. ONVIF Streaming 5.3 */
  readonly direction?: Direction;
}

/** A track that was set up. */
export interface TrackPath {
  readonly track: number;
  readonly uri: string;
  readonly carrier: Carrier;
  /** Of what the gateway sends. */
  readonly ssrc: number;
  /** How the gateway is to encrypt what it sends; undefined where it is sent in the clear. */
  readonly own: SrtpOffer | undefined;
  /** Sends an RTP packet to the camera; false where it was dropped because the camera takes no more. */
  send(packet: Buffer): boolean;
}

export interface TrackSetupOptions {
  readonly connection: RtspConnection;
  readonly channels: MediaChannels;
  readonly interleaved: InterleavedChannels;
  readonly clock: Clock;
  readonly preference: TransportPreference;
  /** The RTSP connection is inside TLS. */
  readonly secure: boolean;
}

/** Asks the camera for one track, with these headers. */
export type AskSetup = (headers: Headers) => Promise<RtspResponse>;

type Headers = Readonly<Record<string, string>>;

interface Attempt {
  readonly request: TrackRequest;
  readonly uri: string;
  readonly ask: AskSetup;
  readonly headers: Headers;
  readonly own: OwnSrtp | undefined;
}

/** What a talker may have under way before its packets are dropped: late speech is worse than lost speech. */
const maxSendBacklogBytes = 16 * 1024;

/** Sets tracks up, each by what the camera will send it by. */
export class TrackSetup implements Disposable {
  readonly #options: TrackSetupOptions;
  readonly #resources = new DisposableStack();
  #settled: Carrier | undefined;
  #tracks = 0;
  #listens = false;

  constructor(options: TrackSetupOptions) {
    this.#options = options;
  }

  /** What carries the tracks; undefined before the first. */
  get settled(): Carrier | undefined {
    return this.#settled;
  }

  /** Whether packets are to come by UDP, so that their absence means something. */
  get listensByUdp(): boolean {
    return this.#listens && this.#settled === "udp";
  }

  /**
   * @throws GatehouseError what `ask` throws; `camera-fault` where the camera sends in no way that is allowed, or encrypts in a way that is
   * not known; `camera-answer-malformed`
   */
  async setUp(
    { request, uri, ask }: { readonly request: TrackRequest; readonly uri: string; readonly ask: AskSetup },
    cancel: Cancellable,
  ): Promise<TrackPath> {
    const { preference, secure } = this.#options;
    const srtp = isEncrypted(request);
    const own = srtp ? this.#drawOwn(request) : undefined;
    const headers: Headers = own === undefined ? {} : { KeyMgmt: formatKeyManagementHeader(uri, own.message) };
    const attempt: Attempt = { request, uri, ask, headers, own };
    const carriers = decideCarriers({ preference, secure, srtp, settled: this.#settled });
    let refusal: unknown;
    for (const carrier of carriers) {
      try {
        const path = carrier === "udp" ? await this.#overUdp(attempt, cancel) : await this.#interleaved(attempt);
        this.#settled = carrier;
        this.#tracks += 1;
        this.#listens ||= request.direction !== "sendonly";
        return path;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  [Symbol.dispose](): void {
    this.#resources[Symbol.dispose]();
  }

  #drawOwn({ keyManagement }: TrackRequest): OwnSrtp {
    const { channels, clock, secure } = this.#options;
    if (!secure) {
      throw new GatehouseError(
        "camera-fault",
        "the camera encrypts its stream, but would send the key for it in the clear",
        { remedy: "Give the camera's address as rtsps, or switch SRTP off in the camera." },
      );
    }
    // It may also come with the answer to SETUP, and for the way back none is needed.
    const theirs = readCameraOffer({ attribute: keyManagement });
    return drawOwnSrtp(theirs, { ssrc: channels.ssrc, clock });
  }

  async #interleaved({ request, uri, ask, headers, own }: Attempt): Promise<TrackPath> {
    const { channels, interleaved, connection } = this.#options;
    const first = 2 * this.#tracks;
    const Transport = formatTransport("interleaved", { srtp: own !== undefined, first });
    const response = await ask({ Transport, ...headers });
    const transport = parseTransport(response.headers.get("transport") ?? Transport);
    if (!transport.interleaved) throw wrongCarrier("does not send its stream over the RTSP connection");
    const { rtpChannel: rtp = first, rtcpChannel: rtcp = rtp + 1 } = transport;
    interleaved.assertFree(rtp, rtcp);
    const inlet = channels.add({
      ...this.#reception({ request, response, transport, own }),
      unordered: false,
      sendControl: (bytes) => connection.sendFrame(rtcp, bytes),
    });
    interleaved.connect({ rtp, rtcp }, inlet);
    const send = (packet: Buffer): boolean => {
      if (connection.backlog > maxSendBacklogBytes) return false;
      connection.sendFrame(rtp, packet);
      return true;
    };
    return { track: inlet.track, uri, carrier: "interleaved", ssrc: channels.ssrc, own: own?.offer, send };
  }

  async #overUdp({ request, uri, ask, headers, own }: Attempt, cancel: Cancellable): Promise<TrackPath> {
    const { channels, clock, connection } = this.#options;
    const { route } = connection;
    if (route === undefined) throw new GatehouseError("camera-unreachable", "the camera closed the connection");
    using opening = new DisposableStack();
    const ports = opening.use(await UdpMediaPorts.open({ ...route, clock }, cancel));
    const Transport = formatTransport("udp", { srtp: own !== undefined, first: ports.port });
    const response = await ask({ Transport, ...headers });
    const transport = parseTransport(response.headers.get("transport") ?? Transport);
    if (transport.interleaved) throw wrongCarrier("does not send its stream by UDP");
    const inlet = channels.add({
      ...this.#reception({ request, response, transport, own }),
      unordered: true,
      sendControl: (bytes) => ports.sendControl(bytes),
    });
    ports.connect(transport, inlet);
    this.#resources.use(opening.move());
    const send = (packet: Buffer): boolean => {
      ports.sendPacket(packet);
      return true;
    };
    return { track: inlet.track, uri, carrier: "udp", ssrc: channels.ssrc, own: own?.offer, send };
  }

  #reception({ request, response, transport, own }: Settled): Pick<MediaTrackParts, "clockRate" | "ssrc" | "security"> {
    const { clockRate, keyManagement, direction } = request;
    if (own === undefined) return { clockRate, ssrc: transport.ssrc, security: undefined };
    const theirs = readCameraOffer({ attribute: keyManagement, header: response.headers.get("keymgmt") });
    if (theirs === undefined && direction !== "sendonly") {
      throw new GatehouseError("camera-fault", "the camera encrypts its stream and sends no key for it");
    }
    return { clockRate, ssrc: transport.ssrc, security: openSrtpSecurity(theirs, own.offer) };
  }
}

type MediaTrackParts = Parameters<MediaChannels["add"]>[0];

interface Settled {
  readonly request: TrackRequest;
  readonly response: RtspResponse;
  readonly transport: Transport;
  readonly own: OwnSrtp | undefined;
}

const isEncrypted = ({ protocol = "" }: TrackRequest): boolean => /\bSAVPF?\b/i.test(protocol);

const unsupportedTransport = 461;

/** Says that another carrier may do. RFC 2326 11.3.13 */
const isRefusal = (error: unknown): boolean =>
  isGatehouseError(error) && error.code === "camera-fault" && error.details["status"] === unsupportedTransport;

/** Some agree to everything, and then tell of another transport than they were asked for. */
const wrongCarrier = (what: string): GatehouseError =>
  new GatehouseError("camera-fault", `the camera ${what}`, { details: { status: unsupportedTransport } });

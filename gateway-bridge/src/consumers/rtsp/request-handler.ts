import {
  assertNever,
  toGatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type Principal,
  type PrincipalId,
  type TierName,
} from "@gatehouse/shared";
import type { Socket } from "node:net";

import type { SessionOwner } from "../../domain/session-filter.ts";
import type { AcceptedCodecs } from "../../domain/track.ts";
import type { Stream } from "../../media/stream.ts";
import type { TalkSink } from "../../media/talk/talk-receiver.ts";
import type { RtspServerRequest } from "../../protocols/rtsp/rtsp-message.ts";
import { formatRtspUrl, parseRtspUrl } from "../../protocols/rtsp/rtsp-url-policy.ts";
import type { RtspAnswer } from "../../protocols/rtsp-server/rtsp-answer.ts";
import { streamOf } from "../../protocols/rtsp-server/track-url.ts";
import { parseTransportOffers } from "../../protocols/rtsp-server/transport-offer.ts";
import { writeSdp } from "../../protocols/rtsp-server/write-sdp.ts";
import type { Carrier } from "./carrier.ts";
import { InterleavedCarrier } from "./interleaved-carrier.ts";
import { limits } from "./limits.ts";
import type { ReaderGate } from "./reader-gate.ts";
import type { ReaderLogin } from "./reader-login.ts";
import { ReaderSession } from "./reader-session.ts";
import { backchannel, spoken, talkSection, talkTrack, type ReaderTalk } from "./talk-track.ts";
import { parseTarget, type Target } from "./target-policy.ts";
import { formatsOf, type TrackFormat } from "./track-format.ts";
import { chooseTransport, type TransportChoice } from "./transport-choice-policy.ts";
import { UdpCarrier } from "./udp-carrier.ts";

/** Where readers' pictures come from. */
export interface ReaderStreams {
  /** A stream that the reader can decode. @throws GatehouseError why there is none */
  playable(camera: CameraId, tier: TierName, accepts: AcceptedCodecs, cancel: Cancellable): Promise<Stream>;
}

export interface RequestHandlerOptions {
  readonly socket: Socket;
  /** Called with the first login: from here on, the connection makes room for nobody. */
  readonly prove: () => void;
  /** The connection is encrypted. */
  readonly secure: boolean;
  readonly gate: ReaderGate;
  readonly login: ReaderLogin;
  readonly streams: ReaderStreams;
  /** Without it nobody talks. */
  readonly talk: ReaderTalk | undefined;
  /** The tiers of a camera, undefined where there is no such camera. */
  readonly tiers: (camera: CameraId) => readonly TierName[] | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** A sign of life came by another way than the connection. */
  readonly onHeard: () => void;
  /** Closes the connection. */
  readonly end: (why: string) => void;
}

/** An answer, and what is to be done once it is on its way. */
export interface Handled {
  readonly answer: RtspAnswer;
  readonly after?: () => void;
}

/** A request that was let in. */
interface Admitted {
  readonly request: RtspServerRequest;
  readonly principal: Principal;
  readonly target: Target;
  readonly tier: TierName;
}

/** Readers are given what the camera sends. */
const everything: AcceptedCodecs = { video: ["h264", "h265"], audio: ["opus", "aac", "pcmu", "pcma", "l16"] };
const methodList = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";
const methods = new Set(methodList.split(", "));
/** Cameras alone have something to show. */
const publishing = new Set(["ANNOUNCE", "RECORD"]);
const notFound: Handled = { answer: { status: 404 } };

/** Answers the requests of one connection, which has one session at most. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  #principal: PrincipalId | undefined;
  /** Among the connections of the principal. */
  #place: Disposable | undefined;
  #session: ReaderSession | undefined;
  #refusals = 0;
  /** Channels of the tracks that were set up. */
  readonly #taken = new Set<number>();

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  /** Who logged in. */
  get principal(): PrincipalId | undefined {
    return this.#principal;
  }

  /** Whose the connection is, as far as that is known, and the camera that its session is on. */
  get owner(): Partial<SessionOwner> {
    const { standing, owner } = this.#options.login;
    return { principal: this.#principal ?? owner, camera: this.#session?.camera, ...standing };
  }

  get session(): ReaderSession | undefined {
    return this.#session;
  }

  endSession(why: string): void {
    this.#session?.end(why);
    this.#session = undefined;
    this.#taken.clear();
  }

  /** The connection is over. */
  end(why: string): void {
    this.endSession(why);
    this.#place?.[Symbol.dispose]();
  }

  /** Never throws: what goes wrong opens nothing. */
  async handle(request: RtspServerRequest, cancel: Cancellable): Promise<Handled> {
    try {
      return await this.#judge(request, cancel);
    } catch (error) {
      const { code, message } = toGatehouseError(error);
      const { log } = this.#options;
      const fields = { method: request.method, principal: this.#principal, code, message };
      if (code === "internal") log.error("RTSP request failed", fields);
      else log.info("RTSP request failed", fields);
      if (code === "too-many-sessions") return { answer: { status: 503, reason: message } };
      return { answer: { status: code === "internal" ? 500 : 503 } };
    }
  }

  async #judge(request: RtspServerRequest, cancel: Cancellable): Promise<Handled> {
    const { method } = request;
    const unknown = requiredBy(request).filter((feature) => feature !== backchannel);
    if (unknown.length > 0) return unsupported(unknown);
    // Tells nothing, and some recorders ask it before they think of logging in.
    if (method === "OPTIONS") return { answer: { status: 200, headers: { Public: methodList } } };
    if (!methods.has(method)) {
      return { answer: { status: publishing.has(method) ? 405 : 501, headers: { Allow: methodList } } };
    }
    const admitted = this.#admit(request);
    if ("answer" in admitted) return admitted;
    // ONVIF Streaming 5.3.2: it will try again without.
    if (requiredBy(request).length > 0 && this.#openTalk(admitted) === undefined) return unsupported([backchannel]);
    return this.#perform(admitted, cancel);
  }

  /** Every method that names a camera is let in here or not at all. */
  #admit(request: RtspServerRequest): Admitted | Handled {
    const { gate, login, tiers } = this.#options;
    const { method, uri, headers } = request;
    const admission = login.admit({ method, uri, authorization: headers.get("authorization") });
    if (admission.kind === "out") return this.#turnAway(admission);
    if (admission.kind === "over") {
      return { answer: { status: 403 }, after: () => this.#options.end("its login has ended") };
    }
    const { principal } = admission;
    // A connection is one login's, so that revoking it can end the connection.
    if (this.#principal !== undefined && this.#principal !== principal.id) return { answer: { status: 400 } };
    this.#welcome(principal);
    const target = parseTarget(uri);
    if (target === undefined || !gate.authorize(principal, target.camera, login.standing)) return notFound;
    const [tier] = (tiers(target.camera) ?? []).filter((name) => name === (target.tier ?? "main"));
    return tier === undefined ? notFound : { request, principal, target, tier };
  }

  /** Somebody logged in. @throws GatehouseError `too-many-sessions` */
  #welcome(principal: Principal): void {
    if (this.#principal !== undefined) return;
    this.#place = this.#options.gate.connect(principal);
    this.#principal = principal.id;
    this.#options.prove();
  }

  #turnAway({ challenges, wrong }: { readonly challenges: readonly string[]; readonly wrong: boolean }): Handled {
    if (wrong) this.#refusals += 1;
    const answer: RtspAnswer = { status: 401, headers: { "WWW-Authenticate": challenges } };
    if (this.#refusals < limits.refusals) return { answer };
    return { answer, after: () => this.#options.end("its login was refused too often") };
  }

  async #perform(admitted: Admitted, cancel: Cancellable): Promise<Handled> {
    const { method } = admitted.request;
    switch (method) {
      case "DESCRIBE":
        return this.#describe(admitted, cancel);
      case "SETUP":
        return this.#setUp(admitted, cancel);
      case "PLAY":
      case "PAUSE":
      case "TEARDOWN":
        return this.#control(method, admitted);
      default:
        return this.#keepAlive(admitted);
    }
  }

  /** GET_PARAMETER and SET_PARAMETER without content keep a session alive; there is nothing to get or set. RFC 2326 10.8 */
  #keepAlive({ request }: Admitted): Handled {
    const claimed = sessionOf(request);
    if (claimed !== undefined && claimed !== this.#session?.id) return { answer: { status: 454 } };
    return { answer: { status: request.body.length === 0 ? 200 : 501, headers: this.#sessionHeader() } };
  }

  async #describe({ request, target, tier }: Admitted, cancel: Cancellable): Promise<Handled> {
    const { formats } = await this.#open(target.camera, tier, cancel);
    // Who did not ask for a way back may stumble over one.
    const back = requiredBy(request).length > 0 ? [talkSection] : [];
    const sections = [...formats.map(({ section }) => section), ...back];
    const sdp = writeSdp({ id: Math.round(this.#options.clock.now()), name: "Gatehouse", sections });
    const headers = { "Content-Base": `${baseOf(request)}/`, "Content-Type": "application/sdp" };
    return { answer: { status: 200, headers, body: Buffer.from(sdp, "latin1") } };
  }

  async #setUp(admitted: Admitted, cancel: Cancellable): Promise<Handled> {
    const { request, principal, target, tier } = admitted;
    const { camera, track } = target;
    if (track === undefined) return { answer: { status: 459 } };
    const before = this.#session;
    const claimed = sessionOf(request);
    if (claimed !== undefined && claimed !== before?.id) return { answer: { status: 454 } };
    if (before !== undefined && (before.camera !== camera || before.tier !== tier)) return { answer: { status: 459 } };
    if (before?.playing === true) return { answer: { status: 455 } };
    const offers = parseTransportOffers(request.headers.get("transport") ?? "");
    const choice = chooseTransport({ offers, secure: this.#options.secure, taken: this.#taken });
    if (choice.kind === "none") return { answer: { status: 461 } };
    if (before === undefined) {
      const opened = await this.#open(camera, tier, cancel);
      const openTalk = this.#openTalk(admitted);
      if (opened.formats[track] === undefined && (track !== talkTrack || openTalk === undefined)) return notFound;
      cancel.signal.throwIfAborted();
      const { gate, login, clock, log, end } = this.#options;
      const owner = { principal: principal.id, camera, tier, place: gate.seat(principal, camera, login.peer) };
      this.#session = new ReaderSession({ ...owner, ...opened, openTalk, gate, clock, log, onGone: end });
    } else if (!before.has(track)) return notFound;
    else if (before.isSetUp(track)) return { answer: { status: 455 } };
    const transport = await this.#addTrack(track, choice);
    if (transport === undefined) return { answer: { status: 454 } };
    return { answer: { status: 200, headers: { Transport: transport, ...this.#sessionHeader() } } };
  }

  /** Answers the Transport header; undefined where the session has ended meanwhile. */
  async #addTrack(track: number, choice: Exclude<TransportChoice, { kind: "none" }>): Promise<string | undefined> {
    try {
      const carrier = await this.#carry(track, choice);
      if (this.#session !== undefined) return this.#session.setUp(track, carrier);
      carrier[Symbol.dispose]();
      return undefined;
    } catch (error) {
      if (this.#session?.size === 0) this.endSession("its media has no way out");
      throw error;
    }
  }

  #control(method: "PLAY" | "PAUSE" | "TEARDOWN", { request, target, tier }: Admitted): Handled {
    const session = this.#session;
    const mine = session?.id === sessionOf(request) && session?.camera === target.camera && session.tier === tier;
    if (session === undefined || !mine) return { answer: { status: 454 } };
    const headers = this.#sessionHeader();
    switch (method) {
      case "PLAY": {
        if (session.playing) return { answer: { status: 200, headers } };
        if (session.size === 0) return { answer: { status: 455 } };
        const info = this.#rtpInfo(request, session);
        const told = { ...headers, Range: "npt=now-", ...(info === "" ? {} : { "RTP-Info": info }) };
        const answer: RtspAnswer = { status: 200, headers: told };
        return { answer, after: () => this.#play(session) };
      }
      case "PAUSE":
        session.pause();
        return { answer: { status: 200, headers } };
      case "TEARDOWN":
        this.endSession("the reader ended it");
        return { answer: { status: 200 } };
      default:
        return assertNever(method);
    }
  }

  #play(session: ReaderSession): void {
    try {
      session.play();
    } catch (error) {
      this.#options.end(toGatehouseError(error).message);
    }
  }

  // RFC 2326 12.33
  #rtpInfo(request: RtspServerRequest, session: ReaderSession): string {
    const base = baseOf(request);
    return session
      .starts()
      .map(({ control, sequence, timestamp }) => `url=${base}/${control};seq=${sequence};rtptime=${timestamp}`)
      .join(",");
  }

  /** The way to the camera's loudspeaker; undefined where it has none, or the reader may not talk. */
  #openTalk({ principal, target: { camera } }: Admitted): (() => TalkSink) | undefined {
    const { talk, gate, login } = this.#options;
    const { standing } = login;
    if (talk?.loudspeaker(camera) !== true || !gate.mayTalk(principal, camera, standing)) return undefined;
    return () => talk.microphone({ principal: principal.id, camera, ...standing, from: spoken });
  }

  /** A datagram of the reader's own words, which is a sign of life too. */
  #said(packet: Buffer): void {
    this.#options.onHeard();
    this.#session?.hear(packet);
  }

  async #open(
    camera: CameraId,
    tier: TierName,
    cancel: Cancellable,
  ): Promise<{ readonly stream: Stream; readonly formats: readonly TrackFormat[] }> {
    const stream = await this.#options.streams.playable(camera, tier, everything, cancel);
    return { stream, formats: formatsOf(await stream.ready(cancel)) };
  }

  async #carry(track: number, choice: Exclude<TransportChoice, { kind: "none" }>): Promise<Carrier> {
    const { socket, clock, onHeard } = this.#options;
    if (choice.kind === "interleaved") {
      this.#taken.add(choice.channels.rtp).add(choice.channels.rtcp);
      return new InterleavedCarrier(socket, choice.channels);
    }
    const { rtpPort, rtcpPort } = choice;
    const peer = { address: plain(socket.remoteAddress), rtpPort, rtcpPort };
    return UdpCarrier.open({
      peer,
      local: plain(socket.localAddress),
      clock,
      onHeard,
      onPacket: track === talkTrack ? (packet) => this.#said(packet) : undefined,
      onRoom: () => this.#session?.goOn(),
    });
  }

  #sessionHeader(): Readonly<Record<string, string>> {
    return this.#session === undefined ? {} : { Session: `${this.#session.id};timeout=${limits.session / 1_000}` };
  }
}

const sessionOf = ({ headers }: RtspServerRequest): string | undefined =>
  headers.get("session")?.split(";", 1)[0]?.trim();

/** RFC 2326 12.32 */
const requiredBy = ({ headers }: RtspServerRequest): readonly string[] =>
  headers
    .all("require")
    .flatMap((value) => value.split(","))
    .map((feature) => feature.trim());

const unsupported = (features: readonly string[]): Handled => ({
  answer: { status: 551, headers: { Unsupported: printable(features) } },
});

const printable = (texts: readonly string[]): string =>
  texts
    .join(", ")
    .replace(/[^\x20-\x7e]/g, "")
    .slice(0, 200);

/** The stream's own URL, as the reader wrote it: no name or address of ours is better. */
const baseOf = ({ uri }: RtspServerRequest): string => {
  const url = parseRtspUrl(uri);
  return url === undefined ? "" : formatRtspUrl({ ...url, target: streamOf(url.target.replace(/\?.*$/, "")) });
};

/** An IPv4 address within IPv6, unwrapped, as a socket that listens on both shows it. */
const plain = (address = ""): string => address.replace(/^::ffff:(?=[\d.]+$)/i, "");

import {
  GatehouseError,
  isGatehouseError,
  withDeadline,
  type Cancellable,
  type Clock,
  type Secret,
} from "@gatehouse/shared";

import { Authorizer, type AuthorizerOptions } from "../auth/authorizer.ts";
import type { ReceptionTotals } from "../rtp/reception.ts";
import { parseSdp } from "../sdp/parse-sdp.ts";
import type { SessionDescription } from "../sdp/session-description.ts";
import { decideKeepAlive } from "./keep-alive-policy.ts";
import { InterleavedChannels } from "./interleaved-channels.ts";
import { MediaChannels, type RtspSink } from "./media-channels.ts";
import { RtspConnection } from "./rtsp-connection.ts";
import type { RtspResponse } from "./rtsp-message.ts";
import { RtspRequester } from "./rtsp-requester.ts";
import { formatRtspUrl, parseRtspUrl, resolveControl, type ControlContext, type RtspUrl } from "./rtsp-url-policy.ts";
import { parseRtpInfo, parseSessionHeader } from "./session-headers.ts";
import { TrackSetup, type TrackPath, type TrackRequest } from "./track-setup.ts";
import type { TransportPreference } from "./transport-policy.ts";

export interface RtspClientOptions {
  /** rtsp: or rtsps:. Its host is the only one ever connected to. */
  readonly url: string;
  readonly credentials: { readonly username: string; readonly password: Secret } | undefined;
  /** SHA-256 of the camera's public key, base64url; needed for rtsps. */
  readonly pin: string | null;
  readonly memory: AuthorizerOptions["memory"];
  readonly clock: Clock;
  /** What may carry the media; `auto` unless told. */
  readonly transport?: TransportPreference;
  /** A feature without which the camera is to refuse, by its tag. RFC 2326 12.32 */
  readonly require?: string;
}

/** How the stream arrives, since it was opened. */
export interface MediaQuality extends ReceptionTotals {
  readonly transport: "tcp" | "udp" | "tls" | "tls+srtp";
}

/** What is known once the camera has described its stream. */
interface Described extends Pick<RtspClientOptions, "clock" | "require"> {
  readonly connection: RtspConnection;
  readonly channels: MediaChannels;
  readonly setup: TrackSetup;
  readonly requester: RtspRequester;
  readonly authorizer: Authorizer;
  /** Methods that the server named, upper-case. */
  readonly methods: ReadonlySet<string>;
  readonly context: ControlContext;
  readonly description: SessionDescription;
}

const connectMs = 5_000;
const teardownMs = 1_000;
/** Also how long no packet may come by UDP: whether those get through at all, nothing else tells. */
const reportEveryMs = 5_000;

/**
 * RTSP 1.0 (RFC 2326) to one camera. The media comes interleaved on the same connection, where the camera can: nothing else has to be
 * reachable then.
 */
export class RtspClient implements AsyncDisposable {
  readonly #described: Described;
  /** By number. */
  readonly #tracks: TrackPath[] = [];
  #session: string | undefined;
  #timeoutS: number | undefined;

  private constructor(described: Described) {
    this.#described = described;
  }

  /**
   * Connects, logs in and has the stream described.
   * @throws GatehouseError `request-invalid` for what is no RTSP URL, `camera-unreachable`, `camera-fingerprint-changed`,
   * `camera-fingerprint-unconfirmed`, `camera-credentials`, `camera-weaker-auth`, `camera-basic-refused`, `camera-fault`,
   * `camera-foreign-host`, `camera-answer-malformed`, `camera-answer-too-large`, or the signal's reason
   */
  static async open(options: RtspClientOptions, cancel: Cancellable): Promise<RtspClient> {
    const { clock, credentials, memory, require, transport: preference = "auto" } = options;
    const url = parseRtspUrl(options.url);
    if (url === undefined) throw new GatehouseError("request-invalid", "the stream's address is no RTSP URL");
    using opening = new DisposableStack();
    const channels = new MediaChannels(clock);
    const interleaved = new InterleavedChannels();
    const connection = opening.use(await connect(options, { url, interleaved }, cancel));
    const { secure } = url;
    const setup = opening.use(new TrackSetup({ connection, channels, interleaved, clock, preference, secure }));
    const authorizer = new Authorizer({ credentials, memory, secure });
    const requester = new RtspRequester({ connection, authorizer, clock });
    const methods = await askMethods(requester, url, cancel);
    const { context, description } = await describe(requester, { url, require }, cancel);
    opening.move();
    const common = { clock, require, connection, channels, setup, requester, authorizer };
    return new RtspClient({ ...common, methods, context, description });
  }

  get description(): SessionDescription {
    return this.#described.description;
  }

  get quality(): MediaQuality {
    const { channels, context, setup } = this.#described;
    const clear = context.request.secure ? "tls" : setup.settled === "udp" ? "udp" : "tcp";
    const encrypted = this.#tracks.some(({ own }) => own !== undefined);
    return { ...channels.totals, transport: encrypted ? "tls+srtp" : clear };
  }

  /**
   * Sets one track up; returns its number, counted from 0.
   * @throws GatehouseError as `open` does; `camera-fault` where the camera sends it in no way that is allowed
   */
  async setup(request: TrackRequest, cancel: Cancellable): Promise<number> {
    const { context, setup } = this.#described;
    const uri = resolveControl(context, request.control);
    const ask = async (headers: Readonly<Record<string, string>>): Promise<RtspResponse> => {
      const response = await this.#request({ method: "SETUP", uri, headers: this.#requiring(headers) }, cancel);
      this.#noteSession(response);
      return response;
    };
    const path = await setup.setUp({ request, uri, ask }, cancel);
    this.#tracks[path.track] = path;
    return path.track;
  }

  /** Whether somebody waits for what is played: while nobody does, it comes later, in larger pieces. True unless told. */
  set awaited(awaited: boolean) {
    this.#described.connection.awaited = awaited;
  }

  /** How to send on a track that was set up. */
  path(track: number): TrackPath | undefined {
    return this.#tracks[track];
  }

  /**
   * Plays what was set up, keeps the session alive and reports reception. The sink is not called any more once it has ended. Ends only by throwing why: `camera-unreachable` when
   * the connection is lost, `camera-stalled` when the camera ends the stream, what `open` throws, or the signal's reason.
   */
  async play(sink: RtspSink, { signal }: Cancellable): Promise<never> {
    const { channels, authorizer, connection } = this.#described;
    using delivery = new DisposableStack();
    // Frames may overtake the answer; those of a camera that has yet to log in as before are not looked at.
    if (authorizer.isSatisfied) delivery.use(channels.deliver(sink));
    const headers = this.#requiring({ Range: "npt=0.000-" });
    const response = await this.#request({ method: "PLAY", headers }, { signal });
    // Only here: a server may ask for its login at any of the requests before.
    authorizer.accepted();
    delivery.use(channels.deliver(sink));
    this.#noteRtpInfo(response);
    sink.started?.();
    const finished = new AbortController();
    const cancel = { signal: AbortSignal.any([signal, connection.ended, channels.ended, finished.signal]) };
    try {
      return await Promise.race([this.#keepAlive(cancel), this.#report(cancel)]);
    } finally {
      finished.abort();
      // The camera has another password by now: by the old one, even a farewell is a wrong login.
      if (isReplaced(signal)) this.#session = undefined;
    }
  }

  /** Ends the session politely, for at most a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, connection, setup } = this.#described;
    const signal = connection.ended;
    if (this.#session !== undefined && !signal.aborted) {
      const goodbye = (cancel: Cancellable): Promise<unknown> => this.#request({ method: "TEARDOWN" }, cancel);
      // The camera's opinion changes nothing any more.
      await withDeadline({ clock, ms: teardownMs, what: "a farewell", signal }, goodbye).catch(() => undefined);
    }
    setup[Symbol.dispose]();
    connection[Symbol.dispose]();
  }

  #requiring(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return requiring(this.#described.require, headers);
  }

  /** Without `uri`, of the whole session. */
  #request(
    request: { readonly method: string; readonly uri?: string; readonly headers?: Readonly<Record<string, string>> },
    cancel: Cancellable,
  ): Promise<RtspResponse> {
    const { requester, context, description } = this.#described;
    const uri = request.uri ?? resolveControl(context, description.control);
    const headers = { ...request.headers, ...(this.#session !== undefined && { Session: this.#session }) };
    return requester.request({ method: request.method, uri, headers }, cancel);
  }

  /** Some cameras give another id with every track: the last counts. */
  #noteSession({ headers }: RtspResponse): void {
    const session = parseSessionHeader(headers.get("session") ?? "");
    if (session === undefined) return;
    this.#session = session.id;
    this.#timeoutS = session.timeoutS ?? this.#timeoutS;
  }

  #noteRtpInfo({ headers }: RtspResponse): void {
    const { channels, context } = this.#described;
    for (const { url, ssrc } of parseRtpInfo(headers.get("rtp-info") ?? "")) {
      const uri = resolveControl(context, url);
      const track = this.#tracks.findIndex((path) => path.uri === uri);
      if (track >= 0 && ssrc !== undefined) channels.announce(track, ssrc);
    }
  }

  async #keepAlive(cancel: Cancellable): Promise<never> {
    const { clock } = this.#described;
    let methods = this.#described.methods;
    let sentAt = clock.monotonic();
    for (;;) {
      const { method, everyMs } = decideKeepAlive({ timeoutS: this.#timeoutS, methods });
      // Counted from the last request, not from its answer: that may be long in coming, and the server's time runs.
      await clock.delay(Math.max(0, sentAt + everyMs - clock.monotonic()), cancel);
      sentAt = clock.monotonic();
      try {
        await this.#request({ method }, cancel);
      } catch (error) {
        // The stream itself tells whether the camera lives; one that cannot do what it offered is asked otherwise.
        if (!isGatehouseError(error) || !survivable.has(error.code) || cancel.signal.aborted) throw error;
        if (error.code === "camera-fault") methods = new Set();
      }
    }
  }

  async #report({ signal }: Cancellable): Promise<never> {
    const { clock, channels, setup } = this.#described;
    for (let before = 0; ; before = channels.totals.packets) {
      await clock.delay(reportEveryMs, { signal });
      channels.report();
      if (setup.listensByUdp && channels.totals.packets === before) throw silent();
    }
  }
}

/** Failures of a keep-alive that need not end the stream. */
const survivable: ReadonlySet<string> = new Set(["camera-fault", "camera-unreachable"]);

/** Whether another connection takes the place of this one, because the camera's address or password is another. */
const isReplaced = ({ reason }: AbortSignal): boolean =>
  isGatehouseError(reason) && reason.details["why"] === "replaced";

const requiring = (
  feature: string | undefined,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => (feature === undefined ? headers : { ...headers, Require: feature });

const silent = (): GatehouseError =>
  new GatehouseError("camera-stalled", `no packet of the camera's came by UDP within ${reportEveryMs} ms`, {
    remedy: "Switch RTSP over TCP on in the camera, or let its UDP packets through to the gateway.",
  });

const connect = (
  { clock, pin }: RtspClientOptions,
  { url, interleaved }: { readonly url: RtspUrl; readonly interleaved: InterleavedChannels },
  { signal }: Cancellable,
): Promise<RtspConnection> =>
  withDeadline(
    { clock, ms: connectMs, what: "a connection to the camera", code: "camera-unreachable", signal },
    (cancel) => RtspConnection.open({ url, pin, clock, frame: (...frame) => interleaved.frame(...frame) }, cancel),
  );

/** Empty where the camera does not know OPTIONS. */
const askMethods = async (
  requester: RtspRequester,
  url: RtspUrl,
  cancel: Cancellable,
): Promise<ReadonlySet<string>> => {
  try {
    const { headers } = await requester.request({ method: "OPTIONS", uri: formatRtspUrl(url), headers: {} }, cancel);
    return new Set(headers.all("public").flatMap((methods) => methods.toUpperCase().split(/[\s,]+/)));
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-fault") return new Set();
    throw error;
  }
};

const describe = async (
  requester: RtspRequester,
  { url, require }: { readonly url: RtspUrl; readonly require: string | undefined },
  cancel: Cancellable,
): Promise<Pick<Described, "context" | "description">> => {
  const uri = formatRtspUrl(url);
  const headers = requiring(require, { Accept: "application/sdp" });
  const response = await requester.request({ method: "DESCRIBE", uri, headers }, cancel);
  const base = response.headers.get("content-base") ?? response.headers.get("content-location");
  return { context: { request: url, base }, description: parseSdp(response.body) };
};

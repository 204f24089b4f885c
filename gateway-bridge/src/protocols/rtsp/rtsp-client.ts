import {
  GatehouseError,
  isGatehouseError,
  withDeadline,
  type Cancellable,
  type Clock,
  type Secret,
} from "@gatehouse/shared";

import { Authorizer, type AuthorizerOptions } from "../auth/authorizer.ts";
import { parseSdp } from "../sdp/parse-sdp.ts";
import type { SessionDescription } from "../sdp/session-description.ts";
import { decideKeepAlive } from "./keep-alive-policy.ts";
import { MediaChannels, type RtspSink } from "./media-channels.ts";
import { RtspConnection } from "./rtsp-connection.ts";
import type { RtspResponse } from "./rtsp-message.ts";
import { RtspRequester } from "./rtsp-requester.ts";
import { formatRtspUrl, parseRtspUrl, resolveControl, type ControlContext, type RtspUrl } from "./rtsp-url-policy.ts";
import { parseRtpInfo, parseSessionHeader, parseTransport } from "./session-headers.ts";

export interface RtspClientOptions {
  /** rtsp: or rtsps:. Its host is the only one ever connected to. */
  readonly url: string;
  readonly credentials: { readonly username: string; readonly password: Secret } | undefined;
  /** SHA-256 of the camera's public key, base64url; needed for rtsps. */
  readonly pin: string | null;
  readonly memory: AuthorizerOptions["memory"];
  readonly clock: Clock;
}

/** One section of the SDP, to be set up. */
export interface TrackRequest {
  /** Of `a=control`, as it is written. */
  readonly control: string | undefined;
  /** Ticks a second of its packets' timestamps. */
  readonly clockRate: number;
}

/** What is known once the camera has described its stream. */
interface Described extends Pick<RtspClientOptions, "clock"> {
  readonly connection: RtspConnection;
  readonly channels: MediaChannels;
  readonly requester: RtspRequester;
  readonly authorizer: Authorizer;
  /** Methods that the server named, upper-case. */
  readonly methods: ReadonlySet<string>;
  readonly context: ControlContext;
  readonly description: SessionDescription;
}

const connectMs = 5_000;
const teardownMs = 1_000;
const reportEveryMs = 5_000;

/** RTSP 1.0 (RFC 2326) to one camera, with the media interleaved on the same connection: nothing else has to be reachable. */
export class RtspClient implements AsyncDisposable {
  readonly #described: Described;
  /** Control URL of each track, by number. */
  readonly #controls: string[] = [];
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
    const { clock, credentials, memory } = options;
    const url = parseRtspUrl(options.url);
    if (url === undefined) throw new GatehouseError("request-invalid", "the stream's address is no RTSP URL");
    using opening = new DisposableStack();
    const channels = new MediaChannels(clock);
    const connection = opening.use(await connect(options, { url, channels }, cancel));
    const authorizer = new Authorizer({ credentials, memory, secure: url.secure });
    const requester = new RtspRequester({ connection, authorizer, clock });
    const methods = await askMethods(requester, url, cancel);
    const { context, description } = await describe(requester, url, cancel);
    opening.move();
    return new RtspClient({ clock, connection, channels, requester, authorizer, methods, context, description });
  }

  get description(): SessionDescription {
    return this.#described.description;
  }

  /**
   * Sets one track up; returns its number, counted from 0.
   * @throws GatehouseError as `open` does; `camera-fault` where the camera does not send it over this connection
   */
  async setup({ control, clockRate }: TrackRequest, cancel: Cancellable): Promise<number> {
    const { channels, context } = this.#described;
    const uri = resolveControl(context, control);
    const first = 2 * this.#controls.length;
    const Transport = `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}`;
    const response = await this.#request({ method: "SETUP", uri, headers: { Transport } }, cancel);
    this.#noteSession(response);
    const transport = parseTransport(response.headers.get("transport") ?? Transport);
    if (!transport.interleaved) {
      throw new GatehouseError("camera-fault", "the camera does not send its stream over the RTSP connection");
    }
    const { rtpChannel: rtp = first, rtcpChannel: rtcp = rtp + 1, ssrc } = transport;
    const track = channels.add({ rtp, rtcp, clockRate, ssrc });
    this.#controls[track] = uri;
    return track;
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
    const response = await this.#request({ method: "PLAY", headers: { Range: "npt=0.000-" } }, { signal });
    // Only here: a server may ask for its login at any of the requests before.
    authorizer.accepted();
    delivery.use(channels.deliver(sink));
    this.#noteRtpInfo(response);
    const finished = new AbortController();
    const cancel = { signal: AbortSignal.any([signal, connection.ended, channels.ended, finished.signal]) };
    try {
      return await Promise.race([this.#keepAlive(cancel), this.#report(cancel)]);
    } finally {
      finished.abort();
    }
  }

  /** Ends the session politely, for at most a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, connection } = this.#described;
    const signal = connection.ended;
    if (this.#session !== undefined && !signal.aborted) {
      const goodbye = (cancel: Cancellable): Promise<unknown> => this.#request({ method: "TEARDOWN" }, cancel);
      // The camera's opinion changes nothing any more.
      await withDeadline({ clock, ms: teardownMs, what: "a farewell", signal }, goodbye).catch(() => undefined);
    }
    connection[Symbol.dispose]();
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
      const track = this.#controls.indexOf(resolveControl(context, url));
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
    const { clock, channels, connection } = this.#described;
    for (;;) {
      await clock.delay(reportEveryMs, { signal });
      for (const { channel, bytes } of channels.reports()) connection.sendFrame(channel, bytes);
    }
  }
}

/** Failures of a keep-alive that need not end the stream. */
const survivable: ReadonlySet<string> = new Set(["camera-fault", "camera-unreachable"]);

const connect = (
  { clock, pin }: RtspClientOptions,
  { url, channels }: { readonly url: RtspUrl; readonly channels: MediaChannels },
  { signal }: Cancellable,
): Promise<RtspConnection> =>
  withDeadline(
    { clock, ms: connectMs, what: "a connection to the camera", code: "camera-unreachable", signal },
    (cancel) =>
      RtspConnection.open({ url, pin, frame: (channel, payload) => channels.frame(channel, payload) }, cancel),
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
  url: RtspUrl,
  cancel: Cancellable,
): Promise<Pick<Described, "context" | "description">> => {
  const uri = formatRtspUrl(url);
  const response = await requester.request({ method: "DESCRIBE", uri, headers: { Accept: "application/sdp" } }, cancel);
  const base = response.headers.get("content-base") ?? response.headers.get("content-location");
  return { context: { request: url, base }, description: parseSdp(response.body) };
};

import {
  GatehouseError,
  isError,
  onAbort,
  toGatehouseError,
  untilAborted,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import type { Socket } from "node:net";

import { connectCamera, type CameraSocketOptions } from "./camera-socket.ts";
import { Intake, type Arrival } from "./intake.ts";
import { formatAnswer, formatRequest, type RtspMessage, type RtspRequest, type RtspResponse } from "./rtsp-message.ts";
import { RtspSplitter } from "./rtsp-splitter.ts";

/** Takes the payload of an interleaved frame: a view that is good until this returns. */
export type FrameSink = (channel: number, payload: Buffer, arrival: Arrival) => void;

export interface RtspConnectionOptions extends Omit<CameraSocketOptions, "received"> {
  readonly clock: Clock;
  readonly frame: FrameSink;
}

/** A camera that does not read what it is sent is given up at this many bytes. */
const maxBacklogBytes = 256 * 1024;

/** One connection to an RTSP server: requests and their answers, the server's own requests, and interleaved frames. */
export class RtspConnection implements Disposable {
  readonly #socket: Socket;
  readonly #intake: Intake;
  readonly #splitter: RtspSplitter;
  readonly #ended = new AbortController();
  /** Requests without an answer yet, by their CSeq. */
  readonly #pending = new Map<number, (response: RtspResponse) => void>();
  #sequence = 0;
  #awaited = true;
  /** Of what is being split. */
  #arrival: Arrival = { at: 0, prompt: false };

  private constructor(socket: Socket, { clock, frame }: RtspConnectionOptions) {
    this.#socket = socket;
    this.#intake = new Intake(socket, clock);
    this.#splitter = new RtspSplitter({
      frame: (channel, payload) => frame(channel, payload, this.#arrival),
      message: (message) => this.#take(message),
    });
    socket.on("error", (cause) => this.#end(lost(cause)));
    socket.on("close", () => this.#end(lost(undefined)));
  }

  /** @throws GatehouseError `camera-unreachable`, `camera-fingerprint-changed`, `camera-fingerprint-unconfirmed`, or the signal's reason */
  static async open(options: RtspConnectionOptions, cancel: Cancellable): Promise<RtspConnection> {
    // What a camera says before it was asked is not looked at.
    let received = (_bytes: Buffer): void => undefined;
    const socket = await connectCamera({ ...options, received: (bytes) => received(bytes) }, cancel);
    const connection = new RtspConnection(socket, options);
    received = (bytes) => connection.#received(bytes);
    return connection;
  }

  /** Aborts when the connection has ended; its reason is a GatehouseError that says why. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The two ends' addresses, as UDP is to have them; undefined once the connection is lost. */
  get route(): { readonly local: string; readonly camera: string } | undefined {
    const { localAddress, remoteAddress } = this.#socket;
    if (localAddress === undefined || remoteAddress === undefined) return undefined;
    return { local: localAddress, camera: remoteAddress };
  }

  /** Whether somebody waits for the frames: while nobody does, they come later, in larger pieces. True unless told. */
  set awaited(awaited: boolean) {
    this.#awaited = awaited;
    this.#hasten();
  }

  /** Bytes that were sent but not yet taken by the network. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /**
   * The answer to a request, whatever its status. CSeq and User-Agent are added.
   * @throws GatehouseError why the connection ended, or the signal's reason
   */
  async exchange(request: RtspRequest, { signal }: Cancellable): Promise<RtspResponse> {
    this.#ended.signal.throwIfAborted();
    this.#sequence += 1;
    const sequence = this.#sequence;
    const answered = Promise.withResolvers<RtspResponse>();
    this.#pending.set(sequence, answered.resolve);
    this.#hasten();
    using _ended = onAbort(this.#ended.signal, (reason) => answered.reject(reason));
    try {
      // Some cameras answer nobody who does not say what it is.
      const headers = { CSeq: String(sequence), "User-Agent": "Gatehouse", ...request.headers };
      this.#write(formatRequest({ ...request, headers }));
      return await untilAborted(signal, answered.promise);
    } finally {
      this.#pending.delete(sequence);
      this.#hasten();
    }
  }

  /** Sends an interleaved frame. RFC 2326 10.12 */
  sendFrame(channel: number, payload: Buffer): void {
    const frame = Buffer.allocUnsafe(4 + payload.length);
    frame.writeUInt8(0x24, 0);
    frame.writeUInt8(channel, 1);
    frame.writeUInt16BE(payload.length, 2);
    frame.set(payload, 4);
    this.#write(frame);
  }

  [Symbol.dispose](): void {
    this.#end(new GatehouseError("aborted", "the connection to the camera was closed"));
  }

  /** What cannot be read ends the connection. */
  #received(bytes: Buffer): void {
    if (this.#ended.signal.aborted) return;
    this.#arrival = this.#intake.arrived(bytes.length);
    try {
      this.#splitter.push(bytes);
    } catch (error) {
      this.#end(toGatehouseError(error));
    }
  }

  /** An answer is always waited for. */
  #hasten(): void {
    this.#intake.awaited = this.#awaited || this.#pending.size > 0;
  }

  #write(bytes: Buffer): void {
    if (this.#ended.signal.aborted) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > maxBacklogBytes) {
      this.#end(new GatehouseError("camera-stalled", "the camera reads nothing that is sent to it"));
    }
  }

  #take(message: RtspMessage): void {
    if (message.kind === "request") this.#write(formatAnswer(message));
    // RFC 2326 7.1.1: 100 goes before the answer proper.
    else if (message.status >= 200) this.#answered(message);
  }

  /** A camera that leaves CSeq out is believed while there is one request that it can mean; an unknown number is a late answer. */
  #answered(response: RtspResponse): void {
    const [digits] = /^\d{1,15}/.exec(response.headers.get("cseq") ?? "") ?? [];
    const [only] = this.#pending.size === 1 ? this.#pending.keys() : [];
    const sequence = digits === undefined ? only : Number(digits);
    if (sequence !== undefined) this.#pending.get(sequence)?.(response);
  }

  #end(reason: GatehouseError): void {
    if (this.#ended.signal.aborted) return;
    this.#intake[Symbol.dispose]();
    this.#ended.abort(reason);
    this.#socket.destroy();
  }
}

const lost = (cause: unknown): GatehouseError => {
  const why = isError(cause) ? `: ${cause.message}` : "";
  return new GatehouseError("camera-unreachable", `the camera closed the connection${why}`, { cause });
};

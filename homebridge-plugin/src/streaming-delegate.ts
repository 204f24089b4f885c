import { isIPv4 } from "node:net";

import {
  assertNever,
  GatehouseError,
  stopped,
  toGatehouseError,
  untilAborted,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PreparedHomeKitSession,
  type SessionId,
} from "@gatehouse/shared";
import type {
  CameraStreamingDelegate,
  HAP,
  PrepareStreamCallback,
  PrepareStreamRequest,
  PrepareStreamResponse,
  SnapshotRequest,
  SnapshotRequestCallback,
  StartStreamRequest,
  StreamingRequest,
  StreamRequestCallback,
  StreamSessionIdentifier,
} from "homebridge";

import type { GatewayLink } from "./gateway-link.ts";
import { streamRequest } from "./hap-enums.ts";
import { hapStatusOf } from "./hap-status-policy.ts";
import { localMediaAddress, type HostNetwork } from "./media-address-policy.ts";
import type { Snapshots } from "./snapshot.ts";
import { prepareAnswer, prepareBody, startBody } from "./streaming-session-policy.ts";

export interface StreamingOptions extends Cancellable {
  readonly hap: Pick<HAP, "HapStatusError">;
  readonly camera: CameraId;
  readonly link: GatewayLink;
  readonly snapshots: Snapshots;
  readonly network: () => HostNetwork;
  readonly clock: Clock;
  readonly log: Logger;
}

/** HAP-NodeJS complains of writes that take longer than nine seconds; the viewer has given up before. */
const answerWithinMs = 6_000;

/** One live view between SetupEndpoints and its end. */
interface LiveView {
  readonly ended: AbortController;
  /** Of the gateway; known once prepared. */
  id?: SessionId;
  sound: boolean;
}

/**
 * Passes a controller's wishes to the gateway and the gateway's choices back. Media itself goes from the gateway to the
 * controller. Nothing is reported done before the gateway did it.
 */
export class StreamingDelegate implements CameraStreamingDelegate {
  readonly #options: StreamingOptions;
  readonly #views = new Map<StreamSessionIdentifier, LiveView>();

  constructor(options: StreamingOptions) {
    this.#options = options;
  }

  handleSnapshotRequest({ width, height }: SnapshotRequest, callback: SnapshotRequestCallback): void {
    this.#options.snapshots.take({ width, height }).then(
      (jpeg) => callback(undefined, jpeg),
      (error: unknown) => callback(hapStatusOf(toGatehouseError(error).code)),
    );
  }

  prepareStream(request: PrepareStreamRequest, callback: PrepareStreamCallback): void {
    const view: LiveView = { ended: new AbortController(), sound: false };
    this.#views.set(request.sessionID, view);
    this.#prepare(request, view).then(
      (answer) => callback(undefined, answer),
      (error: unknown) => callback(this.#failed("Live view refused", request.sessionID, error)),
    );
  }

  handleStreamRequest(request: StreamingRequest, callback: StreamRequestCallback): void {
    switch (request.type) {
      case streamRequest.start:
        this.#start(request).then(
          () => callback(),
          (error: unknown) => callback(this.#failed("Live view failed to start", request.sessionID, error)),
        );
        return;
      case streamRequest.stop:
        // By now HAP-NodeJS has freed the stream's slot, and an error would close whichever view took it since.
        void this.#stop(request.sessionID).finally(() => callback());
        return;
      case streamRequest.reconfigure:
        // The camera's picture is passed on as it is, and the gateway watches the viewer's reports itself.
        callback();
        return;
      default:
        assertNever(request);
    }
  }

  async #prepare(request: PrepareStreamRequest, view: LiveView): Promise<PrepareStreamResponse> {
    const { link, camera, network } = this.#options;
    const gateway = link.get();
    const { sourceAddress, addressVersion } = request;
    const local = link.sameHost ? localMediaAddress(sourceAddress, addressVersion, network()) : undefined;
    const call = { params: { camera }, query: {}, body: prepareBody(request, local) };
    const asked = this.#ask((cancel) => gateway.call("prepareHomeKitSession", call, cancel));
    const prepared = await untilAborted(view.ended.signal, this.#register(view, asked));
    // HAP-NodeJS throws on such an answer, and would keep the stream's slot busy.
    if (isIPv4(prepared.address) !== (addressVersion === "ipv4")) {
      throw new GatehouseError(
        "internal",
        `the gateway sends from ${prepared.address}, but the viewer wants ${addressVersion}`,
      );
    }
    return prepareAnswer(prepared);
  }

  /** Notes what the gateway prepared, also when the viewer left before: then it is ended at once. */
  async #register(view: LiveView, asked: Promise<PreparedHomeKitSession>): Promise<PreparedHomeKitSession> {
    const prepared = await asked;
    view.id = prepared.id;
    view.sound = prepared.audio !== null;
    if (view.ended.signal.aborted) void this.#end(prepared.id);
    return prepared;
  }

  async #start(request: StartStreamRequest): Promise<void> {
    const view = this.#views.get(request.sessionID);
    if (view?.id === undefined) throw new GatehouseError("not-found", "no live view was set up under this id");
    const gateway = this.#options.link.get();
    const call = { params: { session: view.id }, query: {}, body: startBody(request, view.sound) };
    const asked = this.#ask((cancel) => gateway.call("startHomeKitSession", call, cancel));
    await untilAborted(view.ended.signal, asked);
    this.#options.log.debug("Live view started", { width: request.video.width, height: request.video.height });
  }

  async #stop(session: StreamSessionIdentifier): Promise<void> {
    const view = this.#views.get(session);
    this.#views.delete(session);
    // Whoever still waits for this view is answered before HAP-NodeJS can give its slot away.
    view?.ended.abort(stopped("closed"));
    if (view?.id !== undefined) await this.#end(view.id);
  }

  #failed(what: string, session: StreamSessionIdentifier, cause: unknown): Error {
    const error = toGatehouseError(cause);
    const view = this.#views.get(session);
    this.#views.delete(session);
    if (view?.id !== undefined) void this.#end(view.id);
    if (error.code === "aborted") this.#options.log.debug(what, { code: error.code });
    else this.#options.log.warn(`${what}: ${error.message}. ${error.remedy}`, { code: error.code });
    return new this.#options.hap.HapStatusError(hapStatusOf(error.code));
  }

  /** Tells the gateway to stop sending. If that fails, it stops by itself when the viewer's reports cease. */
  async #end(session: SessionId): Promise<void> {
    try {
      const gateway = this.#options.link.get();
      const call = { params: { session }, query: {}, body: undefined };
      await this.#ask((cancel) => gateway.call("endHomeKitSession", call, cancel));
    } catch (cause) {
      this.#options.log.debug("The gateway was not told of the end of a live view", {
        code: toGatehouseError(cause).code,
      });
    }
  }

  #ask<T>(run: (cancel: Cancellable) => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    return withDeadline({ clock, signal, ms: answerWithinMs, what: "the gateway's answer" }, run);
  }
}

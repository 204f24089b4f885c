import {
  GatehouseError,
  untilAborted,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type PrincipalId,
} from "@gatehouse/shared";

import type { StreamEndpoint } from "../../domain/camera.ts";
import type { AudioUnit } from "../../domain/access-unit.ts";
import { matchesFilter, type SessionFilter, type SessionOwner } from "../../domain/session-filter.ts";
import { DeedBudget } from "../../domain/deed-budget.ts";
import type { AudioTrack } from "../../domain/track.ts";
import type { AccessLog, AuditSink, Hold, Holder, OpenTalkBack } from "../../ports.ts";
import type { SoundConverter } from "../ffmpeg/sound-converter.ts";
import { Microphone, type Loudspeaker } from "./microphone.ts";
import { judgeClaim } from "./talk-policy.ts";

/** Opens a converter between two tracks, which hands its outcome to `sink`. */
export type OpenConverter = (
  tracks: { readonly from: AudioTrack; readonly to: AudioTrack },
  sink: (unit: AudioUnit) => void,
  cancel: Cancellable,
) => Promise<Pick<SoundConverter, "write" | "failed" | typeof Symbol.asyncDispose>>;

export interface TalkDeskOptions {
  /** Where a camera is to be reached. @throws GatehouseError `not-found`, `talk-unsupported`, `camera-...` */
  readonly endpoint: (camera: CameraId, cancel: Cancellable) => Promise<StreamEndpoint>;
  readonly openTalkBack: OpenTalkBack;
  /** @throws GatehouseError `transcoder-missing`, `codec-unsupported` */
  readonly openConverter: OpenConverter;
  /** Asked each time that somebody begins to talk, because grants change. */
  readonly mayTalk: (talker: SessionOwner) => boolean;
  readonly audit: AuditSink;
  /** Where refusals are written down. */
  readonly accesses: Pick<AccessLog, "deny">;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TalkRequest extends SessionOwner {
  /** What the talker sends. */
  readonly from: AudioTrack;
}

interface Talk {
  readonly principal: PrincipalId;
  /** Resolves when its connection is closed; undefined while it talks. */
  closing: Promise<unknown> | undefined;
}

const action = "talk";

const words = {
  "access-denied": "this client may not talk through the camera",
  "talk-busy": "somebody else talks through the camera",
  "too-many-requests": "this client has begun to talk more often than anybody needs to",
} as const;

/** Gives each camera's loudspeaker to one talker at a time, whatever way they came. */
export class TalkDesk implements AsyncDisposable, Holder {
  readonly #options: TalkDeskOptions;
  readonly #microphones = new Set<Microphone>();
  /** Who has a camera's loudspeaker, until its connection is closed. */
  readonly #talks = new Map<CameraId, Talk>();
  readonly #open = new Set<Promise<unknown>>();
  readonly #deeds: DeedBudget;

  constructor(options: TalkDeskOptions) {
    this.#options = options;
    this.#deeds = new DeedBudget(options.clock);
  }

  /** A way to talk, silent at first. To be disposed by its owner. */
  microphone(request: TalkRequest): Microphone {
    const { clock, log } = this.#options;
    const microphone = new Microphone({
      ...request,
      connect: (asking, cancel) => this.#connect(asking, cancel),
      onClosed: (closed) => void this.#microphones.delete(closed),
      clock,
      log,
    });
    this.#microphones.add(microphone);
    return microphone;
  }

  /** Who talks through the camera now. */
  talker(camera: CameraId): PrincipalId | undefined {
    return this.#talks.get(camera)?.principal;
  }

  /** Whoever is heard, or about to be; who begins later is asked then. */
  holds(): readonly Hold[] {
    return [...this.#microphones].filter(({ silent }) => !silent).map(({ owner }) => ({ ...owner, action }));
  }

  /** Switches off the microphones of a revoked principal or a removed camera. */
  endAll(of: SessionFilter): void {
    for (const microphone of [...this.#microphones])
      if (matchesFilter(of, microphone.owner)) microphone[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endAll({});
    await Promise.all(this.#open);
  }

  async #connect(microphone: Microphone, cancel: Cancellable): Promise<Loudspeaker> {
    const { camera, principal, owner } = microphone;
    const { mayTalk } = this.#options;
    const closing = this.#talks.get(camera)?.closing;
    // Whoever has gone quiet is in nobody's way any more, but the camera must not see two connections.
    if (closing !== undefined) await untilAborted(cancel.signal, closing);
    const claimed = judgeClaim({ mayTalk: mayTalk(owner), holder: this.talker(camera) });
    const verdict = claimed === "granted" && !this.#deeds.take(principal) ? "too-many-requests" : claimed;
    if (verdict !== "granted") {
      this.#options.accesses.deny({ principal, action, target: camera }, verdict);
      throw new GatehouseError(verdict, words[verdict]);
    }
    this.#options.audit.append({ principal, action, target: camera, outcome: "allowed", detail: "" });
    const talk: Talk = { principal, closing: undefined };
    this.#talks.set(camera, talk);
    const done = Promise.withResolvers<undefined>();
    this.#open.add(done.promise);
    const release = (): void => {
      this.#talks.delete(camera);
      this.#open.delete(done.promise);
      done.resolve(undefined);
    };
    try {
      const loudspeaker = await this.#openLoudspeaker(microphone, cancel);
      const close = async (): Promise<void> => {
        talk.closing = done.promise;
        await loudspeaker.close().finally(release);
      };
      return { ...loudspeaker, [Symbol.asyncDispose]: close };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The camera's way back, with a converter in front of it where the codecs differ. */
  async #openLoudspeaker(
    { camera, from }: Microphone,
    cancel: Cancellable,
  ): Promise<Omit<Loudspeaker, typeof Symbol.asyncDispose> & { readonly close: () => Promise<void> }> {
    const { endpoint, openTalkBack, openConverter, clock, log } = this.#options;
    await using opening = new AsyncDisposableStack();
    const back = opening.use(await openTalkBack(await endpoint(camera, cancel), cancel));
    const sink = ({ data, timestamp }: AudioUnit): void => back.write(data, timestamp);
    const converter = sameForm(back.track, from)
      ? { write: sink }
      : opening.use(await openConverter({ from, to: back.track }, sink, cancel));
    cancel.signal.throwIfAborted();
    const failing = new AbortController();
    const closing = new AbortController();
    if ("failed" in converter) converter.failed(closing).catch((error: unknown) => failing.abort(error));
    const open = opening.move();
    let first: number | undefined;
    return {
      ended: AbortSignal.any([back.ended, failing.signal]),
      write: (data, timestamp) => {
        first ??= timestamp;
        const arrivedAt = clock.monotonic();
        converter.write({ kind: "audio", data, bytes: data.length, timestamp: timestamp - first, arrivedAt });
      },
      close: async () => {
        closing.abort();
        await open
          .disposeAsync()
          .catch((error: unknown) => log.warn("the way to the loudspeaker did not close", { error: String(error) }));
      },
    };
  }
}

const sameForm = (a: AudioTrack, b: AudioTrack): boolean => a.codec === b.codec && a.clockRate === b.clockRate;

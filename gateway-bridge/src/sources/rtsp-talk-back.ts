import {
  GatehouseError,
  redactUrl,
  toGatehouseError,
  untilAborted,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { StreamEndpoint } from "../domain/camera.ts";
import type { TalkQuirks } from "../domain/camera-quirks.ts";
import type { AudioTrack } from "../domain/track.ts";
import type { OpenTalkBack, TalkBack } from "../ports.ts";
import type { RtspClient } from "../protocols/rtsp/rtsp-client.ts";
import { describeTalk, statusOf, unsupported } from "./talk-description.ts";
import type { ChosenTalk } from "./talk-policy.ts";
import { TalkSender } from "./talk-sender.ts";

export interface RtspTalkBackDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens the way to a camera's loudspeaker: a connection of its own, since some cameras ring no bell while one is there. */
export const createTalkBack =
  (dependencies: RtspTalkBackDependencies): OpenTalkBack =>
  (endpoint, cancel) =>
    RtspTalkBack.open(endpoint, dependencies, cancel);

interface TalkParts {
  readonly client: RtspClient;
  readonly track: AudioTrack;
  readonly sender: TalkSender;
  readonly log: Logger;
}

class RtspTalkBack implements TalkBack {
  readonly track: AudioTrack;
  readonly #parts: TalkParts;
  readonly #ended = new AbortController();
  readonly #closing = new AbortController();

  private constructor(parts: TalkParts) {
    this.#parts = parts;
    this.track = parts.track;
  }

  /** @throws GatehouseError `talk-unsupported`, `talk-busy`, or as RtspClient.open does */
  static async open(
    endpoint: StreamEndpoint,
    { clock, log }: RtspTalkBackDependencies,
    cancel: Cancellable,
  ): Promise<RtspTalkBack> {
    const quirks = endpoint.quirks?.talk;
    await using opening = new AsyncDisposableStack();
    const { client, chosen } = await describeTalk(endpoint, clock, cancel);
    opening.use(client);
    const path = client.path(await setUp({ client, chosen, quirks }, cancel));
    if (path === undefined) throw unsupported("its way back was not set up");
    const { track } = chosen;
    const sender = new TalkSender({ path, track, payloadType: chosen.format.payloadType });
    const { camera } = endpoint;
    const talk = new RtspTalkBack({ client, track, sender, log: log.child({ camera, url: redactUrl(endpoint.url) }) });
    await talk.#start(cancel);
    opening.move();
    return talk;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  write(data: Buffer, timestamp: number): void {
    if (!this.#ended.signal.aborted && !this.#closing.signal.aborted) this.#parts.sender.write(data, timestamp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the talk was ended"));
    const { client, sender, log } = this.#parts;
    await client[Symbol.asyncDispose]();
    if (sender.dropped > 0) log.warn("the camera did not take all that was said", { packets: sender.dropped });
  }

  /** Resolves once the camera plays; from then on its end is told by `ended`. */
  async #start({ signal }: Cancellable): Promise<void> {
    const started = Promise.withResolvers<undefined>();
    const sink = { packet: ignore, damaged: ignore, started: () => started.resolve(undefined) };
    const playing = this.#parts.client.play(sink, this.#closing);
    playing.catch((error: unknown) => this.#ended.abort(toGatehouseError(error)));
    await untilAborted(signal, Promise.race([started.promise, playing]));
  }
}

/** What a camera sends besides is not asked for. */
const ignore = (): void => undefined;

interface TalkSetup {
  readonly client: RtspClient;
  readonly chosen: ChosenTalk;
  readonly quirks: TalkQuirks | undefined;
}

const setUp = async ({ client, chosen, quirks }: TalkSetup, cancel: Cancellable): Promise<number> => {
  const { media, track } = chosen;
  try {
    return await client.setup({ ...media, clockRate: track.clockRate }, cancel);
  } catch (error) {
    const status = statusOf(error);
    if (status === 551) throw unsupported("it has no way back");
    const full = status === 453 || status === 503 || (status !== undefined && quirks?.single === true);
    if (full) throw new GatehouseError("talk-busy", "the camera lets nobody else talk now", { cause: error });
    throw error;
  }
};

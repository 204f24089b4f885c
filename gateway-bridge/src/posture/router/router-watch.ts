import {
  GatehouseError,
  supervise,
  type Cancellable,
  type Clock,
  type Logger,
  type RouterReport,
} from "@gatehouse/shared";
import { isDeepStrictEqual } from "node:util";

import type { RouterProbe } from "../probe/probed-home.ts";
import { nextWatch, type CameraMapping, type Sighting, type WatchedMapping } from "./watch-policy.ts";

export interface RouterWatchOptions {
  readonly router: RouterProbe;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  /** Outlives a restart: MappingMemory is one. */
  readonly memory: { load(): readonly WatchedMapping[]; save(known: readonly WatchedMapping[]): void };
  /** A mapping to a camera was seen that was not there before, or had gone. Called once for each. */
  readonly onSighting: (sighting: Sighting, report: RouterReport) => void;
  /** Whether there is anything to watch for; the router is left in peace otherwise. */
  readonly isNeeded: () => boolean;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** Cameras ask for a mapping again within an hour or so. */
const defaultEveryMs = 15 * 60_000;

/** Looks at the home's router now and then, and tells when it lets the internet in to a camera, and when what was closed is open again. */
export class RouterWatch implements AsyncDisposable {
  readonly #options: RouterWatchOptions;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  #known: readonly WatchedMapping[];

  private constructor(options: RouterWatchOptions) {
    this.#options = options;
    this.#known = options.memory.load();
    const { clock, log, random } = options;
    const { signal } = this.#closing;
    this.#watching = supervise({ run: (cancel) => this.#watch(cancel), clock, log, random, signal });
  }

  static open(options: RouterWatchOptions): RouterWatch {
    return new RouterWatch(options);
  }

  /** Takes account of what somebody else had the router asked, such as a look that the owner began. */
  note(report: RouterReport): void {
    const { memory, onSighting } = this.#options;
    const telling = report.routers.filter(({ igd }) => igd !== null);
    const complete = telling.length > 0 && telling.every((router) => router.complete);
    const { known, sightings } = nextWatch(this.#known, telling.flatMap(cameraMappings), complete);
    if (isDeepStrictEqual(known, this.#known)) return;
    // Kept before it is told: it is told once rather than at each start.
    memory.save(known);
    this.#known = known;
    for (const sighting of sightings) onSighting(sighting, report);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the router is no longer watched"));
    await this.#watching;
  }

  async #watch({ signal, healthy }: Cancellable & { readonly healthy: () => void }): Promise<never> {
    const { clock, random, everyMs = defaultEveryMs, router, isNeeded } = this.#options;
    for (;;) {
      // Not when the gateway has just begun, nor at the same moments as another's.
      await clock.delay(everyMs * (0.75 + 0.5 * random()), { signal });
      if (!isNeeded()) continue;
      this.note(await router.report({ signal }));
      healthy();
    }
  }
}

const cameraMappings = ({ mappings }: RouterReport["routers"][number]): readonly CameraMapping[] =>
  mappings.flatMap(({ camera, protocol, externalPort, internalClient, internalPort }) =>
    camera === null ? [] : [{ camera, protocol, externalPort, internalClient, internalPort }],
  );

import {
  GatehouseError,
  isGatehouseError,
  type CameraId,
  type Cancellable,
  type CheckId,
  type Clock,
  type Inspection,
  type InspectionId,
  type Logger,
} from "@gatehouse/shared";

import type { CameraRecord } from "../domain/camera.ts";
import type { CameraCheck, HomeCheck, HomeOutcome } from "./check.ts";
import { sightingOf, wantsSecondLook, type KnownFinding, type Sighting } from "./finding-policy.ts";
import type { InspectorOptions } from "./inspector-options.ts";
import type { WebPage } from "./guides/guide-for.ts";
import { failureOf, lookAtCamera, trying, type Seen } from "./look-at-camera.ts";
import type { FindingKey } from "./posture-store.ts";
import type { OpenProbedCamera } from "./probe/open-probed-camera.ts";
import type { ProbedHome } from "./probe/probed-home.ts";
import { findPage } from "./questions/find-page.ts";

/** What one look is about. */
export interface InspectionPlan {
  readonly id: InspectionId;
  readonly cameras: readonly CameraRecord[];
  /** In order. */
  readonly cameraChecks: readonly CameraCheck[];
  readonly homeChecks: readonly HomeCheck[];
}

/** Where a look tells what it saw. */
export interface Findings {
  known(key: FindingKey): KnownFinding | undefined;
  /** All that is known of a check, over cameras and home. */
  ofCheck(check: CheckId): readonly FindingKey[];
  /** @returns whether the weakness is there */
  seen(key: FindingKey, seen: Seen): boolean;
  /** Where a camera's page is. */
  page(camera: CameraId, page: WebPage): void;
}

type RunOptions = Pick<InspectorOptions, "openCamera" | "openHome"> & {
  readonly findings: Findings;
  readonly clock: Clock;
  readonly log: Logger;
};

/** One look at cameras and home, from its beginning to its end. */
export class InspectionRun {
  readonly plan: InspectionPlan;
  readonly #options: RunOptions;
  readonly #stopping = new AbortController();
  readonly #startedAt: number;
  #state: Inspection["state"] = "running";
  #endedAt: number | null = null;
  #done = 0;
  #current: string | null = null;

  constructor(plan: InspectionPlan, options: RunOptions) {
    this.plan = plan;
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  get progress(): Inspection {
    const { id, cameras, cameraChecks, homeChecks } = this.plan;
    const total = cameras.length * cameraChecks.length + homeChecks.length;
    const times = { startedAt: this.#startedAt, endedAt: this.#endedAt };
    return { id, state: this.#state, ...times, done: this.#done, total, current: this.#current };
  }

  stop(): void {
    this.#stopping.abort(new GatehouseError("aborted", "the look was stopped"));
  }

  /** Ends with `done`, or with `stopped` where somebody stopped it; throws only for a fault of its own. */
  async run({ signal }: Cancellable): Promise<void> {
    const cancel = { signal: AbortSignal.any([signal, this.#stopping.signal]) };
    try {
      await this.#look(cancel);
      this.#end("done");
    } catch (error) {
      this.#end("stopped");
      if (!cancel.signal.aborted) throw error;
    }
  }

  #end(state: "done" | "stopped"): void {
    this.#state = state;
    this.#endedAt = this.#options.clock.now();
    this.#current = null;
  }

  async #look(cancel: Cancellable): Promise<void> {
    using opened = new DisposableStack();
    const cameras: OpenProbedCamera[] = [];
    const looks = this.plan.cameras.map(async (record) => {
      const camera = await this.#open(record, cancel);
      if (camera === undefined) return;
      opened.use(camera);
      cameras.push(camera);
      await this.#lookAt(record, camera, cancel);
    });
    const outcomes = await Promise.allSettled(looks);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await this.#lookAtHome(cameras, cancel);
  }

  /** Undefined where it cannot be looked at: then nothing of it can be found out. */
  async #open(record: CameraRecord, cancel: Cancellable): Promise<OpenProbedCamera | undefined> {
    try {
      return await this.#options.openCamera(record, cancel);
    } catch (error) {
      cancel.signal.throwIfAborted();
      for (const check of this.plan.cameraChecks) {
        const first = sightingOf(failureOf(check.id, error, this.#options.log), check.severity);
        this.#options.findings.seen({ check: check.id, camera: record.id }, { first });
        this.#done += 1;
      }
      return undefined;
    }
  }

  async #lookAt({ id, name }: CameraRecord, camera: OpenProbedCamera, cancel: Cancellable): Promise<void> {
    const { findings, clock, log } = this.#options;
    const look = {
      checks: this.plan.cameraChecks,
      camera,
      known: (check: CheckId) => findings.known({ check, camera: id }) ?? findings.known({ check, camera: null }),
      begins: (check: CameraCheck) => void (this.#current = `${name}: ${check.id}`),
      seen: (check: CameraCheck, seen: Seen): boolean => {
        this.#done += 1;
        return findings.seen({ check: check.id, camera: id }, seen);
      },
      clock,
      log,
    };
    await lookAtCamera(look, cancel);
    // Where its doors were looked at, they are known by now.
    if (this.plan.cameraChecks.some((check) => check.id === "NET-HTTP")) await this.#notePage(id, camera, cancel);
  }

  async #notePage(id: CameraId, camera: OpenProbedCamera, cancel: Cancellable): Promise<void> {
    try {
      const page = await findPage(camera, cancel);
      if (page !== undefined) this.#options.findings.page(id, page);
    } catch (error) {
      cancel.signal.throwIfAborted();
      if (!isGatehouseError(error)) throw error;
    }
  }

  async #lookAtHome(cameras: readonly OpenProbedCamera[], cancel: Cancellable): Promise<void> {
    if (this.plan.homeChecks.length === 0) return;
    const home = await this.#options.openHome(cameras, cancel);
    const failing = new Set<CheckId>();
    for (const check of this.plan.homeChecks) {
      this.#current = check.id;
      const parent = check.parents?.find((id) => failing.has(id));
      const fails = parent === undefined && (await this.#lookForHome(check, { home, cameras }, cancel));
      if (fails) failing.add(check.id);
      this.#done += 1;
    }
  }

  async #lookForHome(
    check: HomeCheck,
    { home, cameras }: { readonly home: ProbedHome; readonly cameras: readonly OpenProbedCamera[] },
    cancel: Cancellable,
  ): Promise<boolean> {
    const { findings, openHome } = this.#options;
    const first = await this.#sightHome(check, home, cancel);
    const keys = [...first].map(([camera]) => ({ check: check.id, camera }));
    const differs = keys.some((key) => wantsSecondLook(findings.known(key), sightingAt(first, key.camera)));
    const afresh = (): Promise<ProbedHome> => openHome(cameras.map((camera) => camera.afresh()), cancel); // prettier-ignore
    const second = differs ? await this.#sightHome(check, await afresh(), cancel) : undefined;
    const failed = keys.map((key) => {
      const again = wantsSecondLook(findings.known(key), sightingAt(first, key.camera))
        ? second?.get(key.camera)
        : undefined;
      return findings.seen(key, { first: sightingAt(first, key.camera), second: again });
    });
    return failed.includes(true);
  }

  /** By camera, the home under null. What could not be found out is unknown of all that was known. */
  async #sightHome(
    check: HomeCheck,
    home: ProbedHome,
    cancel: Cancellable,
  ): Promise<ReadonlyMap<CameraId | null, Sighting>> {
    const { clock, log, findings } = this.#options;
    let outcomes: readonly HomeOutcome[] = [];
    const failure = await trying(
      { check, clock, log },
      async (bounded) => {
        outcomes = await check.look(home, bounded);
        return sightingOf({ kind: "passed" }, check.severity);
      },
      cancel,
    );
    if (failure.status !== "unknown") {
      return new Map(outcomes.map((outcome) => [outcome.camera, sightingOf(outcome, check.severity)]));
    }
    const known = findings.ofCheck(check.id).map(({ camera }) => camera);
    return new Map((known.length === 0 ? [null] : known).map((camera) => [camera, failure]));
  }
}

const sightingAt = (sightings: ReadonlyMap<CameraId | null, Sighting>, camera: CameraId | null): Sighting => {
  const found = sightings.get(camera);
  if (found === undefined) throw new GatehouseError("internal", "a finding without its sighting");
  return found;
};

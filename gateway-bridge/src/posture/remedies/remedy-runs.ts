import {
  EventBus,
  GatehouseError,
  stopped,
  type CameraId,
  type Cancellable,
  type ProposeRemedy,
  type RemedyRun,
  type RemedyRunId,
} from "@gatehouse/shared";

import type { Preview, Remedy } from "../remedy.ts";
import { recoveryOf } from "./recovery-policy.ts";
import { isLoginInDoubt, newRunId, RemedyJournal, viewOfRun, type Run, type Who } from "./remedy-journal.ts";
import { fitting, RemedyWork, type RemedyWorkOptions } from "./remedy-work.ts";
import { isOpen } from "./run-phase.ts";
import { isAsShown, shownOf } from "./shown-preview.ts";
import { changesAbove } from "./undo-order-policy.ts";

export interface RemedyRunsOptions extends Omit<RemedyWorkOptions, "journal" | "onStep"> {
  /** Everything that the gateway can do; of one name, several may fit different cameras. */
  readonly remedies: readonly Remedy[];
}

const mostProposals = 64;

/**
 * What is done, was done and could be done about cameras' weaknesses. Whoever may, proposes; the owner confirms; one change of a camera at a
 * time. Each part is written down before it begins, so that it is resumed or taken back at the next start.
 */
export class RemedyRuns implements AsyncDisposable {
  readonly #options: RemedyRunsOptions;
  readonly #journal: RemedyJournal;
  readonly #work: RemedyWork;
  readonly #changes: EventBus<RemedyRun>;
  readonly #closing = new AbortController();
  /** By camera: what is done to it, or about to be. */
  readonly #busy = new Map<CameraId, Promise<void>>();

  private constructor(options: RemedyRunsOptions) {
    this.#options = options;
    this.#journal = new RemedyJournal(options.database);
    this.#changes = new EventBus(options.log);
    const onStep = (run: Run): void => this.#changes.emit(viewOfRun(run));
    this.#work = new RemedyWork({ ...options, journal: this.#journal, onStep });
  }

  /** Does nothing yet about runs that were cut off: `resume` does. */
  static open(options: RemedyRunsOptions): RemedyRuns {
    return new RemedyRuns(options);
  }

  /** Newest first. */
  list(): RemedyRun[] {
    return this.#journal.list().map(viewOfRun);
  }

  /** Told after each step of each run. */
  onChanged(listener: (run: RemedyRun) => void): Disposable {
    return this.#changes.on(listener);
  }

  /**
   * Says what would be done and what would stop working. Changes nothing of the camera. The same again replaces the proposal before.
   * @throws GatehouseError `not-found`, `remedy-unfit`, `too-many-requests`, and what the camera answers with
   */
  async propose(request: ProposeRemedy, by: Who, { signal }: Cancellable): Promise<RemedyRun> {
    const { camera, remedy, vendor, firmware } = request;
    this.#assertKnown(camera);
    this.#assertCertain(camera);
    const same = (run: Run): boolean => run.camera === camera && run.remedy === remedy;
    const proposals = (): readonly Run[] => this.#journal.list().filter(({ phase }) => phase === "proposed");
    if (proposals().filter((run) => !same(run)).length >= mostProposals) {
      throw new GatehouseError("too-many-requests", "So many changes are proposed that nobody has decided on.");
    }
    const options = { vendor, ...(firmware !== undefined && { firmware }) };
    const cancel = { signal: AbortSignal.any([signal, this.#closing.signal]) };
    const chosen = await this.#choose({ camera, remedy, options }, cancel);
    // As they are by now: one of them may have been confirmed meanwhile, and be under way.
    for (const { id } of proposals().filter(same)) this.#journal.remove(id);
    return viewOfRun(this.#work.advance(this.#proposal(request, chosen, by), { phase: "proposed" }));
  }

  /**
   * Begins what was proposed, if the camera would be changed in the same way as was shown. Answers when it has begun.
   * @throws GatehouseError `not-found`, `remedy-conflict`, `remedy-unfit`, and what the camera answers with
   */
  async confirm(id: RemedyRunId, by: Who): Promise<RemedyRun> {
    const run = this.#proposed(id);
    this.#assertIdle(run.camera);
    const beginning = Promise.withResolvers<Run>();
    this.#occupy(run.camera, async () => {
      const begun = this.#begin(run, by);
      beginning.resolve(begun);
      await begun.then((one) => this.#carry(one), noBegin);
    });
    return viewOfRun(await beginning.promise);
  }

  /** @throws GatehouseError `not-found`, `remedy-conflict` */
  decline(id: RemedyRunId, by: Who): RemedyRun {
    const run = this.#proposed(id);
    this.#assertFree(run.camera);
    return viewOfRun(this.#work.advance({ ...run, confirmedBy: whoOf(by) }, { phase: "declined" }));
  }

  /**
   * Takes back what was done. Answers when it has begun.
   * @throws GatehouseError `not-found`, `remedy-conflict` where it cannot be taken back, or another change is going on
   */
  undo(id: RemedyRunId, by: Who): RemedyRun {
    const run = this.#get(id);
    if (run.phase !== "done" || !run.undoable || !this.#work.hasBefore(run)) {
      throw new GatehouseError("remedy-conflict", "This change cannot be taken back.", {
        remedy: "Propose it anew, or change the camera's settings at its own page.",
      });
    }
    const [above] = changesAbove(run, this.#journal.list()).filter((one) => this.#work.hasBefore(one));
    if (above !== undefined) {
      throw new GatehouseError("remedy-conflict", `${above.remedy} was done after this change, and rests on it.`, {
        remedy: `Take ${above.remedy} back first.`,
      });
    }
    this.#assertIdle(run.camera);
    const begun = this.#work.advance({ ...run, confirmedBy: whoOf(by), error: null }, { phase: "undoing" });
    this.#occupy(run.camera, () => this.#carry(begun));
    return viewOfRun(begun);
  }

  /** Goes on with everything that the end of the process before has cut off, and clears away what nobody needs. */
  resume(): void {
    const there = new Set(this.#options.cameras.list().map(({ id }) => id));
    for (const { camera } of this.#journal.list()) if (!there.has(camera)) this.forget(camera);
    for (const run of this.#journal.surplus()) {
      this.#work.forget(run);
      this.#journal.remove(run.id);
    }
    const open = this.#journal.list().filter(({ phase }) => isOpen(phase));
    for (const [camera, runs] of Map.groupBy(open.toReversed(), (run) => run.camera)) {
      this.#occupy(camera, async () => {
        for (const run of runs) await this.#resume(run);
      });
    }
  }

  /** The camera was removed: nothing of it is kept in the vault, and nobody is asked to decide about it. */
  forget(camera: CameraId): void {
    for (const run of this.#journal.list()) {
      if (run.camera !== camera || isOpen(run.phase)) continue;
      this.#work.forget(run);
      if (run.phase === "proposed") this.#journal.remove(run.id);
    }
  }

  /** Resolves when nothing is done to any camera. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("shutdown"));
    await this.settled();
  }

  async #begin(run: Run, by: Who): Promise<Run> {
    const { preview } = await this.#choose(run, this.#closing);
    if (!isAsShown(preview, run)) {
      this.#work.advance({ ...run, ...shownOf(preview), waiting: waitOf(preview) }, { phase: "proposed" });
      throw new GatehouseError("remedy-conflict", "The camera is not as it was: other things would be done now.", {
        remedy: "Look at the steps again, then confirm them.",
      });
    }
    return this.#work.advance({ ...run, confirmedBy: whoOf(by) }, { phase: "remembering" });
  }

  async #resume(run: Run): Promise<void> {
    const { phase } = run;
    if (!isOpen(phase)) return;
    const starts = run.starts + 1;
    const recovery = recoveryOf({ phase, starts });
    const why = "The gateway was stopped in the middle of it, several times.";
    await this.#guarded(run, async () => {
      if (recovery.kind === "fail") await this.#work.reach(run, { phase: "failed", error: why }, this.#closing);
      else if (recovery.kind === "undo") {
        const error = run.error ?? why;
        await this.#perform(await this.#work.reach(run, { phase: "undoing", error }, this.#closing));
      } else {
        const counted: Run = { ...run, starts, waiting: null };
        await this.#work.note(counted, this.#closing);
        await this.#perform(counted);
      }
    });
  }

  #carry(run: Run): Promise<void> {
    return this.#guarded(run, () => this.#perform(run));
  }

  async #perform(run: Run): Promise<void> {
    const { options, remedy: id, plane } = run;
    const remedy = fitting(this.#options.remedies, id, options.vendor).find((one) => one.plane === plane);
    if (remedy !== undefined) {
      await this.#work.carry(run, remedy, this.#closing);
      return;
    }
    const error = `This version of Gatehouse knows no ${id}.`;
    // Whoever gives up here throws a password away that may be the camera's.
    if (isLoginInDoubt(run)) throw new GatehouseError("remedy-unfit", error);
    await this.#work.reach(run, { phase: "failed", error }, this.#closing);
  }

  /** What is done to a camera beside all else ends nobody else's work. */
  async #guarded({ id }: Run, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.log.error("a remedy was given up", { run: id, error: String(error) });
    }
  }

  /** The first remedy of that name that fits the camera, and what it says of itself. */
  async #choose(
    { camera: id, remedy: name, options }: Pick<Run, "camera" | "remedy" | "options">,
    cancel: Cancellable,
  ): Promise<{ readonly remedy: Remedy; readonly preview: Preview }> {
    const { remedies, open } = this.#options;
    await using opened = new AsyncDisposableStack();
    const camera = await open(id, { vendor: options.vendor, firmware: options.firmware, inDoubt: false }, cancel);
    opened.defer(async () => camera[Symbol.asyncDispose]?.());
    let why = options.vendor
      ? "Gatehouse knows no way to do this to such a camera."
      : "Cameras have no common word for this; the vendor's own may be tried.";
    for (const remedy of fitting(remedies, name, options.vendor)) {
      const preview = await remedy.preview(camera, cancel);
      if (!("unfit" in preview)) return { remedy, preview };
      why = preview.unfit;
    }
    throw new GatehouseError("remedy-unfit", why);
  }

  #proposal(
    { camera, remedy, vendor, firmware }: ProposeRemedy,
    chosen: { readonly remedy: Remedy; readonly preview: Preview },
    by: Who,
  ): Run {
    return {
      id: newRunId(),
      camera,
      remedy,
      phase: "proposed",
      plane: chosen.remedy.plane,
      proven: chosen.remedy.proven,
      changesLogin: chosen.remedy.changesLogin ?? false,
      options: { vendor, ...(firmware !== undefined && { firmware }) },
      ...shownOf(chosen.preview),
      proposedBy: whoOf(by),
      confirmedBy: null,
      proposedAt: this.#options.clock.now(),
      endedAt: null,
      evidence: [],
      error: null,
      left: null,
      waiting: waitOf(chosen.preview),
      starts: 0,
      failures: 0,
    };
  }

  #get(id: RemedyRunId): Run {
    const run = this.#journal.get(id);
    if (run === undefined) throw new GatehouseError("not-found", "There is no such change.");
    return run;
  }

  #proposed(id: RemedyRunId): Run {
    const run = this.#get(id);
    if (run.phase === "proposed") return run;
    throw new GatehouseError("remedy-conflict", "This change was decided on already.");
  }

  #assertKnown(camera: CameraId): void {
    if (this.#options.cameras.list().some(({ id }) => id === camera)) return;
    throw new GatehouseError("not-found", "There is no camera of that id.");
  }

  #assertFree(camera: CameraId): void {
    if (this.#busy.has(camera)) throw goingOn();
  }

  /** One change at a time by what is written down, too: one that was given up for now is not over. */
  #assertIdle(camera: CameraId): void {
    this.#assertFree(camera);
    if (this.#journal.list().some((run) => run.camera === camera && isOpen(run.phase))) throw goingOn();
  }

  /** Whoever asks a camera by a password that is being changed sends it a wrong one. */
  #assertCertain(camera: CameraId): void {
    if (this.#journal.list().some((run) => run.camera === camera && isLoginInDoubt(run))) throw goingOn();
  }

  /** @throws GatehouseError `remedy-conflict` while something else is done to the camera */
  #occupy(camera: CameraId, work: () => Promise<void>): void {
    this.#assertFree(camera);
    this.#closing.signal.throwIfAborted();
    this.#busy.set(
      camera,
      work().finally(() => this.#busy.delete(camera)),
    );
  }
}

const goingOn = (): GatehouseError =>
  new GatehouseError("remedy-conflict", "Another change of this camera is going on.");

/** Whoever confirmed hears why. */
const noBegin = (): void => undefined;

const whoOf = ({ id, name }: Who): Who => ({ id, name });

const waitOf = ({ wait }: Preview): Run["waiting"] =>
  wait === undefined ? null : { until: Math.ceil(wait.until), why: wait.why };

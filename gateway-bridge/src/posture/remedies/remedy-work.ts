import {
  GatehouseError,
  toGatehouseError,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type RemedyId,
} from "@gatehouse/shared";

import type { AuditSink, SecretStore } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import type { Before, MendedCamera, MendTools, Remedy } from "../remedy.ts";
import { PendingLogins, type LoginKeeper } from "./pending-logins.ts";
import { afterFailure, pauseOfWriting, type Recovery } from "./recovery-policy.ts";
import { isLoginInDoubt, type RemedyJournal, type Run } from "./remedy-journal.ts";
import { isOpen, type OpenPhase, type RunPhase } from "./run-phase.ts";
import { isAsShown } from "./shown-preview.ts";

/** The gateway's cameras, as far as remedies change how they are reached. */
export interface ManagedCameras extends LoginKeeper {
  list(): readonly { readonly id: CameraId }[];
  /** Nobody logs in to the camera until it is woken. */
  rest(camera: CameraId): Promise<void>;
  wake(camera: CameraId): void;
  relocate(
    camera: CameraId,
    to: { readonly url: URL; readonly pin: string | null; readonly secureStreams?: boolean },
  ): void;
}

/** How a camera is to be opened. */
export interface MendWish {
  readonly vendor: boolean;
  readonly firmware: string | undefined;
  /** Nobody knows which password is the camera's: nothing may be asked of it by the one that is stored, not even who it is. */
  readonly inDoubt: boolean;
}

/**
 * A camera as it is stored now, reached through the one budget, with the login that may change it.
 * @throws GatehouseError `inspection-not-allowed`, `not-found`, ...
 */
export type OpenMendedCamera = (
  camera: CameraId,
  wish: MendWish,
  cancel: Cancellable,
) => Promise<MendedCamera & Partial<AsyncDisposable>>;

export interface RemedyWorkOptions {
  readonly database: Database;
  readonly secrets: SecretStore;
  readonly audit: AuditSink;
  readonly cameras: ManagedCameras;
  readonly open: OpenMendedCamera;
  readonly journal: RemedyJournal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after each step, when it is durable. */
  readonly onStep: (run: Run) => void;
}

const beforeName = ({ id, camera }: Pick<Run, "id" | "camera">): string => `camera/${camera}/before/${id}`;

/** What comes after a part that did its work. */
interface Step {
  readonly phase: RunPhase;
  readonly evidence?: readonly string[];
  readonly error?: string | null;
  readonly left?: string | null;
  /** To be sealed with the step. */
  readonly before?: Before;
}

/** A part of a run that did not come to its end. */
interface CutOff {
  readonly run: Run;
  readonly phase: OpenPhase;
  readonly remedy: Remedy;
}

/** Carries out one run after the other: each part is durable before it begins, and begun again where it was cut off. */
export class RemedyWork {
  readonly #options: RemedyWorkOptions;
  readonly #pending: PendingLogins;

  constructor(options: RemedyWorkOptions) {
    this.#options = options;
    this.#pending = new PendingLogins(options.secrets, options.cameras);
  }

  /** From where it stands to its end. Throws only the signal's reason: then it goes on at the next start. */
  async carry(run: Run, remedy: Remedy, cancel: Cancellable): Promise<void> {
    let at = run;
    while (isOpen(at.phase)) {
      const { phase } = at;
      let step: Step;
      try {
        this.#assertThere(at);
        step = await this.#perform(at, phase, remedy, cancel);
      } catch (cause) {
        cancel.signal.throwIfAborted();
        at = await this.#recover({ run: at, phase, remedy }, toGatehouseError(cause), cancel);
        continue;
      }
      at = await this.reach(at, step, cancel);
    }
  }

  /** Writes the next phase down, and tells of it. */
  advance(run: Run, step: Step): Run {
    const next = this.#write(run, step);
    this.#tell(run, next);
    return next;
  }

  /** As `advance`, however long it takes until it can be written. Throws only the signal's reason. */
  async reach(run: Run, step: Step, cancel: Cancellable): Promise<Run> {
    const next = await this.#durably(() => this.#write(run, step), cancel);
    this.#tell(run, next);
    return next;
  }

  /** Writes down how often it was begun, what it waits for, likewise. */
  async note(run: Run, cancel: Cancellable): Promise<void> {
    await this.#durably(() => this.#options.journal.save(run), cancel);
  }

  /** With the next phase, in one transaction, what belongs to it, and its row in the audit log. */
  #write(run: Run, { phase, before, ...rest }: Step): Run {
    const { database, journal, clock } = this.#options;
    const ended = !isOpen(phase) && phase !== "proposed";
    const endedAt = ended ? clock.now() : null;
    const waiting = phase === "proposed" ? run.waiting : null;
    const next: Run = { ...run, ...clean(rest), phase, endedAt, waiting, starts: 0, failures: 0 };
    database.transaction(() => {
      if (before !== undefined) this.#options.secrets.put(beforeName(run), Buffer.from(JSON.stringify(before)));
      if (ended) this.#clear(next);
      journal.save(next);
      this.#audit(next);
    });
    return next;
  }

  #tell(run: Run, next: Run): void {
    if (isLoginInDoubt(run) && !isLoginInDoubt(next)) this.#options.cameras.wake(run.camera);
    this.#options.onStep(next);
  }

  /** A disk that is full now is not so for ever, and what was done to a camera must not be given up meanwhile. */
  async #durably<T>(write: () => T, cancel: Cancellable): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return write();
      } catch (error) {
        this.#options.log.error("a remedy waits, because nothing can be written down", { error: String(error) });
        await this.#options.clock.delay(pauseOfWriting(failures), cancel);
      }
    }
  }

  /** Forgets what was kept for taking it back. */
  forget(run: Run): void {
    this.#options.secrets.delete(beforeName(run));
  }

  hasBefore(run: Run): boolean {
    return this.#options.secrets.get(beforeName(run)) !== undefined;
  }

  async #perform(run: Run, phase: OpenPhase, remedy: Remedy, cancel: Cancellable): Promise<Step> {
    const { cameras, open } = this.#options;
    const inDoubt = isLoginInDoubt(run);
    if (inDoubt) await cameras.rest(run.camera);
    const { vendor, firmware } = run.options;
    await using opened = new AsyncDisposableStack();
    const camera = await open(run.camera, { vendor, firmware, inDoubt }, cancel);
    opened.defer(async () => camera[Symbol.asyncDispose]?.());
    const tools = this.#tools(run);
    if (phase === "remembering") {
      if (run.starts > 0) await assertAsConfirmed(run, remedy, camera, cancel);
      return { phase: "applying", before: await remedy.remember(camera, tools, cancel) };
    }
    const before = this.#before(run);
    return await step(phase, run, { remedy, camera, before, tools }, cancel);
  }

  #tools({ camera, remedy }: Run): MendTools {
    const { cameras, clock, log } = this.#options;
    return {
      pending: this.#pending,
      camera: { relocate: async (id, to) => cameras.relocate(id, to) },
      clock,
      log: log.child({ camera, remedy }),
    };
  }

  #before(run: Run): Before {
    const stored = this.#options.secrets.get(beforeName(run));
    if (stored === undefined) throw new GatehouseError("remedy-failed", "What was there before is no longer known.");
    return JSON.parse(stored.toString("utf8")) as Before;
  }

  #assertThere({ camera }: Run): void {
    if (this.#options.cameras.list().some(({ id }) => id === camera)) return;
    throw new GatehouseError("not-found", "The camera was removed meanwhile.");
  }

  async #recover(cut: CutOff, error: GatehouseError, cancel: Cancellable): Promise<Run> {
    const { run, phase } = cut;
    const { clock, log } = this.#options;
    const { code, message, retry } = error;
    const failures = run.failures + 1;
    const { camera, remedy, changesLogin } = run;
    const retryInMs = retryInMsOf(error);
    const decision =
      code === "not-found" ? fail : afterFailure({ phase, code, retry, failures, retryInMs, changesLogin });
    log.warn("a remedy was held up", { camera, remedy, phase, code, message, then: decision.kind });
    if (decision.kind === "fail") return this.#failed(cut, message, cancel);
    if (decision.kind === "undo") return this.reach(run, { phase: "undoing", error: message }, cancel);
    const waiting = { until: Math.ceil(clock.now() + decision.inMs), why: message };
    const held: Run = { ...run, failures, waiting };
    await this.note(held, cancel);
    this.#options.onStep(held);
    await clock.delay(decision.inMs, cancel);
    const again: Run = { ...held, waiting: null };
    await this.note(again, cancel);
    return again;
  }

  async #failed({ run, phase, remedy }: CutOff, message: string, cancel: Cancellable): Promise<Run> {
    const asked = run.error ?? message;
    const left = phase === "undoing" ? [message, ...this.#byHand(run, remedy)].join(". ") : null;
    return this.reach(run, { phase: "failed", error: asked, left }, cancel);
  }

  /** The way back that is left to the owner; nothing where it was forgotten what was before. */
  #byHand(run: Run, remedy: Remedy): readonly string[] {
    const told = this.hasBefore(run) ? remedy.byHand?.(this.#before(run)) : undefined;
    return told === undefined ? [] : [told];
  }

  /** A run that has ended leaves nothing in the vault but what it takes to undo it. */
  #clear(run: Run): void {
    this.#pending.dropAll(run.camera, run.remedy);
    if (run.phase !== "done" || !run.undoable) this.forget(run);
    if (run.phase === "done") this.#supersede(run);
  }

  /** What was before an earlier change of the same kind is of no use after this one. */
  #supersede({ id, camera, remedy }: Run): void {
    for (const run of this.#options.journal.list())
      if (run.id !== id && run.camera === camera && run.remedy === remedy && !isOpen(run.phase)) this.forget(run);
  }

  #audit({ camera, remedy, phase, confirmedBy, proposedBy, error }: Run): void {
    this.#options.audit.append({
      principal: (confirmedBy ?? proposedBy).id,
      action: "remedy",
      target: camera,
      outcome: phase === "failed" ? "failed" : "done",
      detail: `${remedy}: ${phase}${phase === "failed" && error !== null ? `, ${error}` : ""}`.slice(0, 200),
    });
  }
}

const retryInMsOf = ({ details }: GatehouseError): number | undefined =>
  typeof details["retryInMs"] === "number" ? details["retryInMs"] : undefined;

const fail: Recovery = { kind: "fail" };

/** Days may have gone by since it was confirmed, with the gateway off: only what was shown is done. */
const assertAsConfirmed = async (
  run: Run,
  remedy: Remedy,
  camera: MendedCamera,
  cancel: Cancellable,
): Promise<void> => {
  const preview = await remedy.preview(camera, cancel);
  if ("unfit" in preview) throw new GatehouseError("remedy-unfit", preview.unfit);
  if (isAsShown(preview, run)) return;
  throw new GatehouseError("remedy-conflict", "The camera is not as it was when this was confirmed.");
};

interface Part {
  readonly remedy: Remedy;
  readonly camera: MendedCamera;
  readonly before: Before;
  readonly tools: MendTools;
}

const step = async (
  phase: Exclude<OpenPhase, "remembering">,
  run: Run,
  { remedy, camera, before, tools }: Part,
  cancel: Cancellable,
): Promise<Step> => {
  switch (phase) {
    case "applying":
      await remedy.apply(camera, before, tools, cancel);
      return { phase: "verifying" };
    case "verifying": {
      const verdict = await remedy.verify(camera, before, tools, cancel);
      if (verdict.kind === "fixed") return { phase: "committing", evidence: verdict.evidence };
      return { phase: "undoing", error: verdict.why };
    }
    case "committing":
      await remedy.commit?.(camera, before, tools);
      return { phase: "done" };
    case "undoing":
      await remedy.undo(camera, before, tools, cancel);
      return { phase: run.error === null ? "undone" : "failed" };
  }
};

const clean = ({ evidence, error, left }: Omit<Step, "phase" | "before">): Partial<Run> => ({
  ...(evidence !== undefined && { evidence: evidence.slice(0, 32).map((text) => text.slice(0, 500)) }),
  ...(error !== undefined && { error }),
  ...(left !== undefined && { left }),
});

/** The remedies of that name, those in ONVIF's words first; a vendor's words only where the owner wants them. */
export const fitting = (remedies: readonly Remedy[], id: RemedyId, vendor: boolean): readonly Remedy[] =>
  remedies
    .filter((remedy) => remedy.id === id && (vendor || remedy.plane !== "vendor"))
    .toSorted((a, b) => Number(a.plane === "vendor") - Number(b.plane === "vendor"));

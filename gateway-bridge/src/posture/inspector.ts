import {
  EventBus,
  GatehouseError,
  InspectionId,
  isGatehouseError,
  longestAcceptanceDays,
  randomId,
  supervise,
  type AcceptFinding,
  type CameraId,
  type Cancellable,
  type CheckId,
  type Finding,
  type HomePosture,
  type Inspection,
  type Principal,
  type StartInspection,
  type StateFinding,
} from "@gatehouse/shared";

import type { CameraRecord } from "../domain/camera.ts";
import { watchAcceptances } from "./acceptance-watch.ts";
import type { CameraCheck, Check, HomeCheck } from "./check.ts";
import { inOrder } from "./check-order-policy.ts";
import { merge, type KnownFinding } from "./finding-policy.ts";
import { InspectionRun, type Findings, type InspectionPlan } from "./inspection-run.ts";
import type { FindingChange, InspectorOptions } from "./inspector-options.ts";
import type { FindingKey, KeptAcceptance } from "./posture-store.ts";
import { covers, isOf, viewCamera, viewFinding } from "./posture-view.ts";
import { gradeOf, postureOf, sumTallies, tally, worstGrade } from "./report/grade-policy.ts";
import { htmlReport } from "./report/html-report.ts";
import { sarifReport } from "./report/sarif-report.ts";
import { pauseUntilNextLook } from "./schedule-policy.ts";

export type { FindingChange, InspectorOptions } from "./inspector-options.ts";

/** Who says something about weaknesses. */
type Speaker = Pick<Principal, "id" | "name">;

const dayMs = 86_400_000;

/** Looks at the cameras' weaknesses, when it is asked and once a day; knows what was found, and what the owner said to it. */
export class Inspector implements AsyncDisposable {
  readonly #options: InspectorOptions;
  readonly #changes: EventBus<FindingChange>;
  readonly #closing = new AbortController();
  readonly #findings: Findings;
  readonly #known = new Map<string, FindingKey & { readonly known: KnownFinding }>();
  #run: InspectionRun | undefined;
  #running: Promise<void> = Promise.resolve();
  #schedule: Promise<void> = Promise.resolve();
  #acceptances: Promise<void> = Promise.resolve();
  #next: number | null = null;

  private constructor(options: InspectorOptions) {
    this.#options = options;
    this.#changes = new EventBus(options.log);
    for (const kept of options.store.findings()) this.#known.set(nameOf(kept), kept);
    this.#findings = {
      known: (key) => this.#known.get(nameOf(key))?.known,
      ofCheck: (check) => [...this.#known.values()].filter((key) => key.check === check),
      seen: (key, seen) => this.#seen(key, seen),
      page: (camera, page) => this.#options.store.notePage(camera, page),
    };
  }

  /** @throws GatehouseError `internal` where checks depend on each other in a circle */
  static open(options: InspectorOptions): Inspector {
    inOrder(options.checks);
    const inspector = new Inspector(options);
    inspector.#schedule = inspector.#lookDaily();
    inspector.#acceptances = inspector.#watchAcceptances();
    return inspector;
  }

  /**
   * Begins to look; while one look is going on, that one is answered.
   * @throws GatehouseError `inspection-not-allowed`, `not-found`
   */
  start(request: StartInspection): Inspection {
    if (this.#run?.progress.state === "running") return this.#run.progress;
    return this.#begin(this.#plan(request), request).progress;
  }

  /** @throws GatehouseError `not-found` */
  current(id: InspectionId): Inspection {
    return this.#get(id).progress;
  }

  /** What was seen until then is kept. @throws GatehouseError `not-found` */
  stop(id: InspectionId): void {
    this.#get(id).stop();
  }

  /** Resolves when the look that is going on, if any, has ended. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Of cameras and home; of these cameras alone where any are named. @throws GatehouseError `not-found` */
  posture(only?: readonly CameraId[]): HomePosture {
    for (const camera of only ?? []) this.#camera(camera);
    const posture = this.#whole();
    return only === undefined ? posture : postureOf(only, posture);
  }

  #whole(): HomePosture {
    const { cameras, store, newcomers, advisories } = this.#options;
    const all = cameras.list();
    const views = all.map((record) => this.#viewCamera(record));
    const findings = this.#homeFindings();
    const own = tally(findings);
    const home = store.lookedAt(null) === null ? null : gradeOf(findings);
    return {
      grade: worstGrade([home, ...views.map(({ grade }) => grade)]),
      tally: sumTallies([own, ...views.map((view) => view.tally)]),
      cameras: views,
      findings,
      trend: [...store.trend(null)],
      newcomers: [...newcomers()],
      next: this.#next === null ? null : Math.round(this.#next),
      advisories: advisories(),
    };
  }

  /** As a page to print, or as SARIF 2.1.0. @throws GatehouseError `not-found` */
  report(format: "html" | "sarif", only?: readonly CameraId[]): string {
    const { checks, clock } = this.#options;
    const posture = this.posture(only);
    return format === "html" ? htmlReport(posture, clock.now()) : sarifReport(posture, checks);
  }

  /** @throws GatehouseError `not-found` */
  consent(camera: CameraId, granted: boolean): void {
    this.#camera(camera);
    this.#options.store.consent(camera, granted, this.#options.clock.now());
  }

  /**
   * The owner lives with a weakness, for a time. @throws GatehouseError `not-found` where there is no such weakness now, `request-invalid`
   */
  accept({ check, camera, reason, days }: AcceptFinding, { id: by, name }: Speaker): void {
    const finding = this.#finding({ check, camera });
    if (finding.status !== "failed" && finding.status !== "accepted") {
      throw new GatehouseError("not-found", "This weakness is not there at the moment, so there is nothing to accept.");
    }
    if (days > longestAcceptanceDays)
      throw new GatehouseError("request-invalid", "A weakness is accepted for a year at most.");
    const at = this.#options.clock.now();
    const acceptance = { reason, by, name, at, until: at + days * dayMs };
    this.#options.store.accept({ check, camera, severity: finding.severity, acceptance });
    this.#tell({ check, camera }, finding.status);
  }

  /** @throws GatehouseError `not-found` */
  withdraw(key: FindingKey, _by: Speaker): void {
    const before = this.#finding(key).status;
    if (!this.#options.store.withdraw(key)) throw new GatehouseError("not-found", "This weakness was not accepted.");
    this.#tell(key, before);
  }

  /** What nobody can measure is said by the owner. @throws GatehouseError `not-found` */
  state({ check, holds }: StateFinding, { id: by, name }: Speaker): void {
    const before = this.#finding({ check, camera: null }).status;
    this.#options.store.state(check, { holds, by, name, at: this.#options.clock.now() });
    this.#tell({ check, camera: null }, before);
  }

  /** Tells of every change that is durable already. */
  onFinding(listener: (change: FindingChange) => void): Disposable {
    return this.#changes.on(listener);
  }

  /** Of a camera that was removed nothing is kept. */
  forget(camera: CameraId): void {
    this.#options.store.forget(camera);
    for (const [name, key] of this.#known) if (key.camera === camera) this.#known.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the gateway is closing"));
    await this.#running;
    await this.#schedule;
    await this.#acceptances;
  }

  #plan(request: StartInspection): InspectionPlan {
    const { checks, cameras: all, store } = this.#options;
    const asked = request.cameras?.map((id) => this.#camera(id));
    const refused = asked?.find(({ id }) => !store.granted(id));
    if (refused !== undefined) {
      throw new GatehouseError("inspection-not-allowed", `nobody has allowed that ${refused.name} is looked at`);
    }
    const cameras = asked ?? all.list().filter(({ id }) => store.granted(id));
    const ordered = inOrder(checks, request.checks);
    return {
      id: InspectionId.parse(randomId("look")),
      cameras,
      cameraChecks: ordered.filter((check): check is CameraCheck => check.scope === "camera"),
      homeChecks: ordered.filter((check): check is HomeCheck => check.scope === "home"),
    };
  }

  #begin(plan: InspectionPlan, request: StartInspection): InspectionRun {
    const { openCamera, openHome, clock, log } = this.#options;
    const run = new InspectionRun(plan, { openCamera, openHome, clock, log, findings: this.#findings });
    this.#run = run;
    this.#running = this.#carryOut(run, request);
    return run;
  }

  async #carryOut(run: InspectionRun, { cameras, checks }: StartInspection): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      await run.run(this.#closing);
      if (run.progress.state !== "done") return;
      const at = clock.now();
      // A look at single checks is none at the whole.
      if (checks === undefined) {
        for (const { id } of run.plan.cameras) store.noteLook(id, at);
        if (cameras === undefined) store.noteLook(null, at);
      }
      this.#noteCourses(run.plan.cameras, at);
    } catch (error) {
      log.error("a look at the cameras failed", { error: isGatehouseError(error) ? error.message : String(error) });
    }
  }

  #noteCourses(looked: readonly CameraRecord[], at: number): void {
    const { store } = this.#options;
    const { grade, tally: counted, cameras } = this.#whole();
    if (grade !== null) store.noteTrend(null, { at, grade, tally: counted });
    for (const { camera, grade: own, tally: counts } of cameras) {
      if (own === null || !looked.some(({ id }) => id === camera)) continue;
      store.noteTrend(camera, { at, grade: own, tally: counts });
    }
  }

  #get(id: InspectionId): InspectionRun {
    if (this.#run?.plan.id === id) return this.#run;
    throw new GatehouseError("not-found", "There is no such look, or another one came after it.");
  }

  #camera(id: CameraId): CameraRecord {
    const found = this.#options.cameras.list().find((record) => record.id === id);
    if (found === undefined) throw new GatehouseError("not-found", "There is no camera of that id.");
    return found;
  }

  /** Keeps what was seen, then tells. */
  #seen(key: FindingKey, seen: Parameters<Findings["seen"]>[1]): boolean {
    const { store, clock, cameras } = this.#options;
    // A camera may have been removed while it was looked at.
    if (key.camera !== null && !cameras.list().some(({ id }) => id === key.camera)) return false;
    const before = this.#known.get(nameOf(key))?.known;
    const shown = before === undefined ? undefined : this.#finding(key).status;
    const known = merge({ known: before, ...seen, now: clock.now() });
    store.keep(key, known);
    this.#known.set(nameOf(key), { ...key, known });
    if (known.status !== before?.status || known.severity !== before.severity) this.#tell(key, shown);
    return known.status === "failed";
  }

  #tell(key: FindingKey, before: FindingChange["before"]): void {
    const finding = this.#finding(key);
    if (finding.status !== before) this.#changes.emit({ finding, before });
  }

  /** @throws GatehouseError `not-found` */
  #finding({ check: id, camera }: FindingKey): Finding {
    const check = this.#options.checks.find((each) => each.id === id);
    if (check === undefined) throw new GatehouseError("not-found", "There is no check of that id.");
    return this.#view(check, camera === null ? null : this.#camera(camera));
  }

  #view(check: Check, camera: CameraRecord | null): Finding {
    const { store, clock, remedies, routerPage } = this.#options;
    const key = { check: check.id, camera: camera?.id ?? null };
    const accepted = store.acceptances().find((kept) => nameOf(kept) === nameOf(key));
    const statement = check.scope === "stated" ? store.statement(check.id) : null;
    const known = this.#known.get(nameOf(key))?.known;
    return viewFinding({
      check,
      camera,
      known,
      accepted,
      statement,
      remedies,
      routerPage: routerPage(),
      page: camera === null ? undefined : store.page(camera.id),
      now: clock.now(),
    });
  }

  #viewCamera(record: CameraRecord): HomePosture["cameras"][number] {
    const { checks, store } = this.#options;
    const of = isOf(record.id);
    const findings = checks
      .filter((check) => check.scope === "camera" || this.#findings.ofCheck(check.id).some(of))
      .map((check) => this.#view(check, record));
    const { id } = record;
    const [consent, inspectedAt, trend] = [store.granted(id), store.lookedAt(id), [...store.trend(id)]];
    return viewCamera(record, findings, { consent, inspectedAt, trend });
  }

  /** Those of the home, without those that judge cameras one by one. */
  #homeFindings(): Finding[] {
    return this.#options.checks
      .filter(({ scope, id }) => scope === "stated" || (scope === "home" && !this.#judgesCameras(id)))
      .map((check) => this.#view(check, null));
  }

  #judgesCameras(check: CheckId): boolean {
    const keys = this.#findings.ofCheck(check);
    return keys.length > 0 && keys.every(({ camera }) => camera !== null);
  }

  /** Begins with the next turn of the loop: whoever opened this listens by then. */
  async #watchAcceptances(): Promise<void> {
    const { store, clock, log, random } = this.#options;
    await Promise.resolve();
    const onEnded = (ended: KeptAcceptance): void => this.#ended(ended);
    await watchAcceptances({ store, onEnded, clock, log, random, signal: this.#closing.signal });
  }

  /** A weakness that was lived with counts again. */
  #ended(ended: KeptAcceptance): void {
    const { checks, cameras } = this.#options;
    const isThere = ended.camera === null || cameras.list().some(({ id }) => id === ended.camera);
    if (!isThere || !checks.some(({ id }) => id === ended.check)) return;
    if (covers(ended, this.#finding(ended))) this.#tell(ended, "accepted");
  }

  #lookDaily(): Promise<void> {
    const { everyMs = dayMs, clock, log, random } = this.#options;
    if (everyMs === null) return Promise.resolve();
    return supervise({
      run: (cancel) => this.#lookAgainAndAgain(everyMs, cancel),
      clock,
      log,
      random,
      signal: this.#closing.signal,
    });
  }

  async #lookAgainAndAgain(everyMs: number, cancel: Cancellable): Promise<never> {
    const { clock, random, store } = this.#options;
    for (;;) {
      const now = clock.now();
      const pause = pauseUntilNextLook({ now, last: store.lookedAt(null), everyMs, random: random() });
      this.#next = now + pause;
      await clock.delay(pause, cancel);
      this.start({});
      await this.#running;
    }
  }
}

const nameOf = ({ check, camera }: FindingKey): string => `${check} ${camera ?? ""}`;

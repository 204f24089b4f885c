import {
  GatehouseError,
  isGatehouseError,
  type Cancellable,
  type Clock,
  type Logger,
  type Secret,
  type UpdateStep,
} from "@gatehouse/shared";
import { access } from "node:fs/promises";

import { InstanceLock } from "../store/instance-lock.ts";
import { isKeyUnchanged, keepDatabase, makeTrial, restoreDatabase } from "./database-copy.ts";
import { fetchFile, fetchManifest } from "./fetch-release.ts";
import type { GatewayService } from "./gateway-service.ts";
import type { Report } from "./health-policy.ts";
import type { Installation } from "./installation.ts";
import { readJournal, writeJournal, type UpdateJournal } from "./journal.ts";
import type { Manifest } from "./manifest.ts";
import { recoveryOf } from "./recovery-policy.ts";
import type { ReleaseSource } from "./release-source.ts";
import { compareVersions, type ReleaseVersion } from "./release-version.ts";
import { unpackRelease } from "./unpack-release.ts";
import { judgeUpdate, type UpdateVerdict } from "./update-policy.ts";
import { lookAtVaultKey } from "./vault-key-file.ts";
import type { Versions } from "./versions.ts";

export interface UpdatesOptions {
  readonly installation: Installation;
  /** The gateway's data folder. */
  readonly data: string;
  readonly service: GatewayService;
  readonly versions: Versions;
  readonly vaultLock: VaultLock;
  /** `linux-x64`, `linux-arm64`. */
  readonly platform: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What may lock the vault that a version is to try itself on. */
export interface VaultLock {
  /** Whether the content of a key file needs a passphrase. */
  readonly locks: (keyFile: Buffer) => boolean;
  /** Undefined where there is nobody to ask. */
  readonly ask: () => Promise<Secret | undefined>;
}

export interface Offer {
  readonly installed: ReleaseVersion;
  readonly manifest: Manifest;
  readonly verdict: UpdateVerdict;
}

/** Whoever takes something back does it to the end, also after Ctrl+C. */
const unstoppable = (): Cancellable => ({ signal: new AbortController().signal });

/**
 * Brings an installation from one version to another and back. Each step is written down before it is done; what fails, or is cut
 * off, is taken back. Only one can be open at a time.
 */
export class Updates implements Disposable {
  readonly #options: UpdatesOptions;
  readonly #lock: InstanceLock;
  #journal: UpdateJournal;

  private constructor(options: UpdatesOptions, lock: InstanceLock, journal: UpdateJournal) {
    this.#options = options;
    this.#lock = lock;
    this.#journal = journal;
  }

  /** @throws GatehouseError `update-busy` while another is open */
  static async open(options: UpdatesOptions): Promise<Updates> {
    const lock = lockOf(options.installation);
    try {
      return new Updates(options, lock, await readJournal(options.installation));
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  get journal(): UpdateJournal {
    return this.#journal;
  }

  /** What the source offers, and what is to be thought of it. */
  async check(source: ReleaseSource, cancel: Cancellable, again = false): Promise<Offer> {
    const { installation, platform, clock } = this.#options;
    const installed = await installation.current();
    const manifest = await fetchManifest(source, await installation.keys(), cancel);
    const { newest, failed } = this.#journal;
    const verdict = judgeUpdate({ manifest, installed, newest, failed, again, platform, now: clock.now() });
    if (verdict.kind !== "refuse" || verdict.code !== "update-untrusted") await this.#remember(manifest);
    return { installed, manifest, verdict };
  }

  /** Installs what the source offers; answers the version that runs then. @throws GatehouseError, once all is as before */
  async apply(
    source: ReleaseSource,
    { again }: { readonly again: boolean },
    cancel: Cancellable,
  ): Promise<ReleaseVersion> {
    const { installed: from, manifest, verdict } = await this.check(source, cancel, again);
    if (verdict.kind === "current") return from;
    if (verdict.kind === "refuse") throw new GatehouseError(verdict.code, verdict.why);
    const { installation, service } = this.#options;
    const to = manifest.version;
    const passphrase = await this.#askPassphrase();
    await this.#begin("fetching", { from, to, running: await service.isRunning(cancel), restoring: true, starts: 0 });
    await this.#orTakeBack(async () => {
      const archive = installation.work("archive.tar.gz");
      await fetchFile(source, { file: verdict.file, path: archive }, cancel);
      await this.#begin("unpacking");
      await unpackRelease(archive, installation.version(to));
      const before = await this.#try(from, { to, passphrase }, cancel);
      await this.#begin("switching");
      await installation.point("current", to);
      await this.#begin("starting");
      await this.#startAndJudge(to, before, cancel);
    });
    await this.#finish();
    return to;
  }

  /** Goes back to the version before. Without `restore` the data stay as they are, if that version can read them. */
  async rollback({ restore }: { readonly restore: boolean }, cancel: Cancellable): Promise<ReleaseVersion> {
    const { installation, data, service, versions } = this.#options;
    const [to, from] = [this.#journal.previous, await installation.current()];
    if (to === null)
      throw new GatehouseError("update-unsuitable", "There is no version before this one to go back to.");
    const before = installation.work("before");
    if (restore && !(await isThere(before)))
      throw new GatehouseError("update-unsuitable", "The data from before the update are not there any more.");
    const passphrase = await this.#askPassphrase();
    await this.#begin("trying", { from, to, running: await service.isRunning(cancel), restoring: restore, starts: 0 });
    await this.#orTakeBack(async () => {
      await service.stop(cancel);
      const trial = installation.work("trial");
      await makeTrial(data, restore ? before : data, trial);
      await versions.check(to, { data: trial, passphrase }, cancel).catch(async (cause: unknown) => {
        const failed = isGatehouseError(cause) && cause.code === "update-failed";
        throw failed && restore && !(await isKeyUnchanged(before, data)) ? keyChanged(cause) : cause;
      });
    });
    await this.#begin("returning", { from: to, to: from });
    await this.#return({ start: true });
    return to;
  }

  /**
   * Brings an update that was cut off to an end.
   * @param beforeStart the gateway is about to be started by systemd, which waits for this
   */
  async recover({ beforeStart }: { readonly beforeStart: boolean }, cancel: Cancellable): Promise<void> {
    const { clock, log } = this.#options;
    const recovery = recoveryOf(this.#journal, clock.now(), beforeStart);
    if (recovery.kind !== "nothing")
      log.warn("an update was cut off", { step: this.#journal.step, now: recovery.kind });
    switch (recovery.kind) {
      case "nothing":
        // One that was cut off after its end has left what it needed on its way.
        return this.#options.installation.tidy([await this.#options.installation.current(), this.#journal.previous]);
      case "discard":
        return this.#discard({ start: !beforeStart });
      case "return":
        return this.#return({ start: !beforeStart });
      case "count":
        return this.#write({ ...this.#journal, starts: this.#journal.starts + 1 });
      case "finish":
        return this.#finish();
      case "judge":
        await this.#orTakeBack(() => this.#startAndJudge(this.#target(), undefined, cancel));
        return this.#finish();
    }
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** Stops the gateway, and has the new version try itself on copies of its files. Answers what the old version said at the end. */
  async #try(
    from: ReleaseVersion,
    { to, passphrase }: { readonly to: ReleaseVersion; readonly passphrase: Secret | undefined },
    cancel: Cancellable,
  ): Promise<Report | undefined> {
    const { installation, data, service, versions } = this.#options;
    const trial = installation.work("trial");
    const before = this.#journal.running ? await versions.report(from, cancel) : undefined;
    await this.#begin("trying");
    await service.stop(cancel);
    await keepDatabase(data, installation.work("before"));
    await makeTrial(data, data, trial);
    await versions.check(to, { data: trial, passphrase }, cancel);
    return before;
  }

  /** The vault's passphrase, where one locks it: asked for before anything is stopped. @throws GatehouseError `vault-locked` */
  async #askPassphrase(): Promise<Secret | undefined> {
    const { data, vaultLock } = this.#options;
    if ((await lookAtVaultKey(data, vaultLock.locks)) !== true) return undefined;
    const given = await vaultLock.ask();
    if (given !== undefined) return given;
    throw new GatehouseError(
      "vault-locked",
      "A passphrase locks the vault, and none was given to try a copy of it with.",
      {
        remedy: "Add --passphrase-stdin, or give the credential `vault-passphrase` to the unit that updates.",
      },
    );
  }

  async #startAndJudge(version: ReleaseVersion, before: Report | undefined, cancel: Cancellable): Promise<void> {
    // Where nobody runs the gateway, that it could use copies of the data has to do.
    if (!this.#journal.running) return;
    const { service, versions } = this.#options;
    await service.start(cancel);
    await versions.untilHealthy(version, { before, isRunning: (stop) => service.isRunning(stop) }, cancel);
  }

  async #orTakeBack<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#options.log.warn("the update is taken back", { step: this.#journal.step, error: String(error) });
      if (this.#journal.step === "starting") await this.#return({ start: true });
      else
        await this.#discard({
          start: true,
          failed: isGatehouseError(error) && error.code === "update-failed" && this.#journal.step === "trying",
        });
      throw error;
    }
  }

  /** Before the new version has touched anything: the old one goes on. */
  async #discard({ start, failed = false }: { readonly start: boolean; readonly failed?: boolean }): Promise<void> {
    const { from, to, running, previous } = this.#journal;
    const { installation } = this.#options;
    if (from !== null) await installation.point("current", from);
    await installation.tidy([from, previous]);
    await this.#begin("idle", failed ? { failed: to } : {});
    if (start && running) await this.#resume(from);
  }

  /** After the new version may have changed the data: the old one comes back, with its own where they were kept. */
  async #return({ start }: { readonly start: boolean }): Promise<void> {
    const { installation, data, service } = this.#options;
    const { from, to, running, restoring } = this.#journal;
    if (from === null) throw new TypeError("nothing to return to");
    if (this.#journal.step !== "returning") {
      // A rotation since has left nothing that opens those data; what is there opens with today's key.
      if (restoring && !(await isKeyUnchanged(installation.work("before"), data))) return this.#stay();
      await this.#begin("returning");
    }
    if (start) await service.stop(unstoppable());
    if (restoring) await restoreDatabase(installation.work("before"), data);
    await installation.point("current", from);
    await installation.point("proven", from);
    await this.#begin("idle", { failed: to, previous: null });
    await installation.tidy([from]);
    if (start && running) await this.#resume(from);
  }

  /** The new version stays, whatever it is worth: only its data can be opened. `proven` goes on to lead to the old one. */
  async #stay(): Promise<void> {
    const { from, to } = this.#journal;
    this.#options.log.error("the data from before the update do not open with the vault's key any more", { stays: to });
    await this.#begin("idle", { previous: from, failed: null });
    await this.#options.installation.tidy([from, to]);
  }

  /** Starts the version that is back. That it does not work either is told, but changes nothing: there is no other. */
  async #resume(version: ReleaseVersion | null): Promise<void> {
    if (version === null) return;
    try {
      await this.#startAndJudge(version, undefined, unstoppable());
    } catch (error) {
      this.#options.log.error("the version before does not answer", { version, error: String(error) });
    }
  }

  async #finish(): Promise<void> {
    const { installation } = this.#options;
    const { from } = this.#journal;
    const to = this.#target();
    await installation.point("proven", to);
    await this.#begin("idle", { previous: from, failed: null });
    await installation.tidy([from, to]);
  }

  #target(): ReleaseVersion {
    if (this.#journal.to === null) throw new TypeError("no version to update to");
    return this.#journal.to;
  }

  async #remember({ version, released }: Manifest): Promise<void> {
    const { newest } = this.#journal;
    if (newest !== null && compareVersions(version, newest.version) === 0 && released === newest.released) return;
    await this.#write({ ...this.#journal, newest: { version, released } });
  }

  async #begin(step: UpdateStep, more: Partial<UpdateJournal> = {}): Promise<void> {
    this.#options.log.info("update", { step });
    await this.#write({ ...this.#journal, ...more, step, at: this.#options.clock.now() });
  }

  async #write(journal: UpdateJournal): Promise<void> {
    await writeJournal(this.#options.installation, journal);
    this.#journal = journal;
  }
}

const keyChanged = (cause: unknown): GatehouseError =>
  new GatehouseError(
    "update-unsuitable",
    "The data from before the update cannot come back: the vault's key was changed since, and they open with the old one alone.",
    { remedy: "Restore a backup that was made before the update: `gatehouse restore FILE`.", cause },
  );

const lockOf = (installation: Installation): InstanceLock => {
  try {
    return InstanceLock.open(installation.work("lock"));
  } catch (cause) {
    if (!isGatehouseError(cause) || cause.code !== "gateway-running") throw cause;
    throw new GatehouseError("update-busy", "Another update is under way.", { cause });
  }
};

const isThere = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
};

import { GatehouseError, isGatehouseError, type Cancellable, type Clock, type Secret } from "@gatehouse/shared";
import { userInfo } from "node:os";
import { z } from "zod";

import { ownerOf } from "./database-copy.ts";
import { CameraReport, judgeHealth, StatusReport, type Report } from "./health-policy.ts";
import type { Installation } from "./installation.ts";
import type { ReleaseVersion } from "./release-version.ts";
import { runProgram, type ProgramResult } from "./run-program.ts";

export interface VersionsOptions {
  readonly installation: Installation;
  readonly data: string;
  readonly searchPath: string;
  readonly clock: Clock;
}

/** A new version has this long to look at copies of the data, and to change them. */
const checkTime = 15 * 60_000;
const answerTime = 20_000;
/** A new version has this long to answer, and to reach the cameras that the old one reached. */
const healthTime = 90_000;
/** It may be seen in between two starts, but not that often in a row. */
const mostAbsences = 5;

export interface Circumstances {
  /** What the version before said; undefined where it said nothing. */
  readonly before: Report | undefined;
  readonly isRunning: (cancel: Cancellable) => Promise<boolean>;
}

/** A data folder that a version is to try itself on. */
export interface Trial {
  readonly data: string;
  /** The vault's, where one locks it. */
  readonly passphrase: Secret | undefined;
}

/** The installed versions as programs, run with the rights of the gateway's user. */
export class Versions {
  readonly #options: VersionsOptions;

  constructor(options: VersionsOptions) {
    this.#options = options;
  }

  /**
   * Has a version open a data folder, and change it to its own form.
   * @throws GatehouseError `update-failed` where it cannot, `passphrase-wrong`
   */
  async check(version: ReleaseVersion, { data, passphrase }: Trial, cancel: Cancellable): Promise<void> {
    const args = ["check", "--data", data, ...(passphrase === undefined ? [] : ["--passphrase-stdin"])];
    const { code, stderr, stdout } = await this.#run(version, args, { ms: checkTime, input: passphrase, cancel });
    if (code === 0) return;
    const words = (stderr === "" ? stdout : stderr).trim().slice(-600);
    if (words.endsWith("(passphrase-wrong)"))
      throw new GatehouseError("passphrase-wrong", "This is not the passphrase of the vault.");
    throw new GatehouseError("update-failed", `Version ${version} cannot use a copy of the data. It says: ${words}`);
  }

  /** What the running gateway says; undefined where it does not answer. */
  async report(version: ReleaseVersion, cancel: Cancellable): Promise<Report | undefined> {
    const status = await this.#ask(version, ["status"], StatusReport, cancel);
    const cameras = status && (await this.#ask(version, ["camera", "list"], z.array(CameraReport), cancel));
    return status && cameras && { status, cameras };
  }

  /** Resolves when the started version has shown that it works. @throws GatehouseError `update-failed` where it does not */
  async untilHealthy(
    version: ReleaseVersion,
    { before, isRunning }: Circumstances,
    cancel: Cancellable,
  ): Promise<void> {
    const { clock } = this.#options;
    const end = clock.monotonic() + healthTime;
    // Asking takes its time, as it starts programs: that paces this.
    for (let gone = 0; ;) {
      const health = judgeHealth(version, await this.report(version, cancel), before);
      if (health.kind === "healthy") return;
      gone = (await isRunning(cancel)) ? 0 : gone + 1;
      if (health.kind === "sick" || gone === mostAbsences || clock.monotonic() > end)
        throw new GatehouseError("update-failed", `Version ${version} does not work here: ${health.why}.`);
    }
  }

  async #ask<T>(
    version: ReleaseVersion,
    words: readonly string[],
    schema: z.ZodType<T>,
    cancel: Cancellable,
  ): Promise<T | undefined> {
    const args = [...words, "--json", "--data", this.#options.data];
    try {
      const { code, stdout } = await this.#run(version, args, { ms: answerTime, cancel });
      return code === 0 ? schema.parse(JSON.parse(stdout)) : undefined;
    } catch (error) {
      // No answer in time, or none that can be understood, is no answer.
      if (cancel.signal.aborted || (isGatehouseError(error) && error.code !== "timeout")) throw error;
      return undefined;
    }
  }

  async #run(
    version: ReleaseVersion,
    args: readonly string[],
    { ms, input, cancel }: { readonly ms: number; readonly input?: Secret | undefined; readonly cancel: Cancellable },
  ): Promise<ProgramResult> {
    const { installation, data, searchPath, clock } = this.#options;
    const as = userInfo().uid === 0 ? await ownerOf(data) : undefined;
    return runProgram({ program: installation.program(version), args, searchPath, input, as, ms, clock }, cancel);
  }
}

import {
  GatehouseError,
  isGatehouseError,
  systemCode,
  writePrivateFile,
  type Clock,
  type Logger,
} from "@gatehouse/shared";
import { readFile, stat } from "node:fs/promises";

import { countRules, type FirmwareRules } from "./firmware-rules.ts";
import { longestNote, openRulesNote, type IsSigned } from "./rules-note.ts";

/** Whatever says which rules are in force. */
export interface RuleSource {
  readonly current: FirmwareRules;
}

export interface RulesInForceOptions {
  /** Where a newer note is kept. */
  readonly file: string;
  /** Undefined where no key is known that rules could be signed by: then none are taken. */
  readonly isSigned: IsSigned | undefined;
  readonly builtIn: FirmwareRules;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A note from further ahead was made by a clock that is wrong, and would keep all later ones out. */
const mostAheadMs = 2 * 86_400_000;

/** The firmware rules that this gateway goes by: those that it came with, or newer ones that somebody gave it. */
export class RulesInForce implements RuleSource {
  readonly #options: RulesInForceOptions;
  #current: FirmwareRules;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: RulesInForceOptions, current: FirmwareRules) {
    this.#options = options;
    this.#current = current;
  }

  /** Whatever is wrong with the kept note, the rules that came with this version are there. */
  static async open(options: RulesInForceOptions): Promise<RulesInForce> {
    const kept = await readKept(options);
    const newer = kept !== undefined && kept.issued > options.builtIn.issued;
    return new RulesInForce(options, newer ? kept : options.builtIn);
  }

  get current(): FirmwareRules {
    return this.#current;
  }

  /** As they are told of: `{issued, rules}`. */
  get summary(): { readonly issued: number; readonly rules: number } {
    return { issued: this.#current.issued, rules: countRules(this.#current) };
  }

  /**
   * Goes by the note's rules from now on, also after a restart.
   * @throws GatehouseError `advisories-invalid` for what is not signed, not newer, or from the future; nothing changes then
   */
  async replace(note: string): Promise<void> {
    // One after the other, or an older note could be written over a newer one.
    const turn = this.#last.then(() => this.#replace(note));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #replace(note: string): Promise<void> {
    const { isSigned } = this.#options;
    if (isSigned === undefined) throw keyless();
    const rules = openRulesNote(note, isSigned);
    if (rules.issued <= this.#current.issued)
      throw new GatehouseError("advisories-invalid", "The firmware rules are not newer than those in use.");
    if (rules.issued > this.#options.clock.now() + mostAheadMs)
      throw new GatehouseError(
        "advisories-invalid",
        "The firmware rules are from the future: look at this box's clock.",
      );
    await writePrivateFile(this.#options.file, note);
    this.#current = rules;
  }
}

const keyless = (): GatehouseError =>
  new GatehouseError(
    "advisories-invalid",
    "This gateway was not installed from a release, so it has no key that rules about firmware are signed by.",
    {
      remedy: "Install it from a release by install.sh, or take a newer version: each comes with the rules of its day.",
    },
  );

const readKept = async ({ file, isSigned, log }: RulesInForceOptions): Promise<FirmwareRules | undefined> => {
  try {
    // Every character takes four bytes at most.
    if ((await stat(file)).size > longestNote * 4)
      throw new GatehouseError("advisories-invalid", "The note is too long.");
    if (isSigned === undefined) throw keyless();
    return openRulesNote(await readFile(file, "utf8"), isSigned);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    log.warn("kept firmware rules are left out", { code: isGatehouseError(error) ? error.code : systemCode(error) });
    return undefined;
  }
};

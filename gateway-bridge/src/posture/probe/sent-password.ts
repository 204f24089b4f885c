import type { GuessedAccount, GuessLedger } from "./guess-ledger.ts";
import { hintsAtLock, type LoginAnswer } from "./lock-hint-policy.ts";

/** Whether a login is known to be right. */
export interface Proof {
  readonly holds: boolean;
  keep(): void;
  drop(): void;
}

export interface SentPasswordOptions {
  readonly ledger: GuessLedger;
  readonly account: GuessedAccount;
  readonly proof: Proof;
}

/** One password on its way to a camera: written down before it is sent, struck out when it proved right. */
export class SentPassword {
  readonly #options: SentPasswordOptions;
  /** What was written down and not struck out. */
  readonly #rows: number[] = [];
  #wasSent = false;
  /** It went out, and nobody has said yet what became of it. */
  #isOut = false;
  #inDoubt = false;

  constructor(options: SentPasswordOptions) {
    this.#options = options;
  }

  /** Whether the camera asked for it at all; until then, an answer says nothing about it. */
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** Whether a login that was right before was refused: its password was changed, or the account may not do what was asked. */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  /** To be called before each request that it goes out with. @throws GatehouseError `probe-refused`, and then it must not go out */
  sending(): void {
    const { ledger, account, proof } = this.#options;
    if (!proof.holds) this.#rows.push(ledger.take(account));
    this.#wasSent = true;
    this.#isOut = true;
  }

  /** A request was carried out. One that it did not go out with says nothing about it. */
  taken(): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#options.proof.keep();
    this.#inDoubt = false;
    for (const row of this.#rows.splice(0)) this.#options.ledger.giveBack(row);
  }

  /** A request that it went out with was refused. What is in doubt then is believed until it is asked about, or lost. */
  refused(): void {
    const { ledger, account, proof } = this.#options;
    if (!this.#isOut) return;
    this.#isOut = false;
    if (!proof.holds) {
      this.lost();
      return;
    }
    this.#rows.push(ledger.noteRefusal(account));
    this.#inDoubt = true;
  }

  /** It is wrong. */
  lost(): void {
    this.#options.proof.drop();
    this.#isOut = false;
    this.#inDoubt = false;
    this.#rows.splice(0);
  }

  /** What the camera said to it. A login that was right before is not about to be locked: it is only not permitted something. */
  heard(answer: LoginAnswer): void {
    const { ledger, account, proof } = this.#options;
    if (this.#wasSent && !proof.holds && hintsAtLock(answer)) ledger.close(account);
  }
}

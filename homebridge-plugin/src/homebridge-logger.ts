import type { Logger } from "@gatehouse/shared";
import type { Logging } from "homebridge";

type Fields = Readonly<Record<string, unknown>>;

/** Writes to Homebridge's log: the phrase, then its fields in brackets. */
export class HomebridgeLogger implements Logger {
  readonly #log: Logging;
  readonly #fields: Fields;

  constructor(log: Logging, fields: Fields = {}) {
    this.#log = log;
    this.#fields = fields;
  }

  child(fields: Fields): HomebridgeLogger {
    return new HomebridgeLogger(this.#log, { ...this.#fields, ...fields });
  }

  /** For what tries again by itself: its warnings become debug lines. */
  quiet(): Logger {
    const quiet: Logger = {
      child: (fields) => this.child(fields).quiet(),
      debug: (message, fields) => this.debug(message, fields),
      info: (message, fields) => this.info(message, fields),
      warn: (message, fields) => this.debug(message, fields),
      error: (message, fields) => this.error(message, fields),
    };
    return quiet;
  }

  // "%s" throughout: a camera's name may hold a percent sign, and Homebridge formats its first argument.
  debug(message: string, fields?: Fields): void {
    this.#log.debug("%s", this.#line(message, fields));
  }

  info(message: string, fields?: Fields): void {
    this.#log.info("%s", this.#line(message, fields));
  }

  warn(message: string, fields?: Fields): void {
    this.#log.warn("%s", this.#line(message, fields));
  }

  error(message: string, fields?: Fields): void {
    this.#log.error("%s", this.#line(message, fields));
  }

  #line(message: string, fields: Fields = {}): string {
    const facts = Object.entries({ ...this.#fields, ...fields }).map(([name, value]) => `${name}: ${shown(value)}`);
    return facts.length === 0 ? message : `${message} (${facts.join(", ")})`;
  }
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

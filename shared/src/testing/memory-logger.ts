import type { Logger } from "../kernel/logger.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Keeps every line, for tests that look at them. */
export class MemoryLogger implements Logger {
  readonly lines: LogLine[];
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(lines: LogLine[] = [], fields: Readonly<Record<string, unknown>> = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  child(fields: Readonly<Record<string, unknown>>): MemoryLogger {
    return new MemoryLogger(this.lines, { ...this.#fields, ...fields });
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#add("debug", message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#add("info", message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#add("warn", message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#add("error", message, fields);
  }

  #add(level: LogLine["level"], message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

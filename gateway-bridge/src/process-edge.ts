import { addressAttemptMs, GatehouseError, type Logger } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { pino, type Logger as Pino } from "pino";

import type { Terminal } from "./cli/command.ts";
import { readableLine } from "./cli/readable-log.ts";

// Whomever this program calls.
setDefaultAutoSelectFamilyAttemptTimeout(addressAttemptMs);

const ask: Terminal["ask"] = async (question, { hidden }) => {
  if (!process.stdin.isTTY) return undefined;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true });
  // After the reader, which ends the terminal's own echo.
  process.stderr.write(question);
  try {
    return await reader.question("");
  } finally {
    reader.close();
    if (hidden) process.stderr.write("\n");
  }
};

const readInput = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
};

/** The terminal, or whatever takes its place. */
export const terminal: Terminal = {
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  ask,
  readInput,
};

/** The Logger port over pino: message first, data as fields. */
const toLogger = (sink: Pino): Logger => ({
  child: (fields) => toLogger(sink.child(fields)),
  debug: (message, fields = {}) => sink.debug(fields, message),
  info: (message, fields = {}) => sink.info(fields, message),
  warn: (message, fields = {}) => sink.warn(fields, message),
  error: (message, fields = {}) => sink.error(fields, message),
});

/** For programs as pino writes it, for people at a terminal as one readable line. */
const logFile = process.stderr.isTTY
  ? { write: (line: string) => void process.stderr.write(`${readableLine(line)}\n`) }
  : pino.destination({ fd: 2, sync: true }).on("error", () => undefined);
// A full disk or a closed terminal costs lines, never the cameras.
for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);

export const log: Logger = toLogger(
  pino(
    { level: process.env["GATEHOUSE_LOG"] ?? "info", base: null, timestamp: pino.stdTimeFunctions.isoTime },
    logFile,
  ),
);

/** In [0, 1). Only spreads retries, but there is no reason to use a guessable source. */
export const random = (): number => randomBytes(4).readUInt32BE() / 2 ** 32;

/** Aborts at the first SIGINT or SIGTERM; the second ends the process as it always does. */
export const stopSignal = (): AbortSignal => {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new GatehouseError("aborted", `stopped by ${signal}`)));
  }
  return stop.signal;
};

/** Keeps the process until the work is done: pauses between two tries would not, and Node ends where nothing else waits. */
export const untilDone = async <T>(work: Promise<T>): Promise<T> => {
  const { port1: hold } = new MessageChannel();
  hold.ref();
  try {
    return await work;
  } finally {
    hold.close();
  }
};

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What a worker can be asked, by name. Arguments and results pass as JSON. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

type ArgumentOf<H extends Handlers, N extends keyof H> = Parameters<H[N]> extends [infer A] ? [argument: A] : [];
type ResultOf<H extends Handlers, N extends keyof H> = Awaited<ReturnType<H[N]>>;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The worker's half: answers until the parent is gone, then ends the process. */
export const serveParent = (handlers: Handlers): void => {
  process.on("message", (request: Request) => {
    const { id, name, argument } = request;
    const handler = handlers[name] as ((given: unknown) => unknown) | undefined;
    const answering = (async () => {
      if (handler === undefined) throw new Error(`the worker has no ${name}`);
      return await handler(argument);
    })();
    answering.then(
      (result) => process.send?.({ id, result } satisfies Reply),
      (error: unknown) => process.send?.({ id, error: `${name}: ${String(error)}` } satisfies Reply),
    );
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ id: 0 } satisfies Reply);
};

const endWithinMs = 10_000;

/** With GATEHOUSE_BENCH_PROFILE=FOLDER each process of a benchmark leaves a CPU profile there. */
const profiling = (): readonly string[] => {
  const folder = process.env["GATEHOUSE_BENCH_PROFILE"];
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
};

/** A part of a benchmark in a process of its own, so that its CPU time and memory are counted apart. */
export class WorkerProcess<H extends Handlers> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (reply: Reply) => this.#settle(reply));
    child.on("exit", (code, signal) => {
      const gone = new Error(`a process of the benchmark ended with ${String(code ?? signal)}`);
      for (const pending of this.#pending.values()) pending.reject(gone);
      this.#pending.clear();
    });
  }

  /** @param file a module that calls `serveParent` */
  static async start<H extends Handlers>(file: URL, args: readonly string[] = []): Promise<WorkerProcess<H>> {
    const child = fork(file, args, {
      execArgv: ["--conditions=source", "--expose-gc", "--disable-warning=ExperimentalWarning", ...profiling()],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { PATH: process.env["PATH"] },
    });
    const worker = new WorkerProcess<H>(child);
    const ready = Promise.withResolvers<unknown>();
    worker.#pending.set(0, ready);
    await ready.promise;
    return worker;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async call<N extends keyof H & string>(name: N, ...[argument]: ArgumentOf<H, N>): Promise<ResultOf<H, N>> {
    if (!this.#child.connected) throw new Error("the process of the benchmark has ended");
    const id = this.#next++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#child.send({ id, name, argument } satisfies Request);
    return (await pending.promise) as ResultOf<H, N>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.disconnect();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), endWithinMs);
    await gone;
    clearTimeout(late);
  }

  #settle({ id, result, error }: Reply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(error));
  }
}

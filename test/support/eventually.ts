import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";

/** By then whatever this process alone has to do is done. */
const turns = 100;
const pauseMs = 2;

/**
 * Resolves as soon as the condition holds. It is looked at after every turn of the event loop at first, later every few ms: what takes longer is
 * up to other processes, which can use the processor better.
 */
export const eventually = async (what: string, condition: () => boolean, withinMs = 25_000): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (let looks = 1; !condition(); looks += 1) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await (looks < turns ? turn() : pause(pauseMs));
  }
};

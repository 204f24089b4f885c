/** Resolves as soon as the condition holds, looked at after every turn of the event loop. */
export const eventually = async (what: string, condition: () => boolean, withinMs = 10_000): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

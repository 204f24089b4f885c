import type { Socket } from "node:net";

/** Hands on what either says to the other; the end of one is the end of both. */
export const joinSockets = (one: Socket, other: Socket): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on("error", () => undefined);
    from.on("close", () => to.destroy());
  }
};

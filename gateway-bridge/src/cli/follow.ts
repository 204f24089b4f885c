import type { Cancellable, Clock } from "@gatehouse/shared";

/** What a command has that waits for something that the gateway does. */
export interface Following extends Cancellable {
  readonly clock: Clock;
  /** Told each time that there is something new to tell. */
  readonly note: (text: string) => void;
}

/** Something that the gateway does, as it is asked for again and again. */
export interface Followed<T> {
  readonly isOver: (state: T) => boolean;
  /** How far it is, in a line. */
  readonly say: (state: T) => string;
  readonly ask: (state: T, cancel: Cancellable) => Promise<T>;
}

const pauseMs = 250;

/** Waits for the end of what has begun, and tells how far it is. @returns its last state */
export const follow = async <T>(
  begun: T,
  { isOver, say, ask }: Followed<T>,
  { clock, note, signal }: Following,
): Promise<T> => {
  let state = begun;
  let said: string | undefined;
  while (!isOver(state)) {
    const line = say(state);
    if (line !== said) note((said = line));
    await clock.delay(pauseMs, { signal });
    state = await ask(state, { signal });
  }
  return state;
};

/** How a session is kept from running out. */
export interface KeepAlive {
  readonly method: "GET_PARAMETER" | "OPTIONS";
  readonly everyMs: number;
}

export interface KeepAliveSituation {
  /** From the SETUP answer; undefined where it did not say. */
  readonly timeoutS: number | undefined;
  /** Methods that the server named, upper-case; empty where it named none. */
  readonly methods: ReadonlySet<string>;
}

const headStartS = 5;
/** Servers that say nothing mean 60 s, by RFC 2326 12.37; some mean half of that. */
const unsaidS = 25;

/**
 * When and how to show the server that its client is alive: five seconds before its time runs out, or at half of a short time,
 * by GET_PARAMETER without content where it is offered, else by OPTIONS.
 */
export const decideKeepAlive = ({ timeoutS, methods }: KeepAliveSituation): KeepAlive => {
  const everyS = timeoutS === undefined ? unsaidS : Math.max(timeoutS - headStartS, timeoutS / 2);
  return {
    method: methods.has("GET_PARAMETER") ? "GET_PARAMETER" : "OPTIONS",
    // A server may say 0, or a day: neither a busy loop nor a connection that a router has long forgotten.
    everyMs: Math.min(Math.max(everyS, 1), 60) * 1_000,
  };
};

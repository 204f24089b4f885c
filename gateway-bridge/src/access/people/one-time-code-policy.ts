export type CodePurpose = "first-run" | "invitation" | "guest";

/** In ms. */
export const lifetimeOf: Readonly<Record<CodePurpose, number>> = {
  "first-run": 10 * 60_000,
  invitation: 24 * 3_600_000,
  // At most: each guest link has an end of its own.
  guest: 30 * 24 * 3_600_000,
};
/** How often one code may be compared, right or wrong. */
export const mostEvaluated = 20;

export interface CodeState {
  readonly purpose: CodePurpose;
  /** By Clock.now(). */
  readonly made: number;
  readonly evaluated: number;
}

/** Whether a code is still of use. One from the future is not: the clock was set back, which must not make it live longer. */
export const judgeCode = ({ purpose, made, evaluated }: CodeState, now: number): "open" | "over" =>
  made <= now && now < made + lifetimeOf[purpose] && evaluated < mostEvaluated ? "open" : "over";

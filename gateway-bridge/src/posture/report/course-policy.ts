import type { Grade, TrendPoint } from "@gatehouse/shared";

/** A grade, and since when it was that one, ms since the epoch. */
export interface Turn {
  readonly at: number;
  readonly grade: Grade;
}

/** A course as people follow it: its first grade, and each one that followed another. Oldest first, as the course. */
export const turnsOf = (course: readonly TrendPoint[]): readonly Turn[] =>
  course.flatMap(({ at, grade }, index) => (course[index - 1]?.grade === grade ? [] : [{ at, grade }]));

const mostTurns = 6;

/** In one line, its last turns: `Course: F from 2026-11-01, C from 2026-11-12.` Empty before there is one. */
export const courseText = (course: readonly TrendPoint[]): string => {
  const turns = turnsOf(course).slice(-mostTurns);
  if (turns.length === 0) return "";
  return `Course: ${turns.map(({ at, grade }) => `${grade} from ${dayOf(at)}`).join(", ")}.`;
};

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

import type { Grade, TrendPoint } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { courseText } from "./course-policy.ts";

const tally = { critical: 0, high: 0, medium: 0, low: 0, accepted: 0, unknown: 0 };
/** One a day, from 1 November 2026 on. */
const courseOf = (grades: string): TrendPoint[] =>
  Array.from(grades, (grade, day) => ({ at: Date.UTC(2026, 10, 1 + day, 12), grade: grade as Grade, tally }));

describe("courseText", () => {
  it.each([
    ["", ""],
    ["A", "Course: A from 2026-11-01."],
    ["FFFF", "Course: F from 2026-11-01."],
    ["FFCCA", "Course: F from 2026-11-01, C from 2026-11-03, A from 2026-11-05."],
    ["AFA", "Course: A from 2026-11-01, F from 2026-11-02, A from 2026-11-03."],
  ])("tells of %j where the grade turned", (grades, text) => {
    expect(courseText(courseOf(grades))).toBe(text);
  });

  it("tells of the last six turns of a long one", () => {
    const text = courseText(courseOf("ABABABABAB"));
    expect(text.match(/from/g)).toHaveLength(6);
    expect(text).toMatch(/^Course: A from 2026-11-05, .*B from 2026-11-10\.$/);
  });
});

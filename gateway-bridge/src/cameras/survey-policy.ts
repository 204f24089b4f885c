/** How long what a camera said of itself is taken for true. */
export const surveyLastsMs = 10 * 60_000;
/** A stream that is asked for again this soon was lost, and its address may be why. */
export const lostStreamMs = 2 * 60_000;

export interface SurveyAge {
  /** When the camera was last surveyed; undefined if never. Milliseconds of a clock that never steps back, as all here. */
  readonly surveyedAt: number | undefined;
  /** When the same stream was last asked for; minus infinity if never. */
  readonly locatedAt: number;
  readonly now: number;
}

/** Whether to ask the camera anew before saying where its stream is. A survey made since the stream was lost is good enough. */
export const decideSurvey = ({ surveyedAt, locatedAt, now }: SurveyAge): "keep" | "renew" => {
  if (surveyedAt === undefined || now - surveyedAt > surveyLastsMs) return "renew";
  const lost = now - locatedAt <= lostStreamMs;
  return lost && surveyedAt <= locatedAt ? "renew" : "keep";
};

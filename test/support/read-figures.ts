import { parseExposition } from "../../gateway-bridge/src/metrics/testing/parse-exposition.ts";
import type { ApplicationClient } from "./application-client.ts";

/** What /metrics told at one moment. */
export interface Figures {
  /** Of the samples of one name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

export const readFigures = async (client: ApplicationClient): Promise<Figures> => {
  const { status, body } = await client.ask({ path: "/metrics" });
  if (status !== 200) throw new Error(`/metrics was answered ${status}`);
  const families = parseExposition(body.toString());
  return {
    sum: (name, labels = {}) =>
      (families.get(name)?.samples ?? [])
        .filter((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
        .reduce((total, { value }) => total + value, 0),
  };
};

import type { Check } from "../check.ts";

export const configurationCheck: Check = {
  name: "configuration",
  about: "relay.json",
  look: async ({ config, data }) => {
    if (config !== undefined) return [];
    return [
      {
        code: "configuration-unusable",
        what: `relay.json in ${data} is missing, or is not one that this version takes.`,
        why: "The relay does not start with it.",
        remedy: "`gatehouse-relay up` says what is wrong with it; `gatehouse-relay init` makes a new relay.",
      },
    ];
  },
};

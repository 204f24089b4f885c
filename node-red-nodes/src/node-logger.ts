import type { Logger } from "@gatehouse/shared";

import type { RedNode } from "./red.ts";

/** For people: Node-RED's log escapes what JSON is made of. */
const line = (message: string, fields: Readonly<Record<string, unknown>>): string => {
  const facts = Object.entries(fields).map(([key, value]) => {
    return `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
  return facts.length === 0 ? message : `${message} (${facts.join(", ")})`;
};

/** The Logger port over a node's own log, where Node-RED's users look. */
export const nodeLogger = (node: RedNode, base: Readonly<Record<string, unknown>> = {}): Logger => ({
  child: (fields) => nodeLogger(node, { ...base, ...fields }),
  debug: (message, fields) => node.debug(line(message, { ...base, ...fields })),
  info: (message, fields) => node.log(line(message, { ...base, ...fields })),
  warn: (message, fields) => node.warn(line(message, { ...base, ...fields })),
  error: (message, fields) => node.error(line(message, { ...base, ...fields })),
});

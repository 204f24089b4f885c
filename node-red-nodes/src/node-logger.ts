import type { Logger } from "@gatehouse/shared";

import type { RedNode } from "./red.ts";

const line = (message: string, fields: Readonly<Record<string, unknown>>): string =>
  Object.keys(fields).length === 0 ? message : `${message} ${JSON.stringify(fields)}`;

/** The Logger port over a node's own log, where Node-RED's users look. */
export const nodeLogger = (node: RedNode, base: Readonly<Record<string, unknown>> = {}): Logger => ({
  child: (fields) => nodeLogger(node, { ...base, ...fields }),
  debug: (message, fields) => node.debug(line(message, { ...base, ...fields })),
  info: (message, fields) => node.log(line(message, { ...base, ...fields })),
  warn: (message, fields) => node.warn(line(message, { ...base, ...fields })),
  error: (message, fields) => node.error(line(message, { ...base, ...fields })),
});

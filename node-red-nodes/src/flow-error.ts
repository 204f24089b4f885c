import { toGatehouseError, type GatehouseError } from "@gatehouse/shared";

/** What happened and what to do, for a person. */
export const explain = ({ message, remedy }: GatehouseError): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}. ${remedy}`;

/** An error for a catch node, which keeps of an error its own `message` and `code` only. */
export const flowError = (cause: unknown): Error => {
  const error = toGatehouseError(cause);
  return Object.assign(new Error(explain(error)), { code: error.code });
};

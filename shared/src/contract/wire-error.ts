import { z } from "zod";

import { GatehouseError, isErrorCode, toGatehouseError } from "../kernel/errors.ts";

/** An error as it crosses the API: enough to act on, no stack, no secret. */
export const WireError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    retry: z.enum(["later", "never"]),
    remedy: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
});
export type WireError = z.infer<typeof WireError>;

export const toWireError = (value: unknown): WireError => {
  const error = toGatehouseError(value);
  // What is not one of ours may quote anything, so only its place in the log is told.
  const message = error.code === "internal" ? "The gateway failed unexpectedly." : error.message;
  return { error: { code: error.code, message, retry: error.retry, remedy: error.remedy, details: error.details } };
};

/** The error that the other side meant; a code this version does not know becomes `internal`, with the words kept. */
export const fromWireError = ({ error }: WireError): GatehouseError =>
  new GatehouseError(isErrorCode(error.code) ? error.code : "internal", error.message, {
    remedy: error.remedy,
    details: error.details,
  });

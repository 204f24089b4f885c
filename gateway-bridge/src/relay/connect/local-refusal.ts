import { errorRegistry, toGatehouseError, toWireError } from "@gatehouse/shared";
import type { ServerResponse } from "node:http";

import { localRealm } from "./credential.ts";

/** Of every answer of our own. */
const always = { "cache-control": "no-store", "x-content-type-options": "nosniff", connection: "close" } as const;

/** Tells a local program why there is no answer, in the gateway's own form; where one has begun, it breaks off. */
export const refuse = (response: ServerResponse, thrown: unknown): void => {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const error = toGatehouseError(thrown);
  const body = Buffer.from(JSON.stringify(toWireError(error)), "utf8");
  const headers = {
    ...always,
    "content-type": "application/json; charset=utf-8",
    "content-length": body.length,
    ...(error.code === "unauthenticated" && { "www-authenticate": `Basic realm="${localRealm}", charset="UTF-8"` }),
  };
  response.writeHead(errorRegistry[error.code].status, headers).end(body);
};

import type { Router } from "../router.ts";
import { keptForGood, pageHeaders } from "../security-headers.ts";
import type { Page } from "./page-set.ts";

/**
 * Gives each page a route of its own, with no part of the path left open. They meet the guards of host and origin like everything, and no
 * gate: whoever may connect may have them.
 */
export const servePages = (app: Router, pages: readonly Page[]): void => {
  for (const { path, type, body, immutable } of pages) {
    const headers = { ...pageHeaders, ...(immutable && keptForGood), "content-type": type };
    app.route({
      method: "GET",
      url: path,
      config: { page: true },
      handler: async (_, reply) => reply.headers(headers).send(body),
    });
  }
};

import { z } from "zod";

import { AuditVerdict, SignedHeads } from "./audit.ts";
import { QueryInt, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;

/** What shows that the audit log tells the truth. */
export const auditRoutes = {
  verifyAudit: route({ method: "POST", path: "/v1/audit/verify", access: admin, response: AuditVerdict }),
  /** Newest first. */
  listAuditHeads: route({
    method: "GET",
    path: "/v1/audit/heads",
    access: admin,
    query: z.strictObject({
      before: z.coerce.number().int().positive().optional(),
      limit: QueryInt.max(1_000).optional(),
    }),
    response: SignedHeads,
  }),
  /** All rows and heads as lines of JSON, the last row signed for this. */
  exportAudit: route({
    method: "GET",
    path: "/v1/audit/export",
    access: admin,
    stepUp: true,
    response: "file",
  }),
} satisfies Record<string, Route>;

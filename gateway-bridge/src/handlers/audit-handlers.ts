import type { AuditVerdict, Cancellable } from "@gatehouse/shared";

import type { Handlers } from "../api/handlers.ts";
import { exportAudit } from "../audit/export-audit.ts";
import type { Door } from "../door.ts";

type AuditParts = Pick<Door, "audit" | "heads" | "headPush">;

/** Whether the log is what was written: its chain, and every head that was signed here or lies elsewhere. */
export const verifyLog = async (
  { audit, heads, headPush }: AuditParts,
  cancel: Cancellable,
): Promise<Pick<AuditVerdict, "rows" | "intact" | "firstBad" | "contradiction">> => {
  const { rows, intact, firstBad } = await audit.verifyInSlices(cancel);
  const found = await heads.findContradiction(cancel);
  const contradiction = found?.why ?? headPush?.contradiction ?? null;
  return {
    rows,
    intact: intact && contradiction === null,
    firstBad: firstBad ?? found?.sequence ?? null,
    contradiction,
  };
};

export const auditHandlers = (
  parts: AuditParts,
): Pick<Handlers, "listAudit" | "verifyAudit" | "listAuditHeads" | "exportAudit"> => {
  const { audit, heads, headPush } = parts;
  return {
    listAudit: async ({ query }) => [...audit.list(query)],
    verifyAudit: async ({ signal }) => {
      // First, because what it finds belongs to the verdict.
      const pushed = (await headPush?.verify({ signal })) ?? "nowhere";
      const verdict = await verifyLog(parts, { signal });
      return { ...verdict, heads: heads.count, newestHead: heads.newest ?? null, pushed };
    },
    listAuditHeads: async ({ query }) => ({ key: heads.key, heads: heads.list(query) }),
    exportAudit: async () => ({
      contentType: "application/jsonl",
      name: "gatehouse-audit.jsonl",
      chunks: exportAudit({ audit, heads }),
    }),
  };
};

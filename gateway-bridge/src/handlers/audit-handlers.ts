import type { AuditVerdict, Cancellable } from "@gatehouse/shared";

import type { Handlers } from "../api/handlers.ts";
import { exportAudit } from "../audit/export-audit.ts";
import type { Door } from "../door.ts";
import type { NoticeBoard } from "../ports.ts";

type AuditParts = Pick<Door, "audit" | "heads" | "headPush"> & { readonly notices: NoticeBoard };

/**
 * Whether the log is what was written: its chain, and every head that was signed here or lies elsewhere.
 * @param anew also the heads that were looked at before
 */
export const verifyLog = async (
  { audit, heads, headPush, notices }: AuditParts,
  { anew, ...cancel }: Cancellable & { readonly anew: boolean },
): Promise<Pick<AuditVerdict, "rows" | "intact" | "firstBad" | "contradiction">> => {
  const { rows, intact, firstBad } = await audit.verifyInSlices(cancel);
  const found = await (anew ? heads.findContradiction(cancel) : heads.findNewContradiction(cancel));
  if (!intact) {
    notices.raise({
      kind: "audit-broken",
      text: `The audit log is not what was written, from row ${firstBad ?? 1} on.`,
    });
  }
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
      const verdict = await verifyLog(parts, { signal, anew: true });
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

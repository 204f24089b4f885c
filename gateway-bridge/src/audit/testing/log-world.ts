import { GatewayId, type Clock } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { MemorySecrets } from "../../access/testing/open-door.ts";
import type { AuditEntry } from "../../ports.ts";
import { Database } from "../../store/database.ts";
import { AuditLog } from "../audit-log.ts";
import { SignedHeads } from "../signed-heads.ts";

export const gateway = GatewayId.parse("gw-aaaaaaaaaaaaaaaa");

/** An audit log with its signed heads, on a still clock. */
export class LogWorld {
  readonly clock = new TestClock();
  readonly log = new MemoryLogger();
  readonly database: Database;
  readonly secrets: MemorySecrets;
  readonly audit: AuditLog;
  readonly heads: SignedHeads;

  constructor(database = Database.openInMemory(), secrets = new MemorySecrets()) {
    this.database = database;
    this.secrets = secrets;
    const clock: Clock = this.clock;
    this.audit = AuditLog.open({ database, clock, secrets });
    this.heads = SignedHeads.open({ database, clock, secrets, gateway, audit: this.audit, log: this.log });
  }

  /** The same data after the gateway was started again. */
  again(): LogWorld {
    return new LogWorld(this.database, this.secrets);
  }

  append(detail: string): void {
    const entry: AuditEntry = { principal: "who", action: "live", target: "-", outcome: "allowed", detail };
    this.audit.append(entry);
  }

  fill(rows: number): void {
    this.database.transaction(() => {
      for (let row = 0; row < rows; row += 1) this.append(`row ${row}`);
    });
  }

  /** Changes the tables as somebody can who has the file. */
  intrude(sql: string): void {
    const triggers = ["audit_no_update", "audit_no_delete", "audit_heads_no_update", "audit_heads_no_delete"];
    for (const trigger of triggers) this.database.sql.exec(`DROP TRIGGER IF EXISTS ${trigger}`);
    this.database.sql.exec(sql);
  }
}

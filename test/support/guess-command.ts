/**
 * A process that tries passwords at accounts for as long as the ledger lets it: DATABASE CAMERA LOG ACCOUNT... Each password that it "sends" is
 * a line in the log, which is what a camera would have seen.
 */
import { CameraId, isGatehouseError, systemClock } from "@gatehouse/shared";
import { appendFileSync } from "node:fs";

import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { OwnLogin } from "../../gateway-bridge/src/posture/probe/own-logins.ts";
import { SentPassword } from "../../gateway-bridge/src/posture/probe/sent-password.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";

const [database = "", camera = "", seen = "", ...accounts] = process.argv.slice(2);

using opened = Database.open(database);
const ledger = GuessLedger.open({ database: opened, clock: systemClock });

/** More than the budget allows. */
const tries = 3;
for (let n = 0; n < tries; n += 1) {
  for (const username of accounts) {
    const account = { camera: CameraId.parse(camera), host: "192.168.1.20", username };
    const sent = new SentPassword({ ledger, account, proof: new OwnLogin() });
    try {
      sent.sending();
    } catch (error) {
      if (isGatehouseError(error) && error.code === "probe-refused") continue;
      throw error;
    }
    appendFileSync(seen, `${username}\n`);
    sent.refused();
  }
}

import { fakeCameraId } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { Database } from "../store/database.ts";
import { PostureStore } from "./posture-store.ts";

const day = 86_400_000;
const camera = fakeCameraId("a");
const tally = { critical: 0, high: 1, medium: 0, low: 0, accepted: 0, unknown: 0 };

describe("the store of what is known of weaknesses", () => {
  it("keeps the home's course of the version that knew of no camera's", () => {
    const database = Database.openInMemory();
    const before = `CREATE TABLE posture_trend (day INTEGER PRIMARY KEY, at INTEGER NOT NULL, grade TEXT NOT NULL, tally TEXT NOT NULL) STRICT;
      INSERT INTO posture_trend VALUES (1, ${day}, 'D', '${JSON.stringify(tally)}')`;
    database.migrate({ name: "posture", steps: [before] });
    const tables = ["posture_consents", "posture_findings"].map((name) => `CREATE TABLE ${name} (camera TEXT, check_id TEXT, finding TEXT, UNIQUE (camera, check_id))`); // prettier-ignore
    database.sql.exec(tables.join(";"));
    const store = PostureStore.open(database);
    expect(store.trend(null)).toEqual([{ at: day, grade: "D", tally }]);
    expect(store.trend(camera)).toEqual([]);
  });

  it("keeps a year of the home's course, a month of a camera's, and nothing of one that was removed", () => {
    const store = PostureStore.open(Database.openInMemory());
    for (let n = 0; n < 400; n += 1) {
      for (const whose of [camera, null]) store.noteTrend(whose, { at: n * day, grade: "D", tally });
    }
    expect([store.trend(null).length, store.trend(camera).length]).toEqual([366, 31]);
    expect(store.trend(camera)[0]?.at).toBe(369 * day);
    store.forget(camera);
    expect([store.trend(null).length, store.trend(camera).length]).toEqual([366, 0]);
  });
});

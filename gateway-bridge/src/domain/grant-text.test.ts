import { CameraId, type Grant } from "@gatehouse/shared";
import { expect, it } from "@jest/globals";

import { describeGrants } from "./grant-text.ts";

const camera = CameraId.parse("cam-abcdefghijklmnop");
const schedule: Grant["schedule"] = {
  zone: "Europe/Berlin",
  windows: [{ days: ["mon", "tue"], from: "08:00", to: "18:00" }],
};

it.each<[string, Grant[]]>([
  ["", []],
  [
    "live on cam-abcdefghijklmnop, events on *",
    [
      { action: "live", camera },
      { action: "events", camera: "*" },
    ],
  ],
  [
    "live+talk on cam-abcdefghijklmnop",
    [
      { action: "live", camera },
      { action: "talk", camera },
    ],
  ],
  ["live on * (mon,tue 08:00-18:00 Europe/Berlin)", [{ action: "live", camera: "*", schedule }]],
  ["live on *", [{ action: "live", camera: "*", places: ["home"] }]],
  [
    "live on * (home and away; until 2024-01-03T12:00:00.000Z), clip on * (away)",
    [
      { action: "live", camera: "*", places: ["home", "away"], until: Date.UTC(2024, 0, 3, 12) },
      { action: "clip", camera: "*", places: ["away"] },
    ],
  ],
])("%s", (expected, grants) => expect(describeGrants(grants)).toBe(expected));

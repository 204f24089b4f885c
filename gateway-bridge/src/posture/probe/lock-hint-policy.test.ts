import { describe, expect, it } from "@jest/globals";

import { hintsAtLock } from "./lock-hint-policy.ts";

describe("hintsAtLock", () => {
  it.each([
    ["403 to a login", 403, ""],
    ["423", 423, ""],
    ["429", 429, ""],
    ["a fault that says so", undefined, "The account has been locked"],
    ["a fault that says how long", undefined, "Too many failed logins, try again later"],
    ["ISAPI's lock", 401, "<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus></userCheck>"],
    [
      "ISAPI's last tries",
      401,
      "<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>2</retryLoginTime></userCheck>",
    ],
    ["the same as JSON", 401, '{"retryLoginTime": 1}'],
  ])("hears %s", (_, status, words) => {
    expect(hintsAtLock({ status, words })).toBe(true);
  });

  it.each([
    ["a plain refusal", 401, "Unauthorized"],
    [
      "ISAPI with tries left",
      401,
      "<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>5</retryLoginTime></userCheck>",
    ],
    ["words that only hold the letters", undefined, "The clock is not set; block size unknown; unlocked"],
  ])("does not take %s for a hint", (_, status, words) => {
    expect(hintsAtLock({ status, words })).toBe(false);
  });
});

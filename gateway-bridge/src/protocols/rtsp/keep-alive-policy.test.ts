import { expect, it } from "@jest/globals";

import { decideKeepAlive } from "./keep-alive-policy.ts";

// Covers: no timeout, the common one, short ones, absurd ones; with GET_PARAMETER offered, not offered, nothing offered.

it.each<[number | undefined, readonly string[], "GET_PARAMETER" | "OPTIONS", number]>([
  [undefined, [], "OPTIONS", 25_000],
  [undefined, ["OPTIONS", "GET_PARAMETER"], "GET_PARAMETER", 25_000],
  [60, ["GET_PARAMETER"], "GET_PARAMETER", 55_000],
  [60, ["OPTIONS", "SET_PARAMETER"], "OPTIONS", 55_000],
  [30, ["GET_PARAMETER"], "GET_PARAMETER", 25_000],
  [10, [], "OPTIONS", 5_000],
  [4, [], "OPTIONS", 2_000],
  [0, [], "OPTIONS", 1_000],
  [86_400, [], "OPTIONS", 60_000],
  [999_999_999, [], "OPTIONS", 60_000],
])("keeps a session of %j s alive where the server knows %j", (timeoutS, methods, method, everyMs) => {
  expect(decideKeepAlive({ timeoutS, methods: new Set(methods) })).toEqual({ method, everyMs });
});

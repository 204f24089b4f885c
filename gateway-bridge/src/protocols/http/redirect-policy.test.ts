import { describe, expect, it } from "@jest/globals";

import { decideRedirect } from "./redirect-policy.ts";

describe("decideRedirect", () => {
  it.each([
    // from, location, pinned, expected
    ["http://cam/a", "/b", false, "http://cam/b"],
    ["http://cam/a", "http://cam:8080/b", false, "http://cam:8080/b"],
    ["http://cam/a", "//cam/b?c", false, "http://cam/b?c"],
    ["http://cam/a", "http://user:secret@cam/b", false, "http://cam/b"],
    ["http://cam/a", "https://cam/b", true, "https://cam/b"],
    ["https://cam/a", "https://cam/b", true, "https://cam/b"],
    ["http://cam/a", "https://cam/b", false, "needs-pin"],
    ["https://cam/a", "http://cam/b", true, "downgrade"],
    ["http://cam/a", "http://evil/b", false, "foreign"],
    ["http://cam/a", "https://evil/b", true, "foreign"],
    ["http://192.168.1.2/a", "http://192.168.1.3/a", false, "foreign"],
    ["http://cam/a", "//evil", false, "foreign"],
    ["http://cam/a", "file:///etc/passwd", false, "malformed"],
    ["http://cam/a", "http://", false, "malformed"],
    ["http://cam/a", `/${"x".repeat(3_000)}`, false, "malformed"],
    ["http://cam/a", undefined, false, "malformed"],
  ])("from %s to %s (pinned: %s): %s", (from, location, pinned, expected) => {
    const decision = decideRedirect({ from: new URL(from), location, pinned });
    expect(decision.kind === "follow" ? decision.url.href : decision.kind).toBe(expected);
  });
});

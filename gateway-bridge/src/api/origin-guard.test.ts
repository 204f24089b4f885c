import { describe, expect, it } from "@jest/globals";

import { isFollowedLink, judgeOrigin } from "./origin-guard.ts";

const own = "https://gw-abcdefghijklmnop.local:8443";

describe("judgeOrigin", () => {
  it.each([
    ["a program", undefined, undefined],
    ["our own page that changes something", own, "same-origin"],
    ["our own page in a browser that tells no more", own, undefined],
    ["our own page that reads", undefined, "same-origin"],
    ["a person who typed the address", undefined, "none"],
  ])("lets %s go on", (_case, origin, site) => {
    expect(judgeOrigin({ origin, site }, own)).toBe("allowed");
  });

  it.each([
    ["somebody's page", "https://evil.example", "cross-site"],
    ["somebody's page in a browser that tells no more", "https://evil.example", undefined],
    ["somebody's page that pretends", "https://evil.example", "same-origin"],
    ["a picture in somebody's page", undefined, "cross-site"],
    ["a page of another port of this host", undefined, "same-site"],
    ["a page of another port that writes", "https://gw-abcdefghijklmnop.local:9443", "same-site"],
    ["our name without TLS", "http://gw-abcdefghijklmnop.local:8443", "same-origin"],
    ["our name in another case, as no browser writes it", own.toUpperCase(), "same-origin"],
    ["our origin with a path", `${own}/`, "same-origin"],
    ["a page in a sandbox", "null", "cross-site"],
    ["two origins", `${own}, https://evil.example`, "same-origin"],
    ["an empty origin", "", "same-origin"],
    ["our origin but another site", own, "cross-site"],
    ["two sites", undefined, "same-origin, cross-site"],
    ["a word that browsers do not use yet", undefined, "near"],
  ])("stops %s", (_case, origin, site) => {
    expect(judgeOrigin({ origin, site }, own)).toBe("foreign");
  });

  it("stops every page where the request names no host of ours", () => {
    expect(judgeOrigin({ origin: "https://evil.example", site: "same-origin" }, undefined)).toBe("foreign");
    expect(judgeOrigin({ origin: "undefined", site: undefined }, undefined)).toBe("foreign");
  });
});

describe("isFollowedLink", () => {
  it.each([
    ["a link that somebody follows", "navigate", "document", true],
    ["a frame in somebody's page", "navigate", "iframe", false],
    ["a picture in somebody's page", "no-cors", "image", false],
    ["a script of somebody's page", "cors", "empty", false],
    ["a document that is only fetched", "no-cors", "document", false],
    ["a program", undefined, undefined, false],
  ])("of %s is told by what the browser will do with it", (_case, mode, dest, followed) => {
    expect(isFollowedLink({ mode, dest })).toBe(followed);
  });
});

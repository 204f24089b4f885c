import { describe, expect, it } from "@jest/globals";

import { linkOf, parseFragment } from "./fragment.js";

describe("parseFragment", () => {
  it.each([
    ["#first-run=abcde-fghij", "first-run", "abcde-fghij"],
    ["#invite=abcdefghij", "invite", "abcdefghij"],
    ["#guest=a_B-9", "guest", "a_B-9"],
  ])("takes what lets in out of %s", (hash, purpose, secret) => {
    expect(parseFragment(hash)).toEqual({ kind: "secret", purpose, secret });
  });

  it.each([
    ["#/cameras", "cameras", ""],
    ["#/camera/cam-aaaaaaaaaaaaaaaa", "camera", "cam-aaaaaaaaaaaaaaaa"],
    ["#/people", "people", ""],
    ["#/security", "security", ""],
  ])("reads the place %s", (hash, place, id) => {
    expect(parseFragment(hash)).toEqual({ kind: "place", place, id });
  });

  it.each([
    "",
    "#",
    "#/",
    "#/camera",
    "#/camera/",
    "#/camera/a/b",
    "#/people/who-aaaaaaaaaaaaaaaa",
    "#/../people",
    "#/constructor",
    "#invite=",
    "#invite=<img src=x>",
    "#admin=abc",
    `#invite=${"a".repeat(129)}`,
    "#invite=abc&next=https://evil.example",
  ])("shows the cameras for %j", (hash) => {
    expect(parseFragment(hash)).toEqual({ kind: "place", place: "cameras", id: "" });
  });

  it("reads the links that are made", () => {
    const link = linkOf("https://gw.local:8443", "invite", "abc");
    expect(parseFragment(new URL(link).hash)).toEqual({ kind: "secret", purpose: "invite", secret: "abc" });
    expect(new URL(link).pathname + new URL(link).search).toBe("/");
  });
});

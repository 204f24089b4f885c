import { describe, expect, it } from "@jest/globals";

import { judgeLocalRequest, type LocalRequest } from "./local-request-policy.ts";

const program: LocalRequest = { hosts: ["127.0.0.1:8480"], target: "/v1/me", origin: undefined, site: undefined };

describe("judgeLocalRequest", () => {
  it.each<[string, Partial<LocalRequest>, string]>([
    ["a program's", {}, "own"],
    ["one to localhost", { hosts: ["localhost:8480"] }, "own"],
    ["one to localhost in capitals", { hosts: ["LOCALHOST:8480"] }, "own"],
    ["a page's", { origin: "http://127.0.0.1:8480" }, "browser"],
    ["a page's of no origin", { origin: "null" }, "browser"],
    ["a page's picture", { site: "cross-site" }, "browser"],
    ["a typed address of a browser", { site: "none" }, "browser"],
    ["one for a name that was pointed here", { hosts: ["evil.example:8480"] }, "foreign"],
    ["one for another port", { hosts: ["127.0.0.1:8481"] }, "foreign"],
    ["one without a port", { hosts: ["127.0.0.1"] }, "foreign"],
    ["one for a name that begins so", { hosts: ["localhost.evil.example:8480"] }, "foreign"],
    ["one for another address", { hosts: ["127.0.0.2:8480"] }, "foreign"],
    ["one with two hosts", { hosts: ["127.0.0.1:8480", "evil.example"] }, "foreign"],
    ["one without a host", { hosts: [] }, "foreign"],
    ["one as to a proxy", { target: "http://127.0.0.1:8480/v1/me" }, "foreign"],
    ["one without a path", { target: "*" }, "foreign"],
  ])("takes %s request for what it is", (_what, over, kind) => {
    expect(judgeLocalRequest({ ...program, ...over }, 8480).kind).toBe(kind);
  });
});

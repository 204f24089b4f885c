import { describe, expect, it } from "@jest/globals";
import type { GuestMe, Me } from "@gatehouse/shared";

import { mayOpen, setUpStep, viewFor } from "./entry.js";
import { parseFragment } from "./fragment.js";

const meWith = (admin: boolean, ...needs: Me["needs"]): Me => meBy({ password: true }, admin, ...needs);
const meBy = (factors: object, admin: boolean, ...needs: Me["needs"]): Me =>
  ({ person: { name: "Ann", factors }, admin, needs }) as unknown as Me;
const viewer = meWith(false);
const owner = meWith(true);
const guest = { guest: { name: "Gus" } } as unknown as GuestMe;
const open = { firstRun: false };
const fresh = { firstRun: true };

describe("viewFor", () => {
  it.each([
    ["nobody, at a gateway without an owner", fresh, undefined, "", "first-run"],
    ["nobody, with the code of the first run", fresh, undefined, "#first-run=abc", "first-run"],
    ["nobody, with that code where there is an owner", open, undefined, "#first-run=abc", "sign-in"],
    ["nobody, whatever is wanted", open, undefined, "#/people", "sign-in"],
    ["nobody, with an invitation", open, undefined, "#invite=abc", "opened-link"],
    ["nobody, with a guest's link", open, undefined, "#guest=abc", "opened-link"],
    ["somebody signed in, with a guest's link", open, viewer, "#guest=abc", "opened-link"],
    ["the first person, before the second factor", fresh, meWith(true, "second-factor"), "", "set-up"],
    ["the first person, with another code", fresh, meWith(true, "second-factor"), "#first-run=abc", "first-run"],
    ["an invited person without a password", open, meWith(false, "password"), "#/cameras", "set-up"],
    ["a viewer who could have a second factor", open, meWith(false, "second-factor"), "", "cameras"],
    ["an owner who could have recovery codes", open, meWith(true, "recovery-codes"), "", "cameras"],
    ["an owner, at the people", open, owner, "#/people", "people"],
    ["a viewer, at the people", open, viewer, "#/people", "cameras"],
    ["a viewer, at a camera", open, viewer, "#/camera/cam-aaaaaaaaaaaaaaaa", "camera"],
    ["a viewer, at the own security", open, viewer, "#/security", "security"],
    ["an owner, with an old code of the first run", open, owner, "#first-run=abc", "cameras"],
    ["a guest, at the security of people", open, guest, "#/security", "cameras"],
    ["a guest, at a camera", open, guest, "#/camera/cam-aaaaaaaaaaaaaaaa", "camera"],
  ] as const)("shows to %s", (_, door, who, hash, view) => {
    expect(viewFor({ door, who, wanted: parseFragment(hash) })).toBe(view);
  });
});

describe("mayOpen", () => {
  it("leaves a guest the cameras alone", () => {
    const places = (["cameras", "camera", "people", "security"] as const).filter((place) => mayOpen(guest, place));
    expect(places).toEqual(["cameras", "camera"]);
  });
});

describe("setUpStep", () => {
  it.each([
    [["password", "second-factor"], [], "first-factor"],
    [["password"], ["authenticator"], "first-factor"],
    [["second-factor"], [], "authenticator"],
    [["second-factor"], ["authenticator"], "done"],
    [["recovery-codes"], [], "recovery-codes"],
    [["recovery-codes"], ["recovery-codes"], "done"],
    [[], [], "done"],
  ] as const)("with needs %j and %j declined is %s", (needs, declined, step) => {
    expect(setUpStep(meWith(true, ...needs), new Set(declined))).toBe(step);
  });

  it("leaves recovery codes out where there is no password that they could be shown with", () => {
    expect(setUpStep(meBy({ password: false }, true, "recovery-codes"), new Set())).toBe("done");
  });
});

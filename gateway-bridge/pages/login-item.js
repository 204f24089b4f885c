// @ts-check

/** @import { Login } from "@gatehouse/shared" */
import { fullTime, relativeTime } from "./dates.js";
import { h } from "./elements.js";
import { actionButton, problemBox } from "./forms.js";

/** @type {Readonly<Record<Login["factors"][number], string>>} */
const factorNames = {
  code: "one-time code",
  link: "link",
  password: "password",
  totp: "authenticator",
  "recovery-code": "recovery code",
  passkey: "passkey",
};

/**
 * One browser in which somebody is signed in.
 *
 * @param {Login} login
 * @param {(login: string) => Promise<void>} end
 */
export const loginItem = ({ id, device, factors, used, current }, end) => {
  const problem = problemBox();
  const button = actionButton({
    label: "Sign out",
    title: `Sign out ${device}`,
    busy: "Signing out…",
    problem,
    work: () => end(id),
  });
  const by = factors.map((factor) => factorNames[factor]).join(" and ");
  const hint = h("p", { class: "hint", title: fullTime(used) }, `by ${by}, used ${relativeTime(used, Date.now())}`);
  const name = h("div", {}, h("strong", {}, device), hint);
  return h("li", {}, name, current ? h("span", { class: "state live" }, "this browser") : button, problem.root);
};

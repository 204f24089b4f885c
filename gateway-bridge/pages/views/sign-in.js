// @ts-check

import { h } from "../elements.js";
import { actionButton, choice, field, form, problemBox } from "../forms.js";
import { loginNameField } from "../login-name.js";
import { namedOrigin } from "../named-origin.js";
import { hasPasskeys, showPasskey } from "../passkeys.js";
import { codeField } from "../step-up.js";

/** @import { Context, View } from "../context.js" */

/** @type {View} */
export const signIn = (context) => {
  const { door, notice } = context;
  const byPasskey = door.passkeys && hasPasskeys();
  const staying = choice({ label: "Stay signed in on this device", name: "stay", checked: false });
  // The next holder of an address is another: who comes by one stays nowhere. Nor does who looks after the gateway.
  const stay = () => door.passkeys && staying.input.checked;
  const root = h(
    "section",
    { class: "narrow" },
    h("h1", {}, "Sign in"),
    h("p", { class: "lead" }, `to ${door.name}`),
    notice !== "" && h("p", { class: "notice" }, notice),
    byPasskey ? passkeyButton(context, stay) : withoutPasskeys(context),
    door.passkeys && staying.root,
    byPasskey && h("p", { class: "or" }, "or with your password"),
    passwordForm(context, { stay, kind: byPasskey ? "" : "primary" }),
    helpOnTrust(context),
  );
  return { title: "Sign in", root };
};

/**
 * @param {Context} context
 * @param {() => boolean} stay
 */
const passkeyButton = ({ ask, enter }, stay) => {
  const problem = problemBox();
  const button = actionButton({
    label: "Sign in with a passkey",
    busy: "Waiting for your device…",
    kind: "primary wide",
    problem,
    words: {
      "sign-in-refused": {
        text: "The gateway does not know this passkey.",
        remedy: "It may have been removed. Use another one, or your password.",
      },
    },
    work: async () => {
      const { ceremony, options } = await ask("offerPasskeySignIn");
      const response = await showPasskey(options);
      enter(await ask("signInWithPasskey", { body: { ceremony, response, stay: stay() } }));
    },
  });
  return h("div", { class: "passkey" }, button, problem.root);
};

/** @param {Context} context */
const withoutPasskeys = ({ door }) =>
  door.passkeys
    ? h("p", { class: "notice" }, "This browser has no passkeys: use your password, or a newer browser.")
    : h(
        "p",
        { class: "notice" },
        "You opened the gateway by its address, and browsers keep passkeys for a name alone. ",
        h("a", { href: namedOrigin(location, door.canonical) }, "Open it by its name"),
        ", or go on with your password.",
      );

/**
 * @param {Context} context
 * @param {{ readonly stay: () => boolean, readonly kind: string }} options
 */
const passwordForm = ({ ask, enter }, { stay, kind }) =>
  form({
    fields: [
      loginNameField(),
      field({
        label: "Password",
        name: "password",
        type: "password",
        autocomplete: "current-password",
        required: true,
      }),
      codeField({ required: false }),
    ],
    submit: "Sign in",
    busy: "Signing in…",
    kind,
    work: async ({ loginName = "", password = "", code = "" }) => {
      const body = { loginName, password, stay: stay(), ...(code !== "" && { code }) };
      enter(await ask("signInWithPassword", { body }));
    },
  });

/**
 * For browsers that do not know the home's authority yet.
 *
 * @param {Context} context
 */
const helpOnTrust = ({ door }) =>
  door.trust.kind === "acme"
    ? undefined
    : h(
        "details",
        {},
        h("summary", {}, "Does your browser warn about this page?"),
        h(
          "p",
          {},
          "Have this device know the gateway, once. Its authority can vouch for this home and for nothing else:",
        ),
        h(
          "ul",
          {},
          h("li", {}, h("a", { href: "/trust/ca.mobileconfig" }, "for iPhone, iPad and Mac")),
          h("li", {}, h("a", { href: "/trust/ca.crt" }, "for Android and Windows")),
          h("li", {}, h("a", { href: "/trust/ca.pem" }, "for Firefox and Linux")),
        ),
        h(
          "p",
          {},
          "Before you confirm it, compare its fingerprint with the one that ",
          h("code", {}, "gatehouse trust"),
          " shows on the gateway's box:",
        ),
        h("p", { class: "fingerprint" }, door.trust.fingerprint),
      );

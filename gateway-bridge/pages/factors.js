// @ts-check

import { h, replace } from "./elements.js";
import { actionButton, field, form, problemBox } from "./forms.js";
import { makePasskey } from "./passkeys.js";
import { qrCode } from "./qr-code.js";
import { codeList, copyButton } from "./shown-once.js";

/** @import { Me } from "@gatehouse/shared" */
/** @import { Context, Who } from "./context.js" */

/**
 * Has this device make a passkey and the gateway know it.
 *
 * @param {Context} context
 * @param {{ readonly done: (who: Who) => void, readonly kind?: string }} options
 */
export const newPasskey = ({ ask }, { done, kind }) => {
  const problem = problemBox();
  const button = actionButton({
    label: "Make a passkey",
    busy: "Waiting for your device…",
    kind,
    problem,
    work: async () => {
      const { ceremony, options } = await ask("offerPasskey");
      const response = await makePasskey(options);
      await ask("addPasskey", { body: { name: deviceName(), ceremony, response } });
      done(await ask("me"));
    },
  });
  return h("div", { class: "passkey" }, h("div", { class: "buttons" }, button), problem.root);
};

/** What to call the passkey in the list of them. */
const deviceName = () => {
  const { userAgent } = navigator;
  const found = [/iPhone/, /iPad/, /Android/, /Windows/, /Mac OS X/, /Linux/].find((each) => each.test(userAgent));
  return found === undefined ? "A device" : found.source.replace("Mac OS X", "Mac");
};

/**
 * Sets a password, of one's own or of three words that the gateway proposes.
 *
 * @param {Context} context
 * @param {{ readonly loginName: string, readonly submit: string, readonly kind?: string, readonly done: (me: Me) => void }} options
 */
export const newPassword = ({ ask }, { loginName, submit, kind, done }) => {
  const password = field({
    label: "New password",
    name: "password",
    type: "password",
    hint: "8 characters or more. Three random words are good, and easy to type.",
    autocomplete: "new-password",
    minlength: 8,
    title: "Use 8 characters or more.",
    required: true,
  });
  const problem = problemBox();
  const proposal = h("p", { class: "proposal", role: "status" });
  const propose = actionButton({
    label: "Propose three words",
    busy: "Thinking…",
    problem,
    work: async () => {
      const { password: words } = await ask("proposePassword");
      password.input.value = words;
      password.tell("");
      replace(proposal, "Keep it on paper or in a password manager: ", h("strong", { class: "secret" }, words));
    },
  });
  return form({
    fields: [password],
    before: [whose(loginName)],
    after: [proposal, problem.root],
    buttons: [propose],
    submit,
    busy: "Setting it…",
    kind,
    work: async ({ password: typed = "" }) => done(await ask("setPassword", { body: { password: typed } })),
  });
};

/**
 * Password managers keep a password beside the name that they see it with.
 *
 * @param {string} loginName
 */
const whose = (loginName) =>
  h("input", { type: "text", name: "username", autocomplete: "username", value: loginName, hidden: true });

/**
 * Has an authenticator app learn a secret, and show that it did.
 *
 * @param {Context} context
 * @param {{ readonly kind?: string, readonly label: string, readonly done: (me: Me) => void }} options
 */
export const newAuthenticator = ({ ask }, { label, kind, done }) => {
  const problem = problemBox();
  const root = h("div", { class: "stack" });
  const begin = async () => {
    const { uri, secret } = await ask("startTotp");
    const { code, confirm } = confirmForm(ask, done);
    replace(
      root,
      h("p", {}, "Scan this with an authenticator app, or with a password manager that has one."),
      qrCode(uri, "QR code for the authenticator app"),
      h(
        "details",
        {},
        h("summary", {}, "The app is on this device, or cannot scan"),
        h("p", {}, h("a", { href: uri }, "Open the app"), ", or type this key into it:"),
        h("p", { class: "secret", "data-secret": "totp" }, secret.replaceAll(/.{4}(?=.)/g, "$& ")),
        copyButton(secret, "Copy the key"),
      ),
      confirm,
    );
    code.input.focus();
  };
  const start = actionButton({ label, busy: "One moment…", kind, problem, work: begin });
  replace(root, h("div", { class: "buttons" }, start), problem.root);
  return root;
};

/**
 * @param {Context["ask"]} ask
 * @param {(me: Me) => void} done
 */
const confirmForm = (ask, done) => {
  const code = field({
    label: "Code that the app shows",
    name: "code",
    autocomplete: "one-time-code",
    inputmode: "numeric",
    pattern: "\\s*\\d{3}\\s?\\d{3}\\s*",
    title: "Type the six digits that the app shows.",
    required: true,
  });
  const confirm = form({
    fields: [code],
    submit: "Confirm",
    busy: "Checking…",
    work: async (values) => {
      const digits = (values["code"] ?? "").replaceAll(/\s/g, "");
      done(await ask("confirmTotp", { body: { code: digits } }));
    },
  });
  return { code, confirm };
};

/**
 * Makes recovery codes and shows them, for the only time.
 *
 * @param {Context} context
 * @param {{ readonly kind?: string, readonly done: (who: Who) => void, readonly later?: () => void }} options
 */
export const newRecoveryCodes = ({ ask }, { kind, done, later }) => {
  const problem = problemBox();
  const root = h("div", { class: "stack" });
  const make = async () => {
    const { codes } = await ask("makeRecoveryCodes");
    const kept = actionButton({
      label: "I have kept them",
      busy: "One moment…",
      kind: "primary",
      problem,
      work: async () => done(await ask("me")),
    });
    const heading = h("p", { tabindex: -1 }, "They are shown only now. Any others are void.");
    replace(root, heading, ...codeList(codes), problem.root, h("div", { class: "buttons" }, kept));
    heading.focus();
  };
  const show = actionButton({ label: "Make recovery codes", busy: "Making them…", kind, problem, work: make });
  const decline = later !== undefined && h("button", { type: "button", onclick: later }, "Not now");
  replace(root, h("div", { class: "buttons" }, show, decline), problem.root);
  return root;
};

// @ts-check

import { ApiError, ask } from "./api.js";
import { showDialog } from "./dialogs.js";
import { h } from "./elements.js";
import { actionButton, field, form, problemBox } from "./forms.js";
import { hasPasskeys, showPasskey } from "./passkeys.js";

/** @import { DoorState, Me } from "@gatehouse/shared" */

/**
 * Has somebody show once more who it is, which the gateway wants for changes.
 *
 * @param {Me} me
 * @param {Pick<DoorState, "passkeys">} door
 * @returns {Promise<Me>}
 * @throws {ApiError} `declined` for whoever does not want to
 */
export const stepUp = async (me, door) => {
  const { password, passkeys } = me.person.factors;
  /** @type {Me | undefined} */
  let proven;
  await showDialog({
    title: "Show that it is you",
    dismiss: "Cancel",
    content: (close) => {
      const done = (/** @type {Me} */ after) => {
        proven = after;
        close();
      };
      return [
        h("p", {}, "A change wants this again. It then holds for ten minutes."),
        passkeys > 0 && door.passkeys && hasPasskeys() && passkeyButton(done),
        password && passwordForm(me, done),
      ];
    },
  });
  if (proven === undefined) throw new ApiError("declined", "nothing was changed");
  return proven;
};

/** @param {(me: Me) => void} done */
const passkeyButton = (done) => {
  const problem = problemBox();
  const button = actionButton({
    label: "Use a passkey",
    busy: "Waiting for your device…",
    kind: "primary",
    problem,
    work: async () => {
      const { ceremony, options } = await ask("offerPasskeyStepUp");
      done(await ask("stepUpWithPasskey", { body: { ceremony, response: await showPasskey(options) } }));
    },
  });
  return h("div", { class: "passkey" }, h("div", { class: "buttons" }, button), problem.root);
};

/**
 * @param {Me} me
 * @param {(me: Me) => void} done
 */
const passwordForm = ({ person }, done) => {
  const password = field({
    label: "Password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const { totp, passkeys } = person.factors;
  return form({
    // Whoever has passkeys shows a recovery code in their stead.
    fields: totp || passkeys > 0 ? [password, codeField({ required: true })] : [password],
    submit: "Go on",
    busy: "Checking…",
    work: async ({ password: typed = "", code = "" }) => {
      const body = { password: typed, ...(code !== "" && { code }) };
      done(await ask("stepUpWithPassword", { body }));
    },
  });
};

/**
 * Where the second factor is typed.
 *
 * @param {{ readonly required: boolean }} options
 */
export const codeField = ({ required }) =>
  field({
    label: "Code",
    name: "code",
    hint: `Six digits from your authenticator, or a recovery code${required ? "." : ", if you have set that up."}`,
    autocomplete: "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
    required,
  });

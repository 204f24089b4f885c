// @ts-check

import { h } from "../elements.js";
import { field, form } from "../forms.js";
import { loginNameField, suggestLoginName } from "../login-name.js";

/** @import { View } from "../context.js" */

/** @type {View} */
export const firstRun = ({ link, ask, enter }) => {
  const code = codeField(link?.secret);
  const name = field({ label: "Your name", name: "name", autocomplete: "name", maxlength: 64, required: true });
  const loginName = loginNameField();
  suggestLoginName(name.input, loginName.input);
  const root = h(
    "section",
    { class: "narrow" },
    h("h1", {}, "Welcome"),
    h("p", { class: "lead" }, "This gateway has no owner yet. It takes two minutes to make it yours."),
    form({
      fields: [code, name, loginName],
      submit: "Make it mine",
      busy: "One moment…",
      words,
      work: async ({ code: typed = "", name: called = "", loginName: known = "" }) => {
        const body = { code: typed, name: called, loginName: known };
        const me = await ask("firstRun", { body }).catch((/** @type {unknown} */ error) => {
          code.root.hidden = false;
          throw error;
        });
        enter(me);
      },
    }),
  );
  return { title: "Welcome", root };
};

const words = {
  "sign-in-refused": {
    text: "This code is wrong, was used, or is too old.",
    remedy: "Make another one on the gateway's box with gatehouse first-run. Each works once, for ten minutes.",
  },
};

/** @param {string | undefined} given what the link brought, and need not be typed; should it be of no use, another one can be */
const codeField = (given) => {
  const code = field({
    label: "One-time code",
    name: "code",
    hint: h("span", {}, "On the gateway's box, ", h("code", {}, "gatehouse first-run"), " shows it."),
    missing: "Type the code that the gateway's box shows.",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    value: given,
  });
  code.root.hidden = given !== undefined;
  return code;
};

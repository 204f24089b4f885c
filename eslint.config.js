import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Each entry bans a construct and says what to write instead. */
const banned = {
  instanceofError: {
    selector: "BinaryExpression[operator='instanceof'][right.name='Error']",
    message: "Use isError() from @gatehouse/shared: instanceof is false across realms.",
  },
  unverifiedTls: {
    selector: "Property[key.name='rejectUnauthorized'][value.value=false]",
    message: "TLS verification is never switched off; use connectPinned() from @gatehouse/shared.",
  },
  random: {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: "Use node:crypto for secrets, or an injected random for jitter.",
  },
  now: {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: "Inject a Clock.",
  },
  timers: {
    selector: "CallExpression[callee.name=/^(setTimeout|setInterval)$/]",
    message: "Inject a Clock.",
  },
  abortTimeout: {
    selector: "MemberExpression[object.name='AbortSignal'][property.name='timeout']",
    message: "Inject a Clock and use withTimeout().",
  },
  process: {
    selector: "MemberExpression[object.name='process'][property.name!='nextTick'][property.name!='memoryUsage']",
    message: "Only a process edge (main.ts, relay-main.ts, process-edge.ts) reads process.",
  },
  shell: { selector: "Property[key.name='shell'][value.value=true]", message: "No shell." },
  defaultExport: {
    selector: "ExportDefaultDeclaration",
    message: "Named exports; default only where a host demands it.",
  },
};
const without = (...names) =>
  Object.entries(banned)
    .filter(([name]) => !names.includes(name))
    .map(([, rule]) => rule);

/** What makes markup or code of a text. The pages' policy forbids it in the browser, too. */
const textAsMarkup = [
  {
    selector:
      "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|parseFromString|createContextualFragment|srcdoc)$/]",
    message: "Make elements with h(): text stays text.",
  },
  { selector: "MemberExpression[object.name='document'][property.name=/^write/]", message: "Make elements with h()." },
  {
    selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']",
    message: "No inline style.",
  },
];

/** Does not exist in Node 22, where Homebridge and Node-RED still run. */
const node24Only = [
  { selector: "VariableDeclaration[kind=/using/]", message: "Node 22 has no `using`." },
  {
    selector: "MemberExpression[object.name='Error'][property.name='isError']",
    message: "Node 22 has no Error.isError.",
  },
  { selector: "Identifier[name=/^(AsyncDisposableStack|DisposableStack|URLPattern)$/]", message: "Not in Node 22." },
  { selector: "MemberExpression[object.name='Promise'][property.name='try']", message: "Not in Node 22.9." },
  { selector: "MemberExpression[object.name='RegExp'][property.name='escape']", message: "Not in Node 22." },
];
const noBridge = {
  "no-restricted-imports": [
    "error",
    { patterns: [{ group: ["@gatehouse/gateway-bridge*"], message: "Plugins talk to the gateway over its API." }] },
  ],
};

export default defineConfig(
  globalIgnores(["**/dist/", "**/coverage/", "**/node_modules/"]),
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-console": "error",
      "no-restricted-syntax": ["error", ...without()],
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["shared/src/**/*.ts", "homebridge-plugin/src/**/*.ts", "node-red-nodes/src/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...without(), ...node24Only], ...noBridge },
  },
  {
    files: ["shared/src/kernel/clock.ts"],
    rules: { "no-restricted-syntax": ["error", ...without("now", "timers"), ...node24Only] },
  },
  {
    files: ["shared/src/client/pinned-tls.ts"],
    rules: { "no-restricted-syntax": ["error", ...without("unverifiedTls"), ...node24Only] },
  },
  {
    // Gateways certify themselves there; which key they proved to have decides.
    files: ["gateway-bridge/src/relay/server/listener.ts"],
    rules: { "no-restricted-syntax": ["error", ...without("unverifiedTls")] },
  },
  {
    files: ["gateway-bridge/src/main.ts", "gateway-bridge/src/relay-main.ts", "gateway-bridge/src/process-edge.ts"],
    rules: { "no-restricted-syntax": ["error", ...without("process")], "no-console": "off" },
  },
  {
    files: ["homebridge-plugin/src/index.ts", "node-red-nodes/src/**/index.ts"],
    rules: { "no-restricted-syntax": ["error", ...without("defaultExport"), ...node24Only], ...noBridge },
  },
  {
    files: ["test/**/*.ts", "**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...without("process", "now", "timers", "abortTimeout")],
      "no-console": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["**/*.js"], languageOptions: { globals: { process: "readonly", console: "readonly" } } },
  {
    files: ["gateway-bridge/pages/**/*.js"],
    rules: {
      // The compiler knows what a browser has.
      "no-undef": "off",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-syntax": ["error", ...textAsMarkup, banned.defaultExport],
    },
  },
);

import { GatehouseError, LoginName, PasswordSignIn } from "@gatehouse/shared";

import { textOption, type Command, type CommandContext, type CommandInput } from "./command.ts";

const optionName = "password-stdin";

export const loginOptions: Command["options"] = {
  "login-name": { type: "string", value: "NAME", help: "who signs in (asked for unless given)" },
  [optionName]: {
    type: "boolean",
    help: 'read the sign-in from standard input: {"loginName", "password", "code"}, or these on lines of their own',
  },
  stay: { type: "boolean", help: "stay signed in for longer while it is used: for 30 days at most" },
};

/** Where sign-ins come from; never the command line, which every user of this computer can read. */
export interface LoginSource {
  /** A person types them, and can be asked again. */
  readonly typed: boolean;
  /** @throws GatehouseError `request-invalid` where there is nobody to ask, or what was given is no sign-in */
  readonly next: () => Promise<PasswordSignIn>;
}

/** Standard input with the option, a person at the terminal without. */
export const loginSource = (input: CommandInput, { terminal }: Pick<CommandContext, "terminal">): LoginSource => {
  const stay = input.options["stay"] === true ? { stay: true } : {};
  const loginName = textOption(input, "login-name");
  if (input.options[optionName] === true) {
    let given: Promise<PasswordSignIn> | undefined;
    const read = async (): Promise<PasswordSignIn> => ({
      ...readAttempt(await terminal.readInput(), loginName),
      ...stay,
    });
    return { typed: false, next: () => (given ??= read()) };
  }
  let known = loginName;
  return {
    typed: true,
    next: async () => {
      known ??= await ask(terminal, "Login name: ", false);
      const password = await ask(terminal, "Password: ", true);
      const code = await ask(terminal, "Code of your authenticator, or a recovery code: ", true);
      const attempt = parse({ loginName: known, password, ...(code.trim() !== "" && { code }) });
      return { ...attempt, ...stay };
    },
  };
};

const ask = async ({ ask: put }: CommandContext["terminal"], question: string, hidden: boolean): Promise<string> => {
  const answer = await put(question, { hidden });
  if (answer !== undefined) return answer;
  throw new GatehouseError("request-invalid", "Somebody must sign in, and there is no terminal to ask on.", {
    remedy: `Give name, password and code on standard input, with --${optionName}.`,
  });
};

/** JSON, or lines: the name unless it is known, the password, and the code where there is one. */
const readAttempt = (text: string, loginName: string | undefined): PasswordSignIn => {
  if (text.trimStart().startsWith("{")) return parse({ ...(loginName && { loginName }), ...jsonObject(text) });
  const lines = text.split(/\r?\n/);
  const name = loginName ?? lines.shift();
  const [password, code = ""] = lines;
  return parse({ loginName: name, password, ...(code.trim() !== "" && { code }) });
};

const jsonObject = (text: string): object => {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
};

const parse = (given: unknown): PasswordSignIn => {
  const parsed = PasswordSignIn.safeParse(given);
  if (parsed.success) return parsed.data;
  // What was given stays out: it holds a password.
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join(".")))].filter((field) => field !== "");
  const isName = fields.includes("loginName") && typeof given === "object";
  throw new GatehouseError(
    "request-invalid",
    `This is no sign-in: ${fields.join(", ") || "it"} is missing or malformed.`,
    {
      remedy: isName ? `A login name has ${nameRule}.` : "Give name, password and code.",
    },
  );
};

const nameRule = LoginName.safeParse("").error?.issues[0]?.message ?? "letters and digits";

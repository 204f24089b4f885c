import { describe, expect, it } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";

import type { Command, CommandContext } from "./command.ts";
import { commands } from "./commands/index.ts";
import { runCommandLine } from "./run.ts";

const greet: Command = {
  path: ["greet", "person"],
  summary: "say hello",
  operands: ["NAME"],
  options: {
    loud: { type: "boolean", help: "shout" },
    title: { type: "string", value: "TITLE", help: "how to address" },
  },
  examples: ["gatehouse greet person Ada"],
  run: async ({ positionals: [name = ""], options }) => {
    if (name === "nobody") throw new GatehouseError("not-found", "There is nobody.");
    const text = `Hello ${name}${options["loud"] === true ? "!" : ""}`;
    return { json: { text }, text };
  },
};

/** One that programs go by. */
const judge: Command = {
  ...greet,
  path: ["judge"],
  examples: ["gatehouse judge Ada"],
  exits: ["it is good", "it is bad", "nobody knows"],
  run: async ({ positionals: [name = ""] }) => {
    if (name === "nobody") throw new GatehouseError("not-found", "There is nobody.");
    return { json: {}, text: "judged", bad: name === "Bob" };
  },
};

const run = async (...args: string[]) => {
  const [printed, noted]: [string[], string[]] = [[], []];
  const exit = await runCommandLine({
    args,
    commands: [greet, judge],
    terminal: {
      print: (text) => printed.push(text),
      note: (text) => noted.push(text),
      ask: async () => undefined,
      readInput: async () => "",
    },
    context: () => ({}) as CommandContext,
  });
  return { exit, printed: printed.join("\n"), noted: noted.join("\n") };
};

describe("the command line", () => {
  it("runs the command that its words name", async () => {
    expect(await run("greet", "person", "Ada", "--loud")).toEqual({ exit: 0, printed: "Hello Ada!", noted: "" });
  });

  it("lets no control character of a hostile camera reach the terminal, nor lose the lines", async () => {
    expect((await run("greet", "person", "A\u001b[2J\u009bd\na")).printed).toBe("Hello A?[2J?d\na");
  });

  it("answers with JSON when asked", async () => {
    expect(JSON.parse((await run("greet", "person", "Ada", "--json")).printed)).toEqual({ text: "Hello Ada" });
  });

  it("shows every command without arguments", async () => {
    const { exit, printed } = await run();
    expect(exit).toBe(0);
    expect(printed).toContain("greet person");
  });

  it("shows a command's options and examples", async () => {
    const { exit, printed } = await run("greet", "person", "--help");
    expect(exit).toBe(0);
    expect(printed).toMatch(/--title TITLE {2,}how to address/);
    expect(printed).toContain("gatehouse greet person Ada");
  });

  it("tells a failure with its remedy and code, and exits with 1", async () => {
    const { exit, noted, printed } = await run("greet", "person", "nobody");
    expect({ exit, printed }).toEqual({ exit: 1, printed: "" });
    expect(noted).toMatch(/There is nobody\.\nCheck the id.* \(not-found\)$/);
  });

  it.each([
    ["Ada", 0],
    ["Bob", 1],
    ["nobody", 2],
    ["--unknown", 2],
  ])("tells a bad answer from none by its exit code, for a command that says so: %s is %i", async (name, code) => {
    expect((await run("judge", name)).exit).toBe(code);
  });

  it("says in a command's help what its exit codes say", async () => {
    expect((await run("judge", "--help")).printed).toMatch(
      /Ends with:\n {2}0 {2}it is good\n {2}1 {2}it is bad\n {2}2 {2}nobody knows$/,
    );
    expect((await run("greet", "person", "--help")).printed).not.toContain("Ends with");
  });

  it("tells a failure as JSON when asked", async () => {
    const { exit, printed } = await run("greet", "person", "nobody", "--json");
    expect(exit).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({ error: { code: "not-found", retry: "never" } });
  });

  it.each([
    ["an unknown command", ["sing"], /no command `sing`/],
    ["an unknown command with options", ["sing", "--data", "/srv"], /no command `sing`/],
    ["half a command", ["greet"], /needs one of: person/],
    ["a missing operand", ["greet", "person"], /needs NAME/],
    ["a surplus operand", ["greet", "person", "Ada", "Bob"], /`Bob` is one word too many/],
    ["an unknown option", ["greet", "person", "Ada", "--quiet"], /--quiet/],
    ["an option without its value", ["greet", "person", "Ada", "--title"], /--title/],
  ])("exits with 2 for %s", async (_title, args, message) => {
    const { exit, noted } = await run(...args);
    expect(exit).toBe(2);
    expect(noted).toMatch(message);
    expect(noted).toMatch(/--help/);
  });
});

describe("every command", () => {
  it.each(commands.map((command) => [command.path.join(" "), command] as const))(
    "%s has an example that names it",
    (name, command) => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        expect(example.replace(/^sudo /, "").startsWith(`gatehouse ${name}`)).toBe(true);
      }
    },
  );
});

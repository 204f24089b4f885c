import { GatehouseError, Name, parseAddress, writePrivateFile } from "@gatehouse/shared";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join, resolve } from "node:path";

import { textOption, type CommandInput } from "../../cli/command.ts";
import { parseConfig } from "../../config/config-file.ts";
import { makeOperatorKey, saveOperatorKey } from "../../relay/control/operator-key.ts";
import { metricsToken } from "../../relay/metrics/metrics-door.ts";
import { OperatorAuthority, readOperatorKey } from "../../relay/operators/operator-authority.ts";
import { Operators } from "../../relay/operators/operators.ts";
import { isEveryAddress, type RelayConfig } from "../../relay/relay-config.ts";
import { RelayKeys } from "../../relay/server/relay-keys.ts";
import { openRelayStore, relayFiles } from "../../relay-store.ts";
import { relayConfigForm } from "../load-relay-config.ts";
import { invalid, keyFileOf, type RelayCommand, type RelayContext } from "../relay-command.ts";
import { assertAbsent } from "./operator.ts";

const required = (input: CommandInput, name: string): string => {
  const text = textOption(input, name);
  if (text !== undefined) return text;
  throw invalid(`--${name} is missing.`, "See `gatehouse-relay init --help`.");
};

/** `0.0.0.0:8444`, `[::]:8444`, and port 0 for any. */
const readListen = (text: string): { readonly host: string; readonly port: number } => {
  const [, v6, v4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? v4 ?? "";
  if (isIP(host) !== 0) return { host, port: Number(digits) };
  throw invalid("--listen is no address with a port.", "Give one as 0.0.0.0:8444 or [::]:8444.");
};

/** What `relay.json` is to say: what was given, and no default, which may be another in the next version. */
const contentOf = (input: CommandInput) => {
  const listen = readListen(textOption(input, "listen") ?? "127.0.0.1:8444");
  const shown = textOption(input, "public");
  if (shown === undefined && isEveryAddress(listen.host)) {
    throw invalid("By which address is it found?", "Give it with --public, as relay.example.org:8444.");
  }
  if (shown !== undefined && parseAddress(shown) === undefined) {
    throw invalid("--public is no address with a port.", "Give one as relay.example.org:8444.");
  }
  const metrics = textOption(input, "metrics-port");
  return {
    name: required(input, "name"),
    listen,
    ...(shown !== undefined && { public: shown }),
    ...(metrics !== undefined && { metrics: { port: Number(metrics) } }),
  };
};

/** The first operator, in a file of its own; the vault, the database and the audit log come with it. */
const addFirst = async (name: string, { name: relay }: RelayConfig, context: RelayContext, file: string) => {
  const { data, clock } = context;
  await using opening = new AsyncDisposableStack();
  const { database, vault: secrets, audit } = await openRelayStore({ data, clock }, opening, context);
  const authority = new OperatorAuthority(secrets);
  const { publicKey, privateKey } = makeOperatorKey();
  const key = readOperatorKey(publicKey);
  const made = database.transaction(() => {
    const operators = Operators.open({ database, secrets, clock, relay });
    const added = operators.add({ name, role: "operator", publicKey: key });
    audit.append({
      principal: "-",
      action: "init",
      target: added.operator.id,
      outcome: "done",
      detail: `operator ${name}`,
    });
    return added;
  });
  const { pin } = RelayKeys.open({ name: relay, database, secrets, clock }).shown;
  await saveOperatorKey(file, {
    version: 1,
    relay,
    operator: made.operator.id,
    name,
    certificate: authority.issue(made.operator.id, key),
    authority: authority.certificate,
    privateKey,
  });
  return { ...made, relayKey: pin };
};

export const initCommand: RelayCommand = {
  path: ["init"],
  summary: "make a relay: its configuration, its vault, and the first operator",
  operands: [],
  options: {
    name: { type: "string", value: "NAME", help: "what the relay is called; devices sign it, so it stays" },
    listen: { type: "string", value: "ADDRESS", help: "where it listens (default: 127.0.0.1:8444)" },
    public: { type: "string", value: "ADDRESS", help: "by which it is found from outside, as invites tell" },
    operator: { type: "string", value: "NAME", help: "the first operator" },
    key: {
      type: "string",
      value: "FILE",
      help: "where the operator's key is written (default: operator.json in the data folder)",
    },
    "metrics-port": {
      type: "string",
      value: "PORT",
      help: "give Prometheus its figures there, on loopback, for a token",
    },
  },
  examples: [
    "gatehouse-relay init --name relay.example.org --listen 0.0.0.0:8444 --public relay.example.org:8444 --operator ada",
  ],
  run: async (input, context) => {
    const data = resolve(context.data);
    const file = join(data, relayFiles.config);
    const operator = Name.safeParse(required(input, "operator"));
    if (!operator.success) throw invalid("--operator is no name.", "Letters, digits, spaces and signs, at most 64.");
    const content = contentOf(input);
    const config = parseConfig(file, content, relayConfigForm);
    if (existsSync(file)) {
      throw new GatehouseError("data-folder-used", `There is a relay in ${data} already.`, {
        remedy: "Start it with `gatehouse-relay up`, or choose another folder with --data.",
      });
    }
    const key = resolve(keyFileOf(input, { ...context, data }));
    await assertAbsent(key);
    await mkdir(data, { recursive: true, mode: 0o700 });
    const made = await addFirst(operator.data, config, { ...context, data }, key);
    const tokenFile = config.metrics.port === null ? null : join(data, relayFiles.metricsToken);
    if (tokenFile !== null) await metricsToken(tokenFile);
    // The last: with it, there is a relay.
    await writePrivateFile(file, `${JSON.stringify(content, null, 2)}\n`);
    const { totp, operator: first, relayKey } = made;
    return {
      json: { data, ...config, relayKey, operator: first, key, totp, metricsToken: tokenFile },
      text: tell(made, { data, key }),
    };
  },
};

const tell = (
  { operator, totp }: Awaited<ReturnType<typeof addFirst>>,
  { data, key }: { readonly data: string; readonly key: string },
): string =>
  [
    `The relay is made, in ${data}.`,
    `${operator.name} is its operator, by the key in ${key} and an authenticator. Shown only now, for that:`,
    `  ${totp.uri}`,
    `  (by hand: ${totp.secret})`,
    "Next: `gatehouse-relay up`, then in another terminal `gatehouse-relay sign-in` and `gatehouse-relay invite`.",
  ].join("\n");

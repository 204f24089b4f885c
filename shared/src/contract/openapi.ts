import { z } from "zod";

import { errorRegistry, type ErrorCode } from "../kernel/errors.ts";
import { nothing, type Access, type Route } from "./route.ts";

/** An OpenAPI 3.1 description, as far as it is read here; the rest is as the standard says. */
export const OpenApi = z.looseObject({
  openapi: z.literal("3.1.1"),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});
export type OpenApi = z.infer<typeof OpenApi>;

export interface OpenApiOptions {
  readonly routes: Readonly<Record<string, Route>>;
  /** Everything that the package exports; a schema among it is described under the name of its export. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly version: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Either is enough: a paired client's TLS key, an application's password, a signed-in person's cookie. */
const keys: readonly Json[] = [{ clientKey: [] }, { application: [] }];
const login: Json = { login: [] };

interface AccessKind {
  /** Which proofs are taken: none, those of known clients, or a person's login alone. */
  readonly proof: "none" | "known" | "login";
  readonly words: string;
}

const accessKinds: Readonly<Record<string, AccessKind>> = {
  pairing: { proof: "none", words: "Whoever holds an unused pairing secret." },
  anybody: { proof: "none", words: "Anybody; what is tried is counted." },
  login: { proof: "login", words: "A signed-in person, about itself." },
  paired: { proof: "known", words: "Any known client; it is shown what its grants cover." },
  known: { proof: "known", words: "Any known client; it is shown what its grants cover." },
  gateway: { proof: "known", words: "Needs the grant on all cameras." },
  camera: { proof: "known", words: "Needs the grant on the camera in the path." },
  session: { proof: "known", words: "Only who opened the session, while it has the grant on its camera." },
};

const accessKindOf = ({ on }: Access): AccessKind => {
  const kind = accessKinds[on];
  if (kind === undefined) throw new TypeError(`the access "${on}" is not described`);
  return kind;
};

const securitySchemes: Json = {
  clientKey: { type: "mutualTLS", description: "The key that the gateway signed when the client was paired." },
  application: { type: "http", scheme: "basic", description: "The name and password that `gatehouse app add` made." },
};
const loginScheme: Json = { type: "apiKey", in: "cookie", name: "__Host-gatehouse", description: "A person's login." };

const securityOf = (route: Route, hasLogins: boolean): readonly Json[] => {
  const { proof } = accessKindOf(route.access);
  if (proof === "none") return [];
  if (proof === "login") return [login];
  const forBrowsers = hasLogins && !("browsers" in route && route.browsers === false);
  return forBrowsers ? [...keys, login] : keys;
};

const binary = (type: string, headers: Json): Json => ({ content: { [type]: {} }, headers });
const integerHeader = (description: string): Json => ({ description, schema: { type: "integer" } });

/** Answers that are not JSON. */
const otherAnswers: Readonly<Record<string, readonly [status: string, answer: Json]>> = {
  jpeg: [
    "200",
    binary("image/jpeg", {
      "x-captured-at": integerHeader("When it was taken, in milliseconds since 1970."),
      age: integerHeader("Seconds since then."),
    }),
  ],
  mp4: ["200", binary("video/mp4", { "x-started-at": integerHeader("When it begins, in milliseconds since 1970.") })],
  sdp: [
    "201",
    {
      content: { "application/sdp": { schema: { type: "string" } } },
      headers: { location: { description: "The session, which DELETE ends.", schema: { type: "string" } } },
    },
  ],
  text: ["200", { content: { "text/plain": { schema: { type: "string" } } } }],
  file: ["200", binary("application/octet-stream", {})],
  websocket: ["101", {}],
};

const otherAnswer = (kind: string): readonly [status: string, answer: Json] => {
  const answer = otherAnswers[kind];
  if (answer === undefined) throw new TypeError(`the answer "${kind}" is not described`);
  return answer;
};

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** Turns zod schemas into JSON Schema, each under its name. */
class Schemas {
  readonly #names: ReadonlyMap<z.ZodType, string>;
  readonly #sent = new Map<string, z.ZodType>();
  readonly #answered = new Map<string, z.ZodType>();

  constructor(exports: OpenApiOptions["exports"]) {
    const named = Object.entries(exports).filter((pair): pair is [string, z.ZodType] => pair[1] instanceof z.ZodType);
    this.#names = new Map([...named.map(([name, schema]) => [schema, name] as const), [nothing, "Nothing"]]);
    for (const [name, schema] of named) this.#answered.set(name, schema);
  }

  answer(schema: z.ZodType, otherwise: string): Json {
    const name = this.#names.get(schema) ?? otherwise;
    this.#answered.set(name, schema);
    return reference(name);
  }

  body(schema: z.ZodType, otherwise: string): Json {
    const name = `${this.#names.get(schema) ?? otherwise}Body`;
    this.#sent.set(name, schema);
    return reference(name);
  }

  /** All that `document` refers to, and what that refers to in turn. */
  neededBy(document: unknown): Json {
    const all = { ...converted(this.#answered, "output"), ...converted(this.#sent, "input") };
    const needed = new Map<string, unknown>();
    const visit = (value: unknown): void => {
      for (const name of referencesIn(value)) {
        if (needed.has(name)) continue;
        needed.set(name, all[name]);
        visit(all[name]);
      }
    };
    visit(document);
    return Object.fromEntries([...needed].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

const converted = (named: ReadonlyMap<string, z.ZodType>, io: "input" | "output"): Json => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of named) registry.add(schema, { id });
  const uri = (id: string): string => `#/components/schemas/${id}`;
  const { schemas } = z.toJSONSchema(registry, { uri, io, unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _version, $id: _id, ...schema }]) => [name, schema]),
  );
};

const referencesIn = (value: unknown): string[] =>
  [...JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = ""]) => name);

/** The parameters of an object schema, one by one. */
const parametersOf = (schema: z.ZodType, place: "path" | "query"): Json[] => {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: one,
  }));
};

/** One description for each HTTP status of the registry: the codes that can come with it, and what to do. */
const errorResponses = (): Json => {
  const codes = Object.keys(errorRegistry) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => errorRegistry[code].status))].sort((a, b) => a - b);
  const described = statuses.map((status) => {
    const here = codes.filter((code) => errorRegistry[code].status === status);
    const description = here.map((code) => `- \`${code}\`: ${errorRegistry[code].remedy}`).join("\n");
    const examples = Object.fromEntries(here.map((code) => [code, { value: exampleOf(code) }]));
    const content = { "application/json": { schema: reference("WireError"), examples } };
    return [`Error${status}`, { description, content }] as const;
  });
  return Object.fromEntries(described);
};

const exampleOf = (code: ErrorCode): Json => {
  const { retry, remedy } = errorRegistry[code];
  return { error: { code, message: "What happened, and why.", retry, remedy, details: {} } };
};

/** What every caller of this route must be ready for; others come as `default`. */
const refusalsOf = ({ access, params }: Route): Json => {
  const statuses = [400, 403, 429, 500, ...(accessKindOf(access).proof === "none" ? [] : [401])];
  if (params instanceof z.ZodObject && Object.keys(params.shape).length > 0) statuses.push(404);
  const each = statuses.sort().map((status) => [status, { $ref: `#/components/responses/Error${status}` }]);
  const otherwise = {
    description: "Another error.",
    content: { "application/json": { schema: reference("WireError") } },
  };
  return { ...(Object.fromEntries(each) as Json), default: otherwise };
};

const operationOf = (name: string, route: Route, schemas: Schemas): Json => {
  const { access, response, params, query, body } = route;
  const { words } = accessKindOf(access);
  const [status, answer] =
    typeof response === "string"
      ? otherAnswer(response)
      : ["200", { content: { "application/json": { schema: schemas.answer(response, `${name}Answer`) } } }];
  const type = response === "sdp" ? "application/sdp" : "application/json";
  return {
    operationId: name,
    description: "action" in access ? `${words} Grant: \`${access.action}\`.` : words,
    parameters: [...parametersOf(params, "path"), ...parametersOf(query, "query")],
    ...(!(body instanceof z.ZodUndefined) && {
      requestBody: { required: true, content: { [type]: { schema: schemas.body(body, name) } } },
    }),
    responses: { [status]: { description: "Done.", ...answer }, ...refusalsOf(route) },
  };
};

/** Describes a route table in OpenAPI 3.1. The same table gives the same description, byte for byte. */
export const openApiOf = ({ routes, exports, version }: OpenApiOptions): OpenApi => {
  const schemas = new Schemas(exports);
  const paths: Record<string, Record<string, unknown>> = {};
  const hasLogins = Object.values(routes).some(({ access }) => accessKindOf(access).proof === "login");
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const operation = { security: securityOf(route, hasLogins), ...operationOf(name, route, schemas) };
    (paths[path] ??= {})[route.method.toLowerCase()] = operation;
  }
  const responses = errorResponses();
  return {
    openapi: "3.1.1",
    info: { title: "Gatehouse", version, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "https://{address}", variables: { address: { default: "127.0.0.1:8443" } } }],
    paths,
    components: {
      schemas: { ...schemas.neededBy({ paths, responses }) },
      responses: { ...responses },
      securitySchemes: { ...securitySchemes, ...(hasLogins && { login: loginScheme }) },
    },
  };
};

import type { ApiAnswer, ApiRequest, Provider } from "./fake-dns-api.ts";

/** A provider's side of one zone. */
export interface FakeProvider {
  readonly answer: Provider;
  /** The TXT records at a name. */
  read(name: string): readonly string[];
  /** Puts one there, as a gateway that crashed leaves it. */
  leave(name: string, text: string): void;
}

/** What it is to be asked with. */
export interface FakeAccount {
  readonly domain: string;
  readonly token: string;
}

const refused: ApiAnswer = { status: 401, body: { detail: "Invalid token." } };
const unknown: ApiAnswer = { status: 404, body: { detail: "Not found." } };
const unquoted = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? `unquoted ${text}`;

interface RecordSet {
  readonly subname: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly string[];
}

/** What deSEC does with bulk requests about the record sets of one domain: a set without records is removed. */
export const fakeDesec = ({ domain, token }: FakeAccount): FakeProvider => {
  const kept = new Map<string, readonly string[]>();
  const isGood = ({ ttl, type, records }: RecordSet): boolean =>
    ttl >= 3_600 && type === "TXT" && records.every((text) => /^".*"$/.test(text));
  const answer = ({ method, path, headers, body }: ApiRequest): ApiAnswer => {
    if (headers.authorization !== `Token ${token}`) return refused;
    if (method !== "PUT" || path !== `/domains/${domain}/rrsets/`) return unknown;
    const sets = body as readonly RecordSet[];
    if (!sets.every(isGood)) return { status: 400, body: [{ records: ["not in canonical form"] }] };
    for (const { subname, records } of sets) kept.set(`${subname}.${domain}`, records.map(unquoted));
    return { status: 200, body: sets };
  };
  return {
    answer,
    read: (name) => kept.get(name) ?? [],
    leave: (name, text) => void kept.set(name, [text]),
  };
};

/** What Cloudflare does with a zone's records, each of which has an id. */
export const fakeCloudflare = ({ domain, token }: FakeAccount): FakeProvider => {
  const zone = "a".repeat(32);
  const kept = new Map<string, { readonly name: string; readonly content: string }>();
  const keep = (name: string, content: string): string => {
    const id = (kept.size + 1).toString(16).padStart(32, "0");
    kept.set(id, { name, content });
    return id;
  };
  const at = (wanted: string | null): [string, { readonly content: string }][] =>
    [...kept].filter(([, { name }]) => name === wanted);
  const answer = ({ method, path, query, headers, body }: ApiRequest): ApiAnswer => {
    const result = (found: unknown): ApiAnswer => ({ status: 200, body: { success: true, errors: [], result: found } });
    if (headers.authorization !== `Bearer ${token}`) return refused;
    if (method === "GET" && path === "/zones") return result(query.get("name") === domain ? [{ id: zone }] : []);
    const [matched, id = ""] = /^\/zones\/a{32}\/dns_records(?:\/(\w+))?$/.exec(path) ?? [];
    if (matched === undefined) return unknown;
    if (method === "GET") return result(at(query.get("name")).map(([found]) => ({ id: found })));
    if (method === "DELETE") return kept.delete(id) ? result({ id }) : unknown;
    const { name, content, ttl } = body as { name: string; content: string; ttl: number };
    return ttl < 60 ? { status: 400, body: { success: false } } : result({ id: keep(name, content) });
  };
  return {
    answer,
    read: (name) => at(name).map(([, { content }]) => unquoted(content)),
    leave: (name, text) => void keep(name, `"${text}"`),
  };
};

/** What an acme-dns server does: it knows one record by its account's subdomain, and keeps its newest two values. */
export const fakeAcmeDns = ({
  username,
  subdomain,
  token,
  onUpdate,
}: {
  readonly username: string;
  readonly subdomain: string;
  readonly token: string;
  /** What it then answers for, in a test where somebody asks. */
  readonly onUpdate?: (text: string) => Promise<void>;
}): FakeProvider => {
  let kept: readonly string[] = [];
  const answer = async ({ method, path, headers, body }: ApiRequest): Promise<ApiAnswer> => {
    const { subdomain: asked, txt } = (body ?? {}) as { subdomain?: string; txt?: string };
    if (method !== "POST" || path !== "/update") return unknown;
    if (headers["x-api-user"] !== username || headers["x-api-key"] !== token || asked !== subdomain) {
      return { status: 401, body: { error: "forbidden" } };
    }
    // 43 characters of base64url, which is what every challenge has.
    if (txt === undefined || !/^[\w-]{43}$/.test(txt)) return { status: 400, body: { error: "bad_txt" } };
    kept = [txt, ...kept].slice(0, 2);
    await onUpdate?.(txt);
    return { status: 200, body: { txt } };
  };
  return { answer, read: () => kept, leave: (_name, text) => void (kept = [text]) };
};

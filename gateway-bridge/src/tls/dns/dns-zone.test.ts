import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret, systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { never } from "../../access/testing/open-door.ts";
import type { DnsZone } from "./dns-zone.ts";
import { openZone, type DnsPlace } from "./open-zone.ts";
import { FakeDnsApi, type ApiAnswer, type Provider } from "./testing/fake-dns-api.ts";
import { fakeAcmeDns, fakeCloudflare, fakeDesec, type FakeProvider } from "./testing/fake-providers.ts";

const token = "s3cret-token-of-the-zone";
const name = "_acme-challenge.cams.example.org";
const value = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const domain = "example.org";
const account = { username: "c36f50e8", subdomain: "8e5700ea" };

interface Subject {
  readonly place: (api: string) => DnsPlace;
  readonly provider: () => FakeProvider;
  /** acme-dns keeps two values, and can take none away. */
  readonly keeps: boolean;
}

const subjects: readonly (Subject & { readonly kind: string })[] = [
  {
    kind: "desec",
    place: (api) => ({ kind: "desec", domain, api }),
    provider: () => fakeDesec({ domain, token }),
    keeps: false,
  },
  {
    kind: "cloudflare",
    place: (api) => ({ kind: "cloudflare", domain, api }),
    provider: () => fakeCloudflare({ domain, token }),
    keeps: false,
  },
  {
    kind: "acme-dns",
    place: (api) => ({ kind: "acme-dns", api, ...account }),
    provider: () => fakeAcmeDns({ ...account, token }),
    keeps: true,
  },
];

let stack: AsyncDisposableStack;
let api: FakeDnsApi;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

const serve = async (provider: Provider): Promise<void> => void (api = stack.use(await FakeDnsApi.open(provider)));
const zoneAt = ({ place }: Subject, over: { token?: string; clock?: TestClock; trusted?: boolean } = {}): DnsZone =>
  openZone(place(api.url), {
    token: Secret.of(over.token ?? token),
    clock: over.clock ?? systemClock,
    ...(over.trusted !== false && { authorities: [api.authority] }),
  });

// What every provider must do for the gateway, against its own side of the protocol.
describe.each(subjects)("the zone of $kind", (subject) => {
  let provider: FakeProvider;
  beforeEach(async () => {
    provider = subject.provider();
    await serve((request) => provider.answer(request));
  });

  it("shows the record, and takes it away again", async () => {
    const record = await zoneAt(subject).put(name, value, never);
    expect(provider.read(name)).toEqual([value]);
    await record.remove(never);
    expect(provider.read(name)).toEqual(subject.keeps ? [value] : []);
  });

  it("shows it in the place of one that a crash left behind", async () => {
    provider.leave(name, "A".repeat(43));
    await zoneAt(subject).put(name, value, never);
    expect(provider.read(name)[0]).toBe(value);
    expect(provider.read(name)).toHaveLength(subject.keeps ? 2 : 1);
  });

  it("sends its token in headers alone", async () => {
    await zoneAt(subject).put(name, value, never);
    const seen = api.requests.map(({ path, query, body }) => JSON.stringify([path, query.toString(), body]));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((text) => text.includes(token))).toEqual([]);
  });

  it("says that it was refused, and not with which token", async () => {
    const error: unknown = await zoneAt(subject, { token: "wr0ng-token" })
      .put(name, value, never)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "dns-refused", message: expect.stringMatching(/it answered 401/) });
    expect(String(error)).not.toMatch(/wr0ng/);
  });

  it("waits for as long as the provider takes, or as it is told", () => {
    const place = subject.place("https://127.0.0.1:1/api");
    const options = { token: Secret.of(token), clock: systemClock };
    expect(openZone(place, options).settleMs).toBeGreaterThan(0);
    expect(openZone({ ...place, settleSeconds: 7 }, options).settleMs).toBe(7_000);
  });

  it("trusts no certificate that this box does not", async () => {
    await expect(zoneAt(subject, { trusted: false }).put(name, value, never)).rejects.toMatchObject({
      code: "dns-refused",
      message: expect.stringMatching(/self-signed/),
    });
    expect(api.requests).toEqual([]);
  });
});

// What every provider may do to the gateway.
describe.each(subjects)("the zone of $kind, whose server is broken,", (subject) => {
  const long = "x".repeat(300 << 10);
  it.each<[string, ApiAnswer]>([
    ["answers with an error", { status: 500, body: "<html>oops</html>" }],
    ["answers with another page", { status: 404, body: "<html>not here</html>" }],
    ["sends it elsewhere", { status: 302, body: { location: "https://evil.example/" } }],
    ["answers without end", { status: 200, body: long }],
  ])("says so where it %s", async (_case, answer) => {
    await serve(() => answer);
    await expect(zoneAt(subject).put(name, value, never)).rejects.toMatchObject({ code: "dns-refused" });
    expect(api.requests).toHaveLength(1);
  });

  it("passes on what it says in plain text, and not much of it", async () => {
    await serve(() => ({ status: 400, body: { detail: `\u001b[2J${"y".repeat(5_000)}` } }));
    const error = (await zoneAt(subject)
      .put(name, value, never)
      .catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(/it answered 400: \{"detail":"/);
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).not.toMatch(/\p{C}/u);
  });

  it("gives up one that does not answer, and at once when it is told to", async () => {
    await serve(() => undefined);
    const clock = new TestClock();
    const asked = Promise.withResolvers<undefined>();
    api.onRequest = () => asked.resolve(undefined);
    const put = zoneAt(subject, { clock }).put(name, value, never);
    put.catch(() => undefined);
    await asked.promise;
    await clock.advance(60_000);
    await expect(put).rejects.toMatchObject({ code: "timeout" });
    const stop = new AbortController();
    api.onRequest = () => stop.abort(new Error("enough"));
    await expect(zoneAt(subject).put(name, value, { signal: stop.signal })).rejects.toThrow("enough");
  });
});

describe("the zone of cloudflare", () => {
  const [, subject] = subjects;
  it.each([
    ["no zone of that name", { result: [] }],
    ["ids that are none", { result: [{ id: "../../user/tokens" }] }],
    ["no list", { result: null }],
  ])("believes nothing of an answer with %s", async (_case, body) => {
    await serve(() => ({ status: 200, body }));
    await expect(zoneAt(subject!).put(name, value, never)).rejects.toMatchObject({ code: "dns-refused" });
    expect(api.requests).toHaveLength(1);
  });
});

describe("the zone of desec", () => {
  const [subject] = subjects;
  it("asks for nothing outside of its domain", async () => {
    await serve(() => ({ status: 200 }));
    await expect(zoneAt(subject!).put("_acme-challenge.cams.example.com", value, never)).rejects.toMatchObject({
      code: "config-invalid",
    });
    expect(api.requests).toEqual([]);
  });
});

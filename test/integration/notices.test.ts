import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type {
  FirstRunCode,
  GatewayHealth,
  Invitation,
  Me,
  Notice,
  NoticeMessage,
  RecoveryCodes,
  TotpSecret,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { WebSocket } from "ws";

import { codeAt } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import { openGateway, runGatehouseJson } from "../support/command-line.ts";
import { eventually } from "../support/eventually.ts";
import { freshCode } from "../support/fresh-code.ts";
import { PageClient } from "../support/page-client.ts";
import { SetClock } from "../support/set-clock.ts";

const password = "correct horse battery staple";
const dayMs = 86_400_000;

describe("what people are told", () => {
  let data: string;
  let gateway: Awaited<ReturnType<typeof openGateway>>;
  let ann: PageClient;
  let bob: PageClient;
  let secret = "";
  let recovery: string[] = [];
  const start = async (clock?: SetClock): Promise<void> => {
    gateway = await openGateway(data, { listen: { port: 0 }, advertise: false }, clock);
  };
  const open = (): Promise<PageClient> => PageClient.of({ address: gateway.gateway.address, data });
  const command = (...args: string[]): Promise<unknown> => runGatehouseJson(data, args);
  const noticesOf = async (page: PageClient): Promise<Notice[]> => ((await page.get({ path: "/v1/me" })) as Me).notices;
  const kindsOf = async (page: PageClient): Promise<string[]> => (await noticesOf(page)).map(({ kind }) => kind).sort();
  const signIn = (page: PageClient, code: string) =>
    page.ask({ method: "POST", path: "/v1/sign-in/password", body: { loginName: "ann", password, code } });
  const setPassword = (page: PageClient) => page.get({ method: "PUT", path: "/v1/me/password", body: { password } });

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), "gatehouse-notices-"));
    await start();
    ann = await open();
    const { code } = (await command("first-run")) as FirstRunCode;
    await ann.get({ method: "POST", path: "/v1/first-run", body: { code, name: "Ann", loginName: "ann" } });
    await setPassword(ann);
    ({ secret } = (await ann.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret);
    await ann.get({ method: "PUT", path: "/v1/me/totp", body: { code: await freshCode(secret) } });
    ({ codes: recovery } = (await ann.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes);
    const body = { name: "Bob", loginName: "bob", grants: [{ action: "live", camera: "*" }] };
    const invited = (await ann.get({ method: "POST", path: "/v1/people", body })) as Invitation;
    bob = await open();
    await bob.get({ method: "POST", path: "/v1/invitations/open", body: { code: invited.code } });
    await setPassword(bob);
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(data, { recursive: true });
  });

  /** The notices that a page hears from now on. */
  const listen = async (page: PageClient): Promise<{ heard: NoticeMessage[]; socket: WebSocket }> => {
    const heard: NoticeMessage[] = [];
    const socket = await page.watch("/v1/events");
    socket.on("message", (text: Buffer) => {
      const message = JSON.parse(text.toString()) as { kind: string };
      if (message.kind === "notice") heard.push(message as NoticeMessage);
    });
    return { heard, socket };
  };
  it("is nothing while nothing happened", async () => {
    expect([await noticesOf(ann), await noticesOf(bob), await command("notice", "list")]).toEqual([[], [], []]);
  });

  it("is each new browser and each recovery code, at once on the pages that the person has open", async () => {
    const [own, others] = [await listen(ann), await listen(bob)];
    const stranger = await open();
    expect((await signIn(stranger, recovery.pop()!)).status).toBe(200);
    await eventually("both notices", () => own.heard.length === 2);
    expect(own.heard.map(({ notice }) => notice.kind).sort()).toEqual(["new-device", "recovery-code-used"]);
    expect(await kindsOf(ann)).toEqual(["new-device", "recovery-code-used"]);
    expect(others.heard).toEqual([]);
    expect(await noticesOf(bob)).toEqual([]);
    for (const { socket } of [own, others]) socket.terminate();
    // By a browser that is known now.
    await stranger.get({ method: "DELETE", path: "/v1/me/login" });
    expect((await signIn(stranger, recovery.pop()!)).status).toBe(200);
    expect(await kindsOf(stranger)).toEqual(["new-device", "recovery-code-used"]);
  });

  it("is dismissed by whom it concerns, and by nobody else", async () => {
    const [one, two] = await noticesOf(ann);
    const dismiss = (page: PageClient, id: string) => page.ask({ method: "DELETE", path: `/v1/me/notices/${id}` });
    expect((await dismiss(bob, one!.id)).code).toBe("not-found");
    expect((await dismiss(ann, one!.id)).status).toBe(200);
    expect((await dismiss(ann, one!.id)).code).toBe("not-found");
    expect((await bob.ask({ path: "/v1/notices" })).code).toBe("access-denied");
    expect((await noticesOf(ann)).map(({ id }) => id)).toEqual([two!.id]);
    await command("notice", "dismiss", two!.id);
    expect(await noticesOf(ann)).toEqual([]);
  });

  it("is a log that somebody changed, to those who govern alone", async () => {
    const [own, others] = [await listen(ann), await listen(bob)];
    using database = new DatabaseSync(join(data, "gatehouse.db"), { timeout: 5_000 });
    database.exec("DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'nothing' WHERE sequence = 2");
    expect(await command("status")).toMatchObject({ audit: { intact: false } });
    await eventually("the notice", () => own.heard.length > 0);
    expect(own.heard).toMatchObject([{ notice: { kind: "audit-broken", person: null } }]);
    expect(own.heard[0]?.notice.text).toMatch(/from row 2 on/);
    expect([others.heard, await noticesOf(bob), await kindsOf(ann)]).toEqual([[], [], ["audit-broken"]]);
    expect(gateway.log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", fields: expect.objectContaining({ notice: "audit-broken" }) }),
    );
    for (const { socket } of [own, others]) socket.terminate();
    await command("notice", "dismiss", (await noticesOf(ann))[0]!.id);
  });

  it("is a clock that was set back: codes of authenticators wait, recovery codes do not", async () => {
    await gateway[Symbol.asyncDispose]();
    const clock = new SetClock();
    clock.jump(-10 * dayMs);
    await start(clock);
    [bob] = [await open()];
    const page = await open();
    const refused = await signIn(page, codeAt(secret, clock.now()));
    expect([refused.status, refused.code]).toEqual([503, "clock-wrong"]);
    const until = (refused.json as { error: { details: { until: number } } }).error.details.until;
    expect(Math.round((until - clock.now()) / dayMs)).toBe(10);
    expect((await signIn(page, recovery.pop()!)).status).toBe(200);
    expect(await kindsOf(page)).toContain("clock-wrong");
    const { gateway: warnings } = (await command("health")) as GatewayHealth;
    expect(warnings).toEqual([expect.objectContaining({ code: "clock-wrong" })]);
    const { gateway: told } = (await page.get({ path: "/v1/health" })) as GatewayHealth;
    expect(told).toEqual(warnings);
    const body = { loginName: "bob", password };
    expect((await bob.ask({ method: "POST", path: "/v1/sign-in/password", body })).status).toBe(200);
    expect(((await bob.get({ path: "/v1/health" })) as GatewayHealth).gateway).toEqual([]);

    await command("clock", "confirm");
    expect([((await command("health")) as GatewayHealth).gateway, await kindsOf(page)]).toEqual([
      [],
      expect.not.arrayContaining(["clock-wrong"]),
    ]);
    // This authenticator was used at a time that has yet to come: its codes of now may have been seen.
    expect((await signIn(await open(), codeAt(secret, clock.now()))).code).toBe("sign-in-refused");
  }, 60_000);
});

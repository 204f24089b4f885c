import type { CameraId, RouterMapping } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { describeRouter, outputsOf } from "../../protocols/igd/testing/router-texts.ts";
import { ScriptedRouter, type ScriptedRouterOptions } from "../../protocols/igd/testing/scripted-router.ts";
import { HomeRouter } from "./home-router.ts";

const never = { signal: new AbortController().signal };
const camera = { id: "cam-aaaaaaaaaaaaaaaa" as CameraId, host: "192.168.1.20" };
const mappings = [
  { protocol: "TCP", externalPort: 20_554, to: "192.168.1.20:554", lease: 3_600, description: "Cam\u202eera \n 1" },
  { protocol: "UDP", externalPort: 3_074, to: "192.168.1.30:3074", remoteHost: "198.51.100.9" },
] as const;

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of stack.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

const open = async (options: ScriptedRouterOptions = {}, gateways: readonly string[] = ["127.0.0.1"]) => {
  const scripted = await ScriptedRouter.open(options);
  stack.push(scripted);
  const log = new MemoryLogger();
  const router = HomeRouter.open({
    ...{ log, clock: scripted.clock, at: scripted.at, interfaces: () => ({}), cameras: () => [camera] },
    gateways: () => Promise.resolve(gateways),
  });
  stack.push(router);
  return { scripted, router, log };
};

describe("HomeRouter", () => {
  it("tells what a router says of itself and holds, one line each, and which camera it is about", async () => {
    const { router, scripted } = await open({ version: 2, mappings, firewall: { enabled: true, pinholes: false } });
    const { routers, at } = await router.report(never);
    expect(at).not.toBeNull();
    expect(routers).toEqual([
      {
        name: "A router & more",
        address: "127.0.0.1",
        igd: "2",
        natPmp: false,
        pcp: false,
        externalAddress: "9.9.9.9",
        page: `${scripted.own}/page`,
        ipv6Firewall: { enabled: true, pinholes: false },
        complete: true,
        mappings: [
          {
            ...{ protocol: "TCP", externalPort: 20_554, internalClient: camera.host, internalPort: 554 },
            ...{ description: "Cam era 1", lease: 3_600, enabled: true, camera: camera.id },
          },
          {
            ...{ protocol: "UDP", externalPort: 3_074, internalClient: "192.168.1.30", internalPort: 3_074 },
            ...{ description: "", lease: 0, enabled: true, camera: null },
          },
        ],
      },
    ]);
    expect(router.page).toBe(routers[0]?.page);
  });

  it("asks once for all who want to know within 20 s, and anew where that is wanted", async () => {
    const { router, scripted } = await open({ mappings });
    expect(router.last).toEqual({ routers: [], at: null });
    const [one, other] = await Promise.all([router.report(never), router.report(never)]);
    expect(other).toBe(one);
    expect(await router.report(never)).toBe(one);
    expect(scripted.requests.filter((each) => each.startsWith("GET"))).toHaveLength(1);
    await router.fresh(never);
    expect(scripted.requests.filter((each) => each.startsWith("GET"))).toHaveLength(2);
  });

  it("tells whoever listens what each look has seen, those around a removal, too", async () => {
    const { router } = await open({ mappings: [...mappings] });
    const held: (number | undefined)[] = [];
    router.onLook(({ routers }) => held.push(routers[0]?.mappings.length));
    await router.report(never);
    await router.report(never);
    await router.deleteMapping((await router.report(never)).routers[0]!.mappings[1]!, never);
    expect(held).toEqual([2, 2, 1]);
  });

  it("tells of a way out that answers nothing, and not of others that do not", async () => {
    const quiet = { location: () => "" };
    const asWayOut = await open(quiet);
    expect((await asWayOut.router.report(never)).routers).toMatchObject([{ igd: null, natPmp: false, complete: true }]);
    const other = await open(quiet, []);
    expect((await other.router.report(never)).routers).toEqual([]);
  });

  it("knows NAT-PMP and PCP by their answers, and that such a router does not tell all", async () => {
    const answerDatagram = (question: Buffer): Buffer =>
      question[0] === 0
        ? Buffer.from([0, 128, 0, 0, 0, 0, 0, 1, 203, 0, 113, 7])
        : Buffer.concat([Buffer.from([2, 128, 0, 0]), Buffer.alloc(20)]);
    const { router } = await open({ location: () => "", answerDatagram });
    expect((await router.report(never)).routers).toMatchObject([
      { igd: null, natPmp: true, pcp: true, externalAddress: "203.0.113.7", complete: false, mappings: [] },
    ]);
  });

  it("believes nobody but the box's own way out about the address outside, so nobody else is knocked at", async () => {
    const { router } = await open({ mappings }, []);
    expect((await router.report(never)).routers).toMatchObject([{ externalAddress: "9.9.9.9" }]);
    expect(await router.hairpin(554, never)).toBeUndefined();
    expect(router.page).toMatch(/\/page$/);
  });

  it("has exactly the mapping removed that it was told of, for whom outside it was", async () => {
    const { router, scripted } = await open({ mappings: [...mappings] });
    const mapping = (await router.report(never)).routers[0]!.mappings[1]!;
    expect(await router.deleteMapping(mapping, never)).toEqual({ kind: "gone" });
    expect(scripted.mappings).toEqual([mappings[0]]);
    expect(scripted.actions.filter((action) => action.startsWith("Delete"))).toHaveLength(1);
  });

  describe("asked to have a mapping removed", () => {
    const mapping: RouterMapping = {
      ...{ protocol: "TCP", externalPort: 20_554, internalClient: camera.host, internalPort: 554 },
      ...{ description: "", lease: 3_600, enabled: true, camera: camera.id },
    };

    it("does nothing where it is gone already", async () => {
      const { router, scripted } = await open({ mappings: [mappings[1]] });
      expect(await router.deleteMapping(mapping, never)).toEqual({ kind: "gone" });
      expect(scripted.actions).not.toContain("DeletePortMapping");
    });

    it("does nothing where another's has come in its place, even between the list and the removal", async () => {
      const foreign = { ...mappings[0], to: "192.168.1.30:554" };
      const before = await open({ mappings: [foreign] });
      expect(await before.router.deleteMapping(mapping, never)).toEqual({ kind: "changed" });
      const between = await open({
        mappings: [...mappings],
        script: (action, _, router) => {
          if (action === "GetSpecificPortMappingEntry") router.mappings = [foreign];
          return undefined;
        },
      });
      await between.router.deleteMapping(mapping, never);
      for (const { scripted } of [before, between]) {
        expect(scripted.actions).not.toContain("DeletePortMapping");
        expect(scripted.mappings).toEqual([foreign]);
      }
    });

    it("believes the list alone: a yes that changes nothing is no success", async () => {
      const lying = await open({
        mappings: [...mappings],
        script: (action) => (action === "DeletePortMapping" ? { outputs: {} } : undefined),
      });
      expect(await lying.router.deleteMapping(mapping, never)).toMatchObject({ kind: "kept", why: /keeps it/ });
    });

    it("explains a refusal", async () => {
      const { router } = await open({
        mappings: [...mappings],
        script: (action) => (action === "DeletePortMapping" ? { error: 606 } : undefined),
      });
      expect(await router.deleteMapping(mapping, never)).toMatchObject({ kind: "kept", why: /606/ });
    });

    it("does not call it gone because the router no longer tells", async () => {
      let removed = false;
      const { router } = await open({
        mappings: [...mappings],
        script: (action) => {
          removed ||= action === "DeletePortMapping";
          return removed && action === "GetGenericPortMappingEntry" ? { error: 501 } : undefined;
        },
      });
      expect(await router.deleteMapping(mapping, never)).toMatchObject({ kind: "kept", why: /does not tell/ });
      await expect(router.deleteMapping(mapping, never)).rejects.toMatchObject({ code: "router-answer-malformed" });
    });

    it("fails where no router answers any more", async () => {
      const { router } = await open({ location: () => "" });
      await expect(router.deleteMapping(mapping, never)).rejects.toMatchObject({ code: "router-unreachable" });
    });
  });
});

describe("HomeRouter, before a hostile router", () => {
  /** Somebody else's web server, which nobody may be sent to. */
  const bystander = async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    await once(server.listen(0, "127.0.0.2"), "listening");
    stack.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) });
    return { asked, url: `http://127.0.0.2:${(server.address() as AddressInfo).port}` };
  };

  it.each([
    ["another host", (url: string) => `${url}/rootDesc.xml`],
    ["another host, as a user name", (url: string) => url.replace("//", "//127.0.0.1@")],
    ["this box by name", () => "http://localhost/rootDesc.xml"],
    ["TLS", (url: string) => url.replace("http:", "https:")],
    ["a file", () => "file:///etc/passwd"],
    ["nothing", () => "http://"],
    ["a very long one", () => `http://127.0.0.1/${"a".repeat(600)}`],
  ])("goes nowhere where it points to %s", async (_, location) => {
    const { asked, url } = await bystander();
    const { router, scripted } = await open({ location: () => location(url) });
    expect((await router.report(never)).routers).toMatchObject([{ igd: null }]);
    expect([asked, scripted.requests]).toEqual([[], []]);
  });

  it("follows no redirect and no base to another host, and calls no service there", async () => {
    const { asked, url } = await bystander();
    const redirecting = await open({
      describe: (_, response) => void response.writeHead(302, { location: `${url}/rootDesc.xml` }).end(),
    });
    expect((await redirecting.router.report(never)).routers).toMatchObject([{ igd: null }]);
    const elsewhere = [{ control: `${url}/ctl` }, { base: `<URLBase>${url}/</URLBase>`, control: `${url}/x` }];
    for (const texts of elsewhere) {
      const { router, scripted } = await open({ describe: (__, response) => void response.end(describeRouter(texts)) });
      expect((await router.report(never)).routers).toMatchObject([{ igd: "1", mappings: [], complete: false }]);
      expect(scripted.actions).toEqual([]);
    }
    expect(asked).toEqual([]);
  });

  it("stops at 512 of a list that does not end, and at once where it repeats itself", async () => {
    const endless = await open({
      script: (action, inputs) => {
        if (action !== "GetGenericPortMappingEntry") return undefined;
        const index = Number(inputs.children[0]?.text);
        return { outputs: outputsOf({ protocol: "TCP", externalPort: index + 1, to: "192.168.1.20:554" }) };
      },
    });
    const { routers } = await endless.router.report(never);
    expect(routers[0]).toMatchObject({ complete: false });
    expect(routers[0]?.mappings).toHaveLength(512);
    expect(endless.scripted.actions.filter((each) => each === "GetGenericPortMappingEntry")).toHaveLength(512);
    const repeating = await open({
      script: (action) => (action === "GetGenericPortMappingEntry" ? { outputs: outputsOf(mappings[0]) } : undefined),
    });
    expect((await repeating.router.report(never)).routers[0]).toMatchObject({ complete: false, mappings: [{}] });
    expect(repeating.scripted.actions.filter((each) => each === "GetGenericPortMappingEntry")).toHaveLength(2);
  });

  it("reads no more than 256 KiB of a description without an end", async () => {
    let sent = 0;
    const { router, log } = await open({
      describe: (_, response) => {
        const chunk = Buffer.alloc(1 << 16, "<a>");
        const push = (): void => {
          if (response.destroyed || sent > 200 << 20) return;
          sent += chunk.length;
          if (response.write(chunk)) setImmediate(push);
          else response.once("drain", push);
        };
        push();
      },
    });
    expect((await router.report(never)).routers).toMatchObject([{ igd: null }]);
    expect(sent).toBeLessThan(16 << 20);
    expect(log.lines).toMatchObject([{ level: "warn", fields: { code: "router-answer-malformed" } }]);
  });

  it.each([
    ["no XML", "hello"],
    ["a DOCTYPE", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ["another answer", "<Envelope><Body><GetFooResponse/></Body></Envelope>"],
    ["an error without a code", "<Envelope><Body><Fault/></Body></Envelope>"],
    ["nothing", ""],
  ])("tells that the list is not known where the answer is %s", async (_, raw) => {
    const { router } = await open({
      mappings,
      script: (action) => (action === "GetGenericPortMappingEntry" ? { raw } : undefined),
    });
    expect((await router.report(never)).routers).toMatchObject([{ igd: "1", mappings: [], complete: false }]);
  });

  it("keeps what was told before the answers became rubbish", async () => {
    const { router } = await open({
      mappings,
      script: (action, inputs) =>
        action === "GetGenericPortMappingEntry" && inputs.children[0]?.text === "1" ? { raw: "rubbish" } : undefined,
    });
    expect((await router.report(never)).routers).toMatchObject([
      { mappings: [{ externalPort: 20_554 }], complete: false },
    ]);
  });

  it("is found behind places that answer nothing", async () => {
    const noise = [1, 2, 3].map((index) =>
      [
        "HTTP/1.1 200 OK",
        "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        `LOCATION: http://127.0.0.1:1/${index}`,
        ...["", ""],
      ].join("\r\n"),
    );
    const { router } = await open({ noise, mappings });
    expect((await router.report(never)).routers).toMatchObject([{ igd: "1", mappings: [{}, {}] }]);
  });

  it("ends with whoever stops it, whatever the router does", async () => {
    const { router, scripted } = await open({ describe: () => undefined });
    const controller = new AbortController();
    const asking = router.report({ signal: controller.signal });
    while (scripted.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
    // Disposing ends the work itself: afterEach would wait for ever otherwise.
  });
});

import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import type { AuditRow, Camera, Person, Principal } from "@gatehouse/shared";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { DoorHome } from "../support/door-home.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { Neighbour } from "../support/neighbour.ts";
import type { PageClient } from "../support/page-client.ts";
import { takeHold } from "../support/take-hold.ts";
import type { Visitor } from "../support/visitor.ts";

// A gateway and a browser are started, and one is told after the other what it may not do.
jest.setTimeout(120_000);

const hostilePage = "<!doctype html><title>A page of somebody else's</title><body></body>";

/**
 * What a page may try, each resolving to what it got out of it. `door` is the gateway's origin, `camera` the id of a camera of it.
 * An element that loads says "shown".
 */
const attempts: Readonly<Record<string, string>> = {
  "writes as a form does": `fetch(door + "/v1/people", { method: "POST", mode: "no-cors", credentials: "include",
    headers: { "content-type": "text/plain" }, body: JSON.stringify({ name: "Eve", loginName: "eve" }) })`,
  "writes JSON": `fetch(door + "/v1/people", { method: "POST", credentials: "include",
    headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "Eve", loginName: "eve" }) })`,
  "removes a camera": `fetch(door + "/v1/cameras/" + camera, { method: "DELETE", credentials: "include" })`,
  reads: `fetch(door + "/v1/cameras", { credentials: "include" }).then((answer) => answer.text())`,
  "reads without looking": `fetch(door + "/v1/cameras", { mode: "no-cors", credentials: "include" })`,
  "shows a picture": `shown("img", { src: door + "/v1/cameras/" + camera + "/snapshot" })`,
  "shows a clip": `shown("video", { src: door + "/v1/cameras/" + camera + "/clip?after=1" })`,
  "runs a list as a script": `shown("script", { src: door + "/v1/cameras" })`,
  watches: `socket("/v1/cameras/" + camera + "/live")`,
  "hears events": `socket("/v1/events")`,
};

/** What the attempts use, in the page. */
const tools = (door: string, camera: string): string => `
  const [door, camera] = ${JSON.stringify([door, camera])};
  const shown = (tag, attributes) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = element.onloadeddata = () => resolve("shown");
    element.onerror = () => reject(new Error("nothing to show"));
    document.body.append(element);
  });
  const socket = (path) => new Promise((resolve, reject) => {
    const opened = new WebSocket(door.replace("https", "wss") + path);
    opened.onmessage = () => resolve("heard");
    opened.onclose = () => reject(new Error("closed"));
  });`;

/** "nothing", or what came of it: a text, or the kind and status of an answer. */
const tryOut = (visitor: Visitor, attempt: string, [door, camera]: readonly [string, string]): Promise<string> =>
  visitor.page.evaluate<string>(`(() => { ${tools(door, camera)}
    return Promise.resolve(${attempt}).then(
      (got) => got instanceof Response ? got.type + " " + got.status : String(got),
      () => "nothing");
  })()`);

/** A form that a page sends off by itself, into a frame of its own. Resolves to what the frame shows then. */
const sendForm = (door: string): string => `new Promise((resolve) => {
  const frame = Object.assign(document.createElement("iframe"), { name: "target" });
  const form = Object.assign(document.createElement("form"),
    { method: "post", enctype: "text/plain", target: "target", action: ${JSON.stringify(`${door}/v1/people`)} });
  form.append(Object.assign(document.createElement("input"), { name: '{"name":"Eve","loginName":"eve","x":"', value: '"}' }));
  document.body.append(frame, form);
  frame.onload = () => resolve(frame.contentDocument === null);
  form.submit();
})`;

describeWith(["chromium", "nssTools", "ffmpeg"], "a page of somebody else's, in the owner's own browser", () => {
  const stack = new AsyncDisposableStack();
  let home: DoorHome;
  let camera: Camera;
  let server: Server;
  let nextDoor: string;
  let owner: PageClient;

  beforeAll(async () => {
    const neighbour = stack.use(new Neighbour(hostilePage));
    const [hosts, authorities] = [["evil.test", "rebound.test"], [neighbour.authority]];
    home = stack.use(await DoorHome.open({ cameras: ["Front door"], hosts, authorities }));
    nextDoor = await neighbour.listen(home.host.replace(/:.*/, ""));
    camera = home.camera("Front door");
    server = createServer((_, response) => response.setHeader("content-type", "text/html").end(hostilePage));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stack.defer(() => void server.close());
    owner = await takeHold(home.gateway);
  });
  afterAll(() => stack.disposeAsync());

  const state = async (): Promise<unknown> => ({
    cameras: ((await owner.get({ path: "/v1/cameras" })) as Camera[]).map(({ id }) => id),
    people: ((await owner.get({ path: "/v1/people" })) as Person[]).map(({ loginName }) => loginName),
    clients: ((await owner.get({ path: "/v1/principals" })) as Principal[]).map(({ id }) => id),
  });
  const refusals = async (): Promise<readonly string[]> => {
    const rows = (await owner.get({ path: "/v1/audit?limit=1000" })) as AuditRow[];
    const denied = rows.filter(({ outcome }) => outcome === "denied");
    return denied.map(({ action, detail }) => `${action}: ${detail.replace(/;.*/, "")}`);
  };

  it("could do it all from the gateway's own page", async () => {
    await using visitor = await home.signedIn(owner);
    await visitor.page.goto(home.origin);
    const got: Record<string, string> = {};
    for (const name of ["reads", "watches", "hears events"]) {
      got[name] = await tryOut(visitor, attempts[name]!, [home.origin, camera.id]);
    }
    expect(got).toMatchObject({ reads: expect.stringContaining(camera.id), watches: "heard", "hears events": "heard" });
  });

  /** Tries everything from a page of this origin, which is to change nothing and read nothing. Returns what was written down of it. */
  const tryAll = async (origin: string): Promise<readonly string[]> => {
    const [before, earlier] = [await state(), await refusals()];
    await using visitor = await home.signedIn(owner);
    await visitor.page.goto(`${origin}/`);
    const got: Record<string, string> = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      got[name] = await tryOut(visitor, attempt, [home.origin, camera.id]);
    }
    expect(got).toEqual(Object.fromEntries(Object.keys(attempts).map((name) => [name, "nothing"])));
    expect(await visitor.page.evaluate(sendForm(home.origin))).toBe(true);
    // A frame with the gateway's answer in it shows the browser's own words instead.
    const [, frame] = visitor.page.frames();
    await eventually("an answer in the frame", () => !["", "about:blank"].includes(frame?.url() ?? ""));
    expect(frame?.url()).toBe("chrome-error://chromewebdata/");
    expect(await state()).toEqual(before);
    return (await refusals()).slice(0, -earlier.length || undefined);
  };

  it("on the internet: changes nothing, reads nothing, and is written down", async () => {
    const evil = `http://evil.test:${(server.address() as AddressInfo).port}`;
    const denied = await tryAll(evil);
    for (const action of ["addPerson", "listCameras", "snapshot", "clip", "live", "events"]) {
      expect(denied).toContain(`${action}: origin-refused`);
    }
  });

  it("whose name was pointed at the gateway after it was loaded: meets another certificate, and then another host", async () => {
    const before = await state();
    const rebound = home.origin.replace(/\/\/[^:]*/, "//rebound.test");
    for (const ignoreHTTPSErrors of [false, true]) {
      // The second browser is one whose user clicks every warning away.
      await using visitor = await home.signedIn(owner, { ignoreHTTPSErrors });
      await visitor.page.route(`${rebound}/`, (route) =>
        route.fulfill({ contentType: "text/html", body: hostilePage }),
      );
      await visitor.page.goto(`${rebound}/`);
      const got: Record<string, string> = {};
      for (const name of ["writes JSON", "removes a camera", "reads", "watches", "hears events"]) {
        got[name] = await tryOut(visitor, attempts[name]!, [rebound, camera.id]);
      }
      const refused = ignoreHTTPSErrors
        ? {
            "writes JSON": "basic 403",
            "removes a camera": "basic 403",
            reads: expect.stringContaining("host-unknown"),
          }
        : { "writes JSON": "nothing", "removes a camera": "nothing", reads: "nothing" };
      expect(got).toEqual({ ...refused, watches: "nothing", "hears events": "nothing" });
      const byCertificate = (): boolean =>
        visitor.complaints.some((complaint) => complaint.includes("ERR_CERT_COMMON_NAME_INVALID"));
      // The browser tells of it by another way than the page tells what it got.
      if (!ignoreHTTPSErrors) await eventually("what the browser says of the certificate", byCertificate);
      expect(byCertificate()).toBe(!ignoreHTTPSErrors);
    }
    expect(await state()).toEqual(before);
    expect(await refusals()).toContain("listCameras: host-unknown");
  });

  it("of another program on the same host, to which the browser sends the cookie: nor does that", async () => {
    const denied = await tryAll(nextDoor);
    expect(new Set(denied.map((row) => row.replace(/.*: /, "")))).toEqual(new Set(["origin-refused"]));
  });
});

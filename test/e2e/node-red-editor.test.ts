import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { fakeCameraId, FakeGateway, makeCamera } from "@gatehouse/shared/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator } from "playwright-core";

import { describeWith } from "../support/needs.ts";
import { NodeRedBadges } from "../support/node-red-badges.ts";
import { NodeRedEditor } from "../support/node-red-editor.ts";
import { buildNodes, NodeRedProcess } from "../support/node-red.ts";
import { nodeIds, nodesFlow } from "../support/nodes-flow.ts";

/** A text that nobody translated: `event.camera`. */
const rawKey = /\b(gateway|event|snapshot)\.[a-z]/i;

describeWith(["chromium"], "the Node-RED nodes in the editor", () => {
  let userDir: string;
  let nodeRed: NodeRedProcess;
  let gateway: FakeGateway;
  let editor: NodeRedEditor;

  beforeAll(async () => {
    userDir = await mkdtemp(join(tmpdir(), "gatehouse-editor-"));
    await buildNodes();
    nodeRed = await NodeRedProcess.start({ userDir });
    const cameras = [makeCamera(), makeCamera({ id: fakeCameraId("b"), name: "Garden" })];
    gateway = await FakeGateway.open({ cameras });
    const flow = nodesFlow({ pairingString: gateway.pairingString, collector: "http://127.0.0.1:9/" });
    const apart = flow.map((node, index) => ("x" in node ? { ...node, x: 200, y: 40 + 60 * index } : node));
    await using badges = await NodeRedBadges.open(nodeRed);
    await badges.deploy(apart, nodeIds.everything, "node-red:common.status.connected");
    editor = await NodeRedEditor.open(nodeRed);
  }, 120_000);
  afterAll(async () => {
    await editor[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await nodeRed[Symbol.asyncDispose]();
    await rm(userDir, { recursive: true });
  });
  afterEach(() => expect(editor.complaints).toEqual([]));

  const offered = async (dialog: Locator): Promise<unknown> => {
    const options = dialog.locator("#gatehouse-cameras option");
    await options.nth(1).waitFor({ state: "attached" });
    return Promise.all((await options.all()).map((option) => option.getAttribute("value")));
  };

  it("show below themselves, in words, that they are connected", async () => {
    const badge = editor.page.locator(`[id="${nodeIds.everything}"] .red-ui-flow-node-status-label`);
    await badge.waitFor();
    expect(await badge.textContent()).toBe("connected");
  });

  it.each([
    ["camera event", nodeIds.everything, ["Gateway", "Camera", "Motion", "State", "Name"]],
    ["snapshot", nodeIds.snapshot, ["Gateway", "Camera", "Width", "Name"]],
  ])("the %s dialog has its labels, and offers the cameras of its gateway", async (_, node, labels) => {
    const dialog = await editor.edit(node);
    const text = await dialog.innerText();
    for (const label of labels) expect(text).toContain(label);
    expect(text).not.toMatch(rawKey);
    expect(await dialog.locator("#node-input-camera").getAttribute("placeholder")).not.toMatch(rawKey);
    expect(await offered(dialog)).toEqual(["Front door", "Garden"]);
    await editor.cancel();
  });

  it("the gateway's dialog says how to pair, and never shows the pairing string again", async () => {
    await editor.edit(nodeIds.everything);
    const dialog = await editor.editConfig("gateway");
    const text = await dialog.innerText();
    expect(text).toContain("gatehouse pair --for node-red");
    expect(text).not.toMatch(rawKey);
    const field = dialog.locator("#node-config-input-pairingString");
    expect(await field.getAttribute("type")).toBe("password");
    expect(gateway.pairingString).not.toContain(await field.inputValue());
    await editor.cancel();
    await editor.cancel();
  });

  it("refuse a width that is no number of pixels", async () => {
    const dialog = await editor.edit(nodeIds.snapshot);
    const width = dialog.locator("#node-input-width");
    for (const [value, wrong] of [
      ["wide", true],
      ["640", false],
      ["0", true],
      ["", false],
    ] as const) {
      await width.fill(value);
      await width.blur();
      expect((await width.getAttribute("class"))?.includes("input-error") ?? false).toBe(wrong);
    }
    await editor.cancel();
  });

  it.each([
    [
      "gatehouse-event",
      "Sends a message when something happens",
      [
        ...[
          "payload",
          "payload.kind",
          "payload.name",
          "payload.at",
          "payload.active",
          "payload.state",
          "payload.check",
        ],
        ...["topic", "camera"],
      ],
    ],
    [
      "gatehouse-snapshot",
      "Takes a still picture",
      ["camera", "width", "payload", "contentType", "camera", "capturedAt"],
    ],
    ["gatehouse-gateway", "The paired connection to a Gatehouse gateway", []],
  ])("%s has help, with its properties as a list", async (type, text, properties) => {
    const help = await editor.help(type, text);
    const terms = await help.locator("dl.message-properties dt").allInnerTexts();
    expect(terms.map((term) => term.split(/\s/)[0])).toEqual(properties);
    expect(await help.innerText()).not.toMatch(/^:|`|###/m);
  });
});

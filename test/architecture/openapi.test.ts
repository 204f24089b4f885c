import { describe, expect, it } from "@jest/globals";
import { errorRegistry, OpenApi, routes } from "@gatehouse/shared";

import { openApiFile, openApiText } from "../support/openapi.ts";
import { read } from "../support/repository.ts";

const document = OpenApi.parse(JSON.parse(openApiText()));
const operations = Object.values(document.paths).flatMap(
  (path) => Object.values(path) as { operationId: string; security: object[]; responses: Record<string, unknown> }[],
);

describe("the description of the API", () => {
  it("is kept as the routes are; where this fails, run `npm run openapi`", () => {
    const stale = read(openApiFile) === openApiText() ? [] : [`${openApiFile} is stale: run \`npm run openapi\``];
    expect(stale).toEqual([]);
  });

  it("has every route once, under its name", () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(routes).sort());
  });

  it("asks for a proof wherever the gate does", () => {
    const open = operations.filter(({ security }) => security.length === 0).map(({ operationId }) => operationId);
    const meant = Object.entries(routes).filter(([, { access }]) => ["pairing", "anybody"].includes(access.on));
    expect(open.sort()).toEqual(meant.map(([name]) => name).sort());
  });

  it("refers to nothing that it does not hold", () => {
    const { schemas = {}, responses = {} } = document.components;
    const targets = [...openApiText().matchAll(/"\$ref": "([^"]+)"/g)].map(([, target = ""]) => target);
    expect(targets.length).toBeGreaterThan(100);
    const held = new Set([
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ]);
    expect(targets.filter((target) => !held.has(target))).toEqual([]);
  });

  it("tells every error code and what to do about it", () => {
    const text = JSON.stringify(document.components["responses"]);
    expect(Object.keys(errorRegistry).filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });
});

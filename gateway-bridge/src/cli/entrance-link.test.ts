import { expect, it } from "@jest/globals";
import type { GatewayClient } from "@gatehouse/shared";

import { entranceLink } from "./entrance-link.ts";

const cancel = { signal: new AbortController().signal };
const gatewayAt = (canonical: string): GatewayClient =>
  ({ call: async () => ({ canonical }) }) as unknown as GatewayClient;

it.each([
  [
    "https://gw.local:8443",
    "https://gw.local:8443/#first-run=abcdefghij",
    "https://localhost:8443/#first-run=abcdefghij",
  ],
  [
    "https://cams.example.org",
    "https://cams.example.org/#first-run=abcdefghij",
    "https://localhost/#first-run=abcdefghij",
  ],
])("leads to the page of %s, with the code where no server sees it", async (canonical, url, here) => {
  const link = await entranceLink(gatewayAt(canonical), { purpose: "first-run", code: "abcde-fghij" }, cancel);
  expect(link).toEqual({ url, here });
  expect(new URL(link.url).search).toBe("");
});

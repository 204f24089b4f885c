import type { FirstRunCode, TotpSecret } from "@gatehouse/shared";

import { freshCode } from "./fresh-code.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { PageClient } from "./page-client.ts";

/** Makes a gateway that nobody has yet Ann's, with two factors, and gives her browser. */
export const takeHold = async (gateway: Pick<GatewayProcess, "address" | "data" | "command">): Promise<PageClient> => {
  const page = await PageClient.of(gateway);
  const { code } = (await gateway.command(["first-run"])) as FirstRunCode;
  await page.get({ method: "POST", path: "/v1/first-run", body: { code, name: "Ann", loginName: "ann" } });
  await page.get({ method: "PUT", path: "/v1/me/password", body: { password: "correct horse battery staple" } });
  const { secret } = (await page.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret;
  await page.get({ method: "PUT", path: "/v1/me/totp", body: { code: await freshCode(secret) } });
  return page;
};

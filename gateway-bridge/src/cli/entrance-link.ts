import type { Cancellable, GatewayClient } from "@gatehouse/shared";

/** Where somebody comes in with a one-time code. */
export interface EntranceLink {
  /** By the gateway's name, for every device at home. */
  readonly url: string;
  /** For a browser on the gateway's own box, whichever addresses it listens on. */
  readonly here: string;
}

/** The link to the gateway's page that takes a code. The code lies behind the `#`, which browsers send to nobody. */
export const entranceLink = async (
  gateway: GatewayClient,
  { purpose, code }: { readonly purpose: "first-run" | "invite"; readonly code: string },
  cancel: Cancellable,
): Promise<EntranceLink> => {
  const { canonical } = await gateway.call("doorState", {}, cancel);
  const url = new URL(canonical);
  url.hash = `${purpose}=${code.replaceAll("-", "")}`;
  const here = new URL(url);
  here.hostname = "localhost";
  return { url: url.href, here: here.href };
};

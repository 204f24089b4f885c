import { GatehouseError, isError, systemCode } from "@gatehouse/shared";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/** The one address that is listened on: what is asked there comes from this computer. */
export const localAddress = "127.0.0.1";

/**
 * The port that the server listens on from now on.
 * @param port 0 takes any free one
 * @param what completes "... cannot listen"
 * @throws GatehouseError `address-in-use`, `request-invalid`
 */
export const listenLocally = async (server: Server, port: number, what: string): Promise<number> => {
  try {
    await once(server.listen({ host: localAddress, port }), "listening");
  } catch (cause) {
    const code = systemCode(cause) === "EADDRINUSE" ? "address-in-use" : "request-invalid";
    const why = isError(cause) ? cause.message : String(cause);
    throw new GatehouseError(code, `${what} cannot listen on port ${port}: ${why}`, { cause });
  }
  return (server.address() as AddressInfo).port;
};

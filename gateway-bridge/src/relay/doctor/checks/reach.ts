import { parseAddress, withDeadline, type Cancellable, type Clock, type HostAndPort } from "@gatehouse/shared";
import { once } from "node:events";
import { connect } from "node:net";

/** How long an answer on this box, or of the relay's own address, may take. */
export const patience = 5_000;

/** Where to knock for an address that somebody listens on: on every address is also on loopback. */
export const knockAt = (address: string): HostAndPort => {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  const { host, port } = parsed;
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return host === "::" ? { host: "::1", port } : parsed;
};

/** Whether anybody accepts a connection there. */
export const isReachable = async (
  place: HostAndPort,
  { clock, ...cancel }: Cancellable & { readonly clock: Clock },
): Promise<boolean> => {
  const socket = connect(place);
  try {
    const deadline = { clock, ms: patience, what: "a connection", ...cancel };
    await withDeadline(deadline, ({ signal }) => once(socket, "connect", { signal }));
    return true;
  } catch {
    cancel.signal.throwIfAborted();
    return false;
  } finally {
    socket.destroy();
  }
};

import { GatehouseError } from "@gatehouse/shared";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

/** Any port: nothing is sent there. */
const anyPort = 9;

/**
 * The address of this computer that a camera sees when it is spoken to, as the system would choose it. Nothing is sent: a datagram
 * socket is only given its other end.
 * @param host a literal address
 * @throws GatehouseError `camera-unreachable` where there is no way there
 */
export const ownAddressTowards = async (host: string): Promise<string> => {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  try {
    const connected = once(socket, "connect");
    socket.connect(anyPort, host);
    await connected;
    return socket.address().address;
  } catch (cause) {
    throw new GatehouseError("camera-unreachable", "there is no way to the camera's network", { cause });
  } finally {
    socket.close();
  }
};

import { systemCode, type Logger } from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";

export interface Ears {
  readonly hear: (datagram: Buffer, sender: string) => void;
  readonly log: Logger;
}

/**
 * A socket that asks from one own address, groups too, and can be written to at once: what is sent waits until it is bound. One that cannot
 * be used is logged and closed by itself.
 */
export const openMulticastSocket = (address: string, { hear, log }: Ears): Socket => {
  const socket = createSocket("udp4");
  socket.on("message", (datagram, { address: sender }) => hear(datagram, sender));
  const fail = (error: unknown): void => {
    log.warn("discovery failed on an interface", { address, code: systemCode(error) });
    closeSocket(socket);
  };
  socket.on("error", fail);
  socket.once("listening", () => {
    try {
      // Where a multicast leaves is not a matter of the bound address on every system.
      socket.setMulticastInterface(address);
    } catch (error) {
      // The interface lost the address since it was listed.
      fail(error);
    }
  });
  socket.bind(0, address);
  return socket;
};

/** A socket may have closed itself over an error; to close it again throws. */
export const closeSocket = (socket: Socket): void => {
  try {
    socket.close();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
};

/** Sends one datagram, or nothing where the socket has closed itself. Other failures are told by the socket's error event. */
export const sendIfOpen = (
  socket: Socket,
  datagram: Buffer | string,
  to: { readonly address: string; readonly port: number },
): void => {
  try {
    socket.send(datagram, to.port, to.address);
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
};

const isClosed = (error: unknown): boolean => systemCode(error) === "ERR_SOCKET_DGRAM_NOT_RUNNING";

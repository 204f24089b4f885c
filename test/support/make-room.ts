import type { Socket } from "node:dgram";

/** Seconds of what a viewer is sent, with what the kernel adds to each datagram. */
const bytes = 4 << 20;

/**
 * Has a UDP socket keep what comes while this process has no time for it, as far as the system allows: by itself it keeps a hundred datagrams, fewer
 * than a key picture and what follows it at once.
 */
export const makeRoom = (socket: Pick<Socket, "setRecvBufferSize">): void => socket.setRecvBufferSize(bytes);

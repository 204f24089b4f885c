import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

import { InterleavedCarrier } from "./interleaved-carrier.ts";

const channels = { rtp: 0, rtcp: 1 };
const pictureBytes = 40_000;

describe("InterleavedCarrier", () => {
  const opened: Socket[] = [];
  /** Our end of a connection, and the reader's. */
  const pair = async (): Promise<readonly [Socket, Socket]> => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [ours] = (await once(server, "connection")) as [Socket];
    server.close();
    opened.push(ours, reader);
    return [ours, reader];
  };
  /** A picture of one value, as TrackOutlet would write it. */
  const picture = (carrier: InterleavedCarrier, value: number): Buffer => carrier.memory(pictureBytes).fill(value);
  const read = async (reader: Socket, bytes: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    let length = 0;
    reader.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) reader.emit("enough");
    });
    await once(reader, "enough");
    return Buffer.concat(chunks);
  };

  let ours: Socket;
  let reader: Socket;
  beforeEach(async () => {
    [ours, reader] = await pair();
  });
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.destroy();
  });

  it("writes the next picture into the same memory once the system has taken the one before", async () => {
    const carrier = new InterleavedCarrier(ours, channels);
    const first = picture(carrier, 1);
    expect(carrier.send(first)).toBe(true);
    expect(picture(carrier, 2).buffer).toBe(first.buffer);
  });

  it("never writes over what waits for a reader, whoever is written to next", async () => {
    const carrier = new InterleavedCarrier(ours, channels);
    let sent = 0;
    const next = (): boolean => carrier.send(picture(carrier, ++sent));
    while (next());
    const behind = sent;
    while (sent < behind + 3) next();
    const [another] = await pair();
    const others = new InterleavedCarrier(another, channels);
    for (const value of [0xff, 0xfe]) others.send(picture(others, value));

    const got = await read(reader, sent * pictureBytes);
    const values = Array.from({ length: sent }, (_, index) => {
      const whole = got.subarray(index * pictureBytes, (index + 1) * pictureBytes);
      return whole.every((byte) => byte === whole[0]) ? whole[0] : "mixed";
    });
    expect(values).toEqual(Array.from({ length: sent }, (_, index) => (index + 1) & 0xff));
  });
});

import { laws, type G711Codec } from "./laws.ts";

/** Code for code, by the sample that a code stands for. */
const tableOf = (from: G711Codec, to: G711Codec): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => laws[to].encode(laws[from].decode(code)));

const crossed = { pcmu: tableOf("pcma", "pcmu"), pcma: tableOf("pcmu", "pcma") } as const;

/** Sound of the other law by this one. */
export const convertG711 = (to: G711Codec, data: Buffer): Buffer => {
  const table = crossed[to];
  return Buffer.from(Uint8Array.from(data, (code) => table[code] ?? 0));
};

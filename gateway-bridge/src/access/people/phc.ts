/** What a password's hash was made with, and the hash. Sizes in bytes, memory in KiB. */
export interface Argon2Hash {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const pattern =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** A row that somebody bent must neither take the box's memory nor its time. */
const most = { memory: 262_144, passes: 16, parallelism: 4 } as const;

/** `$argon2id$v=19$m=47104,t=1,p=1$salt$tag`, as the PHC string format has it; undefined for anything else. */
export const parsePhc = (text: string): Argon2Hash | undefined => {
  const [, m = "", t = "", p = "", saltText = "", tagText = ""] = pattern.exec(text) ?? [];
  const [memory, passes, parallelism] = [Number(m), Number(t), Number(p)];
  const [salt, tag] = [Buffer.from(saltText, "base64"), Buffer.from(tagText, "base64")];
  if (passes < 1 || passes > most.passes || parallelism < 1 || parallelism > most.parallelism) return undefined;
  // RFC 9106 3.1
  if (memory < 8 * parallelism || memory > most.memory) return undefined;
  const hash = { memory, passes, parallelism, salt, tag };
  return formatPhc(hash) === text ? hash : undefined;
};

export const formatPhc = ({ memory, passes, parallelism, salt, tag }: Argon2Hash): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;

const unpadded = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

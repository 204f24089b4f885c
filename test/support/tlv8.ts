/** HomeKit's TLV8, written anew so that HAP-NodeJS is not tested against itself. */

/** One value: a number is written in as many bytes as `u8`, `u16` or `u32` made it. */
export type Tlv = readonly (readonly [type: number, value: Buffer])[];

const longestFragment = 255;

export const u8 = (value: number): Buffer => Buffer.of(value);

export const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const f32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

/** Values longer than 255 bytes are split into fragments of the same type. */
export const encodeTlv = (items: Tlv): Buffer => {
  const parts: Buffer[] = [];
  for (const [type, value] of items) {
    let at = 0;
    do {
      const fragment = value.subarray(at, at + longestFragment);
      parts.push(Buffer.of(type, fragment.length), fragment);
      at += fragment.length;
    } while (at < value.length);
  }
  return Buffer.concat(parts);
};

/** The items in order. Fragments are joined: a fragment of 255 bytes is followed by the rest under the same type. */
export const decodeTlv = (bytes: Buffer): [type: number, value: Buffer][] => {
  const items: [number, Buffer][] = [];
  let open = false;
  for (let at = 0; at < bytes.length;) {
    if (at + 2 > bytes.length) throw new RangeError("TLV8: half a header");
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt8(at + 1);
    const value = bytes.subarray(at + 2, at + 2 + length);
    if (value.length !== length) throw new RangeError("TLV8: a value longer than the data");
    const last = items.at(-1);
    if (open && last?.[0] === type) last[1] = Buffer.concat([last[1], value]);
    else items.push([type, value]);
    open = length === longestFragment;
    at += 2 + length;
  }
  return items;
};

/** The first value of a type. */
export const tlvValue = (items: Tlv, type: number): Buffer | undefined => items.find(([one]) => one === type)?.[1];

/** The first value of a type, which has to be there. */
export const tlvRequired = (items: Tlv, type: number): Buffer => {
  const value = tlvValue(items, type);
  if (value === undefined) throw new RangeError(`TLV8: no value of type ${type}`);
  return value;
};

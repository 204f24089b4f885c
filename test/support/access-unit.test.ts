import { describe, expect, it } from "@jest/globals";

import { AccessUnitAssembler, annexB, parseRtp, type RtpPacket } from "./access-unit.ts";

let sequence = 0;
const packet = (timestamp: number, marker: boolean, hex: string): RtpPacket => ({
  payloadType: 99,
  marker,
  sequence: (sequence = (sequence + 1) & 0xffff),
  timestamp,
  ssrc: 1,
  payload: Buffer.from(hex, "hex"),
});
const assemble = (...packets: readonly RtpPacket[]) => {
  const assembler = new AccessUnitAssembler();
  const units = packets.flatMap((one) => assembler.add(one, 7) ?? []);
  return { units: units.map(({ nals, key }) => ({ key, nals: nals.map((nal) => nal.toString("hex")) })), assembler };
};

describe("AccessUnitAssembler", () => {
  it("joins single NAL units, STAP-A and FU-A of one timestamp", () => {
    const { units } = assemble(
      packet(1, false, "78" + "0003674200" + "000268ce"),
      packet(1, false, "7c8501"),
      packet(1, false, "7c0502"),
      packet(1, true, "7c4503"),
      packet(2, true, "61aa"),
    );
    expect(units).toEqual([
      { key: true, nals: ["674200", "68ce", "65010203"] },
      { key: false, nals: ["61aa"] },
    ]);
  });

  it("leaves out and counts a unit that lost its middle, its start or its end", () => {
    const middle = [packet(1, false, "7c8501"), packet(1, false, "7c0502"), packet(1, true, "7c4503")];
    const { units, assembler } = assemble(middle[0]!, middle[2]!, packet(2, true, "61aa"));
    expect([units.length, assembler.damaged]).toEqual([1, 1]);
    expect(assemble(packet(1, true, "7c4503"), packet(2, true, "61aa")).units).toHaveLength(1);
    const cut = assemble(packet(1, false, "61aa"), packet(2, true, "61bb"));
    expect([cut.units, cut.assembler.damaged]).toEqual([[{ key: false, nals: ["61bb"] }], 1]);
  });

  it("throws on packets that break RFC 6184", () => {
    expect(() => assemble(packet(1, true, "7cc501"))).toThrow("begins and ends");
    expect(() => assemble(packet(1, true, "780009aa"))).toThrow("longer than its packet");
  });
});

describe("parseRtp", () => {
  it("reads past contributing sources, extension and padding", () => {
    const bytes = Buffer.from("b1e30102" + "00000003" + "00000004" + "00000005" + "bede0001aabbccdd" + "6142" + "000003", "hex"); // prettier-ignore
    expect(parseRtp(bytes)).toMatchObject({ payloadType: 99, marker: true, sequence: 0x102, timestamp: 3, ssrc: 4 });
    expect(parseRtp(bytes).payload.toString("hex")).toBe("6142");
    expect(() => parseRtp(Buffer.alloc(12))).toThrow("version 2");
  });
});

describe("annexB", () => {
  it("begins at the first keyframe", () => {
    const unit = (key: boolean, hex: string) => ({ key, nals: [Buffer.from(hex, "hex")], timestamp: 0, arrivedAt: 0 });
    expect(annexB([unit(false, "61"), unit(true, "65"), unit(false, "41")]).toString("hex")).toBe(
      "0000000165" + "0000000141",
    );
    expect(annexB([unit(false, "61")])).toHaveLength(0);
  });
});

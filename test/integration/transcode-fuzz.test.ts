import { describe, it } from "@jest/globals";

import { FlvReader } from "../../gateway-bridge/src/protocols/flv/reader.ts";
import { OggOpusWriter } from "../../gateway-bridge/src/protocols/ogg/opus-writer.ts";
import { OggReader } from "../../gateway-bridge/src/protocols/ogg/reader.ts";
import { fuzz } from "../support/fuzz.ts";

/** In two pieces, so that what is held between them is tried too. */
const readHalves =
  (open: () => { push: (piece: Buffer) => unknown }) =>
  (input: Buffer): void => {
    const reader = open();
    const half = input.length >> 1;
    reader.push(input.subarray(0, half));
    reader.push(input.subarray(half));
  };

describe("What a transcoder writes", () => {
  it("is read as Ogg, or refused, whatever it is", () => {
    const writer = new OggOpusWriter(1);
    const begin = writer.begin();
    const sound = [10, 254, 255, 600].map((size) => writer.write(Buffer.alloc(size, size), 960));
    const long = Buffer.concat([
      Buffer.from("OggS\0\0"),
      Buffer.alloc(20),
      Buffer.alloc(256, 255),
      Buffer.alloc(65_025),
    ]);
    const goesOn = Buffer.from(long);
    goesOn.writeUInt8(1, 5);
    fuzz(
      readHalves(() => new OggReader()),
      {
        corpus: [begin, ...sound, Buffer.concat([begin, ...sound]), Buffer.concat([long, goesOn])],
        dictionary: ["OggS", "OggS\0\x01", "OggS\0\0", "\xff\xff\xff", "\xff\0", "\0"],
      },
    );
  });

  it("is read as FLV, or refused, whatever it is", () => {
    const begin = Buffer.from("464c5601010000000900000000", "hex");
    const parameters = Buffer.from(
      "09000017000000000000001700000000" + "0142c01fffe100046742c01f01000468cb83cb" + "00000000",
      "hex",
    );
    parameters.writeUIntBE(parameters.length - 15, 1, 3);
    const picture = Buffer.from(
      "09000012000028000000001701000000000000016500000005" + "4165656565" + "00000000",
      "hex",
    );
    picture.writeUIntBE(picture.length - 15, 1, 3);
    fuzz(
      readHalves(() => new FlvReader()),
      {
        corpus: [Buffer.concat([begin, parameters, picture]), Buffer.concat([begin, picture, parameters, picture])],
        dictionary: ["FLV", "\x09\0\0", "\x17\0", "\x17\x01", "\x27\x01", "\xff\xff\xff\xff", "\0\0\0\x01"],
      },
    );
  });
});

import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import { Ffmpeg } from "../../gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { KeyPictureDecoder, type KeyPicture } from "../../gateway-bridge/src/media/ffmpeg/key-picture-jpeg.ts";
import { splitAnnexB } from "../../gateway-bridge/src/protocols/nal/annex-b.ts";
import { describeWith } from "../support/needs.ts";
import { makePictures } from "../support/media-files.ts";

const cancel = { signal: new AbortController().signal };
const keyPicture = async (codec: "h264" | "h265", size: string): Promise<KeyPicture> => ({
  codec,
  unit: { nals: splitAnnexB(await makePictures({ codec, size, seconds: 0.04 })) },
});

/** Width and height of a JPEG's frame. ITU-T T.81 B.2.2 */
const sizeOf = (jpeg: Buffer): readonly [number, number] => {
  let at = 2;
  while (![0xc0, 0xc2].includes(jpeg.readUInt8(at + 1))) at += 2 + jpeg.readUInt16BE(at + 2);
  return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
};

describeWith(["ffmpeg"], "A JPEG of a key picture", () => {
  const ffmpeg = Ffmpeg.create({
    searchPath: "/usr/bin",
    unsandboxed: true,
    clock: systemClock,
    log: new MemoryLogger(),
  });
  const decoder = new KeyPictureDecoder({ ffmpeg, clock: systemClock });
  beforeAll(() => ffmpeg.status(cancel));
  afterAll(() => decoder[Symbol.asyncDispose]());

  it.each(["h264", "h265"] as const)("is made of %s, in its own size or a smaller one", async (codec) => {
    const picture = await keyPicture(codec, "1280x720");
    expect(sizeOf(await decoder.decodeToJpeg(picture, cancel))).toEqual([1_280, 720]);
    expect(sizeOf(await decoder.decodeToJpeg({ ...picture, width: 321 }, cancel))).toEqual([320, 180]);
    expect(sizeOf(await decoder.decodeToJpeg({ ...picture, width: 4_000 }, cancel))).toEqual([1_280, 720]);
  });

  it.each(["h264", "h265"] as const)("is the same, of %s, from a transcoder that was started ahead", async (codec) => {
    const picture = await keyPicture(codec, "640x360");
    const clock = new TestClock();
    await using warm = new KeyPictureDecoder({ ffmpeg, clock });
    const first = await warm.decodeToJpeg(picture, cancel);
    await clock.advance(1_000);
    await expect(warm.decodeToJpeg(picture, cancel)).resolves.toEqual(first);
  });

  it("is refused for what cannot be decoded, and for a size that is none", async () => {
    const garbage: KeyPicture = { codec: "h264", unit: { nals: [Buffer.alloc(500, 0x65)] } };
    await expect(decoder.decodeToJpeg(garbage, cancel)).rejects.toMatchObject({ code: "transcode-failed" });
    const picture = await keyPicture("h264", "640x360");
    for (const width of [0, 15, 1.5, 8_193, NaN])
      await expect(decoder.decodeToJpeg({ ...picture, width }, cancel)).rejects.toMatchObject({
        code: "request-invalid",
      });
  });

  it("is made for everybody who asks at once, and whoever leaves gives up the turn", async () => {
    const picture = await keyPicture("h264", "640x360");
    const leaving = new AbortController();
    const asked = Array.from({ length: 6 }, (_, index) =>
      decoder.decodeToJpeg(picture, index === 3 ? { signal: leaving.signal } : cancel),
    );
    leaving.abort(new Error("left"));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
    ]);
    const many = Array.from({ length: 40 }, () => decoder.decodeToJpeg(picture, { signal: leaving.signal }));
    for (const late of await Promise.allSettled(many)) expect(late.status).toBe("rejected");
    await expect(decoder.decodeToJpeg(picture, cancel)).resolves.toBeInstanceOf(Buffer);
  });
});

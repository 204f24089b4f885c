import { readFileSync } from "node:fs";

import type { CameraCore } from "./camera-core.ts";

/** The page that a browser gets first. */
export const loginPage = ({ face, state: { reveals, identity } }: CameraCore): string =>
  [
    `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${face.title}</title></head><body>`,
    `<form method="post" action="/login"><input name="username"><input name="password" type="password"></form>`,
    reveals ? `<p id="about">Serial no. ${identity.serial}, firmware ${identity.firmware}</p>` : "",
    `</body></html>`,
  ].join("");

let still: Buffer | undefined;

/** A JPEG. */
export const stillPicture = (): Buffer => (still ??= readFileSync(new URL("../clip/still-1.jpg", import.meta.url)));

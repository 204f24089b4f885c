/** A name that HomeKit accepts: it begins and ends with a letter or digit and holds no signs but common punctuation. */
export const homeKitName = (name: string): string => {
  const allowed = name.replace(/[^\p{L}\p{N}\p{Zs}’'&!._:;()/,-]/gu, " ").replace(/\p{Zs}+/gu, " ");
  const trimmed = allowed.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  // HomeKit wants two characters at least.
  return /^.{2}/su.test(trimmed) ? trimmed : `Camera ${trimmed}`.trim();
};

/** A firmware revision as HAP wants it, `1`, `1.2` or `1.2.3`, out of whatever the maker writes. */
export const homeKitFirmware = (firmware: string): string => {
  const [numbers] = /\d{1,9}(?:\.\d{1,9}){0,2}/.exec(firmware) ?? [];
  return numbers ?? "0";
};

/** An information text, which HAP wants neither empty nor longer than 64 bytes. */
export const homeKitText = (text: string, fallback: string): string => {
  const clean = text.replace(/\p{C}/gu, "").trim();
  const bytes = Buffer.from(clean);
  if (bytes.length <= 64) return clean.length < 2 ? fallback : clean;
  return bytes
    .subarray(0, 64)
    .toString("utf8")
    .replace(/\uFFFD+$/u, "");
};

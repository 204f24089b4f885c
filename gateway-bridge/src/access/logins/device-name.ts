const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|Chromium|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

const nameIn = (text: string, known: typeof browsers): string | undefined =>
  known.find(([pattern]) => pattern.test(text))?.[1];

/** What to call a browser in a list, by its User-Agent: `Firefox on Windows`. It may say whatever it likes; none of it is shown as it is. */
export const deviceName = (userAgent = ""): string => {
  const text = userAgent.slice(0, 512);
  const [browser, system] = [nameIn(text, browsers) ?? "A browser", nameIn(text, systems)];
  return system === undefined ? browser : `${browser} on ${system}`;
};

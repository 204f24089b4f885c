import { hash, type X509Certificate } from "node:crypto";

export interface TrustProfile {
  readonly authority: X509Certificate;
  /** What the gateway calls itself. */
  readonly name: string;
  readonly gateway: string;
}

/** The authority as Apple's devices install it: a configuration profile with one root certificate, unsigned. */
export const mobileConfig = ({ authority, name, gateway }: TrustProfile): string => {
  // The same certificate is the same profile, so that installing it again replaces it.
  const [outer, inner] = ["profile", "certificate"].map((part) => uuidOf(`${part} ${authority.fingerprint256}`));
  const text = (value: string): string => `<string>${escaped(value)}</string>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key>${text(`io.gatehouse.${gateway}`)}
  <key>PayloadUUID</key>${text(outer ?? "")}
  <key>PayloadDisplayName</key>${text(`${name} (Gatehouse)`)}
  <key>PayloadDescription</key>${text(`Lets this device know the gateway ${gateway}. It can vouch for nothing else.`)}
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key>${text(`io.gatehouse.${gateway}.root`)}
      <key>PayloadUUID</key>${text(inner ?? "")}
      <key>PayloadDisplayName</key>${text(`Gatehouse ${gateway}`)}
      <key>PayloadContent</key>
      <data>${authority.raw.toString("base64")}</data>
    </dict>
  </array>
</dict>
</plist>
`;
};

/** RFC 9562 5.8: a UUID of our own making. */
const uuidOf = (text: string): string => {
  const bytes = hash("sha256", text, "buffer").subarray(0, 16);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
    .toUpperCase();
};

const escaped = (text: string): string => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);

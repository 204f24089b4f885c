import { element, escapeXml, SoapFault } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import { readMedia, tag, preAuth, type Operations } from "./operation.ts";
import { servicesOf } from "./services.ts";

const tiers = [
  { token: "profile_1", name: "mainStream", tier: "main", width: 1920, height: 1080, kbps: 4_000 },
  { token: "profile_2", name: "subStream", tier: "sub", width: 640, height: 360, kbps: 500 },
] as const;
type TierOf = (typeof tiers)[number];

const tierOf = (token: string | undefined): TierOf => {
  const found = tiers.find((tier) => tier.token === token);
  if (found === undefined) throw new SoapFault("ter:NoProfile", "the requested profile does not exist");
  return found;
};

/** Where a stream is fetched; `secure` within TLS. */
export const streamUri = ({ address, face, state }: CameraCore, tier: "main" | "sub", secure: boolean): string => {
  const [port] = state.protocols.RTSP.ports;
  return (secure ? `rtsps://${address}:322` : `rtsp://${address}:${port ?? 554}`) + face.routes[tier];
};

export const snapshotUri = ({ address, face, state }: CameraCore): string => {
  const { HTTP, HTTPS } = state.protocols;
  const port = (HTTP.enabled ? HTTP : HTTPS).ports[0] ?? 80;
  const scheme = HTTP.enabled ? "http" : "https";
  return `${scheme}://${address}${[80, 443].includes(port) ? "" : `:${port}`}${face.snapshotPaths[0]}`;
};

const uri = (text: string): string =>
  element(
    "trt:MediaUri",
    tag("tt:Uri", escapeXml(text)),
    `<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>`,
    tag("tt:Timeout", "PT0S"),
  );

const encoder = ({ width, height, kbps }: TierOf): string =>
  [
    tag("tt:Encoding", "H264"),
    element("tt:Resolution", tag("tt:Width", width), tag("tt:Height", height)),
    `<tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit>`,
    `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${kbps}</tt:BitrateLimit></tt:RateControl>`,
  ].join("");

const source = (name: string): string =>
  element(`${name} token="source_1"`, `<tt:Name>source</tt:Name><tt:SourceToken>VideoSource_1</tt:SourceToken>`);

/** Media 1, as far as a stream has to be found. */
export const mediaOperations: Operations = {
  GetServiceCapabilities: preAuth((core) => capabilities(core, "media")),
  GetProfiles: readMedia(() =>
    tiers
      .map((tier) =>
        element(
          `trt:Profiles token="${tier.token}" fixed="true"`,
          tag("tt:Name", tier.name),
          source("tt:VideoSourceConfiguration"),
          element(`tt:VideoEncoderConfiguration token="${tier.token}_encoder"`, encoder(tier)),
        ),
      )
      .join(""),
  ),
  GetStreamUri: readMedia((core, body) => uri(streamUri(core, tierOf(body.text("ProfileToken")).tier, false))),
  GetSnapshotUri: readMedia((core, body) => {
    tierOf(body.text("ProfileToken"));
    return uri(snapshotUri(core));
  }),
};

/** Media 2: the same, and streams within TLS (Media2, 5.4). */
export const media2Operations: Operations = {
  GetServiceCapabilities: preAuth((core) => capabilities(core, "media2")),
  GetProfiles: readMedia(() =>
    tiers
      .map((tier) =>
        element(
          `tr2:Profiles token="${tier.token}" fixed="true"`,
          tag("tr2:Name", tier.name),
          element(
            "tr2:Configurations",
            source("tr2:VideoSource"),
            element(`tr2:VideoEncoder token="${tier.token}_encoder"`, encoder(tier)),
          ),
        ),
      )
      .join(""),
  ),
  GetStreamUri: readMedia((core, body) => {
    const { tier } = tierOf(body.text("ProfileToken"));
    const secure = body.text("Protocol") === "RtspsUnicast";
    if (secure && !core.state.rtsps.enabled) throw new SoapFault("ter:InvalidStreamSetup", "no streams within TLS");
    return tag("tr2:Uri", escapeXml(streamUri(core, tier, secure)));
  }),
  GetSnapshotUri: readMedia((core, body) => {
    tierOf(body.text("ProfileToken"));
    return tag("tr2:Uri", escapeXml(snapshotUri(core)));
  }),
};

const capabilities = (core: CameraCore, name: "media" | "media2"): string =>
  servicesOf(core)
    .find((service) => service.name === name)
    ?.capabilities(core) ?? "";

import { framesPerSecond, type Clip } from "./clip.ts";
import type { Tier } from "./live-feed.ts";
import type { SoundCodec } from "./sound.ts";
import { element, escapeXml, SoapFault, type SoapOperations, type SoapRequest } from "./soap.ts";

export interface TierInfo {
  readonly tier: Tier;
  readonly clip: Clip;
  readonly bitrateKbps: number;
  readonly streamUri: string;
  readonly snapshotUri: string;
}

const sourceToken = "VideoSource_1";
const profileToken = (tier: Tier): string => (tier === "main" ? "Profile_1" : "Profile_2");
const encoderToken = (tier: Tier): string => (tier === "main" ? "VideoEncoder_1" : "VideoEncoder_2");

/** The microphone's codec, the same in both profiles. */
export type Audio = "none" | SoundCodec;

/** The Media service (ONVIF Media 1): two profiles of one video source. */
export const mediaOperations = (tiers: readonly TierInfo[], audio: Audio): SoapOperations => {
  const main = tiers[0]!;
  const byProfile = (request: SoapRequest): TierInfo =>
    find(tiers, ({ tier }) => profileToken(tier) === request.text("ProfileToken"), "ter:NoProfile");
  const byEncoder = (request: SoapRequest): TierInfo =>
    find(tiers, ({ tier }) => encoderToken(tier) === request.text("ConfigurationToken"), "ter:NoConfig");
  return {
    GetServiceCapabilities: () =>
      `<trt:Capabilities SnapshotUri="true"><trt:StreamingCapabilities RTP_RTSP_TCP="true"/></trt:Capabilities>`,
    GetProfiles: () => tiers.map((tier) => profile("trt:Profiles", tier, audio)).join(""),
    GetProfile: (request) => profile("trt:Profile", byProfile(request), audio),
    GetVideoSources: () =>
      `<trt:VideoSources token="${sourceToken}"><tt:Framerate>${framesPerSecond}</tt:Framerate>${resolution(main.clip)}</trt:VideoSources>`,
    GetVideoSourceConfigurations: () => sourceConfiguration("trt:Configurations", main.clip),
    GetVideoEncoderConfigurations: () => tiers.map((tier) => encoder("trt:Configurations", tier)).join(""),
    GetVideoEncoderConfiguration: (request) => encoder("trt:Configuration", byEncoder(request)),
    GetVideoEncoderConfigurationOptions: (request) =>
      encoderOptions(request.text("ConfigurationToken") === undefined ? byProfile(request) : byEncoder(request)),
    GetStreamUri: (request) => mediaUri(byProfile(request).streamUri),
    GetSnapshotUri: (request) => mediaUri(byProfile(request).snapshotUri),
  };
};

const find = <T>(items: readonly T[], matches: (item: T) => boolean, subcode: string): T => {
  const found = items.find(matches);
  if (found === undefined) throw new SoapFault(subcode, "the requested token does not exist");
  return found;
};

const multicast =
  `<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>` +
  `<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>`;

const resolution = ({ width, height }: Clip): string =>
  `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`;

const profile = (name: string, info: TierInfo, audio: Audio): string =>
  element(
    `${name} token="${profileToken(info.tier)}" fixed="true"`,
    element("tt:Name", `${info.tier}Stream`),
    sourceConfiguration("tt:VideoSourceConfiguration", info.clip),
    ...(audio === "none" ? [] : [audioSource]),
    encoder("tt:VideoEncoderConfiguration", info),
    ...(audio === "none" ? [] : [audioEncoder(audio)]),
  );

const audioSource = element(
  'tt:AudioSourceConfiguration token="AudioSourceConfiguration_1"',
  `<tt:Name>AudioSourceConfiguration</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>AudioSource_1</tt:SourceToken>`,
);

const audioEncoding = (name: string, kbps: number, khz: number): string =>
  `<tt:Encoding>${name}</tt:Encoding><tt:Bitrate>${kbps}</tt:Bitrate><tt:SampleRate>${khz}</tt:SampleRate>`;

/** Media 1 has no name for Opus; cameras that send it write its own. */
const audioEncodings: Readonly<Record<SoundCodec, string>> = {
  opus: audioEncoding("OPUS", 24, 48),
  aac: audioEncoding("AAC", 24, 16),
  pcmu: audioEncoding("G711", 64, 8),
  pcma: audioEncoding("G711", 64, 8),
};

const audioEncoder = (audio: SoundCodec): string =>
  element(
    'tt:AudioEncoderConfiguration token="AudioEncoder_1"',
    `<tt:Name>AudioEncoder_1</tt:Name><tt:UseCount>2</tt:UseCount>`,
    audioEncodings[audio],
    multicast,
    `<tt:SessionTimeout>PT60S</tt:SessionTimeout>`,
  );

const sourceConfiguration = (name: string, { width, height }: Clip): string =>
  element(
    `${name} token="VideoSourceConfiguration_1"`,
    `<tt:Name>VideoSourceConfiguration</tt:Name><tt:UseCount>2</tt:UseCount>`,
    `<tt:SourceToken>${sourceToken}</tt:SourceToken>`,
    `<tt:Bounds x="0" y="0" width="${width}" height="${height}"/>`,
  );

const encoder = (name: string, { tier, clip, bitrateKbps }: TierInfo): string =>
  element(
    `${name} token="${encoderToken(tier)}"`,
    `<tt:Name>${encoderToken(tier)}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>`,
    resolution(clip),
    `<tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>${framesPerSecond}</tt:FrameRateLimit>`,
    `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${bitrateKbps}</tt:BitrateLimit></tt:RateControl>`,
    `<tt:H264><tt:GovLength>${2 * framesPerSecond}</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>`,
    multicast,
    `<tt:SessionTimeout>PT60S</tt:SessionTimeout>`,
  );

const encoderOptions = ({ clip, bitrateKbps }: TierInfo): string => {
  const range = (name: string, value: number): string =>
    `<tt:${name}><tt:Min>${value}</tt:Min><tt:Max>${value}</tt:Max></tt:${name}>`;
  const { width, height } = clip;
  const h264 = [
    `<tt:ResolutionsAvailable><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:ResolutionsAvailable>`,
    range("GovLengthRange", 2 * framesPerSecond),
    range("FrameRateRange", framesPerSecond),
    range("EncodingIntervalRange", 1),
    `<tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported>`,
  ].join("");
  const extension = element("tt:Extension", element("tt:H264", h264, range("BitrateRange", bitrateKbps)));
  return element("trt:Options", range("QualityRange", 4), element("tt:H264", h264), extension);
};

const mediaUri = (uri: string): string =>
  element(
    "trt:MediaUri",
    `<tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>`,
    `<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>`,
  );

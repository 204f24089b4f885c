/** One track, as a client is told of it. */
export interface SdpSection {
  readonly kind: "video" | "audio";
  readonly payloadType: number;
  /** `H264/90000`. RFC 8866 6.6 */
  readonly encoding: string;
  /** Format parameters, without the payload type; empty where there are none. */
  readonly parameters: string;
  /** Relative to the Content-Base. */
  readonly control: string;
  /** As the client is to see it, ONVIF Streaming 5.3: `recvonly` for what it gets. */
  readonly direction: "recvonly" | "sendonly";
}

export interface SdpSession {
  /** Changes with every description that differs. */
  readonly id: number;
  readonly name: string;
  readonly sections: readonly SdpSection[];
}

/** An SDP that a DESCRIBE is answered with. RFC 8866, RFC 2326 C */
export const writeSdp = ({ id, name, sections }: SdpSession): string => {
  const lines = [
    "v=0",
    `o=- ${id} ${id} IN IP4 0.0.0.0`,
    `s=${name}`,
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=control:*",
    "a=range:npt=now-",
    ...sections.flatMap(sectionLines),
  ];
  return `${lines.join("\r\n")}\r\n`;
};

const sectionLines = ({
  kind,
  payloadType,
  encoding,
  parameters,
  control,
  direction,
}: SdpSection): readonly string[] => [
  `m=${kind} 0 RTP/AVP ${payloadType}`,
  `a=rtpmap:${payloadType} ${encoding}`,
  ...(parameters === "" ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
  `a=control:${control}`,
  `a=${direction}`,
];

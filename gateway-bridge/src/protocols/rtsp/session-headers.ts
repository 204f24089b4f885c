/** What a SETUP answer settled for one track. RFC 2326 12.39 */
export interface Transport {
  /** Whether the track comes over the RTSP connection itself. */
  readonly interleaved: boolean;
  /** Channel of the RTP packets; undefined where the answer does not say. */
  readonly rtpChannel: number | undefined;
  readonly rtcpChannel: number | undefined;
  /** Of UDP: the ports that the server sends from and listens at. */
  readonly rtpPort: number | undefined;
  readonly rtcpPort: number | undefined;
  readonly ssrc: number | undefined;
}

/** Reads the Transport header of an answer; of several transports the first counts. */
export const parseTransport = (header: string): Transport => {
  const [specification = "", ...fields] = (header.split(",", 1)[0] ?? "").split(";", 32).map((part) => part.trim());
  const value = (name: string): string | undefined =>
    fields
      .find((field) => field.toLowerCase().startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .trim();
  const [, rtp, rtcp] = /^(\d{1,3})(?:\s*-\s*(\d{1,3}))?$/.exec(value("interleaved") ?? "") ?? [];
  const rtpChannel = channel(rtp);
  const [, rtpPort, rtcpPort] = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(value("server_port") ?? "") ?? [];
  return {
    // Some leave out `/TCP`, and some `interleaved`.
    interleaved: rtpChannel !== undefined || /^RTP\/S?AVPF?\/TCP$/i.test(specification),
    rtpChannel,
    rtcpChannel: channel(rtcp) ?? (rtpChannel === undefined ? undefined : rtpChannel + 1),
    rtpPort: port(rtpPort),
    rtcpPort: port(rtcpPort) ?? (port(rtpPort) && port(String(Number(rtpPort) + 1))),
    ssrc: hexadecimal(value("ssrc")),
  };
};

const port = (text: string | undefined): number | undefined => {
  const number = Number(text ?? 0);
  return number > 0 && number <= 65_535 ? number : undefined;
};

const channel = (text: string | undefined): number | undefined =>
  text === undefined || Number(text) > 255 ? undefined : Number(text);

const hexadecimal = (text: string | undefined): number | undefined =>
  text !== undefined && /^[\da-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;

/** RFC 2326 12.37 */
export interface SessionHeader {
  readonly id: string;
  /** Seconds after which the server gives the session up; undefined where it does not say. */
  readonly timeoutS: number | undefined;
}

/** Undefined where the header holds no id that could be sent back. */
export const parseSessionHeader = (header: string): SessionHeader | undefined => {
  const [id = "", ...fields] = header.split(";", 8).map((part) => part.trim());
  if (!/^[\x21-\x7e]{1,256}$/.test(id)) return undefined;
  const timeouts = fields.map((field) => /^timeout\s*=\s*(\d{1,9})$/i.exec(field)?.[1]);
  const timeout = timeouts.find((found) => found !== undefined);
  return { id, timeoutS: timeout === undefined ? undefined : Number(timeout) };
};

/** Where one track's packets begin. RFC 2326 12.33 */
export interface RtpInfo {
  readonly url: string;
  readonly sequence: number | undefined;
  readonly timestamp: number | undefined;
  readonly ssrc: number | undefined;
}

export const parseRtpInfo = (header: string): readonly RtpInfo[] =>
  header.split(/,\s*(?=url=)/i, 32).flatMap((part) => {
    const text = part.trim();
    if (!/^url=/i.test(text)) return [];
    // The URL itself may hold semicolons and commas.
    const end = text.search(/;\s*(?:seq|rtptime|ssrc)=/i);
    const fields = (end < 0 ? "" : text.slice(end)).split(";", 8).map((field) => field.trim());
    const value = (name: string): string | undefined =>
      fields.find((field) => field.toLowerCase().startsWith(name))?.slice(name.length);
    return [
      {
        url: text.slice("url=".length, end < 0 ? undefined : end),
        sequence: decimal(value("seq="), 0xffff),
        timestamp: decimal(value("rtptime="), 0xffff_ffff),
        ssrc: hexadecimal(value("ssrc=")?.trim()),
      },
    ];
  });

const decimal = (text: string | undefined, most: number): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text.trim()) && Number(text) <= most ? Number(text) : undefined;

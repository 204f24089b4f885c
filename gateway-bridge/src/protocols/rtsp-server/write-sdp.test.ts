import { describe, expect, it } from "@jest/globals";

import { parseSdp } from "../sdp/parse-sdp.ts";
import { writeSdp } from "./write-sdp.ts";

describe("writeSdp", () => {
  it("is read by a client", () => {
    const text = writeSdp({
      id: 1_700_000_000_000,
      name: "Gatehouse",
      sections: [
        {
          kind: "video",
          payloadType: 96,
          encoding: "H264/90000",
          parameters: "packetization-mode=1;sprop-parameter-sets=Z0LAHg==,aM4=",
          control: "trackID=0",
          direction: "recvonly",
        },
        {
          kind: "audio",
          payloadType: 0,
          encoding: "PCMU/8000",
          parameters: "",
          control: "trackID=1",
          direction: "sendonly",
        },
      ],
    });
    const description = parseSdp(Buffer.from(text));
    expect(description).toMatchObject({ name: "Gatehouse", control: "*" });
    expect(description.media).toMatchObject([
      { kind: "video", protocol: "RTP/AVP", control: "trackID=0", direction: "recvonly" },
      { kind: "audio", protocol: "RTP/AVP", control: "trackID=1", direction: "sendonly" },
    ]);
    expect(description.media[0]?.formats).toMatchObject([{ payloadType: 96, encoding: "H264", clockRate: 90_000 }]);
    expect(description.media[0]?.formats[0]?.parameters.get("sprop-parameter-sets")).toBe("Z0LAHg==,aM4=");
    expect(description.media[1]?.formats).toMatchObject([{ payloadType: 0, encoding: "PCMU", clockRate: 8_000 }]);
    expect(text).not.toContain("fmtp:0");
  });
});

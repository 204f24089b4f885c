import { describe, expect, it } from "@jest/globals";

import { opusTrack, videoTrack } from "../../media/testing/units.ts";
import { readLocalTransport } from "./local-description.ts";
import { parseOffer } from "./offer.ts";
import type { LocalTransport } from "./peer-connection.ts";
import { planSession } from "./session-plan.ts";
import { answerText, engineOffer } from "./session-text.ts";
import { makeOffer, type OfferOptions } from "./testing/offers.ts";

const value = Array.from({ length: 32 }, () => "AB").join(":");
const local: LocalTransport = {
  ufrag: "gate",
  password: "housegatehousegatehouse",
  fingerprint: { algorithm: "sha-256", value },
  setup: "active",
  candidates: ["1 1 udp 2114977791 192.168.1.2 40000 typ host"],
};
const events = { onState: () => undefined, onRtcp: () => undefined, onRtp: () => undefined };

const answerTo = (options: OfferOptions, sound = true): string => {
  const offer = parseOffer(makeOffer(options));
  const { video, audio } = planSession(offer, { video: videoTrack, audio: sound ? opusTrack : undefined }, false);
  const tracks = [{ ...video, ssrc: 11 }, ...(audio === undefined ? [] : [{ ...audio, ssrc: 22 }])];
  return answerText({ offer, tracks, local, cname: "name" });
};
const sections = (sdp: string): readonly string[] => sdp.split(/^(?=m=)/m).slice(1);

describe("An answer", () => {
  it("takes picture and sound over one transport, with its candidates, and says that it sends", () => {
    const sdp = answerTo({});
    expect(sdp).toMatch(/^v=0\r\no=- \d+ 1 IN IP4 0\.0\.0\.0\r\n/);
    expect(sdp).toContain("a=group:BUNDLE 0 1\r\n");
    const [video, audio] = sections(sdp);
    expect(video).toMatch(/^m=video 9 UDP\/TLS\/RTP\/SAVPF 108\r\n/);
    expect(audio).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111\r\n/);
    for (const [section, kind, ssrc] of [
      [video, "video", 11],
      [audio, "audio", 22],
    ]) {
      // prettier-ignore
      expect(section).toContain("a=sendonly\r\na=rtcp-mux\r\na=ice-ufrag:gate\r\na=ice-pwd:housegatehousegatehouse\r\n");
      expect(section).toContain(`a=fingerprint:sha-256 ${value}\r\na=setup:active\r\n`);
      expect(section).toContain(`a=msid:gatehouse ${String(kind)}\r\na=ssrc:${String(ssrc)} cname:name\r\n`);
      expect(section).toContain("a=candidate:1 1 udp 2114977791 192.168.1.2 40000 typ host\r\na=end-of-candidates\r\n");
    }
    expect(video).toContain("a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n");
    expect(audio).toContain("a=rtpmap:111 OPUS/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n");
  });

  it("asks for the feedback that is acted on, and for no other", () => {
    const [video] = sections(answerTo({}));
    expect(video?.match(/a=rtcp-fb:.*/g)).toEqual([
      "a=rtcp-fb:108 nack",
      "a=rtcp-fb:108 nack pli",
      "a=rtcp-fb:108 ccm fir",
      "a=rtcp-fb:108 goog-remb",
    ]);
    expect(video).not.toContain("extmap");
  });

  it("refuses every other section in its place", () => {
    const sdp = answerTo({ dataChannel: true }, false);
    expect(sdp).toContain("a=group:BUNDLE 0\r\n");
    expect(sections(sdp).map((section) => section.split("\r\n", 1)[0])).toEqual([
      "m=video 9 UDP/TLS/RTP/SAVPF 108",
      "m=audio 0 UDP/TLS/RTP/SAVPF 0 8 9 111",
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    ]);
  });

  it("groups nothing where the offer does not", () => {
    const sdp = answerTo({ bundle: false });
    expect(sdp).not.toContain("group");
    expect(sections(sdp)[1]).toMatch(/^m=audio 0 /);
  });

  it("can be read as it was written", () => {
    expect(readLocalTransport(answerTo({}))).toEqual(local);
  });
});

describe("What an engine is offered", () => {
  it("has nothing of the viewer's text but what was agreed on", () => {
    const offer = parseOffer(makeOffer({ dataChannel: true, candidates: ["1 1 udp 5 secret.example 80 typ host"] }));
    const { video, audio } = planSession(offer, { video: videoTrack, audio: opusTrack }, false);
    const candidates = [{ foundation: "7", priority: 5, address: "192.168.1.20", port: 5_000 }];
    const tracks = audio === undefined ? [video] : [video, audio];
    const sdp = engineOffer({ remote: offer.transport, candidates, tracks, loopback: false, events });
    expect(sections(sdp)).toHaveLength(2);
    expect(sdp).not.toMatch(/VP8|extmap|secret|datachannel|msid/);
    expect(sdp.match(/a=candidate:.*/g)).toEqual(Array(2).fill("a=candidate:7 1 udp 5 192.168.1.20 5000 typ host"));
    // Seen from the viewer.
    expect(sdp.match(/a=recvonly/g)).toHaveLength(2);
    const { transport, bundle } = parseOffer(sdp);
    expect([transport, bundle]).toEqual([offer.transport, ["0", "1"]]);
  });
});

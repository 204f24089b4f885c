import { describe, expect, it } from "@jest/globals";
import {
  Challenge,
  encodeFrame,
  formatRelayInvite,
  frameLimits,
  GatehouseError,
  isGatehouseError,
  parseAddress,
  parseRelayInvite,
  readFrame,
  Verdict,
  type RelayInvite,
} from "@gatehouse/shared";
import { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";

import { LocalCredential, localUser } from "../../gateway-bridge/src/relay/connect/credential.ts";
import { headersHome } from "../../gateway-bridge/src/relay/connect/header-policy.ts";
import { LoginCookies } from "../../gateway-bridge/src/relay/connect/login-cookies.ts";
import { planRequest } from "../../gateway-bridge/src/relay/connect/request-plan-policy.ts";
import { withoutLogins } from "../../gateway-bridge/src/relay/connect/rtsp-request.ts";
import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";
import { fuzz, mutate, seeded } from "../support/fuzz.ts";

const frameErrors = new Set<string>(["relay-answer-malformed", "relay-unreachable"]);
const pin = "A".repeat(43);
const invite = { relay: "relay.example.org", relayKey: pin, secret: "B".repeat(22) } as Omit<RelayInvite, "address">;
const texts = (...all: readonly string[]): readonly Buffer[] => all.map((text) => Buffer.from(text, "latin1"));

describe("what a device, a gateway and a relay read of each other", () => {
  it("is no danger as an invite, and what is accepted is whole", () => {
    const corpus = ["relay.example.org:8444", "[2001:db8::1]:443", "192.0.2.7:65535"].map((address) =>
      Buffer.from(formatRelayInvite({ ...invite, address })),
    );
    const dictionary = ["ghr1.", ".", "=", pin, "B".repeat(22), "\u00a0", " ", "_-", "fA", "Og"];
    let accepted = 0;
    fuzz(
      (input) => {
        const parsed = parseRelayInvite(input.toString("utf8"));
        accepted += 1;
        if (parseAddress(parsed.address) === undefined) throw new Error("no address");
        if (/[|\s]/.test(parsed.relay)) throw new Error("a name that could end a part of what is signed");
        const again = parseRelayInvite(formatRelayInvite(parsed));
        if (!isDeepStrictEqual(again, parsed)) throw new Error("it is not what was read");
      },
      { corpus, dictionary },
    );
    // Void if every input fell at the first letter.
    expect(accepted).toBeGreaterThan(100);
  });

  it("is no danger as a frame, in whatever pieces it comes, and no byte behind it is taken", async () => {
    const challenge = { v: 1, relay: "relay.test", nonce: pin, time: 1_700_000_000_000 };
    const verdict = { open: false, why: "busy", retryMs: 5_000 };
    const corpus = [challenge, verdict, { open: true }].map((message) => encodeFrame(message));
    const dictionary = [
      "\0\0",
      "\xff\xff",
      "\x04\x00",
      "{",
      "}",
      '"',
      "open",
      "true",
      "null",
      "1e999",
      "[[[[",
      "\\u0000",
    ];
    const random = seeded(7);
    let read = 0;
    let refused = 0;
    for (let index = 0; index < 20_000; index += 1) {
      const input = mutate(corpus[index % corpus.length] ?? Buffer.alloc(0), { corpus, dictionary }, random);
      const cut = Math.floor(random() * (input.length + 1));
      const stream = Readable.from(
        [input.subarray(0, cut), input.subarray(cut)].filter(({ length }) => length > 0),
        {
          objectMode: false,
        },
      );
      const schema = index % 3 === 0 ? Challenge : Verdict;
      const frame = { limit: frameLimits.device, signal: new AbortController().signal };
      try {
        await readFrame<unknown>(stream, schema as typeof Verdict, frame);
        read += 1;
        const rest = Buffer.concat(await stream.toArray());
        if (!rest.equals(input.subarray(2 + input.readUInt16BE()))) throw new Error("a byte behind it was taken");
      } catch (error) {
        if (!isGatehouseError(error)) throw new Error(`input ${index}: ${input.toString("base64")}`, { cause: error });
        if (!frameErrors.has(error.code)) throw new Error(`it was refused as ${error.code}`, { cause: error });
        refused += 1;
        stream.destroy();
      }
    }
    expect(read).toBeGreaterThan(1_000);
    expect(refused).toBeGreaterThan(1_000);
  }, 60_000);

  it("is not waited for longer than it is, nor kept beyond its limit", async () => {
    const frame = (limit: number) => ({ limit, signal: new AbortController().signal });
    const long = Readable.from([Buffer.from([0x04, 0x01]), Buffer.alloc(2_000)], { objectMode: false });
    await expect(readFrame(long, Verdict, frame(1_024))).rejects.toMatchObject({ code: "relay-answer-malformed" });
    const stopping = new AbortController();
    const silent = new Readable({ read: () => undefined });
    const waiting = readFrame(silent, Verdict, { limit: 1_024, signal: stopping.signal });
    const reason = new GatehouseError("aborted", "enough");
    stopping.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(silent.listenerCount("readable")).toBe(0);
  });
});

describe("what local programs say to the ports of `gatehouse connect`", () => {
  const credential = LocalCredential.draw();
  const secret = credential.secret.reveal();

  it("lets nobody in by a login that is not the credential", () => {
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
    const corpus = texts(`Bearer ${secret}`, basic(`${localUser}:${secret}`), 'Digest username="gatehouse"');
    let letIn = 0;
    fuzz(
      (input) => {
        const header = input.toString("latin1");
        if (!credential.isIn(header)) return;
        letIn += 1;
        const given = /^basic/i.test(header) ? Buffer.from(header.slice(6).trim(), "base64").toString() : header;
        if (!given.endsWith(secret)) throw new Error(`let in by ${header}`);
      },
      { corpus, dictionary: ["Bearer ", "bearer  ", "Basic ", "=", ":", "\0", secret.slice(0, 20)] },
    );
    expect(letIn).toBeGreaterThan(100);
  });

  it("goes to no route that lets somebody in, whatever the path looks like", () => {
    const corpus = texts(
      "POST /v1/sign-in/password",
      "GET /v1/cameras/cam-aaaaaaaaaaaaaaaa/snapshot?width=1",
      "POST /v1/pair",
      "DELETE /v1/me/login",
    );
    let forwarded = 0;
    fuzz(
      (input) => {
        const [method = "", target = ""] = input.toString("latin1").split(" ");
        const plan = planRequest({ method, target });
        if (plan.kind !== "forward") return;
        forwarded += 1;
        if (/^\/v1\/(?:sign-in|pair|first-run|invitations)\b/.test(target) && method === "POST") {
          if (!["offerPairing"].includes(plan.route)) throw new Error(`${method} ${target} went to ${plan.route}`);
        }
      },
      { corpus, dictionary: ["/", "//", "%2f", "..", "?", "#", ";", "POST", "GET", "v1", "\0"] },
    );
    expect(forwarded).toBeGreaterThan(1_000);
  });

  it("says nothing at home but what it may, whatever its headers are called", () => {
    const corpus = texts(
      "Authorization\nBearer x\nCookie\na=b\nAccept\n*/*",
      "Connection\nx-hop, close\nX-Hop\n1\nX-Forwarded-For\n1",
      "__proto__\nx\nSec-Fetch-Site\nnone\nTransfer-Encoding\nchunked",
    );
    const never =
      /^(?:authorization|cookie|host|origin|connection|upgrade|transfer-encoding|x-forwarded-.*|sec-fetch-.*)$/;
    let passed = 0;
    fuzz(
      (input) => {
        for (const name of Object.keys(headersHome(input.toString("latin1").split("\n")))) {
          passed += 1;
          if (never.test(name)) throw new Error(`${name} went home`);
        }
      },
      { corpus, dictionary: ["cookie", "COOKIE", "connection", "close", ",", " ", "__proto__", "constructor"] },
    );
    expect(passed).toBeGreaterThan(1_000);
  });

  it("loses its login in every RTSP request that is one, in whatever pieces it comes", () => {
    const digest = `Digest username="${localUser}", nonce="n", uri="rtsp://h/c", response="${secret}"`;
    const corpus = texts(
      `DESCRIBE rtsp://h/c RTSP/1.0\r\nCSeq: 2\r\nAuthorization: ${digest}\r\nAccept: application/sdp\r\n\r\n`,
      `SET_PARAMETER rtsp://h/c RTSP/1.0\nCSeq: 3\nauthorization : ${digest},\n more\nContent-Length: 4\n\nbody`,
      `$\0\0\x04talkPLAY rtsp://h/c RTSP/1.0\r\nX: ${digest}\r\nAuthorization: ${digest}\r\n\r\n`,
    );
    const dictionary = [
      "Authorization: ",
      "AUTHORIZATION:",
      "\r\n",
      "\n",
      "\r",
      " ",
      "\t",
      "$",
      "\0",
      "Content-Length: 9\r\n",
      ":",
    ];
    let passed = 0;
    fuzz(
      (input) => {
        const splitter = new RtspSplitter({
          frame: () => undefined,
          message: (message, bytes) => {
            const kept = withoutLogins(bytes, message.body.length);
            passed += 1;
            // Read as the gateway reads it.
            new RtspSplitter({
              frame: () => undefined,
              message: ({ headers }) => {
                if (headers.get("authorization") !== undefined) throw new Error("its login went home");
              },
            }).push(kept);
            const body = kept.subarray(kept.length - message.body.length);
            if (!body.equals(message.body)) throw new Error("its body is another");
          },
        });
        const cut = Math.floor(input.length / 2);
        splitter.push(input.subarray(0, cut));
        splitter.push(input.subarray(cut));
      },
      { corpus, dictionary },
    );
    expect(passed).toBeGreaterThan(1_000);
  });

  it("is no danger as cookies that the gateway sets", () => {
    const corpus = texts(
      `__Host-gatehouse=${pin}; Path=/; Secure`,
      `__Host-gatehouse-device=${pin}; Max-Age=5`,
      "__Host-gatehouse=; Max-Age=0",
    );
    let kept = 0;
    fuzz(
      (input) => {
        const cookies = new LoginCookies();
        cookies.note([input.toString("latin1")]);
        const header = cookies.header?.reveal();
        if (header === undefined) return;
        kept += 1;
        if (!/^__Host-gatehouse(?:-device)?=[\w-]{43}$/.test(header)) throw new Error(`kept ${header}`);
      },
      { corpus, dictionary: ["__Host-gatehouse", "=", ";", " ", "\r\n", pin] },
    );
    expect(kept).toBeGreaterThan(1_000);
  });
});

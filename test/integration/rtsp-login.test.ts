import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { makeCertificate, TestClock } from "@gatehouse/shared/testing";

import { isWeaker, type AuthScheme } from "../../gateway-bridge/src/protocols/auth/auth-policy.ts";
import type { RtspSink } from "../../gateway-bridge/src/protocols/rtsp/media-channels.ts";
import { RtspClient } from "../../gateway-bridge/src/protocols/rtsp/rtsp-client.ts";
import { guardWith } from "../support/digest-verifier.ts";
import { eventually } from "../support/eventually.ts";
import { interleaved, rtp, ScriptedCamera, type Reply, type ScriptedAnswer } from "../support/scripted-camera.ts";

const never = new AbortController().signal;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const nowhere: RtspSink = { packet: () => undefined, damaged: () => undefined };
const always =
  (answer: ScriptedAnswer): Reply =>
  () =>
    answer;

/** As the gateway keeps it: the floor never falls. */
class Memory {
  floor: AuthScheme = "none";

  raise(scheme: AuthScheme): void {
    if (isWeaker(this.floor, scheme)) this.floor = scheme;
  }
}

const login = { username: "admin", password: "pässwörd" };

interface Visit {
  readonly memory?: Memory;
  readonly password?: string;
  readonly pin?: string;
  readonly anonymous?: boolean;
  readonly sink?: RtspSink;
}

/** Opens, plays until everything has been answered, leaves; how it failed, if it did. */
const visit = async (camera: ScriptedCamera, options: Visit = {}): Promise<unknown> => {
  const { memory = new Memory(), password = login.password, pin = null, anonymous = false, sink = nowhere } = options;
  const clock = new TestClock();
  const credentials = anonymous ? undefined : { username: login.username, password: Secret.of(password) };
  try {
    await using client = await RtspClient.open({ url: camera.url, credentials, pin, memory, clock }, { signal: never });
    await client.setup({ control: "trackID=0", clockRate: 90_000 }, { signal: never });
    const leaving = new AbortController();
    const played = client.play(sink, leaving);
    let over = false;
    played.catch(() => (over = true));
    await eventually("the timers of a stream that plays", () => over || clock.pending === 2);
    leaving.abort(new Error("left"));
    return await played;
  } catch (error) {
    return error;
  }
};

const left = expect.objectContaining({ message: "left" });

const guarded = (...challenges: readonly string[]): Promise<ScriptedCamera> =>
  ScriptedCamera.open({ guard: guardWith({ ...login, challenges }) });

const md5 = 'Digest realm="IP Camera", nonce="a1"';
const sha256 = 'Digest realm="IP Camera", nonce="b2", algorithm=SHA-256, qop="auth"';

/** How often a password, right or wrong, was on the way. */
const logins = (camera: ScriptedCamera): number =>
  camera.requests.filter(({ headers }) => headers.has("authorization")).length;

describe("logging in", () => {
  it.each<[string, readonly string[], AuthScheme]>([
    ["MD5 without qop", [md5], "digest-md5"],
    ["MD5 with qop", [`${md5}, qop="auth"`], "digest-md5"],
    ["MD5 by name", [`${md5}, algorithm="MD5", qop="auth,auth-int", opaque="x", stale="FALSE"`], "digest-md5"],
    ["MD5-sess", [`${md5}, algorithm=MD5-sess, qop=auth`], "digest-md5"],
    ["MD5-sess without qop", [`${md5}, algorithm=MD5-sess`], "digest-md5"],
    ["SHA-256", [sha256], "digest-sha-256"],
    ["SHA-256 without qop", ['Digest realm="r", nonce="b2", algorithm=SHA-256'], "digest-sha-256"],
    ["SHA-256-sess", ['Digest realm="r", nonce="b2", algorithm=SHA-256-sess, qop="auth"'], "digest-sha-256"],
    ["both, in two headers", [md5, sha256], "digest-sha-256"],
    ["Basic as well", ['Basic realm="r"', md5], "digest-md5"],
    ["unknown parameters", [`${md5}, random="7f", domain="/"`], "digest-md5"],
    ["a realm with quotes", [String.raw`Digest realm="a \"b\"", nonce="c"`], "digest-md5"],
  ])("takes %s", async (_, challenges, scheme) => {
    await using camera = await guarded(...challenges);
    const memory = new Memory();
    expect(await visit(camera, { memory })).toEqual(left);
    expect(memory.floor).toBe(scheme);
    expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]);
    expect(JSON.stringify(camera.requests.map(({ headers }) => [...headers]))).not.toContain("Basic");
  });

  it("takes several challenges in one header", async () => {
    const reply = guardWith({ ...login, challenges: [sha256] });
    await using camera = await ScriptedCamera.open({
      guard: (request) => {
        const answer = reply(request);
        return answer && { ...answer, headers: [`WWW-Authenticate: Basic realm="x, y", ${md5}, ${sha256}`] };
      },
    });
    expect(await visit(camera)).toEqual(left);
  });

  it("tries a wrong password once", async () => {
    await using camera = await guarded(md5);
    const memory = new Memory();
    expect(await visit(camera, { password: "wrong", memory })).toEqual(code("camera-credentials"));
    expect(logins(camera)).toBe(1);
    expect(memory.floor).toBe("none");
  });

  it("says that a login is needed where none is known", async () => {
    await using camera = await guarded(md5);
    expect(await visit(camera, { anonymous: true })).toEqual(code("camera-credentials"));
  });

  it.each([[[]], [["Negotiate"]], [['Digest realm="r", nonce="n", algorithm=SHA-512-256']]])(
    "does not know how to answer %j",
    async (challenges) => {
      await using camera = await guarded(...challenges);
      expect(await visit(camera)).toEqual(code("camera-answer-malformed"));
      expect(logins(camera)).toBe(0);
    },
  );
});

describe("a login that got weaker", () => {
  it.each<[string, readonly string[], readonly string[], string]>([
    ["from SHA-256 to MD5", [sha256], [md5], "camera-weaker-auth"],
    ["from MD5 to Basic", [md5], ['Basic realm="r"'], "camera-weaker-auth"],
  ])("is refused %s, and no password sent", async (_, first, later, expected) => {
    const memory = new Memory();
    await using camera = await guarded(...first);
    expect(await visit(camera, { memory })).toEqual(left);
    await using impostor = await guarded(...later);
    expect(await visit(impostor, { memory })).toEqual(code(expected));
    expect(logins(impostor)).toBe(0);
  });

  it("is refused where no login is asked for any more, before anything is shown", async () => {
    const memory = new Memory();
    const before = interleaved(0, rtp({ sequence: 1 }, Buffer.from("x")));
    const PLAY = always({ before, after: before });
    let shown = 0;
    const sink = { packet: () => (shown += 1), damaged: () => undefined };
    const challenges = [md5];
    await using camera = await ScriptedCamera.open({ guard: guardWith({ ...login, challenges }), replies: { PLAY } });
    expect(await visit(camera, { memory, sink })).toEqual(left);
    expect(shown).toBe(2);
    await using impostor = await ScriptedCamera.open({ replies: { PLAY } });
    expect(await visit(impostor, { memory, sink })).toEqual(code("camera-weaker-auth"));
    expect(shown).toBe(2);
  });

  it("is no weaker where the login is asked for at a later request", async () => {
    const memory = new Memory();
    const late = guardWith({ ...login, challenges: [md5] });
    const guard: Reply = (request) => (request.method === "DESCRIBE" ? undefined : late(request));
    await using camera = await ScriptedCamera.open({ guard });
    for (const _round of [1, 2]) expect(await visit(camera, { memory })).toEqual(left);
    expect(memory.floor).toBe("digest-md5");
  });
});

describe("a nonce", () => {
  it("may go stale", async () => {
    const nonces = new Map([
      ["DESCRIBE", "first"],
      ["SETUP", "second"],
      ["PLAY", "second"],
      ["TEARDOWN", "third"],
    ]);
    await using camera = await ScriptedCamera.open({
      guard: (request) => {
        const challenge = `Digest realm="r", nonce="${nonces.get(request.method) ?? ""}", qop="auth"`;
        const refused = guardWith({ ...login, challenges: [challenge] })(request);
        if (refused === undefined || !request.headers.has("authorization")) return refused;
        return { ...refused, headers: [`WWW-Authenticate: ${challenge}, stale=TRUE`] };
      },
    });
    expect(await visit(camera)).toEqual(left);
    expect(camera.methods).toEqual([
      "OPTIONS",
      "DESCRIBE",
      "DESCRIBE",
      "SETUP",
      "SETUP",
      "PLAY",
      "TEARDOWN",
      "TEARDOWN",
    ]);
    const counts = camera.requests.map(({ headers }) => /nc=(\w+)/.exec(headers.get("authorization") ?? "")?.[1]);
    expect(counts.slice(2)).toEqual(["00000001", "00000002", "00000001", "00000002", "00000003", "00000001"]);
  });

  it("that is always stale is given up after a few", async () => {
    let nonce = 0;
    await using camera = await ScriptedCamera.open({
      guard: ({ method }) =>
        method === "OPTIONS"
          ? undefined
          : {
              status: "401 Unauthorized",
              headers: [`WWW-Authenticate: Digest realm="r", nonce="${(nonce += 1)}", stale=true`],
            },
    });
    expect(await visit(camera)).toEqual(code("camera-credentials"));
    expect(logins(camera)).toBeLessThanOrEqual(2);
  });
});

describe("Basic", () => {
  const own = makeCertificate();
  const tls = { key: own.privateKey, cert: own.certificate };
  const guard = guardWith({ ...login, challenges: ['Basic realm="r"'] });

  it("is refused over a connection that anybody can read", async () => {
    await using camera = await ScriptedCamera.open({ guard });
    expect(await visit(camera)).toEqual(code("camera-basic-refused"));
    expect(logins(camera)).toBe(0);
  });

  it("is taken inside TLS to the pinned key", async () => {
    await using camera = await ScriptedCamera.open({ guard, tls });
    const memory = new Memory();
    expect(await visit(camera, { memory, pin: own.pin })).toEqual(left);
    expect(memory.floor).toBe("basic");
  });
});

describe("a pinned key", () => {
  const [own, other] = [makeCertificate(), makeCertificate()];
  const tls = { key: own.privateKey, cert: own.certificate };

  it("is needed for rtsps", async () => {
    await using camera = await ScriptedCamera.open({ tls });
    expect(await visit(camera)).toEqual(code("camera-fingerprint-unconfirmed"));
  });

  it("that another key is shown for gets no byte", async () => {
    await using camera = await ScriptedCamera.open({ tls });
    expect(await visit(camera, { pin: other.pin })).toEqual(code("camera-fingerprint-changed"));
    expect(camera.requests).toEqual([]);
  });

  it("cannot be had from a port without TLS", async () => {
    await using camera = await ScriptedCamera.open();
    const clock = new TestClock();
    const pretended = { url: camera.url.replace("rtsp:", "rtsps:"), pin: own.pin, credentials: undefined };
    const opened = RtspClient.open({ ...pretended, memory: new Memory(), clock }, { signal: never });
    const failed = opened.then(
      () => undefined,
      (error: unknown) => error,
    );
    await eventually("the connection", () => camera.sockets.size === 1);
    await clock.advance(5_000);
    expect(await failed).toEqual(code("camera-unreachable"));
    expect(camera.requests).toEqual([]);
    await eventually("its end", () => camera.sockets.size === 0);
  });
});

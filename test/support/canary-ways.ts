import { PreparedHomeKitSession, Secret, type ApplicationCredential } from "@gatehouse/shared";

import type { Asker } from "./asker.ts";
import type { MarkedCamera } from "./canary-house.ts";
import { HomeKitReceiver, makeStart } from "./homekit-receiver.ts";
import { RtspReader } from "./rtsp-reader.ts";
import { WebRtcReceiver } from "./webrtc-receiver.ts";

/** Somebody asks for a camera, by one way; what comes is shown to `see` as it comes, until `stack` is disposed of. */
export interface Attempt {
  readonly asker: Asker;
  /** For RTSP; without one, it is tried as a stranger. */
  readonly login?: ApplicationCredential | undefined;
  /** The RTSPS port. */
  readonly rtspPort: number;
  readonly asked: Pick<MarkedCamera, "camera">;
  readonly see: (bytes: Buffer) => void;
  readonly stack: AsyncDisposableStack;
}

export type Way = (attempt: Attempt) => Promise<void>;

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const get =
  (path: (camera: string) => string): Way =>
  async ({ asker, asked, see }) => {
    const { headers, body } = await asker.ask({ path: path(asked.camera.id) });
    see(Buffer.concat([text(headers), body]));
  };

/** A file that goes on until nobody reads it any more. */
const read =
  (path: (camera: string) => string): Way =>
  async ({ asker, asked, see, stack }) => {
    const response = await asker.begin({ path: path(asked.camera.id) });
    stack.defer(() => void response.destroy());
    see(text(response.headers));
    response.on("error", () => undefined);
    response.on("data", see);
  };

const watch =
  (path: (camera: string) => string): Way =>
  async ({ asker, asked, see, stack }) => {
    const socket = await asker.watch(path(asked.camera.id)).catch((error: unknown) => see(Buffer.from(String(error))));
    if (socket === undefined) return;
    stack.defer(() => socket.terminate());
    socket.on("message", (data: Buffer) => see(data));
  };

const whep: Way = async ({ asker, asked, see, stack }) => {
  const receiver = stack.use(await WebRtcReceiver.open({ loopback: true }));
  receiver.onPacket = ({ payload }) => see(payload);
  const path = `/v1/cameras/${asked.camera.id}/whep`;
  const offer = { path, method: "POST", type: "application/sdp", body: receiver.offer };
  const { status, headers, body } = await asker.ask(offer);
  see(Buffer.concat([text(headers), body]));
  if (status === 201) await receiver.accept(body.toString());
};

const homeKit: Way = async ({ asker, asked, see, stack }) => {
  const receiver = stack.use(await HomeKitReceiver.open());
  const post = (path: string, body: unknown) =>
    asker.ask({ path, method: "POST", type: "application/json", body: JSON.stringify(body) });
  const { status, headers, body } = await post(`/v1/cameras/${asked.camera.id}/homekit-sessions`, receiver.request);
  see(Buffer.concat([text(headers), body]));
  if (status !== 200) return;
  const prepared = PreparedHomeKitSession.parse(JSON.parse(body.toString()));
  receiver.listen(prepared);
  let seen = 0;
  receiver.socket.on("message", () => {
    for (; seen < receiver.video.units.length; seen += 1) see(Buffer.concat(receiver.video.units[seen]!.nals));
  });
  await post(`/v1/homekit-sessions/${prepared.id}/start`, makeStart());
};

const openRtsp = async ({ asker, login, rtspPort: port, see, stack }: Attempt): Promise<RtspReader> => {
  const known = login && { login: { ...login, password: Secret.of(login.password) } };
  const reader = stack.use(await RtspReader.open({ port, pin: asker.pin, ...known }));
  reader.socket.on("data", see);
  return reader;
};

const rtsp: Way = async (attempt) => {
  const reader = await openRtsp(attempt);
  const { id } = attempt.asked.camera;
  // Whoever has no login is answered with a challenge, and can go no further.
  if (attempt.login === undefined) for (const method of ["DESCRIBE", "PLAY"]) await reader.request(method, id);
  else await reader.ask("DESCRIBE", id).then(() => reader.play(id).catch(() => undefined));
};

const transport = (channel: number) => ({ Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}` });
/** RFC 2326 10, and what each is asked with. */
const rtspMethods: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  OPTIONS: {},
  DESCRIBE: { Accept: "application/sdp" },
  ANNOUNCE: { "Content-Type": "application/sdp" },
  SETUP: transport(2),
  PLAY: {},
  PAUSE: {},
  RECORD: {},
  GET_PARAMETER: {},
  SET_PARAMETER: {},
  REDIRECT: {},
  TEARDOWN: {},
};

/** Every RTSP method for the camera, on a connection each; answers the statuses. */
export const tryRtspMethods = async (attempt: Attempt): Promise<ReadonlyMap<string, number>> => {
  const statuses = new Map<string, number>();
  for (const [method, headers] of Object.entries(rtspMethods)) {
    const reader = await openRtsp(attempt);
    const path = method === "SETUP" ? `${attempt.asked.camera.id}/trackID=0` : attempt.asked.camera.id;
    statuses.set(
      method,
      await reader.ask(method, path, headers).then(
        ({ status }) => status,
        () => 0,
      ),
    );
  }
  return statuses;
};

/** The same, and detours, on a connection that was let in for a camera of its own, with the session that it has there. */
export const tryRtspAfterLogin = async (attempt: Attempt, own: Pick<MarkedCamera, "camera">): Promise<void> => {
  const reader = await openRtsp(attempt);
  const [mine, theirs] = [own.camera.id, attempt.asked.camera.id];
  const setUp = await reader.ask("SETUP", `${mine}/trackID=0`, transport(0));
  const session = { Session: setUp.headers.get("session")?.split(";")[0] ?? "" };
  const tries: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ["PLAY", theirs, session],
    ["SETUP", `${theirs}/trackID=0`, { ...transport(2), ...session }],
    ["SETUP", `${mine}/../${theirs}/trackID=0`, { ...transport(2), ...session }],
    ["SETUP", `${mine}/trackID=0?camera=${theirs}`, { ...transport(2), ...session }],
    ["DESCRIBE", `${theirs}/sub`, {}],
    ["PLAY", `${theirs}/main`, session],
    ...["PAUSE", "RECORD", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "OPTIONS"].map(
      (method) => [method, theirs, session] as const,
    ),
    ["PLAY", mine, session],
  ];
  for (const [method, path, headers] of tries) await reader.ask(method, path, { ...headers });
};

/** The ways that show a camera. */
export const ways: Readonly<Record<string, Way>> = {
  snapshot: get((camera) => `/v1/cameras/${camera}/snapshot?fresh=true`),
  "cached snapshot": get((camera) => `/v1/cameras/${camera}/snapshot?width=320`),
  live: watch((camera) => `/v1/cameras/${camera}/live`),
  clip: read((camera) => `/v1/cameras/${camera}/clip?after=30`),
  offerWebRtc: whep,
  prepareHomeKitSession: homeKit,
  rtsp,
};

/** The ways that tell of cameras and are not asked for one. */
export const tellingWays: Readonly<Record<string, Way>> = {
  listCameras: get(() => "/v1/cameras"),
  health: get(() => "/v1/health"),
  events: watch(() => "/v1/events"),
};

/** Whether trying the same thing again, unchanged, can help. */
export type Retry = "later" | "never";

export interface ErrorEntry {
  readonly retry: Retry;
  /** HTTP status when the error crosses the API. */
  readonly status: number;
  /** What the person reading it can do, in one or two sentences. */
  readonly remedy: string;
}

const entry = (retry: Retry, status: number, remedy: string): ErrorEntry => ({ retry, status, remedy });

/** Every error code of the project. A code is never renamed or reused: plugins of other versions branch on it. */
export const errorRegistry = {
  internal: entry("later", 500, "This is a fault in Gatehouse. Please report it with the gateway's log."),
  aborted: entry("later", 503, "The work was stopped before it ended. Try again."),
  timeout: entry("later", 504, "The other side did not answer in time. Check that it is switched on and reachable."),
  "request-invalid": entry("never", 400, "Correct the named field and send the request again."),
  "not-found": entry("never", 404, "Check the id; `gatehouse camera list` shows what exists."),
  "config-invalid": entry("never", 400, "Correct the named key in the configuration file; nothing was changed."),

  unauthenticated: entry("never", 401, "Pair this client with the gateway: `gatehouse pair --help`."),
  "access-denied": entry("never", 403, "Ask the gateway's owner for a grant that covers this action and camera."),
  "pairing-invalid": entry(
    "never",
    403,
    "Make a new pairing string with `gatehouse pair`; each works once, for five minutes.",
  ),
  "too-many-offers": entry(
    "later",
    429,
    "Use one of the pairing strings made before, or wait: each expires after five minutes.",
  ),
  "pairing-string-malformed": entry("never", 400, "Copy the whole pairing string, from `gh1.` to its end."),
  "gateway-impostor": entry(
    "never",
    502,
    "Something else answers at the gateway's address. Nothing was sent to it. If you moved the gateway, pair again.",
  ),
  "gateway-unreachable": entry(
    "later",
    503,
    "Check that the gateway runs (`gatehouse up`) and that its address is right.",
  ),
  "gateway-answer-malformed": entry("later", 502, "Give the gateway and this client the same version of Gatehouse."),
  "identity-damaged": entry("never", 500, "Remove this client's identity file and pair it again."),
  "invite-malformed": entry("never", 400, "Copy the whole invite, from `ghr1.` to its end."),
  "invite-invalid": entry(
    "never",
    403,
    "Ask the relay's operator for a new invite: each works once, and for a limited time.",
  ),
  "relay-unreachable": entry(
    "later",
    503,
    "Check that this box has a way to the internet, and that the relay runs; nothing has to be opened on the router.",
  ),
  "relay-impostor": entry(
    "never",
    502,
    "Something else answers at the relay's address, so nothing was sent to it. Ask the relay's operator for its key before you enrol again.",
  ),
  "relay-refused": entry(
    "later",
    403,
    "Either the gateway at home is not connected to the relay, or this device was revoked: `gatehouse remote status` at home tells.",
  ),
  "relay-busy": entry("later", 503, "The relay has no room at the moment. It is tried again by itself."),
  "relay-answer-malformed": entry(
    "later",
    502,
    "Give the relay, the gateway and this device the same version of Gatehouse.",
  ),
  "too-many-devices": entry(
    "never",
    409,
    "Revoke one that nobody uses any more: `gatehouse remote device list` says when each came last.",
  ),
  "not-through-relay": entry(
    "never",
    409,
    "Away from home, watch live over the WebSocket (`/v1/cameras/ID/live`), or by RTSP: `gatehouse connect` offers both.",
  ),
  "login-over": entry(
    "later",
    503,
    "Sign in again where `gatehouse connect` runs: it asks on its terminal, or is started anew.",
  ),
  "remote-off": entry(
    "never",
    409,
    "Remote access is off. `gatehouse remote on` switches it on, `gatehouse remote enrol` comes first.",
  ),
  "host-unknown": entry(
    "never",
    421,
    "Use the gateway's own address or name; `gatehouse trust` shows them. Other names that lead here belong into `web.hosts` of the configuration.",
  ),
  "origin-refused": entry("never", 403, "Only the gateway's own pages may ask this from a browser."),
  "certificate-invalid": entry(
    "never",
    500,
    "Correct the files that `tls` names in the configuration; `openssl x509 -text -in FILE` shows what a certificate is good for.",
  ),
  "certificate-failed": entry(
    "later",
    502,
    "It is tried again by itself; `gatehouse certificate` shows when. The message says what stood in the way.",
  ),
  "dns-refused": entry(
    "later",
    502,
    "Check `tls.dns` in the configuration, and give the provider's token anew with `gatehouse certificate token`.",
  ),
  "clock-wrong": entry(
    "later",
    503,
    "Sign in with a passkey or a recovery code meanwhile, and set the clock of the gateway's box. Where it is right by now, `gatehouse clock confirm` says so.",
  ),
  "address-in-use": entry("never", 500, "Another program listens there. Stop it, or choose another address or port."),
  "data-folder": entry("never", 500, "Choose a data folder that you may write to, with --data."),
  "gateway-running": entry("never", 409, "Stop the running gateway first, or choose another data folder with --data."),

  "camera-unreachable": entry("later", 502, "Check the camera's power, network and address."),
  "camera-credentials": entry(
    "never",
    422,
    "Check the camera's user name and password. Gatehouse tries each only once, because cameras lock accounts.",
  ),
  "camera-fingerprint-unconfirmed": entry(
    "never",
    409,
    "Compare it with the public key's SHA-256 fingerprint that your browser shows for the camera's page, then confirm it with --fingerprint.",
  ),
  "camera-fingerprint-changed": entry(
    "never",
    502,
    "The camera shows another certificate than the one you confirmed. If you replaced it, remove the camera and add it again.",
  ),
  "camera-exists": entry("never", 409, "This camera was added before; `gatehouse camera list` shows it."),
  "camera-answer-malformed": entry(
    "later",
    502,
    "The camera's answer breaks the protocol. Update its firmware, or report the model.",
  ),
  "camera-answer-too-large": entry(
    "later",
    502,
    "The camera sent more than the protocol allows. Restart it, or report the model.",
  ),
  "camera-fault": entry("later", 502, "The camera refused the request. Its own words are in the details."),
  "camera-foreign-host": entry(
    "never",
    502,
    "The camera pointed to another host. Gatehouse never sends a camera's credentials elsewhere.",
  ),
  "camera-weaker-auth": entry(
    "never",
    502,
    "The camera asks for a weaker login than before, as an impostor would. If its settings changed, remove it and add it again.",
  ),
  "camera-basic-refused": entry(
    "never",
    502,
    "The camera only offers a login that sends the password readable. Switch Digest or TLS on in the camera.",
  ),
  "camera-no-video": entry(
    "never",
    502,
    "The camera offers neither H.264 nor H.265 video. Choose one of them in the camera's video settings.",
  ),
  "camera-stalled": entry("later", 502, "The camera stopped sending video. Gatehouse reconnects by itself."),
  "snapshot-unsupported": entry(
    "never",
    501,
    "This camera offers no still picture of its own. Open its live view instead.",
  ),

  "rtp-malformed": entry("later", 502, "A media packet was damaged and left out."),
  "srtp-key-exhausted": entry("later", 503, "Open the live view again; it then gets a new key."),
  "codec-unsupported": entry(
    "never",
    415,
    "Choose H.264 and AAC or G.711 in the camera's settings, or a viewer that takes the codec named here.",
  ),
  "transcoder-missing": entry(
    "never",
    501,
    "Install ffmpeg on the gateway's box (on Debian: `sudo apt install ffmpeg`) and start the gateway again.",
  ),
  "transcode-failed": entry("later", 502, "Try again. If it goes on, look for ffmpeg's message in the gateway's log."),
  "talk-unsupported": entry("never", 501, "This camera has no loudspeaker that the gateway can reach."),
  "talk-busy": entry("later", 409, "Somebody else talks through this camera. Wait until they have finished."),
  "stream-ended": entry("later", 503, "The stream was closed by the gateway. Open it again."),
  "viewer-address-refused": entry(
    "never",
    403,
    "Live video is sent only to private addresses, or a subnet that this box is attached to.",
  ),
  "too-many-sessions": entry("later", 429, "Close a live view that is no longer watched and try again."),
  "too-many-connections": entry(
    "later",
    429,
    "Close pages and programs that are no longer used; connections that nobody uses close by themselves within a minute.",
  ),

  "vault-key-missing": entry(
    "never",
    500,
    "Put vault.key back from your backup; without it the stored secrets cannot be read.",
  ),
  "vault-corrupt": entry(
    "never",
    500,
    "The vault's content does not match its key. Restore the data folder from a backup.",
  ),
  "vault-locked": entry(
    "never",
    500,
    "Start the gateway with `gatehouse up --passphrase-stdin`, or give systemd the credential `vault-passphrase`.",
  ),
  "passphrase-wrong": entry("never", 401, "Type the passphrase again. Nothing was changed."),
  "backup-damaged": entry("never", 422, "Fetch the backup again, or use another one. Nothing was changed."),
  "data-folder-used": entry(
    "never",
    409,
    "Choose an empty data folder with --data, or replace what is there with --replace.",
  ),
  "too-many-requests": entry("later", 429, "Ask less often, or wait for the answers to what was asked before."),
  "file-permissions": entry("never", 500, "The file can be read by other users. Run `chmod 600` on it."),
  "data-newer": entry(
    "never",
    500,
    "Install the Gatehouse version that last used this data folder, or a newer one, or restore a backup.",
  ),
  "data-corrupt": entry("never", 500, "Restore the data folder from a backup, and check the disk."),
  "update-untrusted": entry(
    "never",
    502,
    "Nothing was installed. Get the release from its makers, and look at this box's clock.",
  ),
  "update-unsuitable": entry("never", 409, "Nothing was installed. The message says what stands against it."),
  "update-failed": entry("later", 500, "The version before goes on. The message says what went wrong."),
  "update-busy": entry("later", 409, "Wait until the other update has ended; `gatehouse update state` tells."),
  "audit-broken": entry(
    "never",
    500,
    "The audit log was changed from outside. Keep a copy and look for the cause before going on.",
  ),
  "last-owner": entry(
    "never",
    409,
    "Give somebody else the right to govern the gateway first: `admin` on all cameras, always and without an end.",
  ),
  "audit-contradicted": entry(
    "never",
    500,
    "The audit log is not the one whose heads were signed. After restoring a backup that is so: move the pushed heads away. Else keep a copy of both.",
  ),
  "heads-unreachable": entry(
    "later",
    502,
    "Check `audit.heads` in the configuration, and the file or server that it names.",
  ),
  "audit-unwritable": entry(
    "later",
    500,
    "Free space on the gateway's disk. What cannot be written down is not allowed.",
  ),

  "sign-in-refused": entry("never", 401, "Check name, password and code. A code works once, and for 30 seconds."),
  "step-up-required": entry("never", 403, "Show your password and a code again, or your passkey; then try once more."),
  "too-many-guesses": entry(
    "later",
    429,
    "Wait, and try again. The guesses of others hold up no passkey, and no browser that signed in before.",
  ),
  "first-run-done": entry(
    "never",
    409,
    "The gateway has its owner. `gatehouse person list` shows who that is, `gatehouse person invite` lets them in anew.",
  ),
  "name-taken": entry("never", 409, "Choose another login name."),
  "guest-link-invalid": entry(
    "never",
    403,
    "Ask for another link. Each works once, in one browser, until its time is over.",
  ),
  "role-in-use": entry("never", 409, "Take the role from everybody first; `gatehouse person list` shows who holds it."),
  "password-weak": entry("never", 422, "Choose a longer one that is on no list: three random words are good."),
  "passkey-refused": entry("never", 422, "Ask your device once more. It has two minutes, and must ask who you are."),
  "passkeys-need-a-name": entry(
    "never",
    409,
    "Browsers keep passkeys for a name alone. Open the gateway by its name, or sign in with password and code.",
  ),
  "last-factor": entry("never", 409, "Set up another way to sign in first; whoever governs needs two factors."),
  "code-refused": entry("never", 422, "Type the six digits that your authenticator shows now; check its clock."),

  "inspection-not-allowed": entry(
    "never",
    403,
    "Allow that this camera is looked at: `gatehouse inspect --allow CAMERA`. It is asked once for each camera.",
  ),
  "probe-refused": entry(
    "later",
    429,
    "Gatehouse does not ask this of the camera now, so that nobody is locked out of it. Look again in 35 minutes.",
  ),
  "remedy-unfit": entry("never", 409, "Follow the steps of the finding by hand, then check again."),
  "remedy-conflict": entry("later", 409, "Wait until the change of this camera that is going on has ended."),
  "remedy-failed": entry("later", 502, "Nothing else was changed. See what the remedy says, and try again."),
  "advisories-invalid": entry("never", 400, "Take the file of advisories as Gatehouse published it, whole."),
  "firmware-unfit": entry("never", 400, "Take the firmware file that the camera's maker offers for this very model."),
  "storage-full": entry("later", 503, "Free space on the disk that the gateway keeps its data on, and try again."),
  "router-unreachable": entry("later", 503, "Check that the router is switched on, and look again."),
  "router-refused": entry(
    "never",
    409,
    "Remove the port forwarding at the router's own page, or switch UPnP off in the camera and restart it.",
  ),
  "router-answer-malformed": entry("later", 502, "Restart the router; if it stays, look for newer firmware for it."),
  "relay-stopped": entry(
    "later",
    503,
    "Start the relay (`gatehouse-relay up`, or `systemctl start gatehouse-relay`), or name its data folder with --data.",
  ),
  "relay-missing": entry(
    "never",
    404,
    "Make a relay with `gatehouse-relay init`, or name the data folder of the one that there is with --data.",
  ),
  "too-many-invites": entry("later", 429, "Use one of the invites made before, or wait until one is over."),
  "key-too-new": entry(
    "later",
    409,
    "The next key was announced less than seven days ago: devices that were not at home since would not find the relay.",
  ),
  "operator-unknown": entry(
    "never",
    401,
    "Name your own key with --key. An operator of this relay makes you one with `gatehouse-relay operator add`.",
  ),
  "operator-signed-out": entry("never", 401, "Sign in with a code of your authenticator: `gatehouse-relay sign-in`."),
  "operator-denied": entry("never", 403, "Auditors look and change nothing. Ask an operator of this relay."),
  "last-operator": entry("never", 409, "Add another operator first: `gatehouse-relay operator add`."),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorRegistry;

export interface GatehouseErrorOptions {
  readonly cause?: unknown;
  /** Facts for programs and logs. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Replaces the registry's remedy where more is known. */
  readonly remedy?: string;
}

/** An error that people and programs can act on. Branch on `code`, never on the class: duplicates of this package may coexist. */
export class GatehouseError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  /** @param message what happened and why, in one sentence; it is shown to people. */
  constructor(code: ErrorCode, message: string, options: GatehouseErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GatehouseError";
    this.code = code;
    this.retry = errorRegistry[code].retry;
    this.remedy = options.remedy ?? errorRegistry[code].remedy;
    this.details = options.details ?? {};
  }
}

/** True for errors of every realm, where `instanceof` fails (Node 22 has no Error.isError). */
export const isError = (value: unknown): value is Error =>
  Object.prototype.toString.call(value) === "[object Error]" ||
  (typeof value === "object" && value !== null && "message" in value && "stack" in value);

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === "string" && Object.hasOwn(errorRegistry, value);

export const isGatehouseError = (value: unknown): value is GatehouseError =>
  isError(value) && value.name === "GatehouseError" && isErrorCode((value as { code?: unknown }).code);

/** The Gatehouse error that `value` is, or one that wraps it. */
export const toGatehouseError = (value: unknown, fallback: ErrorCode = "internal"): GatehouseError => {
  if (isGatehouseError(value)) return value;
  const message = isError(value) ? value.message : String(value);
  return new GatehouseError(fallback, message, { cause: value });
};

/** The system's code of a failed call (`ECONNREFUSED`, `ENOENT`), if it has one. */
export const systemCode = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null || !("code" in value)) return undefined;
  return typeof value.code === "string" ? value.code : undefined;
};

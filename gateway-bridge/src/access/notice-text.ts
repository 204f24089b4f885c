import type { NoticeKind } from "@gatehouse/shared";

/** What to do about each kind of notice. */
export const noticeRemedies: Readonly<Record<NoticeKind, string>> = {
  guessing: "Nobody came in by it. Use a passkey or an authenticator, and look at `gatehouse audit`.",
  "new-device": "If that was not you, end that login and change your password at once.",
  "password-changed": "If that was not you, have whoever governs the gateway invite you anew.",
  "factor-changed": "If that was not you, have whoever governs the gateway invite you anew.",
  "recovery-code-used": "If that was not you, change your password and make new recovery codes at once.",
  "audit-broken":
    "Keep a copy of the data folder, and look for who could write to it: `gatehouse audit verify` says where.",
  "clock-wrong":
    "Set this box's clock (on Debian: `timedatectl`). If it is right now, and was wrong before, say so with `gatehouse clock confirm`.",
  "certificate-ending": "`gatehouse certificate` shows why it was not renewed.",
  "certificate-failed": "`gatehouse certificate` shows what is served meanwhile, and when it is tried again.",
  "update-available": "`gatehouse update apply` installs it.",
  advisory: "`gatehouse update check` shows whether there is a version without it.",
  restored:
    "Everybody signs in anew. Whoever was locked out after that backup was made is let in again: look at `gatehouse client list`.",
  "remote-device-added":
    "If that was not you, have whoever governs the gateway revoke it: `gatehouse remote device revoke`.",
  "remote-device-revoked": "To reach home from away with it again, have it paired anew, at home.",
  "remote-panic":
    "Look at `gatehouse audit`. When all is well: `gatehouse remote on`, and pair each device anew, at home.",
  "remote-refused":
    "Ask the relay's operator whether this gateway was revoked there; with a new invite, `gatehouse remote enrol` enrols it again.",
  weakness: "`gatehouse inspect --last` says why it matters, and what to do.",
  newcomer:
    "If it is yours, add it: `gatehouse camera add`. If not, find out what it is, or dismiss it: `gatehouse newcomer dismiss`.",
  "camera-moved":
    "If it is that camera, have your router give it its old address for good, or remove it here and add it at the new one. If not, find out what it is.",
  "router-mapping":
    "`gatehouse remedy apply mapping-delete` has the router close it, and `gatehouse inspect` shows what in the camera asks for it.",
};

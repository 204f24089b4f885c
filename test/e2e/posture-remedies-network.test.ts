import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { RemedyId } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FleetProcess } from "../simulator/fleet/fleet-process.ts";
import { strongPassword } from "../simulator/fleet/initial-state.ts";
import { cameraNetwork, CameraNetwork } from "../support/camera-network.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { judgedIn } from "../support/judged-remedies.ts";
import { Judges, outcomes } from "../support/judges.ts";
import type { Login } from "../support/mend-command.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks } from "../support/network-namespace.ts";
import { adoptInto } from "../support/remedy-home.ts";

// Programs are started, one after the other.
jest.setTimeout(120_000);

const weaknesses = {
  ...{ "CAM-LEASTPRIV": true, "CAM-USERS-EXTRA": true, "RTSP-MD5": true, "CAM-DDNS": true, "LOCKOUT-OFF": true },
  ...{ "WAN-IPV6": true, EGRESS: true, IPFILTER: true, "NET-HTTP": true, "DISC-ON": true, "STREAM-CLEAR": true },
  // onvif-util draws the same nonce twice within a second.
  "ONVIF-REPLAY": true,
} as const;

/** In the order in which a camera is made safe: nothing is shut that is still needed. */
const remedies = ["remove-users", "hashing-sha256", "ddns-off", "password-policy", "ipv6-off", "egress-off", "ip-filter"] as const satisfies readonly RemedyId[]; // prettier-ignore
/** Accounts that are gone are gone, and nobody needs a worse login back. */
const undoable = remedies.filter((id) => id !== "remove-users" && id !== "hashing-sha256");

type Seen = Readonly<Record<(typeof remedies)[number], unknown>>;

/** What others see of it: as it was, and as it is mended. */
const weak: Seen = {
  "remove-users": expect.stringContaining("successfully connected"),
  "hashing-sha256": { offered: ["MD5"], taken: "MD5", picture: "h264" },
  "ddns-off": "ClientUpdates",
  "password-policy": { short: "taken", afterGuesses: "200" },
  "ipv6-off": "200",
  "egress-off": { way: cameraNetwork.router, names: [cameraNetwork.router, "8.8.8.8"], internet: "Connection refused" },
  "ip-filter": { page: "200", found: true },
};
const sound: Seen = {
  "remove-users": expect.stringContaining("ter:NotAuthorized"),
  // Whoever knows MD5 alone goes on.
  "hashing-sha256": { offered: ["SHA-256", "MD5"], taken: "SHA-256", picture: "h264" },
  "ddns-off": "NoUpdate",
  "password-policy": { short: "ter:PasswordTooWeak", afterGuesses: "403" },
  "ipv6-off": "000",
  "egress-off": { way: cameraNetwork.gateway, names: [cameraNetwork.gateway], internet: "No route to host" },
  "ip-filter": { page: "000", found: false },
};

/** Cameras are simulated, their networks are the system's own: what was done is judged by onvif-util, ffprobe, curl and ip. */
describeWith(["onvifTools", "ffmpeg", "curl"], "what is done about a simulated camera in a network of its own", () => {
  (canMakeNetworks() ? describe : describe.skip)("as others there see it", () => {
    const stack = new AsyncDisposableStack();
    let camera: FleetProcess;
    let at: { readonly [place in "gateway" | "camera" | "router"]: Judges };
    let support: Login;
    let root: Login;
    let global: string;
    let data: string;

    const snapshot = (): string => `http://${cameraNetwork.camera}/onvif-cgi/jpg/image.cgi`;
    const soap = (body: string): Promise<string> =>
      at.gateway.soap(`http://${cameraNetwork.camera}/onvif/device_service`, body, camera.facts);

    /** Each in its own way; none needs what another one does. What is to be found is looked for until it is, what is not for six times. */
    const looks: { readonly [id in keyof Seen]: (expected: unknown) => Promise<unknown> } = {
      "remove-users": () => at.gateway.onvifUtil(cameraNetwork.camera, support),
      "hashing-sha256": async () => {
        const { username, password, rtspUrl } = camera.facts;
        const login = ["--digest", "-u", `${username}:${password}`];
        const { output } = await at.gateway.run(["curl", "-s", "-v", "-o", "/dev/null", ...login, snapshot()]);
        return {
          offered: await loginsAt(at.gateway, rtspUrl),
          taken: /^> Authorization: Digest .*algorithm=([\w-]+)/m.exec(output)?.[1] ?? "MD5",
          picture: await at.gateway.probe(rtspUrl, camera.facts),
        };
      },
      "ddns-off": async () => /<tt:Type>(\w+)</.exec(await soap("<tds:GetDynamicDNS/>"))?.[1],
      "password-policy": async () => {
        const user = `<tt:Username>judge</tt:Username><tt:Password>pw-1</tt:Password><tt:UserLevel>User</tt:UserLevel>`;
        const made = await soap(`<tds:CreateUsers><tds:User>${user}</tds:User></tds:CreateUsers>`);
        if (made.includes("CreateUsersResponse")) {
          await soap("<tds:DeleteUsers><tds:Username>judge</tds:Username></tds:DeleteUsers>");
        }
        const digest = (password: string) => ["--digest", "-u", `${root.username}:${password}`];
        await at.gateway.status(`${snapshot()}?guess=[1-8]`, ...digest("no such password"));
        return {
          short: /ter:PasswordTooWeak/.exec(made)?.[0] ?? (made.includes("CreateUsersResponse") ? "taken" : made),
          afterGuesses: await at.gateway.status(snapshot(), ...digest(root.password)),
        };
      },
      "ipv6-off": async () => {
        // It asks anew who has that address, as whoever comes first does.
        await at.router.run(["ip", "-6", "neigh", "flush", "dev", "eth0"]);
        return await at.router.status(`http://[${global}]/`, "-g");
      },
      "egress-off": async () => {
        const { stdout: way } = await at.camera.run(["ip", "-4", "route", "get", cameraNetwork.internet]);
        // Nothing listens there: that it is refused is said from there.
        const call = `exec 3<>/dev/tcp/${cameraNetwork.internet}/80`;
        const called = await at.camera.run(["bash", "-c", call]);
        const names = await soap("<tds:GetDNS/>");
        return {
          way: / via ([\d.]+)/.exec(way)?.[1],
          names: [...names.matchAll(/<tt:IPv4Address>([\d.]+)</g)].map(([, name]) => name),
          internet: /Connection refused|No route to host|Network is unreachable/.exec(called.output)?.[0],
        };
      },
      "ip-filter": async (expected) => ({
        page: await at.router.status(`http://${cameraNetwork.camera}/`),
        found: await at.router.finds(cameraNetwork.camera, expected === weak["ip-filter"] ? undefined : 6),
      }),
    };
    const lookFor = async (expected: Seen): Promise<void> => {
      // Forgets who guessed, and nothing else.
      await camera.reboot();
      const seen = remedies.map(async (id) => [id, await looks[id](expected[id])] as const);
      expect(Object.fromEntries(await Promise.all(seen))).toEqual(expected);
    };
    const all = (ids: readonly RemedyId[], state: string) => ids.map((id) => [id, state]);

    beforeAll(async () => {
      const network = stack.use(await CameraNetwork.open());
      const place = { address: cameraNetwork.camera, prefix: 24, router: cameraNetwork.router, wire: "eth0" };
      const options = { ...place, brand: "axis", weaknesses, multicast: cameraNetwork.camera, video: true } as const;
      camera = stack.use(await FleetProcess.start(options, network.camera.within));
      at = {
        gateway: new Judges(network.gateway.within),
        camera: new Judges(network.camera.within),
        router: new Judges(network.router.within),
      };
      const login = (username: string): Login => ({
        username,
        password: strongPassword(cameraNetwork.camera, username),
      });
      [support, root] = [login("support"), login("root")];
      global = (await camera.state()).network.ipv6.global;
      const folder = await mkdtemp(join(tmpdir(), "gatehouse-posture-network-"));
      stack.defer(() => rm(folder, { recursive: true }));
      data = join(folder, "gateway");
      await adoptInto(data, new ImpatientClock(), camera.facts);
    });
    afterAll(() => stack.disposeAsync());

    it("is nothing at a camera that says yes and does nothing, and is not called done", async () => {
      await lookFor(weak);
      await camera.lie(true);
      expect(outcomes(await at.gateway.mend(data, ...remedies))).toEqual(all(remedies, "failed"));
      await lookFor(weak);
      await camera.lie(false);
    });

    it("is what the gateway says that it is, one by one", async () => {
      expect(outcomes(await at.gateway.mend(data, ...remedies))).toEqual(all(remedies, "done"));
      await lookFor(sound);
    });

    it("is taken back so that they see what they saw before, where it can be", async () => {
      const back = undoable.toReversed();
      const words = back.map((id) => `undo:${id}`);
      expect(outcomes(await at.gateway.mend(data, ...words))).toEqual(all(back, "undone"));
      const still = { "remove-users": sound["remove-users"], "hashing-sha256": sound["hashing-sha256"] };
      await lookFor({ ...weak, ...still });
    });

    it("was looked at by others for each of these remedies", () => {
      expect([...remedies].toSorted()).toEqual(judgedIn("posture-remedies-network"));
    });
  });
});

/** The algorithms of Digest that a stream's server offers to whoever comes without a login, asked by a shell alone. */
const loginsAt = async (judges: Judges, url: string): Promise<readonly string[]> => {
  const { hostname, port } = new URL(url);
  const script = `exec 3<>"/dev/tcp/$0/$1"; printf 'DESCRIBE %s RTSP/1.0\\r\\nCSeq: 1\\r\\n\\r\\n' "$2" >&3; while IFS= read -r line && [ "$line" != $'\\r' ]; do echo "$line"; done <&3`;
  const { stdout } = await judges.run(["bash", "-c", script, hostname, port === "" ? "554" : port, url]);
  const challenges = stdout.split("\n").filter((line) => /^WWW-Authenticate: Digest /.test(line));
  return challenges.map((line) => /algorithm="?([\w-]+)/.exec(line)?.[1] ?? "MD5");
};

/**
 * What a sandbox keeps from the transcoder: the `network`, the box's `files` and `processes`, and more memory, files or
 * processes than its work takes (`limits`).
 */
export const sandboxLayers = ["network", "files", "processes", "limits"] as const;
export type SandboxLayer = (typeof sandboxLayers)[number];

/** Absolute paths of the programs that build sandboxes; undefined where one is missing. */
export interface SandboxTools {
  readonly bwrap: string | undefined;
  readonly unshare: string | undefined;
  readonly prlimit: string | undefined;
}

/** A way to start a program, with what it keeps from it. */
export interface Sandbox {
  readonly name: "bubblewrap" | "unshare" | "none";
  readonly layers: readonly SandboxLayer[];
  /** The command line that starts `command` inside of it. */
  readonly wrap: (command: readonly string[], access: SandboxAccess) => readonly string[];
}

export interface SandboxAccess {
  /** Files that the program needs apart from the system's own: itself. */
  readonly files: readonly string[];
  /** Device nodes that it may use. */
  readonly devices: readonly string[];
}

export interface MissingLayer {
  readonly layer: SandboxLayer;
  readonly remedy: string;
}

/** Room for H.265 of 4K with its reference pictures, and for an encoder beside it. */
const memoryBytes = 1_073_741_824;
/** Files may not grow at all: everything goes through pipes. Descriptors: its own few, and those that cover the gateway's. */
const limits = [`--data=${memoryBytes}`, "--fsize=0", "--core=0", "--nofile=1024", "--nproc=512"];

/** The system's programs and libraries. Debian's choose among theirs by links in /etc/alternatives. */
const systemFolders = ["/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache", "/nix/store"];
/** What a driver looks up to know its device. */
const deviceFolders = ["/sys/dev/char", "/sys/devices"];

const readOnly = (file: string): readonly string[] => ["--ro-bind-try", file, file];

const bubblewrap = (bwrap: string, extra: readonly string[]): Sandbox["wrap"] => {
  const isolation = ["--unshare-all", "--unshare-user", ...extra, "--uid", "65534", "--gid", "65534"];
  const life = ["--die-with-parent", "--cap-drop", "ALL", "--clearenv", "--chdir", "/"];
  const system = ["--ro-bind", "/usr", "/usr", ...systemFolders.flatMap(readOnly), "--dev", "/dev"];
  return (command, { files, devices }) => {
    const drivers = devices.length === 0 ? [] : deviceFolders.flatMap(readOnly);
    const nodes = devices.flatMap((device) => ["--dev-bind-try", device, device]);
    return [
      bwrap,
      ...isolation,
      ...life,
      ...system,
      ...files.flatMap(readOnly),
      ...drivers,
      ...nodes,
      "--",
      ...command,
    ];
  };
};

/** No user is mapped into the new namespace, so that the program has no capability in it either. */
const unshareFlags = ["--user", "--net", "--ipc", "--pid", "--fork", "--kill-child"];

/** Strongest first; the last one is none at all. Which of them the box's kernel allows shows only by trying. */
export const sandboxesOf = ({ bwrap, unshare, prlimit }: SandboxTools): readonly Sandbox[] => {
  const limited = (command: readonly string[]): readonly string[] =>
    prlimit === undefined ? command : [prlimit, ...limits, "--", ...command];
  const extra: readonly SandboxLayer[] = prlimit === undefined ? [] : ["limits"];
  const within = (sandbox: Sandbox): Sandbox => ({
    ...sandbox,
    layers: [...sandbox.layers, ...extra],
    wrap: (command, access) => sandbox.wrap(limited(command), access),
  });
  const bubblewraps = bwrap === undefined ? [] : [bubblewrap(bwrap, ["--disable-userns"]), bubblewrap(bwrap, [])];
  return [
    ...bubblewraps.map((wrap): Sandbox => ({ name: "bubblewrap", layers: ["network", "files", "processes"], wrap })),
    ...(unshare === undefined ? [] : [unshared(unshare)]),
    { name: "none", layers: [], wrap: (command: readonly string[]) => command } satisfies Sandbox,
  ].map(within);
};

const unshared = (unshare: string): Sandbox => ({
  name: "unshare",
  layers: ["network", "processes"],
  wrap: (command) => [unshare, ...unshareFlags, "--", ...command],
});

const bubblewrapRemedy =
  "Install bubblewrap (on Debian: `sudo apt install bubblewrap`), allow user namespaces, and start the gateway again.";
const remedies: Readonly<Record<SandboxLayer, string>> = {
  network: bubblewrapRemedy,
  files: bubblewrapRemedy,
  processes: bubblewrapRemedy,
  limits: "Install util-linux, which has `prlimit`, and start the gateway again.",
};

/** What a program that cameras feed must be kept from: else whoever breaks it has the vault, and a way to send it away. */
const indispensable: readonly SandboxLayer[] = ["network", "files"];

/** Whether a transcoder may run in this sandbox without its owner having said so. */
export const confines = ({ layers }: Pick<Sandbox, "layers">): boolean =>
  indispensable.every((layer) => layers.includes(layer));

/** Why a transcoder that could run is not run. */
export const unconfined = `It could reach the gateway's files or the network. ${bubblewrapRemedy} Where that cannot be had, \`media.unsandboxedFfmpeg\` lets it run all the same.`;

/** What a transcoder in this sandbox could still reach, and how to keep it from that. */
export const missingLayers = ({ layers }: Pick<Sandbox, "layers">): readonly MissingLayer[] =>
  sandboxLayers.filter((layer) => !layers.includes(layer)).map((layer) => ({ layer, remedy: remedies[layer] }));

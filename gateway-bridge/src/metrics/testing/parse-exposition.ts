/** One metric with its samples. */
export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const types = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const labelAtStart = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/;

/** Reads the text format of Prometheus, version 0.0.4, as strictly as its own checker does. Throws at whatever breaks a rule. */
export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { help: string; type: string; samples: Sample[] }>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let open: string | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name, rest = ""] = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (kind === "HELP" && name !== undefined) helps.set(name, rest);
    else if (kind === "TYPE" && name !== undefined) {
      if (!types.has(rest)) throw new Error(`unknown type: ${line}`);
      if (families.has(name)) throw new Error(`a second ${name}`);
      families.set(name, { help: helps.get(name) ?? "", type: rest, samples: [] });
      open = name;
    } else if (line !== "" && !line.startsWith("#")) {
      const sample = parseSample(line);
      const family = families.get(sample.name);
      if (family === undefined || sample.name !== open) throw new Error(`out of place: ${line}`);
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
      if (seen.has(key)) throw new Error(`told twice: ${line}`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  return families;
};

const parseSample = (line: string): Sample => {
  const [, name, labels = "", number = ""] = sampleLine.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const value = Number(number.replace("Inf", "Infinity"));
  if (Number.isNaN(value) && number !== "NaN") throw new Error(`no number: ${line}`);
  return { name, labels: parseLabels(labels, line), value };
};

const parseLabels = (text: string, line: string): Record<string, string> => {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const [whole, name, content = ""] = labelAtStart.exec(rest) ?? [];
    if (whole === undefined || name === undefined || name in labels) throw new Error(`no label: ${line}`);
    labels[name] = content.replaceAll(/\\([\\n"])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(whole.length);
  }
  return labels;
};

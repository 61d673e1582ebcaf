import { assert, nearest } from "#base";
import { ConfigError, type Mistake } from "./mistakes.ts";
import { namesOf } from "./names.ts";
import { withoutPassword } from "./secret.ts";
import type { Setting, Settings, Values } from "./setting.ts";

/** What a configuration is made from, read already. */
export interface Sources {
  /** The arguments after the program: `--port 80`, `--port=80`, and `--verbose` for a boolean. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The mounted files, by directory; a later directory wins over an earlier one. */
  readonly mounts: readonly Mount[];
}

/** The files of one mounted directory by name, as text without the line break at the end. */
export interface Mount {
  readonly directory: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Typed values, and where each was found. */
export interface Resolved<S extends Settings> {
  readonly values: Values<S>;
  readonly origins: Readonly<Record<keyof S, string>>;
}

/**
 * The values of `settings`: for each the first of argument, environment, mounted file and default. Throws a `ConfigError` that lists every
 * mistake, after those that were found before.
 */
export function resolve<S extends Settings>(
  settings: S,
  sources: Sources,
  found: readonly Mistake[] = [],
): Resolved<S> {
  assertApart(settings);
  const mistakes = [...found];
  const given = readArguments(settings, sources.args, mistakes);
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const said = find(name, given, sources);
    if (said) {
      const parsed = setting.parse(said.text);
      if ("value" in parsed) values[name] = parsed.value;
      else mistakes.push({ name, source: said.origin, what: describe(setting, said.text) });
      origins[name] = said.origin;
    } else if ("default" in setting) {
      values[name] = setting.default;
      origins[name] = "its default";
    } else {
      mistakes.push(missing(name, setting, sources.mounts));
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return {
    values: Object.freeze(values) as Values<S>,
    origins: origins as Record<keyof S, string>,
  };
}

/** Two settings that are found under one name would both take a value that was meant for one: a mistake in the program. */
function assertApart(settings: Settings): void {
  const byVariable = new Map<string, string>();
  for (const name of Object.keys(settings)) {
    const { variable } = namesOf(name);
    const other = byVariable.get(variable);
    assert(other === undefined, `the settings ${other} and ${name} are both called ${variable}`);
    byVariable.set(variable, name);
  }
}

/** A text that somebody wrote for a setting, and where it stands. */
interface Found {
  readonly text: string;
  readonly origin: string;
}

function find(name: string, given: ReadonlyMap<string, string>, sources: Sources): Found | undefined {
  const { variable, flag, files } = namesOf(name);
  const argument = given.get(name);
  if (argument !== undefined) return { text: argument, origin: `${flag} among the arguments` };
  const text = sources.environment[variable];
  if (text !== undefined) return { text, origin: `${variable} in the environment` };
  for (const mount of sources.mounts.toReversed()) {
    const file = files.find((each) => mount.files.has(each));
    if (file) return { text: mount.files.get(file) as string, origin: `the file ${mount.directory}/${file}` };
  }
  return undefined;
}

/** What the arguments say, by setting. What they should not say goes to `mistakes`. */
function readArguments(
  settings: Settings,
  args: readonly string[],
  mistakes: Mistake[],
): Map<string, string> {
  const byFlag = new Map(Object.keys(settings).map((name) => [namesOf(name).flag, name]));
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const [flag, attached] = splitOnce(args[at] as string, "=");
    const name = byFlag.get(flag) ?? "";
    const setting = settings[name];
    const next = isFlag(args[at + 1]) ? undefined : args[at + 1];
    // The value of a flag that nobody knows is not taken for a second mistake.
    if (isFlag(flag) && attached === undefined && next !== undefined) at += 1;
    const text = attached ?? next ?? (setting && standsAlone(setting) ? "true" : undefined);
    const source = `${flag} among the arguments`;
    if (!setting) mistakes.push({ name: flag, source: "an argument", what: unknownFlag(flag, byFlag) });
    else if (setting.secret)
      mistakes.push({ name, source, what: "is seen by everybody on the machine: give it as a file" });
    else if (text === undefined)
      mistakes.push({ name, source, what: `has no value, must be ${setting.allowed}` });
    else given.set(name, text);
  }
  return given;
}

function unknownFlag(flag: string, byFlag: ReadonlyMap<string, string>): string {
  const flags = [...byFlag.keys()];
  const meant = nearest(flag, flags);
  return `names no setting; ${meant ? `did you mean ${meant}?` : `there are ${flags.join(" ")}`}`;
}

/** Whether `--name` without a value says something: that it is true. */
function standsAlone(setting: Setting<unknown>): boolean {
  const parsed = setting.parse("true");
  return "value" in parsed && parsed.value === true;
}

function isFlag(argument: string | undefined): boolean {
  return argument?.startsWith("--") ?? false;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function describe(setting: Setting<unknown>, text: string): string {
  return `is ${setting.secret ? "not usable" : JSON.stringify(withoutPassword(text))}, must be ${setting.allowed}`;
}

function missing(name: string, setting: Setting<unknown>, mounts: readonly Mount[]): Mistake {
  const { variable, flag } = namesOf(name);
  const places = [
    `${variable} in the environment`,
    ...mounts.map(({ directory }) => `a file ${directory}/${variable}`),
    ...(setting.secret ? [] : [flag]),
  ];
  const purpose = setting.description ? ` (${setting.description})` : "";
  return {
    name,
    source: "nobody says it",
    what: `and it has no default: give ${places.join(" or ")}; must be ${setting.allowed}${purpose}`,
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { systemClock, systemRandom } from "#base";
import { type Command, flag, listOption, stringOption } from "./command.ts";
import { mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
import { size, table } from "./output.ts";
import { runCommand } from "./run.ts";

const greet: Command = {
  name: "greet",
  summary: "say hello",
  usage: "NAME",
  options: {
    loud: { type: "boolean", short: "l", description: "in capitals" },
    word: { type: "string", value: "WORD", description: "what to say" },
    also: { type: "string", multiple: true, description: "more names" },
    tone: { type: "string", choices: ["warm", "cool"], description: "how it is meant" },
  },
  examples: [{ line: "nacre greet Ada", what: "hello" }],
  async run(invocation) {
    const names = [...invocation.arguments, ...listOption(invocation, "also")];
    if (names.includes("nobody")) throw new Error("cannot greet nobody: there is no such person");
    if (names.includes("everybody")) throw Object.assign(new Error("write"), { code: "ENOSPC" });
    const text = `${stringOption(invocation, "word", "Hello")} ${names.join(" ")}`;
    invocation.output.out(flag(invocation, "loud") ? text.toUpperCase() : text);
    return 0;
  },
};

const wave: Command = {
  name: "wave",
  summary: "without a word",
  usage: "",
  options: {},
  examples: [],
  run: async () => 0,
};

async function run(...argv: string[]): Promise<{ code: number; out: string; note: string }> {
  const said = { out: "", note: "" };
  const output = {
    colour: false,
    live: false,
    out: (text: string) => {
      said.out += text;
    },
    note: (text: string) => {
      said.note += text;
    },
  };
  const signal = new AbortController().signal;
  const context = { environment: {}, output, clock: systemClock, random: systemRandom, signal };
  return { code: await runCommand([greet, wave], argv, context), ...said };
}

test("options and arguments reach the command, short or long, once or more", async () => {
  assert.deepEqual(await run("greet", "Ada", "--word", "Hi", "-l", "--also", "Bob", "--also", "Cy"), {
    code: 0,
    out: "HI ADA BOB CY",
    note: "",
  });
});

test("a failure is one line without a stack trace, and exit code 1", async () => {
  assert.deepEqual(await run("greet", "nobody"), {
    code: 1,
    out: "",
    note: "error: cannot greet nobody: there is no such person\n",
  });
});

test("a full disk is called that, with what to do", async () => {
  const { code, note } = await run("greet", "everybody");
  assert.deepEqual([code, /disk is full.*free space \(see: df -h\)/.test(note)], [1, true]);
});

test("what is typed wrongly says how to find out, with exit code 2", async () => {
  const option = await run("greet", "--lowd");
  assert.equal(option.code, 2);
  assert.match(option.note, /Unknown option '--lowd'[\s\S]*nacre greet --help/);
  const command = await run("great");
  assert.equal(command.code, 2);
  assert.match(command.note, /no command "great"; did you mean "nacre greet"\?/);
  assert.match((await run("geret")).note, /did you mean "nacre greet"\?/);
  assert.doesNotMatch((await run("weather")).note, /did you mean/);
});

test("a value that an option does not have, and a word too many, are refused", async () => {
  const wrong = await run("greet", "Ada", "--tone", "hot");
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.note, /nacre greet: --tone takes warm or cool, not "hot"/);
  const extra = await run("wave", "hard");
  assert.deepEqual([extra.code, extra.out], [2, ""]);
  assert.match(extra.note, /nacre wave takes no arguments, but there is "hard"/);
});

test("help has usage, every option and examples that can be typed", async () => {
  const { out } = await run("greet", "--help");
  for (const part of [
    "Usage: nacre greet NAME [OPTIONS]",
    "-l, --loud",
    "--word WORD",
    "--tone warm|cool",
    "nacre greet Ada",
  ]) {
    assert.ok(out.includes(part), part);
  }
  assert.match((await run()).out, /greet +say hello/);
});

test("columns line up", () => {
  assert.equal(
    table(
      ["NAME", "X"],
      [
        ["a", "1"],
        ["longer", "2"],
      ],
    ),
    "NAME     X\na        1\nlonger   2\n",
  );
});

test("sizes have the unit in which they can be read", () => {
  assert.deepEqual([0, 999, 13_312, 155_189_248, 3 * 2 ** 40].map(size), [
    "0 B",
    "999 B",
    "13.0 KiB",
    "148.0 MiB",
    "3072.0 GiB",
  ]);
});

const ours = `apiVersion: v1
kind: Config
clusters: [{name: nacre, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: nacre-admin, user: {}}]
contexts: [{name: nacre, context: {cluster: nacre, user: nacre-admin}}]
current-context: nacre
`;
const theirs = `apiVersion: v1
kind: Config
preferences: {colors: true}
clusters: [{name: work, cluster: {server: "https://work"}}]
users: [{name: me, user: {token: t}}]
contexts: [{name: work, context: {cluster: work, user: me}}]
current-context: work
`;

test("a merged kubeconfig keeps other clusters, settings and the current context", () => {
  const merged = parse(mergeKubeconfig(theirs, ours));
  assert.deepEqual(
    merged.clusters.map(({ name }: { name: string }) => name),
    ["work", "nacre"],
  );
  assert.equal(merged["current-context"], "work");
  assert.deepEqual(merged.preferences, { colors: true });
});

test("the namespace that a person works in stays when the cluster's entries are merged again", () => {
  const merged = parse(mergeKubeconfig("", ours));
  merged.contexts[0].context.namespace = "shop";
  const again = parse(mergeKubeconfig(stringify(merged), ours));
  assert.deepEqual(again, merged);
});

test("merging twice is merging once, and removing gives back what was there", () => {
  const once = mergeKubeconfig(theirs, ours);
  assert.deepEqual(parse(mergeKubeconfig(once, ours)), parse(once));
  assert.deepEqual(parse(removeFromKubeconfig(once, ours)), parse(theirs));
});

test("without a kubeconfig ours becomes it, and what is no kubeconfig is left alone", () => {
  assert.equal(mergeKubeconfig("", ours), ours);
  assert.throws(() => mergeKubeconfig("just words", ours), /not a YAML map; move it away/);
});

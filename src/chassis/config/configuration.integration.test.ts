import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type LogFields, logger, silentLogger } from "#base";
import { type Change, configure } from "./configuration.ts";
import type { ConfigError } from "./mistakes.ts";
import { Secret } from "./secret.ts";
import { setting } from "./setting.ts";

const settings = {
  greeting: setting.string({ default: "Hello" }),
  limit: setting.integer({ default: 1 }),
  password: setting.secret(),
};

test("a directory that the kubelet swaps is read anew, and listeners hear what has changed", async (context) => {
  const mount = mountedLikeKubelet(context, { greeting: "Hi\n", password: "one" });
  const { configuration, next } = start(context, mount.directory);
  assert.equal(configuration.current.greeting, "Hi");
  const before = configuration.current;

  const change = next();
  mount.swap({ greeting: "Hi\n", limit: "7", password: "two" });
  assert.deepEqual((await change).changed, ["limit", "password"]);
  assert.equal(configuration.current.limit, 7);
  assert.equal(configuration.current.password.reveal(), "two");
  assert.equal(before.limit, 1, "what was read before stays as it was");
});

test("a change with mistakes is logged with all of them and not used; the next good one is", async (context) => {
  const mount = mountedLikeKubelet(context, { limit: "1", password: "one" });
  const { configuration, next, failure } = start(context, mount.directory);

  const failed = failure();
  mount.swap({ limit: "many", greeting: "", password: "hunter2" });
  const error = (await failed).error as ConfigError;
  assert.deepEqual(
    error.mistakes.map(({ name }) => name),
    ["greeting", "limit"],
  );
  assert.equal(configuration.current.limit, 1);
  assert.equal(configuration.current.password.reveal(), "one");

  const change = next();
  mount.swap({ limit: "2", password: "one" });
  assert.deepEqual((await change).changed, ["limit"]);
});

test("a listener that fails, then or later, is logged, and the others are called all the same", async (context) => {
  const mount = mountedLikeKubelet(context, { password: "one" });
  const { configuration, next, failure } = start(context, mount.directory);
  for (const fail of [() => Promise.reject(new Error("later")), () => assert.fail("then")]) {
    const forget = configuration.onChange(fail);
    const change = next();
    const failed = failure();
    mount.swap({ password: "one", limit: String(configuration.current.limit + 1) });
    assert.deepEqual((await change).changed, ["limit"]);
    assert.match(String((await failed).error), /later|then/);
    forget();
  }
});

test("a file that is written in place is read anew, too", async (context) => {
  const directory = temporary(context);
  writeFileSync(join(directory, "PASSWORD"), "one");
  const { configuration, next } = start(context, directory);
  const change = next();
  writeFileSync(join(directory, "LIMIT"), "3");
  assert.deepEqual((await change).changed, ["limit"]);
  assert.ok(configuration.current.password instanceof Secret);
});

test("a directory that is not there is a mistake with its name, beside all others", (context) => {
  const directory = join(temporary(context), "none");
  const options = { args: ["--limit", "many"], environment: { PASSWORD: "one" }, directories: [directory] };
  const { signal } = new AbortController();
  assert.throws(
    () => configure(settings, { ...options, signal, logger: silentLogger }),
    (error: ConfigError) => {
      assert.deepEqual(
        error.mistakes.map(({ name }) => name),
        [directory, "limit"],
      );
      assert.match(error.message, /none: a mounted directory cannot be read: ENOENT/);
      return true;
    },
  );
});

test("that a directory cannot be watched is said: its changes would be waited for in vain", (context) => {
  const mount = mountedLikeKubelet(context, { password: "one" });
  const said: string[] = [];
  const configuration = configure(settings, {
    args: [],
    environment: {},
    directories: [mount.directory],
    signal: new AbortController().signal,
    logger: logger((level, message) => said.push(`${level}: ${message}`)),
    watch: () => {
      throw Object.assign(new Error("too many"), { code: "EMFILE" });
    },
  });
  assert.equal(configuration.current.password.reveal(), "one");
  assert.match(said.join("\n"), /^error: a mounted directory is not watched.*fs\.inotify/);
});

/** A configuration on `directory`, with promises for what it says next. */
function start(context: TestContext, directory: string) {
  const ended = new AbortController();
  context.after(() => ended.abort());
  const failures: ((fields: LogFields) => void)[] = [];
  const configuration = configure(settings, {
    args: [],
    environment: {},
    directories: [directory],
    signal: ended.signal,
    logger: logger((level, _message, fields) => {
      if (level === "error") failures.shift()?.(fields);
    }),
  });
  return {
    configuration,
    next: () => {
      const { promise, resolve } = Promise.withResolvers<Change<typeof settings>>();
      const stop = configuration.onChange((change) => {
        stop();
        resolve(change);
      });
      return promise;
    },
    failure: () => {
      const { promise, resolve } = Promise.withResolvers<LogFields>();
      failures.push(resolve);
      return promise;
    },
  };
}

/** A directory as the kubelet mounts a ConfigMap: files are links through `..data`, which is swapped by a rename. */
function mountedLikeKubelet(context: TestContext, files: Record<string, string>) {
  const directory = temporary(context);
  let version = 0;
  const swap = (next: Record<string, string>) => {
    const name = `..version_${version++}`;
    mkdirSync(join(directory, name));
    for (const [file, text] of Object.entries(next)) writeFileSync(join(directory, name, file), text);
    symlinkSync(name, join(directory, "..data_tmp"));
    renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    for (const file of Object.keys(next)) {
      rmSync(join(directory, file), { force: true });
      symlinkSync(join("..data", file), join(directory, file));
    }
    if (version > 1) rmSync(join(directory, `..version_${version - 2}`), { recursive: true });
  };
  swap(files);
  return { directory, swap };
}

function temporary(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "chassis-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

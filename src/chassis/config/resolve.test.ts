import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { ConfigError } from "./mistakes.ts";
import { namesOf } from "./names.ts";
import { resolve, type Sources } from "./resolve.ts";
import { type Settings, setting } from "./setting.ts";

const nothing: Sources = { args: [], environment: {}, mounts: [] };

test("an argument wins over the environment, that over a later mount, that over an earlier one, that over the default", () => {
  const settings = { maxOrders: setting.integer({ default: 1 }) };
  const mount = (directory: string, text: string) => ({ directory, files: new Map([["MAX_ORDERS", text]]) });
  const all: Sources = {
    args: ["--max-orders", "5"],
    environment: { MAX_ORDERS: "4" },
    mounts: [mount("/a", "2"), mount("/b", "3")],
  };
  const read = (sources: Partial<Sources>) => resolve(settings, { ...nothing, ...sources });
  assert.deepEqual(read(all), {
    values: { maxOrders: 5 },
    origins: { maxOrders: "--max-orders among the arguments" },
  });
  assert.equal(read({ ...all, args: [] }).origins.maxOrders, "MAX_ORDERS in the environment");
  assert.equal(read({ mounts: all.mounts }).origins.maxOrders, "the file /b/MAX_ORDERS");
  assert.equal(read({ mounts: [mount("/a", "2")] }).values.maxOrders, 2);
  assert.deepEqual(read({}), { values: { maxOrders: 1 }, origins: { maxOrders: "its default" } });
});

test("every mistake is reported at once, with its name, where it stands and what is allowed", () => {
  const settings = {
    port: setting.integer({ min: 1, max: 65_535 }),
    mode: setting.oneOf(["fast", "safe"]),
    databaseUrl: setting.url({ protocols: ["postgres"], description: "where orders are kept" }),
    graceMs: setting.durationMs({ default: 1 }),
    verbose: setting.boolean({ default: false }),
  };
  const sources: Sources = {
    args: ["--prot", "80", "--mode", "quick", "--grace"],
    environment: { PORT: "0" },
    mounts: [{ directory: "/etc/shop", files: new Map([["verbose", "yes"]]) }],
  };
  assert.throws(() => resolve(settings, sources), {
    name: "ConfigError",
    message: [
      "the configuration has 6 mistakes:",
      "  --prot: an argument names no setting; did you mean --port?",
      "  graceMs: --grace among the arguments has no value, must be a length of time such as 250ms, 1.5s, 10m or 2h",
      '  port: PORT in the environment is "0", must be a whole number from 1 to 65535',
      '  mode: --mode among the arguments is "quick", must be one of fast, safe',
      "  databaseUrl: nobody says it and it has no default: give DATABASE_URL in the environment or a file /etc/shop/DATABASE_URL or --database-url; must be a URL that begins with postgres:// (where orders are kept)",
      '  verbose: the file /etc/shop/verbose is "yes", must be true or false',
    ].join("\n"),
  });
});

test("mistakes that nobody catches are printed once, without where in our code they were noticed", () => {
  const error = new ConfigError([{ name: "port", source: "PORT in the environment", what: 'is "x"' }]);
  // As Node prints what ends it.
  assert.equal(inspect(error, { customInspect: false }), `[${error.name}: ${error.message}]`);
});

test("a flag of a boolean may stand alone, and a value may stand behind an equals sign", () => {
  const settings = {
    verbose: setting.boolean({ default: false }),
    name: setting.string(),
    tags: setting.list(),
  };
  const { values } = resolve(settings, { ...nothing, args: ["--verbose", "--name=--x", "--tags", "a, b"] });
  assert.deepEqual(values, { verbose: true, name: "--x", tags: ["a", "b"] });
});

test("a setting that is optional is undefined when nobody says it", () => {
  const settings = { proxy: setting.optional(setting.url()) };
  assert.deepEqual(resolve(settings, nothing).values, { proxy: undefined });
  assert.throws(() => resolve(settings, { ...nothing, environment: { PROXY: "x" } }), ConfigError);
});

test("a secret is refused among the arguments, and a wrong one is not shown", () => {
  const settings = { password: setting.secret() };
  for (const sources of [
    { ...nothing, args: ["--password", "hunter2"] },
    { ...nothing, environment: { PASSWORD: "" } },
  ]) {
    assert.throws(
      () => resolve(settings, sources),
      (error: ConfigError) => !error.message.includes("hunter2"),
    );
  }
});

test("the password in a URL that is wrong is not shown either", () => {
  const settings = { databaseUrl: setting.url({ protocols: ["postgres"] }) };
  for (const password of ["hunter2", "hun/ter2@", ""])
    assert.throws(
      () => resolve(settings, { ...nothing, environment: { DATABASE_URL: `mysql://shop:${password}@db/x` } }),
      /is "mysql:\/\/shop:\[secret\]@db\/x", must be a URL that begins with postgres/,
    );
});

test("a whole number that would be read as another one is refused", () => {
  const settings = { id: setting.integer() };
  const read = (ID: string) => resolve(settings, { ...nothing, environment: { ID } }).values.id;
  assert.equal(read("9007199254740991"), 9_007_199_254_740_991);
  assert.throws(() => read("9007199254740993"), /must be a whole number/);
});

test("two settings that are found under one name are a mistake in the program", () => {
  const settings = { drainLimit: setting.string(), drainLimitMs: setting.durationMs() };
  assert.throws(
    () => resolve(settings, nothing),
    /the settings drainLimit and drainLimitMs are both called DRAIN_LIMIT/,
  );
});

test("whatever is written, the answer is typed values or mistakes that name each wrong setting", () => {
  const settings = {
    count: setting.integer({ min: 0, max: 9 }),
    ratio: setting.number({ min: 0, max: 1 }),
    waitMs: setting.durationMs(),
    strict: setting.boolean(),
    level: setting.oneOf(["low", "high"]),
    tags: setting.list(),
  } satisfies Settings;
  const right: Record<keyof typeof settings, (value: unknown) => boolean> = {
    count: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 9,
    ratio: (value) => (value as number) >= 0 && (value as number) <= 1,
    waitMs: (value) => Number.isFinite(value),
    strict: (value) => typeof value === "boolean",
    level: (value) => value === "low" || value === "high",
    tags: (value) => Array.isArray(value) && !value.includes(""),
  };
  const text = fc.oneof(fc.constantFrom("3", "0.5", "2s", "true", "high", "a,b", ""), fc.string());
  const names = Object.keys(settings) as (keyof typeof settings)[];
  fc.assert(
    fc.property(fc.array(text, { minLength: 6, maxLength: 6 }), (texts) => {
      const environment = Object.fromEntries(names.map((name, at) => [namesOf(name).variable, texts[at]]));
      try {
        const { values } = resolve(settings, { ...nothing, environment });
        for (const name of names) assert.ok(right[name](values[name]), `${name} became ${values[name]}`);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const wrong = names.filter((name, at) => !("value" in settings[name].parse(texts[at] as string)));
        assert.deepEqual(
          error.mistakes.map(({ name }) => name),
          wrong,
        );
      }
    }),
  );
});

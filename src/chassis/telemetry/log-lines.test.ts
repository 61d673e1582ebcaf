import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { seededRandom, systemClock } from "#base";
import { Secret } from "../config/mod.ts";
import { runAs } from "./current.ts";
import { logs } from "./log-lines.ts";
import { type Sampling, Tracer } from "./tracer.ts";

function written() {
  let text = "";
  const clock = { ...systemClock, now: () => 1_700_000_000_007 };
  const log = logs({ clock, service: "shop", output: { write: (more) => (text += more) } });
  const lines = () => {
    log.flush();
    return text.trimEnd().split("\n").filter(Boolean);
  };
  return { logger: log.logger, log, lines };
}

test("a line is one JSON object that begins with time, level, service and message", () => {
  const { logger, lines } = written();
  logger.with({ order: 7 }).info("placed", { total: 1.5 });
  assert.deepEqual(lines(), [
    '{"time":"2023-11-14T22:13:20.007Z","level":"info","service":"shop","message":"placed","order":7,"total":1.5}',
  ]);
});

test("what is done for a request has its trace and span, across awaits", async () => {
  const { logger, lines } = written();
  const sampling: Sampling = { ratio: 1, ofOthers: "beginner" };
  const tracer = new Tracer({ clock: systemClock, random: seededRandom(1), sampling, recording: false });
  const span = tracer.start("x");
  await runAs({ span }, async () => {
    await Promise.resolve();
    logger.info("within");
  });
  const { trace_id, span_id } = JSON.parse(lines()[0] as string);
  assert.deepEqual([trace_id, span_id], [span.context.traceId, span.context.spanId]);
});

test("secrets, errors, cycles and what JSON does not know make lines, too, and show no secret", () => {
  const { logger, lines } = written();
  const cycle: Record<string, unknown> = { password: new Secret("hunter2") };
  cycle.self = cycle;
  const error = new Error("outer", { cause: new TypeError("inner") });
  logger.error("all", {
    cycle,
    error,
    big: 1n,
    password: new Secret("hunter2"),
    message: "own",
    missing: undefined,
  });
  const [line] = lines();
  assert.doesNotMatch(line as string, /hunter2/);
  const parsed = JSON.parse(line as string);
  assert.equal(parsed.error.cause.message, "inner");
  assert.equal(parsed.password, "[secret]");
  assert.equal(parsed.message, "all");
  assert.equal(parsed.message_, "own");
});

test("errors are told wherever they stand, with what is behind and beside them, and one behind itself ends", () => {
  const { logger, lines } = written();
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const cycle = new Error("a");
  cycle.cause = new Error("b", { cause: cycle });
  const hostile = {
    toJSON: () => assert.fail("no JSON"),
    [inspect.custom]: () => assert.fail("nor this"),
  };
  logger.error("all", { error: new AggregateError([refused]), within: { error: refused }, cycle, hostile });
  const { error, within, ...others } = JSON.parse(lines()[0] as string);
  assert.equal(error.errors[0].code, "ECONNREFUSED");
  assert.equal(within.error.message, "connect");
  assert.equal(others.cycle.cause.cause.message, "a");
  assert.equal(others.hostile, "not to be shown: nor this");
});

test("the level may change while a service runs", () => {
  const { log, logger, lines } = written();
  logger.debug("unheard");
  log.level = "debug";
  logger.debug("heard");
  assert.deepEqual(
    lines().map((line) => JSON.parse(line).message),
    ["heard"],
  );
});

test("whatever is logged is one line that JSON can read", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withMap: true })),
      (message, fields) => {
        const { logger, lines } = written();
        logger.info(message, fields);
        const all = lines();
        assert.equal(all.length, 1);
        assert.equal(JSON.parse(all[0] as string).message, message);
      },
    ),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "./limits.ts";
import type { FieldError, Problem } from "./problem.ts";
import { type Input, type Output, t } from "./schema.ts";
import { compileValidator, type Parts } from "./validator.ts";

const nothing: Parts = { params: undefined, query: undefined, headers: undefined, body: undefined };

const order = t.object({
  customer: t.string({ format: "uuid" }),
  lines: t.array(t.object({ item: t.string({ minLength: 1 }), count: t.integer({ minimum: 1 }) }), {
    minItems: 1,
  }),
  note: t.optional(t.string({ maxLength: 20 })),
  express: t.defaulted(t.boolean(), false),
});

test("every wrong field of every part is named, with a pointer and what is wrong", () => {
  const validate = compileValidator({
    params: t.object({ id: t.integer() }),
    query: t.object({ sort: t.optional(t.oneOf(["up", "down"])) }),
    headers: t.object({ "idempotency-key": t.string() }),
    body: order,
    answers: { 204: null },
  });
  const body = { customer: "me", lines: [{ item: "", count: 1 }, { item: "x" }], expres: true };
  assert.deepEqual(
    errorsOf(() => validate({ params: { id: "x" }, query: { sort: "left" }, headers: {}, body })),
    [
      { in: "path", pointer: "/id", detail: "must be integer" },
      { in: "query", pointer: "/sort", detail: "must be one of up, down" },
      { in: "header", pointer: "/idempotency-key", detail: "is required" },
      { in: "body", pointer: "/expres", detail: "is not known here; did you mean express?" },
      { in: "body", pointer: "/customer", detail: 'must match format "uuid"' },
      { in: "body", pointer: "/lines/0/item", detail: "must NOT have fewer than 1 characters" },
      { in: "body", pointer: "/lines/1/count", detail: "is required" },
    ],
  );
});

test("texts of a query become what is wanted, those of a body stay what they are", () => {
  const fields = { count: t.integer(), tags: t.array(t.string()), loud: t.defaulted(t.boolean(), false) };
  const query = { count: "3", tags: "a" };
  compileValidator({ query: t.object(fields), answers: { 204: null } })({ ...nothing, query });
  assert.deepEqual(query, { count: 3, tags: ["a"], loud: false });
  const validate = compileValidator({ body: t.object(fields), answers: { 204: null } });
  assert.equal(errorsOf(() => validate({ ...nothing, body: { count: "3", tags: "a" } })).length, 2);
});

test("of a megabyte of mistakes the first is told: a stranger's request holds up nobody", () => {
  const validate = compileValidator({ body: t.record(order), answers: { 204: null } });
  const many = Object.fromEntries(Array.from({ length: limits.explainedValues }, (_, at) => [at, { x: at }]));
  assert.equal(errorsOf(() => validate({ ...nothing, body: many })).length, 1);
  const few = Object.fromEntries(Object.entries(many).slice(0, 200));
  assert.equal(errorsOf(() => validate({ ...nothing, body: few })).length, limits.errorsPerProblem);
});

test("no guess is made at what was meant by an endless name, and its beginning is all that is told", () => {
  const validate = compileValidator({ body: t.object({ express: t.unknown() }), answers: { 204: null } });
  const [first] = errorsOf(() =>
    validate({ ...nothing, body: { [`express${"s".repeat(70)}`]: 1, express: 1 } }),
  );
  assert.equal(first?.detail, "is not known here");
  const [second] = errorsOf(() => validate({ ...nothing, body: { ["x".repeat(1e6)]: 1, express: 1 } }));
  assert.equal(second?.pointer, `/${"x".repeat(limits.pointer - 1)}…`);
});

test("a field called __proto__ is a field like any other: not known", () => {
  const validate = compileValidator({ body: order, answers: { 204: null } });
  const body = JSON.parse('{"__proto__":{"admin":true},"customer":"me","lines":[]}');
  assert.ok(errorsOf(() => validate({ ...nothing, body })).some(({ pointer }) => pointer === "/__proto__"));
});

test("whatever JSON comes, it is accepted or every error points into it", () => {
  const validate = compileValidator({ body: order, answers: { 204: null } });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), likeAnOrder), (value) => {
      const body = structuredClone(value);
      for (const { pointer, detail } of errorsOf(() => validate({ ...nothing, body }))) {
        assert.notEqual(detail, "");
        // All but the last step is there; the last may be what is missing.
        const steps = pointer
          .split("/")
          .slice(1, -1)
          .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
        let at: unknown = value;
        for (const step of steps) at = (at as Record<string, unknown>)[step];
        assert.notEqual(at, undefined, `${pointer} does not lead into ${JSON.stringify(value)}`);
      }
    }),
  );
});

const likeAnOrder = fc.record(
  {
    customer: fc.oneof(fc.uuid(), fc.string()),
    lines: fc.array(fc.record({ item: fc.string(), count: fc.integer() }, { requiredKeys: [] }), {
      maxLength: 3,
    }),
    note: fc.oneof(fc.string(), fc.integer()),
    "a/b~c": fc.boolean(),
  },
  { requiredKeys: [], noNullPrototype: true },
);

test("what a handler sees and what a client writes are typed apart: defaults may be left out by one alone", () => {
  const written: Input<typeof order> = { customer: "x", lines: [{ item: "a", count: 1 }] };
  const seen: Output<typeof order> = { ...written, express: true };
  const express: boolean = seen.express;
  const note: string | undefined = seen.note;
  assert.deepEqual([express, note], [true, undefined]);
});

function errorsOf(action: () => void): readonly FieldError[] {
  try {
    action();
    return [];
  } catch (error) {
    const { status, errors } = error as Problem;
    assert.equal(status, 400);
    return errors as readonly FieldError[];
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { age, duration } from "./age.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test("a duration is written in at most two units, coarser the longer it is", () => {
  const cases: [number, string][] = [
    [0, "0s"],
    [119 * second, "119s"],
    [2 * minute, "2m"],
    [3 * minute + 20 * second, "3m20s"],
    [10 * minute + 5 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [7 * hour + 59 * minute, "7h59m"],
    [47 * hour, "47h"],
    [2 * day + 3 * hour, "2d3h"],
    [8 * day + 3 * hour, "8d"],
    [729 * day, "729d"],
    [730 * day, "2y"],
    [3 * 365 * day + 10 * day, "3y10d"],
    [10 * 365 * day, "10y"],
    [-1 * second, "0s"],
    [-5 * second, "<invalid>"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(duration(milliseconds), text);
});

test("no time at all has no age", () => {
  assert.equal(age(undefined, 0), "<unknown>");
  assert.equal(age("nonsense", 0), "<unknown>");
  assert.equal(age("1970-01-01T00:00:00Z", 5 * second), "5s");
});

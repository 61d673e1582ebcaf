import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPriority, type Priority, parsePriority } from "./priority.ts";

test("a priority that is written is read as it was", () => {
  for (const priority of ["critical", "normal", "background"] satisfies Priority[])
    assert.equal(parsePriority(formatPriority(priority)), priority);
});

test("what browsers send is read, and what is not well-formed is as nothing", () => {
  assert.equal(parsePriority("u=0, i"), "critical");
  assert.equal(parsePriority("i, u=7"), "background");
  for (const header of [undefined, "", "u=8", "u=12", "urgent", "xu=1", ["u=1"]])
    assert.equal(parsePriority(header), undefined);
});

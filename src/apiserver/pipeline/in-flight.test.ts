import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, systemClock } from "#base";
import { maxReadsInFlight, maxRetryAfterSeconds, maxWritesInFlight } from "../limits.ts";
import { InFlight, type Place } from "./in-flight.ts";

test("requests beyond the limit are told to come back", () => {
  const { inFlight } = setUp();
  const [place] = fill(inFlight, "read", maxReadsInFlight);
  assert.equal(askedToWait(inFlight, "read"), 1);
  inFlight.enter("write");
  place?.leave();
  place?.leave();
  inFlight.enter("read");
  assert.equal(askedToWait(inFlight, "read"), 1);
});

test("a crowd is told to come back over as many seconds as it takes to answer it", () => {
  const { inFlight, time } = setUp();
  const places = fill(inFlight, "write", maxWritesInFlight);
  const refuse = (count: number) => Array.from({ length: count }, () => askedToWait(inFlight, "write"));
  assert.deepEqual(new Set(refuse(400)), new Set([1]), "nothing is known of the crowd yet");
  for (const place of places.slice(0, 100)) place.leave();
  fill(inFlight, "write", 100);

  time.ms += 1000;
  const waits = refuse(400);
  for (const second of [1, 2, 3, 4]) {
    assert.equal(waits.filter((wait) => wait === second).length, 100, `after ${second} s`);
  }
});

test("nobody is told to wait longer than clients do, and a quiet second lets all come back soon", () => {
  const { inFlight, time } = setUp();
  fill(inFlight, "write", maxWritesInFlight);
  const refuse = () => Math.max(...Array.from({ length: 500 }, () => askedToWait(inFlight, "write")));
  refuse();
  time.ms += 1000;
  assert.equal(refuse(), maxRetryAfterSeconds, "none was answered");
  time.ms += 2000;
  assert.equal(refuse(), 1);
});

test("a request that waits for its body has not been answered", () => {
  const { inFlight, time } = setUp();
  const places = fill(inFlight, "write", maxWritesInFlight);
  for (let count = 0; count < 4; count++) askedToWait(inFlight, "write");
  for (const place of places) place.stepOut();
  places[0]?.leave();
  fill(inFlight, "write", maxWritesInFlight);
  time.ms += 1000;
  const waits = Array.from({ length: 4 }, () => askedToWait(inFlight, "write"));
  assert.deepEqual(new Set(waits), new Set([1, 2, 3, 4]));
});

function setUp() {
  const time = { ms: 0 };
  return { time, inFlight: new InFlight({ ...systemClock, monotonicMs: () => time.ms }) };
}

function fill(inFlight: InFlight, kind: "read" | "write", count: number): Place[] {
  return Array.from({ length: count }, () => inFlight.enter(kind));
}

/** Seconds. */
function askedToWait(inFlight: InFlight, kind: "read" | "write"): number {
  try {
    inFlight.enter(kind);
  } catch (error) {
    assert(error instanceof ApiError && error.reason === "TooManyRequests");
    return error.details?.retryAfterSeconds ?? assert.fail("it is not said when to come back");
  }
  assert.fail("there was a place");
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "#api";
import { expiresAtMs } from "./decide.ts";

const end = "2026-01-01T00:00:00Z";

function jobOf(type: string, status: string, ttlSecondsAfterFinished?: number): Job {
  return {
    spec: { template: {}, ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }) },
    status: { conditions: [{ type, status, lastTransitionTime: end }] },
  };
}

test("a finished job goes so long after its end as it says; others stay", () => {
  assert.equal(expiresAtMs(jobOf("Complete", "True", 60)), Date.parse(end) + 60_000);
  assert.equal(expiresAtMs(jobOf("Failed", "True", 0)), Date.parse(end));
  assert.equal(expiresAtMs(jobOf("Failed", "True")), undefined);
  assert.equal(expiresAtMs(jobOf("FailureTarget", "True", 0)), undefined);
  assert.equal(expiresAtMs(jobOf("Complete", "False", 0)), undefined);
  const going = { ...jobOf("Complete", "True", 0), metadata: { deletionTimestamp: end } };
  assert.equal(expiresAtMs(going), undefined);
});

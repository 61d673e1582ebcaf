import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ApiError,
  conflict,
  forbidden,
  invalid,
  isConflict,
  isExpired,
  isNotFound,
  notFound,
} from "./errors.ts";

test("an error about an object names it as Kubernetes does", () => {
  const subject = { resource: "deployments", group: "apps", name: "web" };
  assert.equal(notFound(subject).message, 'deployments.apps "web" not found');
  assert.equal(
    conflict(subject, "the object has been modified").message,
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified',
  );
  assert.equal(forbidden({ resource: "pods" }, "no").message, "pods is forbidden: no");
});

test("every field that is wrong stands in the message and among the causes", () => {
  const one = { field: "spec.replicas", message: "Invalid value: -1: must be greater than or equal to 0" };
  const two = { field: "metadata.name", message: "Required value" };
  const subject = { resource: "deployments", group: "apps", kind: "Deployment", name: "web" };
  assert.equal(
    invalid(subject, [one]).message,
    `Deployment.apps "web" is invalid: spec.replicas: ${one.message}`,
  );
  assert.match(
    invalid(subject, [one, two]).message,
    /is invalid: \[spec\.replicas: .*, metadata\.name: Required value\]$/,
  );
  assert.deepEqual(invalid(subject, [one, two]).details?.causes, [one, two]);
});

test("questions about errors see the reason, not the message", () => {
  assert.ok(isNotFound(notFound({ resource: "pods", name: "a" })));
  assert.ok(!isNotFound(new Error("pods not found")));
  assert.ok(isConflict(conflict({ resource: "pods" }, "x")));
  assert.ok(isExpired(new ApiError("Gone", "old")) && isExpired(new ApiError("Expired", "old")));
});

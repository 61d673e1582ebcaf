import assert from "node:assert/strict";
import { test } from "node:test";
import { ImagePullError } from "../errors.ts";
import { normalizeReference, parseReference } from "./reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

test("what a short name leaves out is filled in", () => {
  const full: Record<string, string> = {
    nginx: "docker.io/library/nginx:latest",
    "nginx:1.27": "docker.io/library/nginx:1.27",
    "bitnami/redis": "docker.io/bitnami/redis:latest",
    "index.docker.io/nginx": "docker.io/library/nginx:latest",
    "ghcr.io/a/b/c:v1": "ghcr.io/a/b/c:v1",
    "localhost/app": "localhost/app:latest",
    "127.0.0.1:5000/app:dev": "127.0.0.1:5000/app:dev",
    [`nginx@${digest}`]: `docker.io/library/nginx@${digest}`,
    [`nginx:1.27@${digest}`]: `docker.io/library/nginx:1.27@${digest}`,
  };
  for (const [short, long] of Object.entries(full)) {
    assert.equal(normalizeReference(short), long);
    assert.equal(normalizeReference(long), long, "a full name stays as it is");
  }
});

test("what is no reference is refused as an invalid image name", () => {
  const bad = [
    "",
    "UPPER",
    "a b",
    "nginx:",
    "nginx:?",
    "nginx@sha256:12",
    "a//b",
    "/nginx",
    "host.io/",
    "x@y@z",
    "../a",
  ];
  for (const text of bad) {
    assert.throws(
      () => parseReference(text),
      (error) => error instanceof ImagePullError && error.reason === "InvalidImageName",
      text,
    );
  }
});

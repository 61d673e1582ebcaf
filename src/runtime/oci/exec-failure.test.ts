import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOfFailure } from "./exec-failure.ts";

const runc = (message: string, level = "error") =>
  `time="2026-11-27T15:46:57Z" level=${level} msg="exec failed: unable to start container process: ${message}"\n`;

test("a command that is not there is 127, one that cannot be executed 126", () => {
  assert.equal(exitCodeOfFailure(runc('exec: \\"nope\\": executable file not found in $PATH')), 127);
  assert.equal(exitCodeOfFailure(runc('exec: \\"/nope\\": stat /nope: no such file or directory')), 127);
  assert.equal(exitCodeOfFailure(runc('exec: \\"/etc/passwd\\": permission denied')), 126);
  assert.equal(
    exitCodeOfFailure("executable file `nope` not found in $PATH: No such file or directory"),
    127,
  );
});

test("other words, warnings and silence are not about the command", () => {
  assert.equal(exitCodeOfFailure(""), undefined);
  assert.equal(exitCodeOfFailure(runc("cannot exec in a stopped container")), undefined);
  assert.equal(exitCodeOfFailure(runc("no such file or directory", "warning")), undefined);
});

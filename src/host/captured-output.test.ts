import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { CapturedOutput } from "./captured-output.ts";

/** What is captured of a stream that brings these chunks. */
async function captured(...chunks: string[]) {
  const stream = new PassThrough();
  const output = new CapturedOutput(stream, "token");
  for (const chunk of chunks) stream.write(chunk);
  return { exitCode: await output.done, text: output.text() };
}

test("an output ends with its token's line, wherever the stream is cut", async () => {
  const all = "said\n\ntoken 17\n";
  for (let cut = 1; cut < all.length; cut += 1) {
    const ended = await captured(all.slice(0, cut), all.slice(cut));
    assert.deepEqual(ended, { exitCode: 17, text: "said\n" }, `cut at ${cut}`);
  }
});

test("what something else writes right behind that line is nobody's", async () => {
  for (const late of ["late", "late\n", `${"late ".repeat(100)}\n`]) {
    assert.deepEqual(await captured(`said\n\ntoken 0\n${late}`), { exitCode: 0, text: "said\n" });
    assert.deepEqual(await captured("said\n\ntoken 0\n", late), { exitCode: 0, text: "said\n" });
  }
});

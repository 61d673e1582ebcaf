import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseProgram } from "./pause-program.ts";

const start = 120;
const entryOf = (program: Buffer) => Number(program.readBigUInt64LE(24)) - 0x400000;
/** Where the program says that its `struct sigaction` is. */
const actionOf: Record<string, (program: Buffer) => number> = {
  // Relative to the end of the instruction, seven bytes long.
  x64: (program) => start + 5 + 7 + program.readInt32LE(start + 5 + 3),
  // Relative to the instruction; the upper part of the distance begins at bit 5.
  arm64: (program) => start + 4 + ((program.readUInt32LE(start + 4) >>> 5) & 0x7ffff) * 4,
};

for (const [architecture, machine] of [
  ["x64", 62],
  ["arm64", 183],
] as const) {
  test(`for ${architecture} it begins where its code does, and finds its data`, () => {
    const program = Buffer.from(pauseProgram(architecture));
    assert.equal(program.readUInt16LE(18), machine);
    assert.equal(entryOf(program), start);
    const action = actionOf[architecture]?.(program) ?? 0;
    assert.equal(action, program.length - 32);
    assert.equal(program.readBigUInt64LE(action), 1n, "SIG_IGN");
    assert.equal(Number(program.readBigUInt64LE(64 + 32)), program.length, "all of it is loaded");
  });
}

test("there is none for other architectures, and that is said", () => {
  assert.throws(() => pauseProgram("riscv64"), /no pause program for riscv64/);
});

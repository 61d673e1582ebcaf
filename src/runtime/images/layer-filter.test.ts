import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type TestFile, testTar } from "#testing";
import { filterLayer } from "./layer-filter.ts";
import { TarReader } from "./tar-reader.ts";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function filtered(
  files: readonly TestFile[],
  size = 1000,
): Promise<{ name: string; type: string; content: string }[]> {
  const reader = new TarReader(filterLayer(pieces(await testTar(files), size)));
  const found = [];
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    const chunks: Buffer[] = [];
    for await (const chunk of reader.content()) chunks.push(chunk);
    const content = Buffer.concat(chunks).subarray(0, entry.size).toString();
    const opaque = entry.blocks.includes("trusted.overlay.opaque=y") ? " opaque" : "";
    found.push({ name: entry.name, type: entry.type + opaque, content });
  }
  return found;
}

test("files, links and directories pass as they are", async () => {
  const long = `${"d".repeat(90)}/${"f".repeat(150)}`;
  assert.deepEqual(
    await filtered([
      { name: "a/", type: "directory" },
      { name: "a/file", content: "content" },
      { name: "a/hard", type: "link", target: "a/file" },
      { name: "a/soft", type: "symlink", target: "/etc/passwd" },
      { name: long, content: "x" },
    ]),
    [
      { name: "a/", type: "5", content: "" },
      { name: "a/file", type: "0", content: "content" },
      { name: "a/hard", type: "1", content: "" },
      { name: "a/soft", type: "2", content: "" },
      { name: long, type: "0", content: "x" },
    ],
  );
});

test("a whiteout becomes a character device, an opaque mark an attribute of its directory", async () => {
  assert.deepEqual(
    await filtered([
      { name: "a/", type: "directory" },
      { name: "a/.wh.gone" },
      { name: "b/", type: "directory", mode: 0o700 },
      { name: "b/.wh..wh..opq" },
      { name: "c/.wh..wh..opq" },
      { name: "c/", type: "directory" },
      { name: ".wh..wh.plnk", type: "directory" },
    ]),
    [
      { name: "a/", type: "5", content: "" },
      { name: "a/gone", type: "3", content: "" },
      { name: "b/", type: "5", content: "" },
      { name: "b/", type: "5 opaque", content: "" },
      { name: "c", type: "5 opaque", content: "" },
      { name: "c/", type: "5 opaque", content: "" },
    ],
  );
});

test("device nodes are left out", async () => {
  assert.deepEqual(await filtered([{ name: "dev/mem", type: "character-device" }]), []);
});

test("names that lead out of the layer are refused", async () => {
  const attacks: TestFile[][] = [
    [{ name: "../evil" }],
    [{ name: "a/../../evil" }],
    [{ name: "a", type: "link", target: "../../etc/shadow" }],
    [
      { name: "a", type: "symlink", target: "/etc" },
      { name: "a/passwd", content: "root::0:0" },
    ],
    [
      { name: "a", type: "symlink", target: "b" },
      { name: "x", type: "link", target: "a/file" },
    ],
    [{ name: "./a", type: "symlink", target: "/" }, { name: "/a/.wh.etc" }],
  ];
  for (const files of attacks) await assert.rejects(filtered(files), /refused/, JSON.stringify(files));
});

test("a damaged or shortened archive is refused", async () => {
  const tar = await testTar([{ name: "file", content: "x".repeat(2000) }]);
  const read = async (bytes: Buffer) => {
    for await (const _chunk of filterLayer(pieces(bytes, 100)));
  };
  await assert.rejects(read(tar.subarray(0, 1500)), /ends in a file/);
  const damaged = Buffer.from(tar);
  damaged[10] = 0x41;
  await assert.rejects(read(damaged), /wrong check sum/);
  await assert.rejects(read(Buffer.alloc(1024, "not a tar")), /wrong check sum/);
});

test("how the bytes are cut into chunks changes nothing", async () => {
  const files: TestFile[] = [
    { name: "a/", type: "directory" },
    { name: "a/one", content: "1".repeat(700) },
    { name: `${"long/".repeat(40)}two`, content: "2" },
    { name: "a/.wh..wh..opq" },
  ];
  const whole = await filtered(files, 1_000_000);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
      assert.deepEqual(await filtered(files, size), whole);
    }),
    { numRuns: 30 },
  );
});

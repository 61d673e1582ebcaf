import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import {
  digestOf,
  dockerArchive,
  ociArchive,
  type TestImage,
  TestRegistry,
  testImage,
  testTar,
} from "#testing";
import { ImagePullError } from "../errors.ts";
import { type LocalImageStore, openImageStore } from "./image-store.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const directory = await mkdtemp(join(tmpdir(), "nacre-test-images-"));
after(() => rm(directory, { recursive: true }));
const skip = process.getuid?.() === 0 ? false : "needs root: layers keep their owners";

let stores = 0;
async function newStore(): Promise<{ store: LocalImageStore; path: string }> {
  stores += 1;
  const path = join(directory, `store-${stores}`);
  return { store: await openImageStore({ host, clock: systemClock, stateDirectory: path }), path };
}

async function saved(content: Buffer): Promise<string> {
  stores += 1;
  const path = join(directory, `archive-${stores}.tar`);
  await writeFile(path, content);
  return path;
}

const small = () =>
  testImage([[{ name: "hello", content: "hi" }]], { Env: ["A=1"], User: "app", StopSignal: "SIGQUIT" });

async function leftovers(path: string): Promise<string[]> {
  const parts = ["layers", "records", "names", "leases", "staging"];
  const lists = await Promise.all(parts.map((part) => readdir(join(path, "images", part))));
  return lists.flat();
}

async function refusal(work: Promise<unknown>): Promise<ImagePullError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ImagePullError, `expected a refusal, got ${error}`);
  return error;
}

test("an OCI layout is imported with its name, configuration and layers", { skip }, async () => {
  const { store } = await newStore();
  const image = await small();
  const path = await saved(await ociArchive([{ image, name: "example.com/small:1" }]));
  const [imported] = await store.importArchive(path);
  assert.equal(imported?.id, image.id);
  assert.deepEqual(imported.names, ["example.com/small:1"]);
  assert.deepEqual(imported.digests, [`example.com/small@${image.manifestDigest}`]);
  assert.equal(imported.config.user, "app");
  assert.equal(imported.config.stopSignal, "SIGQUIT");
  const { names: _names, digests: _digests, ...content } = imported;
  assert.deepEqual(await store.resolve("example.com/small:1"), content);
  assert.deepEqual(await store.resolve(image.id), content);
  assert.deepEqual(await store.list(), [imported]);
});

test("a docker archive, compressed, is imported under names of one's own", { skip }, async () => {
  const { store } = await newStore();
  const path = await saved(gzipSync(await dockerArchive(await small(), ["small:1"])));
  const [imported] = await store.importArchive(path, { names: ["other"] });
  assert.deepEqual(imported?.names, ["docker.io/library/other:latest"]);
  assert.equal(await store.resolve("small:1"), undefined);
});

test("an OCI layout as a directory is imported in place", { skip }, async () => {
  const { store } = await newStore();
  const image = await small();
  const layout = join(directory, "layout");
  await host.files.makeDirectory(join(layout, "blobs/sha256"));
  for (const [digest, bytes] of image.blobs)
    await writeFile(join(layout, "blobs", digest.replace(":", "/")), bytes);
  const entry = { mediaType: "x", digest: image.manifestDigest, size: image.manifest.length };
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  const [imported] = await store.importArchive(layout, { names: ["built"] });
  assert.equal(imported?.id, image.id);
});

test("a layer unpacks with owners, modes, links and whiteouts as overlay wants them", { skip }, async () => {
  const { store, path } = await newStore();
  const image = await testImage([
    [
      { name: "home/", type: "directory", mode: 0o750, user: 1000, group: 1001 },
      { name: "home/file", content: "x", mode: 0o4755, user: 1000, group: 1001 },
      { name: "home/hard", type: "link", target: "home/file" },
      { name: "home/soft", type: "symlink", target: "/nowhere" },
    ],
    [
      { name: "home/", type: "directory", mode: 0o750, user: 1000, group: 1001 },
      { name: "home/.wh.soft" },
      { name: "opaque/", type: "directory" },
      { name: "opaque/.wh..wh..opq" },
    ],
  ]);
  await store.importArchive(await saved(await ociArchive([{ image, name: "a/b:1" }])));
  const claimed = await store.claim(image.id, "one");
  const [upper = "", lower = ""] = claimed.layers.map((name) => join(claimed.directory, name));
  const file = await stat(join(lower, "home/file"));
  assert.equal(file.mode & 0o7777, 0o4755);
  assert.deepEqual([file.uid, file.gid, file.nlink], [1000, 1001, 2]);
  assert.equal((await stat(join(lower, "home"))).mode & 0o7777, 0o750);
  const whiteout = await stat(join(upper, "home/soft"));
  assert.ok(whiteout.isCharacterDevice() && whiteout.rdev === 0);
  // The proof of both marks is what overlay makes of them.
  const merged = join(path, "merged");
  await host.files.makeDirectory(merged);
  await host.files.makeDirectory(join(lower, "opaque"));
  await writeFile(join(lower, "opaque/hidden"), "");
  const lowers = claimed.layers.join(":");
  await host.mounts.mount({
    type: "overlay",
    target: merged,
    options: [`lowerdir=${lowers}`],
    directory: claimed.directory,
  });
  const seen = { home: await readdir(join(merged, "home")), opaque: await readdir(join(merged, "opaque")) };
  await host.mounts.unmount(merged);
  assert.deepEqual(seen, { home: ["file", "hard"], opaque: [] });
});

test("binary extended attributes survive: a file's capabilities", { skip }, async () => {
  const { store } = await newStore();
  const attribute = Buffer.concat([
    Buffer.from("SCHILY.xattr.security.capability="),
    Buffer.from("0100000280200000000000000000000000000000", "hex"),
  ]);
  const record = Buffer.concat([Buffer.from(`${attribute.length + 4} `), attribute, Buffer.from("\n")]);
  // A pax header is a file of type x with such records: here made from a plain file's header and its check sum.
  const tar = await testTar([
    { name: "attributes", content: record },
    { name: "ping", content: "#!" },
  ]);
  tar[156] = "x".charCodeAt(0);
  const sum = tar
    .subarray(0, 512)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const image = await rawLayer(tar);
  await store.importArchive(await saved(await ociArchive([{ image, name: "cap:1" }])));
  const claimed = await store.claim(image.id, "one");
  const unpacked = join(claimed.directory, claimed.layers[0] ?? "");
  const again = execFileSync("tar", ["-c", "--xattrs", "--xattrs-include=*", "-C", unpacked, "ping"]);
  assert.ok(again.includes(attribute));
});

/** An image of one layer that is a tar of somebody else's. */
async function rawLayer(tar: Buffer): Promise<TestImage> {
  const config = Buffer.from(JSON.stringify({ rootfs: { type: "layers", diff_ids: [digestOf(tar)] } }));
  const describe = (bytes: Buffer) => ({ mediaType: "x", digest: digestOf(bytes), size: bytes.length });
  const document = { schemaVersion: 2, config: describe(config), layers: [describe(tar)] };
  const manifest = Buffer.from(JSON.stringify(document));
  const blobs = new Map([config, manifest, tar].map((bytes) => [digestOf(bytes), bytes]));
  return { config, layers: [tar], manifest, blobs, manifestDigest: digestOf(manifest), id: digestOf(config) };
}

test("an import that fails half-way leaves nothing", { skip }, async () => {
  const { store, path } = await newStore();
  const image = await testImage([[{ name: "good" }], [{ name: "../evil" }]]);
  await assert.rejects(
    store.importArchive(await saved(await ociArchive([{ image, name: "evil:1" }]))),
    /^ApiError: cannot import .*: refused: the name "..\/evil" leads out of the layer/,
  );
  assert.deepEqual(await leftovers(path), []);
});

test("what is no image archive is refused with what it lacks", { skip }, async () => {
  const { store } = await newStore();
  await assert.rejects(
    store.importArchive(await saved(Buffer.from("not a tar".repeat(200)))),
    /cannot import .*check sum/,
  );
  await assert.rejects(
    store.importArchive("/nowhere.tar"),
    /cannot import \/nowhere.tar: there is no such file/,
  );
});

test("a pull fetches an image once for all who ask at the same time", { skip }, async () => {
  const registry = await TestRegistry.start();
  try {
    const { store } = await newStore();
    const image = await small();
    const reference = registry.add("team/small", "1", image);
    const [one, two] = await Promise.all([store.pull(reference), store.pull(reference)]);
    assert.deepEqual(one, two);
    assert.equal(one?.id, image.id);
    assert.deepEqual(one?.digests, [`${registry.host}/team/small@${image.manifestDigest}`]);
    assert.equal(registry.requests.length, 3, registry.requests.join("\n"));
    await store.pull(reference);
    assert.equal(registry.requests.length, 4, "an image that is here costs one look at its manifest");
    assert.equal((await store.pull(`${registry.host}/team/small@${image.manifestDigest}`)).id, image.id);
  } finally {
    await registry.close();
  }
});

test("a manifest list gives the image for this machine", { skip }, async () => {
  const registry = await TestRegistry.start();
  try {
    const { store } = await newStore();
    const image = await small();
    registry.add("multi", "own", image);
    const platform = (architecture: string) => ({ os: "linux", architecture });
    const own = process.arch === "x64" ? "amd64" : process.arch;
    const type = "application/vnd.oci.image.index.v1+json";
    const list = (architecture: string) =>
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: type,
          manifests: [
            { mediaType: "x", digest: digestOf(Buffer.from("other")), size: 5, platform: platform("s390x") },
            { mediaType: "x", digest: image.manifestDigest, size: 1, platform: platform(architecture) },
          ],
        }),
      );
    registry.addManifest("multi", "good", list(own), type);
    registry.addManifest("multi", "bad", list("sparc"), type);
    assert.equal((await store.pull(`${registry.host}/multi:good`)).id, image.id);
    assert.match((await refusal(store.pull(`${registry.host}/multi:bad`))).message, /not made for linux\//);
  } finally {
    await registry.close();
  }
});

test("a registry that asks for a token gets credentials, and refuses wrong ones", { skip }, async () => {
  const credentials = { username: "user", password: "secret" };
  const registry = await TestRegistry.start({ credentials });
  try {
    const { store } = await newStore();
    const reference = registry.add("private", "1", await small());
    assert.equal((await refusal(store.pull(reference))).reason, "Unauthorized");
    const wrong = { username: "user", password: "wrong" };
    assert.equal((await refusal(store.pull(reference, { credentials: wrong }))).reason, "Unauthorized");
    assert.equal((await store.pull(reference, { credentials })).id, (await small()).id);
  } finally {
    await registry.close();
  }
});

test("a pull that cannot work says why in Kubernetes' words", { skip }, async () => {
  const image = await small();
  const registry = await TestRegistry.start({
    intercept: (request, response) => {
      if (request.url?.includes("/broken/blobs/"))
        return Boolean(response.writeHead(200).end("something else"));
      if (request.url?.includes("/down/")) return Boolean(response.writeHead(503).end());
      return false;
    },
  });
  const { store, path } = await newStore();
  registry.add("broken", "1", image);
  const reasonOf = async (reference: string) => (await refusal(store.pull(reference))).reason;
  assert.equal(await reasonOf(`${registry.host}/none:1`), "ImageNotFound");
  assert.equal(await reasonOf(`${registry.host}/down:1`), "RegistryUnavailable");
  assert.equal(await reasonOf(`${registry.host}/broken:1`), "ErrImagePull");
  assert.equal(await reasonOf("UPPER:1"), "InvalidImageName");
  const gone = registry.host;
  await registry.close();
  assert.equal(await reasonOf(`${gone}/small:1`), "RegistryUnavailable");
  assert.deepEqual(await leftovers(path), []);
});

test("a pull that nobody waits for any more stops", { skip }, async () => {
  const asked = Promise.withResolvers<void>();
  const registry = await TestRegistry.start({
    intercept: () => {
      asked.resolve();
      return true;
    },
  });
  try {
    const { store, path } = await newStore();
    const stop = new AbortController();
    const pull = store.pull(`${registry.host}/slow:1`, { signal: stop.signal });
    await asked.promise;
    stop.abort(new Error("pod deleted"));
    await assert.rejects(pull, /pod deleted/);
    assert.deepEqual(await leftovers(path), []);
  } finally {
    await registry.close();
  }
});

test("content goes with its last name, unless a container uses it", { skip }, async () => {
  const { store, path } = await newStore();
  const shared = [{ name: "base" }];
  const one = await testImage([shared, [{ name: "one" }]]);
  const two = await testImage([shared, [{ name: "two" }]]);
  await store.importArchive(
    await saved(
      await ociArchive([
        { image: one, name: "one:1" },
        { image: two, name: "two:1" },
      ]),
    ),
  );
  await store.tag("one:1", "one:2");
  const layers = async () =>
    (await readdir(join(path, "images/layers"))).filter((name) => !name.endsWith(".json"));
  assert.equal((await layers()).length, 3);
  await store.remove("one:1");
  assert.equal((await layers()).length, 3, "one:2 still names it");
  await store.claim(one.id, "container");
  await store.remove("one:2");
  assert.equal((await layers()).length, 3, "a container still uses it");
  await store.release("container");
  await store.collect();
  assert.equal((await layers()).length, 2);
  await store.remove(two.id);
  assert.deepEqual(await leftovers(path), []);
});

test("what a process that died left behind is collected, what a living one makes is not", {
  skip,
}, async () => {
  const { store, path } = await newStore();
  const lease = (holder: unknown) => JSON.stringify({ formatVersion: 1, images: [], layers: [], holder });
  await writeFile(join(path, "images/leases/dead.json"), lease({ pid: process.pid, startTime: "1" }));
  await host.files.makeDirectory(join(path, "images/staging/dead/layer-1"));
  const startTime = await host.startTime(process.pid);
  await writeFile(join(path, "images/leases/alive.json"), lease({ pid: process.pid, startTime }));
  await host.files.makeDirectory(join(path, "images/staging/alive"));
  await store.collect();
  assert.deepEqual((await leftovers(path)).sort(), ["alive", "alive.json"]);
});

test("two processes see each other's images at once", { skip }, async () => {
  const { store, path } = await newStore();
  const other = await openImageStore({ host, clock: systemClock, stateDirectory: path });
  const image = await small();
  await other.importArchive(await saved(await ociArchive([{ image, name: "seen:1" }])));
  assert.equal((await store.resolve("seen:1"))?.id, image.id);
  await store.remove("seen:1");
  assert.equal(await other.resolve("seen:1"), undefined);
  assert.match(await readFile(join(path, "images/records/none"), "utf8").catch(String), /ENOENT/);
});

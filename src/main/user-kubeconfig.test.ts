import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse, stringify } from "yaml";
import { silentLogger, systemClock } from "#base";
import { layoutOf } from "#cluster";
import { createHost } from "#host";
import { addToKubeconfig, removeFromKubeconfigs } from "./user-kubeconfig.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const directory = mkdtempSync(join(tmpdir(), "nacre-kubeconfig-"));
after(() => rmSync(directory, { recursive: true }));

/** A person's home and a cluster, of one test alone. */
function place() {
  const own = mkdtempSync(join(directory, "place-"));
  const layout = layoutOf(join(own, "cluster"));
  mkdirSync(layout.data);
  return { home: own, layout, usual: join(own, ".kube/config"), ours: { layout, text } };
}

const kubeconfig = (name: string, authority: string) =>
  stringify({
    clusters: [
      { name, cluster: { server: "https://127.0.0.1:6443", "certificate-authority-data": authority } },
    ],
    users: [{ name: `${name}-admin`, user: { token: authority } }],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    "current-context": name,
  });
const text = kubeconfig("nacre", "ours");
const work = kubeconfig("work", "theirs");

function wasThere(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

const contextsIn = (path: string) =>
  (parse(readFileSync(path, "utf8")) as { contexts: { name: string }[] }).contexts.map(({ name }) => name);

test("a purge finds the context where it was written, whatever KUBECONFIG is by then", async () => {
  const { home, layout, ours, usual } = place();
  wasThere(usual, work);
  const other = join(home, "other");
  await addToKubeconfig(host, { HOME: home }, ours);
  await addToKubeconfig(host, { HOME: home, KUBECONFIG: other }, ours);
  assert.deepEqual(contextsIn(usual), ["work", "nacre"]);
  assert.deepEqual(contextsIn(other), ["nacre"]);
  const admin = join(layout.data, "kubeconfig/admin.kubeconfig");
  wasThere(admin, ours.text);
  const kept = await removeFromKubeconfigs(host, { HOME: home, KUBECONFIG: admin }, ours);
  assert.deepEqual(kept, []);
  assert.deepEqual(parse(readFileSync(usual, "utf8")), parse(work));
  assert.equal(await host.files.exists(other), false);
});

test("a context that a person has copied to the present kubeconfig goes too", async () => {
  const { home, ours, usual } = place();
  await addToKubeconfig(host, { HOME: home }, ours);
  const copy = join(home, "copy");
  wasThere(copy, ours.text);
  await removeFromKubeconfigs(host, { HOME: home, KUBECONFIG: copy }, ours);
  assert.equal(await host.files.exists(copy), false);
  assert.equal(await host.files.exists(usual), false);
});

test("the context of another cluster that took the name stays", async () => {
  const { home, ours, usual } = place();
  await addToKubeconfig(host, { HOME: home }, ours);
  const theirs = kubeconfig("nacre", "another cluster");
  writeFileSync(usual, theirs);
  assert.deepEqual(await removeFromKubeconfigs(host, { HOME: home }, ours), []);
  assert.equal(readFileSync(usual, "utf8"), theirs);
});

test("a kubeconfig that is gone or cannot be read is told of, and the others are cleared", async () => {
  const { home, ours } = place();
  const paths = ["gone", "directory", "broken", "fine"].map((name) => join(home, name));
  const [gone = "", aDirectory = "", broken = "", fine = ""] = paths;
  for (const path of paths) await addToKubeconfig(host, { KUBECONFIG: path }, ours);
  rmSync(gone);
  rmSync(aDirectory);
  mkdirSync(aDirectory);
  writeFileSync(broken, "clusters: [");
  const kept = await removeFromKubeconfigs(host, { HOME: home }, ours);
  assert.deepEqual(
    kept.map(({ path, isGone }) => ({ path, isGone })),
    [
      { path: gone, isGone: true },
      { path: aDirectory, isGone: false },
      { path: broken, isGone: false },
    ],
  );
  for (const { path, why } of kept) assert.ok(why.includes(path), why);
  assert.equal(await host.files.exists(fine), false);
});

test("where the list of kubeconfigs is damaged, the present one is cleared", async () => {
  const { home, layout, ours, usual } = place();
  await addToKubeconfig(host, { HOME: home }, ours);
  writeFileSync(join(layout.data, "kubeconfigs.json"), "{");
  assert.deepEqual(await removeFromKubeconfigs(host, { HOME: home }, ours), []);
  assert.equal(await host.files.exists(usual), false);
});

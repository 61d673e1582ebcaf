import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { parse } from "yaml";
import { type Clock, must, systemClock, systemRandom } from "#base";
import { addressBytes } from "./address-bytes.ts";
import { ensurePki } from "./ensure-pki.ts";
import { kubeconfigFor, kubeconfigText } from "./kubeconfig.ts";
import { clusterSubjects, nodeSubject, openPki } from "./pki.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-pki-"));
after(() => rmSync(directory, { recursive: true }));
const options = { clock: systemClock, random: systemRandom };
const later = (days: number): Clock => ({ ...systemClock, now: () => systemClock.now() + days * 86_400_000 });

test("keys are made once and only their owner may read them", () => {
  const path = join(directory, "once");
  const first = openPki(path, options);
  const admin = first.client("admin", clusterSubjects.admin);
  const second = openPki(path, options);
  assert.equal(second.authority, first.authority);
  assert.deepEqual(second.client("admin", clusterSubjects.admin), admin);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  for (const file of ["ca.key", "ca.crt", "admin.key", "admin.crt"]) {
    assert.equal(statSync(join(path, file)).mode & 0o777, 0o600, file);
  }
});

test("the serving certificate is made anew when a name is missing or its end nears, and kept otherwise", () => {
  const path = join(directory, "serving");
  const pki = openPki(path, options);
  const first = pki.serving(["10.96.0.1"]);
  assert.equal(pki.serving(["10.96.0.1"]).certificate, first.certificate);
  const second = pki.serving(["10.96.0.1", "nacre.example", "fd00::1"]);
  assert.notEqual(second.certificate, first.certificate);
  const parsed = new X509Certificate(second.certificate);
  for (const name of ["nacre.example", "kubernetes.default.svc"]) assert.ok(parsed.checkHost(name));
  for (const address of ["10.96.0.1", "127.0.0.1", "::1", "fd00::1"]) assert.ok(parsed.checkIP(address));
  const renewed = openPki(path, { ...options, clock: later(300) }).serving(["10.96.0.1"]);
  assert.notEqual(renewed.certificate, second.certificate);
});

test("a certificate of another authority is not kept", () => {
  const path = join(directory, "other");
  const old = openPki(path, options).client("admin", clusterSubjects.admin);
  for (const file of ["ca.key", "ca.crt"]) rmSync(join(path, file));
  const renewed = openPki(path, options);
  const admin = renewed.client("admin", clusterSubjects.admin);
  assert.notEqual(admin.certificate, old.certificate);
  assert.ok(new X509Certificate(admin.certificate).verify(new X509Certificate(renewed.authority).publicKey));
});

test("a broken authority is named, with what to do, and left alone", () => {
  const path = join(directory, "broken");
  openPki(path, options);
  writeFileSync(join(path, "ca.crt"), "not a certificate");
  assert.throws(
    () => openPki(path, options),
    /cannot read the certificate .*ca\.crt.*Restore it from a backup/,
  );
  rmSync(join(path, "ca.key"));
  assert.throws(() => openPki(path, options), /ca\.crt is there but ca\.key is not/);
});

test("TLS with client certificates works both ways, and shows common name and organizations", async () => {
  const pki = openPki(join(directory, "tls"), options);
  const serving = pki.serving([]);
  const node = pki.client("node-n1", nodeSubject("n1"));
  const server = createServer({
    cert: serving.certificate,
    key: serving.key,
    ca: pki.authority,
    requestCert: true,
    rejectUnauthorized: true,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = must(server.address() as { port: number } | null, "listening").port;
  const accepted = new Promise<TLSSocket>((resolve) => server.once("secureConnection", resolve));
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: pki.authority,
    cert: node.certificate,
    key: node.key,
  });
  const subject = (await accepted).getPeerCertificate().subject;
  assert.equal(subject.CN, "system:node:n1");
  assert.equal(subject.O, "system:nodes");
  socket.destroy();
  server.close();
});

test("addresses become bytes", () => {
  assert.deepEqual([...addressBytes("10.96.0.1")], [10, 96, 0, 1]);
  assert.deepEqual([...addressBytes("::1")], [...new Array(15).fill(0), 1]);
  assert.deepEqual([...addressBytes("fd00:1::a:b")], [0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 11]);
  assert.deepEqual([...addressBytes("::ffff:10.0.0.1")], [...new Array(10).fill(0), 0xff, 0xff, 10, 0, 0, 1]);
});

test("a kubeconfig embeds everything a client needs", () => {
  const pki = openPki(join(directory, "kubeconfig"), options);
  const credentials = pki.client("admin", clusterSubjects.admin);
  const config = kubeconfigFor({
    name: "nacre",
    server: "https://127.0.0.1:6443",
    authority: pki.authority,
    user: "nacre-admin",
    credentials,
  });
  const embedded = must(config.users[0], "one user").user["client-key-data"];
  assert.equal(Buffer.from(embedded, "base64").toString(), credentials.key);
  assert.equal(config["current-context"], "nacre");
});

test("ensuring twice writes every program's kubeconfig once", () => {
  const plan = {
    ...options,
    directory: join(directory, "ensure", "pki"),
    kubeconfigDirectory: join(directory, "ensure", "kubeconfig"),
    clusterName: "nacre",
    server: "https://127.0.0.1:6443",
    nodeName: "n1",
    servingNames: ["10.96.0.1"],
  };
  const first = ensurePki(plan);
  const written = statSync(first.kubeconfigs.node).mtimeMs;
  assert.deepEqual(ensurePki(plan), first);
  assert.equal(statSync(first.kubeconfigs.node).mtimeMs, written);
  const text = readFileSync(first.kubeconfigs.admin, "utf8");
  assert.deepEqual(parse(text).users[0].name, "kubernetes-admin@nacre");
  assert.deepEqual(parse(kubeconfigText(first.adminKubeconfig)), { ...first.adminKubeconfig });
});

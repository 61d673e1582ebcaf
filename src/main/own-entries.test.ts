import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { ownEntries } from "./own-entries.ts";

const cluster = { server: "https://127.0.0.1:6443", "certificate-authority-data": "b3Vycw==" };
const own = {
  clusters: [{ name: "nacre", cluster }],
  users: [{ name: "nacre-admin", user: { token: "ours" } }],
  contexts: [{ name: "nacre", context: { cluster: "nacre", user: "nacre-admin" } }],
  "current-context": "nacre",
};
const work = {
  clusters: [{ name: "work", cluster: { server: "https://work" } }],
  users: [{ name: "me", user: { token: "mine" } }],
  contexts: [{ name: "work", context: { cluster: "work", user: "me" } }],
};

function found(existing: object): typeof own | undefined {
  const text = ownEntries(stringify(existing), stringify(own));
  return text === undefined ? undefined : parse(text);
}

function besides<Part extends "clusters" | "users" | "contexts">(part: Part, ...entries: object[]) {
  return { ...own, [part]: entries };
}

test("of a kubeconfig only what is about the cluster is its own", () => {
  const both = {
    clusters: [...work.clusters, ...own.clusters],
    users: [...work.users, ...own.users],
    contexts: [...work.contexts, ...own.contexts],
    "current-context": "work",
  };
  const { "current-context": _, ...entries } = own;
  assert.deepEqual(found(both), entries);
  assert.equal(found(work), undefined);
  assert.equal(ownEntries("", stringify(own)), undefined);
  assert.equal(ownEntries("just words", stringify(own)), undefined);
});

test("a cluster of the same name with another address or another authority is another cluster", () => {
  for (const other of [{ server: "https://127.0.0.1:7443" }, { "certificate-authority-data": "dGhlaXJz" }]) {
    const users = [{ name: "nacre-admin", user: { token: "theirs" } }];
    const clusters = [{ name: "nacre", cluster: { ...cluster, ...other } }];
    assert.equal(found({ ...own, clusters, users }), undefined);
  }
});

test("a context is its cluster's by whatever name, with what a person has set in it", () => {
  const context = { cluster: "nacre", user: "nacre-admin", namespace: "shop" };
  const renamed = { ...besides("contexts", { name: "mine", context }), "current-context": "mine" };
  assert.deepEqual(found(renamed), renamed);
});

test("a user whom a context of another cluster names stays, and so does one that a person has made", () => {
  const contexts = [...own.contexts, { name: "both", context: { cluster: "work", user: "nacre-admin" } }];
  assert.deepEqual(found({ ...own, contexts })?.users, []);
  const users = [...own.users, { name: "robot", user: { token: "made by hand" } }];
  assert.deepEqual(found({ ...own, users })?.users, own.users);
});

test("keys of the cluster are its own also where somebody has taken the rest away", () => {
  assert.deepEqual(found({ users: own.users })?.users, own.users);
  assert.equal(found({ users: [{ name: "nacre-admin", user: { token: "another" } }] }), undefined);
});

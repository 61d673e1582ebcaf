import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLocalJWKSet, jwtVerify, SignJWT } from "jose";
import {
  nodes,
  type Pod,
  pods,
  serviceAccounts,
  type TokenRequest,
  type TokenRequestSpec,
  type TokenReview,
  tokenReviews,
} from "#api";
import { type Clock, isConflict, isForbidden, isInvalid, isNotFound, systemClock, systemRandom } from "#base";
import { createAuthenticator } from "../authentication/authenticator.ts";
import type { RequestAttributes, User } from "../ports.ts";
import { MemoryFeed } from "../testing/memory-feed.ts";
import { openSigningKey } from "./signing-key.ts";
import { tokenAuthenticator } from "./token-authenticator.ts";
import { tokenIssuer } from "./token-issuer.ts";
import { tokenRequests } from "./token-request.ts";
import { tokenReviewResource } from "./token-review.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-tokens-"));
after(() => rmSync(directory, { recursive: true }));
const audience = "https://kubernetes.default.svc.cluster.local";
const admin: User = { name: "admin", groups: ["system:masters"] };

function world() {
  let now = Date.parse("2026-01-02T03:04:05Z");
  const clock: Clock = { ...systemClock, now: () => now };
  const feed = new MemoryFeed();
  feed.put(serviceAccounts, { metadata: { name: "robot", namespace: "shop", uid: "sa-1" } });
  const issuer = tokenIssuer({
    key: openSigningKey(directory),
    issuer: audience,
    clock,
    random: systemRandom,
  });
  const tokens = tokenAuthenticator({ issuer, read: feed, clock });
  const authenticator = createAuthenticator({ tokens, audience });
  const request = async (spec: TokenRequestSpec = {}, user = admin): Promise<string> => {
    const attributes: RequestAttributes = {
      user,
      verb: "create",
      path: "",
      resource: serviceAccounts,
      subresource: "token",
      name: "robot",
      namespace: "shop",
    };
    const answer = (await tokenRequests(issuer).create(
      { spec } as TokenRequest,
      attributes,
      feed,
    )) as TokenRequest;
    return answer.status?.token ?? "";
  };
  const whois = async (bearerToken: string) => authenticator.authenticate({ bearerToken });
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { feed, issuer, tokens, request, whois, pass };
}

function pod(uid: string, more: Pod["spec"] = { containers: [] }): Pod {
  return {
    metadata: { name: "web-1", namespace: "shop", uid },
    spec: { ...more, serviceAccountName: "robot", nodeName: "n1" },
  };
}

test("the signing key is its owner's alone", () => {
  openSigningKey(directory);
  assert.equal(statSync(join(directory, "sa.key")).mode & 0o777, 0o600);
});

test("a token makes its holder the service account, always as the same user object", async () => {
  const { request, whois } = world();
  const token = await request();
  const user = await whois(token);
  assert.equal(user?.name, "system:serviceaccount:shop:robot");
  assert.equal(user?.uid, "sa-1");
  assert.deepEqual(user?.groups, [
    "system:serviceaccounts",
    "system:serviceaccounts:shop",
    "system:authenticated",
  ]);
  assert.equal(await whois(token), user);
});

test("a token ends at its time, and not before", async () => {
  const { request, whois, pass } = world();
  const token = await request({ expirationSeconds: 600 });
  pass(590);
  assert.ok(await whois(token));
  pass(30);
  await assert.rejects(async () => whois(token), { reason: "Unauthorized" });
});

test("a token for another audience is refused here and accepted by a review for that audience", async () => {
  const { request, whois, tokens, feed } = world();
  const token = await request({ audiences: ["vault"] });
  await assert.rejects(async () => whois(token), { reason: "Unauthorized" });
  const review = { spec: { token, audiences: ["vault", "other"] } } as TokenReview;
  const attributes: RequestAttributes = { user: admin, verb: "create", path: "", resource: tokenReviews };
  const answer = (await tokenReviewResource(tokens, audience).create(
    review,
    attributes,
    feed,
  )) as TokenReview;
  assert.deepEqual(answer.status?.audiences, ["vault"]);
  assert.equal(answer.status?.user?.username, "system:serviceaccount:shop:robot");
});

test("a pod's token names pod and node, and ends with the pod", async () => {
  const { feed, request, whois } = world();
  feed.put(pods, pod("p-1"));
  feed.put(nodes, { metadata: { name: "n1", uid: "n-1" } });
  const token = await request({
    boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "web-1", uid: "p-1" },
  });
  const user = await whois(token);
  assert.deepEqual(user?.extra?.["authentication.kubernetes.io/pod-name"], ["web-1"]);
  assert.deepEqual(user?.extra?.["authentication.kubernetes.io/node-uid"], ["n-1"]);
  feed.put(pods, pod("p-2"));
  await assert.rejects(async () => whois(token), { reason: "Unauthorized" });
});

test("a token ends with its service account", async () => {
  const { feed, request, whois } = world();
  const token = await request();
  assert.ok(await whois(token));
  feed.delete(serviceAccounts, "robot", "shop");
  await assert.rejects(async () => whois(token), { reason: "Unauthorized" });
});

test("a token cannot be bound to a pod that is gone, is another one, or runs as someone else", async () => {
  const { feed, request } = world();
  const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "web-1", uid: "p-1" };
  await assert.rejects(request({ boundObjectRef }), isNotFound);
  feed.put(pods, pod("p-2"));
  await assert.rejects(request({ boundObjectRef }), isConflict);
  const other = pod("p-1");
  feed.put(pods, { ...other, spec: { containers: [], ...other.spec, serviceAccountName: "other" } });
  await assert.rejects(request({ boundObjectRef }), { reason: "BadRequest" });
  await assert.rejects(request({ expirationSeconds: 10 }), isInvalid);
});

test("a node gets tokens only for pods that it runs", async () => {
  const { feed, request, whois } = world();
  feed.put(pods, pod("p-1"));
  const node = (name: string): User => ({ name: `system:node:${name}`, groups: ["system:nodes"] });
  const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "web-1", uid: "p-1" };
  assert.ok(await whois(await request({ boundObjectRef }, node("n1"))));
  await assert.rejects(request({ boundObjectRef }, node("n2")), isForbidden);
  await assert.rejects(request({}, node("n1")), isForbidden);
  await assert.rejects(request({ boundObjectRef: { ...boundObjectRef, uid: "" } }, node("n1")), isForbidden);
});

test("others can verify a token with the published keys", async () => {
  const { issuer, request } = world();
  const token = await request();
  const keys = createLocalJWKSet({ keys: [...(await issuer.keys()).keys] });
  const currentDate = new Date("2026-01-02T03:04:05Z");
  const { payload } = await jwtVerify(token, keys, { issuer: audience, audience, currentDate });
  assert.equal(payload.sub, "system:serviceaccount:shop:robot");
});

test("a forged, altered or foreign token is refused", async () => {
  const { request, whois } = world();
  const token = await request();
  const [header, payload, signature = ""] = token.split(".");
  const flipped = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
  const foreignKey = Buffer.alloc(32, 1);
  const symmetric = await new SignJWT({ iss: audience, sub: "system:masters" })
    .setProtectedHeader({ alg: "HS256" })
    .sign(foreignKey);
  for (const bad of [`${header}.${payload}.${flipped}`, unsigned, symmetric, "x", "a.b.c", ""]) {
    await assert.rejects(async () => whois(bad), { reason: "Unauthorized" }, bad);
  }
});

test("a review without a token finds nobody", async () => {
  const { tokens, feed } = world();
  const review = { spec: {} } as TokenReview;
  const attributes: RequestAttributes = { user: admin, verb: "create", path: "", resource: tokenReviews };
  const answer = await tokenReviewResource(tokens, audience).create(review, attributes, feed);
  assert.equal((answer as TokenReview).status?.authenticated, false);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { type Clock, logger, systemClock } from "#base";
import { client } from "../http/client.ts";
import { get, post } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";
import { oidc } from "./oidc.ts";

const api = {
  who: get("/who", { access: {}, answers: { 200: t.string() } }),
  write: get("/write", { access: { scopes: ["orders:read", "orders:write"] }, answers: { 204: null } }),
  own: get("/customers/{id}", {
    access: {
      policy: ({ subject }, { id }) => (subject === id ? undefined : "these are another customer's orders"),
    },
    answers: { 200: t.string() },
  }),
  open: get("/open", { answers: { 204: null } }),
};

test("a token says who asks; its scopes and the route's policy say what they may", async (context) => {
  const issuer = await startIssuer(context);
  const { url, ask } = await startShop(context, issuer.url);
  const as = (claims: JWTPayload) => client(api, { baseUrl: url, token: () => issuer.sign(claims) });
  assert.equal(await as({ sub: "ada" }).who(), "ada");
  assert.equal(await as({ sub: "ada" }).own({ params: { id: "ada" } }), "ada");
  await as({ sub: "ada", scope: "orders:write orders:read" }).write();
  await as({ sub: "ada", scp: ["orders:write", "orders:read"] }).write();
  await assert.rejects(as({ sub: "ada", scope: "orders:read" }).write(), {
    status: 403,
    message: "the token lacks the scope orders:write",
  });
  await assert.rejects(as({ sub: "eve" }).own({ params: { id: "ada" } }), {
    status: 403,
    message: /another customer/,
  });
  assert.equal((await ask("/open")).status, 204, "a route that says nothing is for anybody");
  const { status, headers } = await ask("/write");
  assert.deepEqual([status, headers.get("www-authenticate")], [401, "Bearer"]);
});

test("keys are rotated without a request failing, and a key that was never the issuer's is refused", async (context) => {
  const issuer = await startIssuer(context);
  const { url } = await startShop(context, issuer.url);
  const with_ = (token: string) => client(api, { baseUrl: url, token: () => token }).who();
  const before = await issuer.sign({ sub: "ada" });
  assert.equal(await with_(before), "ada");
  await issuer.rotate();
  assert.equal(await with_(await issuer.sign({ sub: "bea" })), "bea");
  assert.equal(await with_(before), "ada", "a key that is still published goes on counting");
  const stranger = await startIssuer(context);
  await assert.rejects(with_(await stranger.sign({ sub: "eve", iss: issuer.url })), { status: 401 });
});

test("a token that is old, for others, from others, unsigned or torn is refused with 401", async (context) => {
  const issuer = await startIssuer(context);
  const { ask } = await startShop(context, issuer.url);
  const unsigned = [{ alg: "none" }, { sub: "eve", iss: issuer.url, aud: "shop", exp: 9e9 }];
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const headers = [
    `Bearer ${await issuer.sign({ sub: "ada", exp: 1 })}`,
    `Bearer ${await issuer.sign({ sub: "ada", aud: "bank" })}`,
    `Bearer ${await issuer.sign({ sub: "ada", iss: "https://elsewhere.test" })}`,
    `Bearer ${await issuer.sign({})}`,
    `Bearer ${unsigned.map(part).join(".")}.`,
    `Bearer ${(await issuer.sign({ sub: "ada" })).slice(0, -9)}`,
    "Bearer x",
    "Bearer",
    "Basic YTpi",
  ];
  for (const authorization of headers) {
    const answered = await ask("/who", { headers: { authorization } });
    assert.equal(answered.status, 401, authorization);
    assert.match(
      answered.headers.get("www-authenticate") as string,
      /^Bearer error="invalid_(token|request)"$/,
    );
  }
});

test("an issuer that is not there makes 503, and its return is seen with the next request", async (context) => {
  const issuer = await startIssuer(context);
  issuer.present = false;
  const { url } = await startShop(context, issuer.url);
  const caller = client(api, { baseUrl: url, token: () => issuer.sign({ sub: "ada" }) });
  await assert.rejects(caller.who(), { status: 503 });
  issuer.present = true;
  assert.equal(await caller.who(), "ada");
});

test("an issuer that goes away takes nobody with it for a day; when it is back, what it has withdrawn counts no longer", async (context) => {
  const issuer = await startIssuer(context);
  let nowMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
  const told = Promise.withResolvers<string>();
  const log = logger((_, message) => told.resolve(message));
  const { authenticate } = oidc({ issuer: issuer.url, audience: ["bank", "shop"], logger: log, clock });
  const header = `Bearer ${await issuer.sign({ sub: "ada", aud: ["x", "shop"] })}`;
  const ask = async () => (await authenticate(header)).subject;
  assert.equal(await ask(), "ada");
  issuer.present = false;
  nowMs += 11 * 60_000;
  assert.equal(await ask(), "ada");
  assert.match(await told.promise, /those that are known go on counting/);
  nowMs += 86_400_000;
  await assert.rejects(ask(), { status: 503 });
  issuer.present = true;
  assert.equal(await ask(), "ada");
  issuer.withdraw();
  nowMs += 11 * 60_000;
  // Asked for in the background: nobody waits for it.
  while ((await ask().catch(({ status }) => status)) !== 401);
});

test("a key that was withdrawn while nobody asked for hours is not taken once more; an issuer that is away then costs nobody", async (context) => {
  const issuer = await startIssuer(context);
  let nowMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
  const { authenticate } = oidc({ issuer: issuer.url, audience: "shop", clock });
  const header = `Bearer ${await issuer.sign({ sub: "ada" })}`;
  await authenticate(header);
  issuer.present = false;
  nowMs += 5 * 3_600_000;
  assert.equal((await authenticate(header)).subject, "ada");
  issuer.present = true;
  issuer.withdraw();
  nowMs += 5 * 3_600_000;
  const both = await Promise.allSettled([authenticate(header), authenticate(header)]);
  assert.deepEqual(
    both.map((each) => each.status === "rejected" && each.reason.status),
    [401, 401],
  );
});

test("who may not ask learns nothing about a request's fields", async (context) => {
  const issuer = await startIssuer(context);
  const { ask } = await startService(context, {
    routes: {
      place: post("/orders", { access: { scopes: ["x"] }, body: t.object({}), answers: { 204: null } }),
    },
    authenticator: () => oidc({ issuer: issuer.url, audience: "shop" }),
    handlers: () => ({ place: () => undefined }),
  });
  const place = (headers: Record<string, string>) =>
    ask("/orders", { method: "POST", body: "not JSON", headers });
  assert.equal((await place({})).status, 401);
  assert.equal((await place({ authorization: `Bearer ${await issuer.sign({ sub: "ada" })}` })).status, 403);
});

test("a service whose route says who may, but that cannot find out, does not start", async (context) => {
  const starting = startService(context, { routes: { who: api.who }, handlers: () => ({ who: () => "" }) });
  await assert.rejects(starting, /the route who says who may ask, but the service has no authenticator/);
});

function startShop(context: TestContext, issuer: string) {
  return startService(context, {
    routes: api,
    authenticator: () => oidc({ issuer, audience: "shop", keyCooldownMs: 0 }),
    handlers: () => ({
      who: ({ principal }) => principal.subject,
      write: () => undefined,
      own: ({ principal }) => principal.subject,
      open: () => undefined,
    }),
  });
}

/** An OpenID Connect issuer, as far as a service sees it: discovery and keys. */
async function startIssuer(context: TestContext) {
  const published: object[] = [];
  let kid = 0;
  let key = await newKey();
  const server = createServer((request, response) => {
    const bodies: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
      "/keys": { keys: published },
    };
    response.writeHead(issuer.present ? 200 : 503).end(JSON.stringify(bodies[request.url ?? ""]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const issuer = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    present: true,
    rotate: async () => {
      key = await newKey();
    },
    withdraw: () => published.splice(0),
    sign: (claims: JWTPayload) =>
      new SignJWT({ iss: issuer.url, aud: "shop", exp: 9_000_000_000, ...claims })
        .setProtectedHeader({ alg: "ES256", kid: String(kid) })
        .sign(key),
  };
  return issuer;

  async function newKey(): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    kid += 1;
    published.push({ ...(await exportJWK(publicKey)), kid: String(kid), alg: "ES256", use: "sig" });
    return privateKey as CryptoKey;
  }
}

import autocannon from "autocannon";

// load.mjs PORT SECONDS: prints what came of it as JSON.
const [, , port, seconds] = process.argv;
const body = {
  customer: "0b8ff1a2-9f7c-4c4c-8a55-2a5a4d2e3f10",
  lines: [
    { item: "pear", count: 2 },
    { item: "fig", count: 1 },
  ],
};
const { requests, latency, non2xx, errors } = await autocannon({
  url: `http://127.0.0.1:${port}/orders/berlin?dry=true`,
  connections: 32,
  duration: Number(seconds),
  method: "POST",
  headers: {
    "content-type": "application/json",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  },
  body: JSON.stringify(body),
});
console.log(
  JSON.stringify({
    perSecond: requests.mean,
    requests: requests.total,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    failed: non2xx + errors,
  }),
);

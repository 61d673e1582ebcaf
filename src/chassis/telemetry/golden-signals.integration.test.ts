import assert from "node:assert/strict";
import { test } from "node:test";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";

test("a request is counted by its route and class of status, never by its path; what is in flight is seen", async (context) => {
  const { ask, line, url } = await startService(context, {
    routes: { read: get("/orders/{id}", { answers: { 200: t.string() } }) },
    handlers: () => ({ read: ({ params }) => params.id }),
  });
  await ask("/orders/4711");
  const { route, path, status, method } = await line("answered");
  assert.deepEqual(
    { route, path, status, method },
    { route: "/orders/{id}", path: "/orders/4711", status: 200, method: "GET" },
  );

  const metrics = await (await fetch(`${url}/metrics`)).text();
  const labels = 'http_request_method="GET",http_route="/orders/{id}",http_response_status_class="2xx"';
  assert.ok(metrics.includes(`http_server_request_duration_seconds_count{${labels}} 1\n`));
  assert.ok(metrics.includes(`http_server_request_duration_seconds_bucket{${labels},le="+Inf"} 1\n`));
  assert.ok(metrics.includes("http_server_active_requests 1\n"), "the one that reads them");
  assert.doesNotMatch(metrics, /4711/);
  for (const name of [
    "nodejs_eventloop_delay_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
  ]) {
    assert.match(metrics, new RegExp(`^${name}(\\{.*\\})? [0-9.e+-]+$`, "m"));
  }
});

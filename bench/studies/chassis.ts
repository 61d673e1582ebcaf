import { lacksNats, lacksPostgres, realPostgres } from "#testing";
import { aligned, digits } from "../aligned.ts";
import { type EventFigures, measureEvents } from "../chassis/events.ts";
import { measureRelays, type RelayFigures } from "../chassis/relays.ts";
import {
  installServers,
  measureRoutes,
  measureStarts,
  type RouteFigures,
  type ServerName,
  type StartName,
} from "../chassis/routes.ts";
import { measureSagas } from "../chassis/sagas.ts";
import { measureShops, type ShopFigures } from "../chassis/shops.ts";
import type { Study } from "./study.ts";

/** What a service on the chassis costs and what it gets, beside what else one would take. */
export const chassis: Study = {
  name: "chassis",
  what: "the chassis: a route beside Fastify and node:http, start, relays, sagas, events, the shop as one process and as seven",
  async run(context, say) {
    const lacks = lacksPostgres() ?? lacksNats();
    if (lacks) throw new Error(lacks);
    say("installing what it is measured beside");
    const servers = await installServers(context);
    const routes = await measureRoutes(servers, say);
    const starts = await measureStarts(context, servers);
    const postgres = await realPostgres({ fsync: "on" });
    context.onEnd(() => postgres.stop());
    const relays = await measureRelays(postgres, say);
    const sagaSteps = await measureSagas(postgres);
    const events = await measureEvents(postgres);
    say("events");
    const shops = await measureShops(say);
    const json = { routes, starts, relays, sagaSteps, events, shops };
    return { text: textOf(json), json, failures: 0 };
  },
};

interface Figures {
  readonly routes: Readonly<Record<ServerName, RouteFigures>>;
  readonly starts: Readonly<Record<StartName, number>>;
  readonly relays: readonly RelayFigures[];
  readonly sagaSteps: number;
  readonly events: EventFigures;
  readonly shops: readonly ShopFigures[];
}

function textOf({ routes, starts, relays, sagaSteps, events, shops }: Figures): string {
  const share = (routes.chassis.perSecond / routes.Fastify.perSecond) * 100;
  return [
    "A typed route: validation, a log line, a span and metrics per request; node:http parses and answers, no more",
    aligned([
      ["", "requests/s", "p50", "p99", "CPU per request", "memory"],
      ...Object.entries(routes).map(([name, each]) => [
        name,
        String(Math.round(each.perSecond)),
        `${digits(each.p50Ms)} ms`,
        `${digits(each.p99Ms)} ms`,
        `${digits(each.cpuMicrosPerRequest)} µs`,
        `${Math.round(each.memoryMb)} MB`,
      ]),
    ]),
    `The chassis answers ${Math.round(share)} % of Fastify's requests (budget: 80 % or more).`,
    "",
    `From start to listening: ${Math.round(starts.chassis)} ms (budget: 150 ms), ${Math.round(starts["chassis, compile cache"])} ms with the compile cache that npm start has; node:http alone ${Math.round(starts["node:http"])} ms.`,
    "",
    "The outbox: from a commit's answer to the handler's start (budget: p50 10 ms), and messages/s (budget: 5,000)",
    aligned([
      ["relay", "p50", "p99", "began before the answer", "messages/s"],
      ...relays.map(({ name, p50Ms, p99Ms, early, perSecond }) => [
        name,
        `${digits(p50Ms)} ms`,
        `${digits(p99Ms)} ms`,
        String(early),
        String(Math.round(perSecond)),
      ]),
    ]),
    "",
    `Sagas: ${Math.round(sagaSteps)} durable steps/s.`,
    "",
    "Event sourcing: eight writers, and a projection of a row per stream",
    eventsTable(events),
    "",
    "examples/shop, the same source, eight customers at once",
    aligned([
      ["", "processes", "memory", "order p50", "p99", "orders to their end/s", "settings"],
      ...shops.map((each) => [
        each.layout,
        String(each.processes),
        `${Math.round(each.memoryMb)} MB`,
        `${digits(each.p50Ms)} ms`,
        `${digits(each.p99Ms)} ms`,
        digits(each.perSecond),
        String(each.settings),
      ]),
    ]),
  ].join("\n");
}

/** What the budgets ask for stands in the README. */
function eventsTable(events: EventFigures): string {
  const rate = (value: number) => `${Math.round(value)}/s`;
  return aligned([
    ["", "measured", "budget"],
    ["transactions of one row, without us", rate(events.commitsPerSecond), ""],
    ["appends at an expected version", rate(events.appendsPerSecond), rate(events.commitsPerSecond / 3)],
    ["events through an asynchronous projection", rate(events.projectedPerSecond), rate(1_000)],
    ["events of a rebuild, one by one", rate(events.rebuiltPerSecond), rate(1_700)],
    ["events of a rebuild, by batches", rate(events.rebuiltByBatchesPerSecond), rate(8_300)],
    ["lag at 100 appends/s, p50", `${digits(events.lagP50Ms)} ms`, "20 ms"],
    ["lag at 100 appends/s, p99", `${digits(events.lagP99Ms)} ms`, "100 ms"],
  ]);
}

import { parseArgs } from "node:util";
import { lacksNats, lacksPostgres } from "#testing";
import { shopInPlace } from "./stage.ts";
import { Town } from "./town.ts";

/** `npm run shop`: examples/shop on a PostgreSQL of its own; with `-- --services` each part as a process. Nothing is kept. */
const { values } = parseArgs({ options: { services: { type: "boolean", default: false } } });
const lacks = lacksPostgres() ?? lacksNats();
if (lacks) {
  console.error(lacks);
  process.exit(1);
}
const town = await Town.open({
  staged: await shopInPlace(),
  layout: values.services ? "services" : "monolith",
});
for (const { name, url, pid } of town.processes) console.log(`${name.padEnd(14)} ${url}  pid ${pid}`);
console.log(`\nThe shop is open: ${town.url}\nCtrl-C closes it.`);
await new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
});
await town.close();

import { get } from "../../http/route.ts";
import { t } from "../../http/schema.ts";
import { service } from "../../service/service.ts";
import { register } from "../register.ts";

/** An instance of `named` in a process of its own: ID, which registers with each of REGISTRIES; as if it were at URL, if that is said. */
const { ID: id = "", REGISTRIES = "", URL: elsewhere } = process.env;
const it = service({
  name: "named",
  version: "1.0.0",
  routes: { who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }) },
  handlers: ({ whenLeaving, clock, logger }) => {
    const registered = register({
      baseUrl: REGISTRIES.split(","),
      service: "named",
      instance: { id, url: elsewhere ?? it.url },
      leaseMs: 1_500,
      clock,
      logger,
    });
    whenLeaving(() => registered.end());
    return { who: () => ({ name: id }) };
  },
});
await it.start();
process.stdout.write(`{"message":"open","url":"${it.url}"}\n`);

import { once } from "node:events";
import { get } from "../../http/route.ts";
import { service } from "../service.ts";

/**
 * A service in a process of its own. /held is answered when a line comes on standard input; with OPEN=held it opens only then, too.
 */
const it = service({
  name: "held",
  version: "1.0.0",
  routes: {
    hello: get("/hello", { answers: { 204: null } }),
    held: get("/held", { answers: { 204: null } }),
    crash: get("/crash", { answers: { 204: null } }),
  },
  handlers: async ({ logger }) => {
    logger.debug("loaded", { modules: Reflect.get(process, "moduleLoadList") });
    if (process.env.OPEN === "held") await once(process.stdin, "data");
    return {
      hello: () => undefined,
      held: async () => {
        logger.info("held");
        await once(process.stdin, "data");
      },
      crash: () => {
        setImmediate(() => {
          throw new Error("nobody catches this");
        });
      },
    };
  },
});
await it.start();
process.stdout.write('{"message":"open"}\n');

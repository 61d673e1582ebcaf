import { configMaps } from "#api";
import { connect } from "#client/node";

/**
 * Creates one object after the other until SIGTERM, whatever happens to the API server meanwhile. Then prints the
 * numbers of those that were acknowledged as one line of JSON. usage: writer.ts KUBECONFIG NAMESPACE
 */
const [kubeconfigPath = "", namespace = ""] = process.argv.slice(2);
const { client } = connect({ kubeconfigPath });
const resource = client.resource(configMaps, namespace);
const acknowledged: number[] = [];
const ended = new AbortController();
process.once("SIGTERM", () => ended.abort());

for (let number = 0; !ended.signal.aborted; number++) {
  const object = { metadata: { name: `written-${number}` }, data: { number: String(number) } };
  const deadline = AbortSignal.timeout(5_000);
  await resource.create(object, { signal: deadline }).then(
    () => acknowledged.push(number),
    // Not acknowledged: nothing was promised. The next one gets a new chance after a moment.
    () => new Promise((resolve) => setTimeout(resolve, 20)),
  );
  if (acknowledged.length === 1) console.log("under way");
}
console.log(JSON.stringify(acknowledged));
process.exit(0);

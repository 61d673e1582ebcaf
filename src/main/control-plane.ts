import {
  bootstrap,
  createApiServer,
  createSecurity,
  keepKubernetesService,
  openKeyRing,
  openSigningKey,
  secretsTransformer,
  stamp,
  startAggregation,
} from "#apiserver";
import { createClient } from "#client";
import { apiServiceAddressOf, dnsAddressOf } from "#cluster";
import { gatewayAddress } from "#network";
import { openSqliteStore } from "#store";
import { whenAddressIsThere } from "./address.ts";
import { applyObjects } from "./apply-objects.ts";
import { dnsService } from "./dns-service.ts";
import { aborted, runProgram } from "./program.ts";
import { pkiOf } from "./start.ts";

await runProgram("control-plane", async ({ config, layout, clock, random, logger, signal }) => {
  const pki = pkiOf(layout, config, { clock, random });
  const store = await openSqliteStore({ directory: layout.store, clock, stamp, logger });
  const server = createApiServer({
    store,
    clock,
    random,
    logger,
    security: createSecurity({
      signingKey: openSigningKey(layout.pki),
      serviceRange: config.serviceRange,
      clock,
      random,
    }),
    transformers: [secretsTransformer(openKeyRing(`${layout.pki}/encryption.json`, random), random)],
    advertisedAddress: `127.0.0.1:${config.port}`,
  });
  const gateway = gatewayAddress(config);
  const advertised = { clusterIP: apiServiceAddressOf(config), address: gateway, port: config.port };
  const { feed, writer } = server;
  await bootstrap({ read: feed, writer, advertised });
  const client = createClient({
    transport: server.transport({ name: "system:apiserver", groups: ["system:masters"] }),
    clock,
  });
  await applyObjects(client, dnsService({ address: dnsAddressOf(config), server: gateway }));
  const aggregation = startAggregation(feed, writer, logger);
  const kept = keepKubernetesService({ feed, writer, advertised, logger });

  const everywhere = config.listen.includes("0.0.0.0");
  const addresses = everywhere ? ["0.0.0.0"] : ["127.0.0.1", gateway, ...config.listen];
  const { certificate, key } = pki.serving;
  for (const host of addresses) {
    await whenAddressIsThere({ clock, logger, signal }, () =>
      server.listen({ host, port: config.port, certificate, key, clientAuthority: pki.authority }),
    );
  }
  logger.info("serving", { addresses, port: config.port });
  await aborted(signal);
  aggregation.close();
  kept.close();
  await server.close();
  await store.close();
});

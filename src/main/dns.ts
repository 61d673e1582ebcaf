import { endpointSlices, services } from "#api";
import { Informers } from "#client";
import { connect } from "#client/node";
import { kubeconfigPath, networkOf } from "#cluster";
import { forwardTo, gatewayAddress, nameservers, runDns } from "#network";
import { whenAddressIsThere } from "./address.ts";
import { runProgram } from "./program.ts";

await runProgram("dns", async ({ config, layout, host, clock, random, logger, signal }) => {
  const address = gatewayAddress(config);
  const network = networkOf(config, layout, address);
  const { client } = connect({ kubeconfigPath: kubeconfigPath(layout, "dns"), clock });
  const informers = new Informers({ client, clock, random, logger, signal });
  await host.files.makeDirectory(layout.dns, { mode: 0o700 });
  const resolvConf = (await host.files.read("/etc/resolv.conf")) ?? "";
  await whenAddressIsThere({ clock, logger, signal }, () =>
    runDns({
      host,
      services: informers.of(services),
      slices: informers.of(endpointSlices),
      address,
      port: 53,
      domain: config.clusterDomain,
      stateFile: `${layout.dns}/names.json`,
      upstream: forwardTo(nameservers(resolvConf, [address, network.dnsAddress]), clock),
      clock,
      random,
      logger,
      signal,
    }),
  );
});

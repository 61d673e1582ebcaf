import { existsSync } from "node:fs";
import { join } from "node:path";
import { deployments } from "#api";
import { type Clock, notFound } from "#base";
import { buildImage } from "#build";
import type { Progress } from "#cli";
import { connect } from "#client/node";
import type { Layout } from "#cluster";
import type { Host } from "#host";
import { openImageStore } from "#runtime";
import { applyManifest } from "./apply-manifest.ts";

export interface ExampleOptions {
  readonly host: Host;
  readonly layout: Layout;
  readonly name: string;
  readonly kubeconfig: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly steps: Progress;
}

/** Builds an example's image, applies its manifest and waits until it is available. Again: changes nothing. */
export async function deployExample(options: ExampleOptions): Promise<{ url: string }> {
  const { host, layout, name, clock, signal, steps } = options;
  const directory = join(import.meta.dirname, "../../examples", name);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(join(directory, "manifest.yaml"))) {
    throw notFound({ resource: "examples", name });
  }
  await steps.step(`Building the image ${name}:v1`, async () => {
    const cacheDirectory = `${layout.data}/cache/build`;
    const image = await buildImage({ host, directory, cacheDirectory, node: process.execPath });
    const images = await openImageStore({ host, stateDirectory: layout.runtime, clock });
    await images.importArchive(image.layout, { names: [`${name}:v1`] });
  });
  const { client } = connect({ kubeconfigPath: options.kubeconfig });
  try {
    await steps.step(`Deploying ${name}`, async () => {
      const manifest = (await host.files.read(join(directory, "manifest.yaml"))) ?? "";
      await applyManifest(client, manifest);
      for await (const { object } of client
        .resource(deployments, "default")
        .watch({ fieldSelector: `metadata.name=${name}`, signal })) {
        const { status, spec, metadata } = object;
        const seen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
        if (
          seen &&
          status?.updatedReplicas === spec?.replicas &&
          status?.availableReplicas === spec?.replicas
        )
          break;
      }
    });
    return { url: "http://127.0.0.1:30080" };
  } finally {
    await client.close();
  }
}

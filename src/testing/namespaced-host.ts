import type { Host } from "#host";

/**
 * A host whose programs run in a network namespace: what they do to devices, routes, tables and `/proc/sys/net` stays in
 * there. For tests of the network, beside others on the same machine.
 */
export function namespacedHost(host: Host, networkNamespace: string): Host {
  const inside = <Started extends { readonly program: string; readonly arguments: readonly string[] }>(
    command: Started,
  ): Started => ({
    ...command,
    program: "nsenter",
    arguments: [`--net=${networkNamespace}`, command.program, ...command.arguments],
  });
  const run: Host["run"] = (command) => host.run(inside(command));
  return {
    ...host,
    run,
    spawn: (command) => host.spawn(inside(command)),
    openBatch: (command) => host.openBatch(inside(command)),
    files: {
      ...host.files,
      async read(path) {
        if (!path.startsWith("/proc/sys/net/")) return host.files.read(path);
        return (await run({ program: "cat", arguments: [path] })).stdout;
      },
      async write(path, content, options) {
        if (!path.startsWith("/proc/sys/net/")) return host.files.write(path, content, options);
        await run({ program: "tee", arguments: [path], input: content });
      },
    },
  };
}

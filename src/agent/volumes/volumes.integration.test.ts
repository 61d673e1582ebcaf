import assert from "node:assert/strict";
import { before, test } from "node:test";
import { configMaps, pods, secrets, type Volume } from "#api";
import { onRealNode } from "../testing/on-real-node.ts";

await onRealNode(import.meta.url, "volumes of real containers", ({ cluster, node }) => {
  before(async () => {
    const data = { colour: "green", size: "big" };
    const binaryData = { bytes: Buffer.from([0, 255]).toString("base64") };
    await cluster.client
      .resource(configMaps, "default")
      .create({ metadata: { name: "map" }, data, binaryData });
    await cluster.client
      .resource(secrets, "default")
      .create({ metadata: { name: "keys" }, data: { key: Buffer.from("hush").toString("base64") } });
  });

  /** Runs a script to its end in a pod that has the volumes below /v. */
  const said = async (
    name: string,
    script: string,
    volumes: Volume[],
    more: object = {},
    spec: object = {},
  ) => {
    const volumeMounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/v/${volume.name}` }));
    const container = { command: ["sh", "-c", script], volumeMounts, ...more };
    await node.run(name, container, { restartPolicy: "Never", volumes, ...spec });
    await node.ended(name);
    return node.logs(name);
  };

  test("items, modes and optional objects, in each kind of volume", async () => {
    const items = [{ key: "colour", path: "deep/er/colour", mode: 0o400 }];
    const volumes: Volume[] = [
      { name: "all", configMap: { name: "map", defaultMode: 0o440 } },
      { name: "some", configMap: { name: "map", items } },
      { name: "none", configMap: { name: "absent", optional: true } },
      { name: "lacks", configMap: { name: "map", items: [{ key: "shape", path: "shape" }], optional: true } },
      { name: "secret", secret: { secretName: "keys", items: [{ key: "key", path: "k", mode: 0o600 }] } },
      {
        name: "mixed",
        projected: {
          defaultMode: 0o444,
          sources: [
            { configMap: { name: "map", items: [{ key: "size", path: "size" }] } },
            { secret: { name: "keys" } },
            { downwardAPI: { items: [{ path: "self", fieldRef: { fieldPath: "metadata.name" } }] } },
          ],
        },
      },
      {
        name: "downward",
        downwardAPI: {
          items: [
            { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
            {
              path: "cpu",
              resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" },
            },
          ],
        },
      },
    ];
    const script = `cd /v; ls -A all none lacks | grep -v '^[.]'; cat some/deep/er/colour; echo
      cat all/bytes | wc -c; ls -lL all/size some/deep/er/colour secret/k mixed/self | cut -c1-10
      cat secret/k mixed/size mixed/key mixed/self; echo; cat downward/labels; echo; cat downward/cpu; echo
      touch all/x 2>/dev/null || echo read-only`;
    const resources = { limits: { cpu: "250m" } };
    assert.equal(
      await said("kinds", script, volumes, { resources }),
      [
        ...["all:", "bytes", "colour", "size", "", "lacks:", "", "none:", "green", "2"],
        ...["-r--r-----", "-r--r--r--", "-rw-------", "-r--------"],
        ...["hushbighushkinds", "", "250", "read-only", ""],
      ].join("\n"),
    );
  });

  test("a change comes in one step; a subPath keeps what it had", async () => {
    const volumeMounts = [
      { name: "live", mountPath: "/live" },
      { name: "live", mountPath: "/kept", subPath: "colour" },
      { name: "self", mountPath: "/self" },
    ];
    const items = [{ path: "notes", fieldRef: { fieldPath: "metadata.annotations" } }];
    const volumes = [
      { name: "live", configMap: { name: "changes" } },
      { name: "self", downwardAPI: { items } },
    ];
    const maps = cluster.client.resource(configMaps, "default");
    await maps.create({ metadata: { name: "changes" }, data: { colour: "red", old: "1" } });
    await node.run("live", { command: ["sleep", "1000"], volumeMounts }, { volumes });
    await node.ready("live");
    const before = await node.shell("live", "readlink /live/..data; cat /live/colour /kept");
    assert.match(before, /^\.\..+\nredred$/);
    await maps.patch("changes", {
      type: "merge",
      patch: { data: { colour: "blue", old: null, fresh: "2" } },
    });
    await cluster.client
      .resource(pods, "default")
      .patch("live", { type: "merge", patch: { metadata: { annotations: { note: "new" } } } });
    const waited = await node.shell(
      "live",
      `until [ -e /live/fresh ] && [ ! -e /live/old ]; do sleep 0.02; done; cat /live/colour /kept
       until grep -q new /self/notes; do sleep 0.02; done; cat /self/notes; ls -A /live | wc -l`,
    );
    // The two files, ..data, and the one directory it points to.
    assert.equal(waited, 'bluerednote="new"4\n');
    await node.remove("live");
  });

  test("an emptyDir is shared by its pod's containers, in memory as large as was said", async () => {
    const mount = { volumeMounts: [{ name: "m", mountPath: "/m" }] };
    const container = { image: "busybox:test", ...mount };
    const script =
      "dd if=/dev/zero of=/m/big bs=64k count=64 2>&1 | grep -c 'No space'; grep ' /m ' /proc/mounts";
    await node.run(
      "memory",
      {},
      {
        restartPolicy: "Never",
        volumes: [{ name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }],
        initContainers: [{ ...container, name: "first", command: ["sh", "-c", "echo hi > /m/said"] }],
        containers: [{ ...container, name: "main", command: ["sh", "-c", `cat /m/said; ${script}`] }],
      },
    );
    await node.ended("memory");
    assert.match(await node.logs("memory"), /^hi\n1\ntmpfs \/m tmpfs .*size=1024k/);
  });

  test("who runs as somebody else may write what was made for its group, also below a subPath", async () => {
    const volumes: Volume[] = [
      { name: "scratch", emptyDir: {} },
      { name: "map", configMap: { name: "map", defaultMode: 0o400 } },
    ];
    const volumeMounts = [
      { name: "scratch", mountPath: "/scratch" },
      { name: "scratch", mountPath: "/sub", subPathExpr: "of/$(WHO)" },
      { name: "map", mountPath: "/map" },
    ];
    const script =
      "id -u; id -G; touch /scratch/a /sub/b && ls -n /scratch/a | cut -d' ' -f1,7-9; cat /map/colour; find /scratch | sort";
    const env = [{ name: "WHO", value: "me" }];
    const securityContext = { runAsUser: 1234, runAsGroup: 99, fsGroup: 4321, supplementalGroups: [77] };
    const text = await said("group", script, volumes, { volumeMounts, env }, { securityContext });
    assert.match(text, /^1234\n99 77 4321\n/);
    assert.match(text, /green/);
    assert.match(text, /\/scratch\/of\/me\/b\n/);
    const owner = await said(
      "alone",
      "touch /v/scratch/x && echo may",
      [{ name: "scratch", emptyDir: {} }],
      {},
      {
        securityContext: { runAsUser: 1234 },
      },
    );
    assert.equal(owner, "may\n");
    const below = { volumeMounts: [{ name: "scratch", mountPath: "/d", subPath: "x" }] };
    const may = await said("below", "touch /d/x && echo may", [{ name: "scratch", emptyDir: {} }], below, {
      securityContext: { runAsUser: 1234 },
    });
    assert.equal(may, "may\n");
  });

  test("hostPath volumes are made or checked as their type says", async () => {
    const root = `${node.machine.directory}/shared`;
    const volumes: Volume[] = [
      { name: "dir", hostPath: { path: `${root}/made`, type: "DirectoryOrCreate" } },
      { name: "file", hostPath: { path: `${root}/file`, type: "FileOrCreate" } },
      { name: "zero", hostPath: { path: "/dev/zero", type: "CharDevice" } },
      { name: "plain", hostPath: { path: `${root}/plain` } },
    ];
    await node.host.files.makeDirectory(root);
    const script = "echo 1 > /v/dir/in; echo 2 > /v/file; [ -c /v/zero ] && echo device; touch /v/plain/x";
    assert.equal(await said("paths", script, volumes), "device\n");
    assert.equal(await node.host.files.read(`${root}/made/in`), "1\n");
    assert.equal(await node.host.files.read(`${root}/file`), "2\n");
    await node.run("wrong", {}, { volumes: [{ name: "s", hostPath: { path: root, type: "Socket" } }] });
    await node.until("wrong", "seen", (pod) => pod?.status?.phase === "Pending");
    const complaint = `MountVolume.SetUp failed for volume "s" : hostPath type check failed: ${root} is not a socket file`;
    await node.event("wrong", "FailedMount", complaint);
    await node.remove("wrong");
  });

  test("what is written to a root file system or a volume is measured, and too much of it evicts the pod", async () => {
    const resources = { limits: { "ephemeral-storage": "4Mi" } };
    const write = (path: string, mebibytes: number) => ({
      command: ["sh", "-c", `dd if=/dev/zero of=${path} bs=1M count=${mebibytes}; exec sleep 1000`],
    });
    await Promise.all([
      node.run("root", { ...write("/file", 5), resources }),
      node.run("modest", { ...write("/file", 3), resources }),
      node.run(
        "volume",
        { ...write("/v/file", 2), volumeMounts: [{ name: "v", mountPath: "/v" }] },
        { volumes: [{ name: "v", emptyDir: { sizeLimit: "1Mi" } }] },
      ),
    ]);
    const evicted = await Promise.all([node.ended("root"), node.ended("volume")]);
    assert.deepEqual(
      evicted.map(({ status }) => [status?.reason, status?.message]),
      [
        ["Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi."],
        ["Evicted", 'Usage of EmptyDir volume "v" exceeds the limit "1Mi".'],
      ],
    );
    await node.until("modest", "still running", (pod) => pod?.status?.phase === "Running");
    await Promise.all(["root", "modest", "volume"].map((name) => node.remove(name)));
  });
});

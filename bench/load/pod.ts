import { fakeNodeKey, type Pod } from "#api";

/** A pod as people write them, which no scheduler takes: it is stored and watched, and never started. */
export function restingPod(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: { app: "shop", tier: "web", version: "v1" },
      annotations: { team: "checkout" },
    },
    spec: {
      schedulerName: "none",
      containers: [
        {
          name: "web",
          image: "registry.example/shop/web:1.4.2",
          command: ["/usr/bin/web", "--listen=:8080"],
          env: [
            { name: "LOG_LEVEL", value: "info" },
            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
          ports: [{ name: "http", containerPort: 8080 }],
          resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
          readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 5 },
          volumeMounts: [{ name: "cache", mountPath: "/var/cache/web" }],
        },
      ],
      volumes: [{ name: "cache", emptyDir: {} }],
    },
  };
}

/** The same pod, which the scheduler places on a fake node. */
export function fakePod(name: string): Pod {
  const { spec, ...rest } = restingPod(name);
  const { schedulerName: _, ...placed } = spec ?? { containers: [] };
  const nodeSelector = { [fakeNodeKey]: "true" };
  return {
    ...rest,
    spec: { ...placed, nodeSelector, tolerations: [{ key: fakeNodeKey, operator: "Exists" }] },
  };
}

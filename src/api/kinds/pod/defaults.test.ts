import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../generated/types.ts";
import { podKind } from "./pod.ts";

test("an empty string is as good as none wherever there is a default", () => {
  const httpGet = { port: 80, path: "", scheme: "" };
  const container = {
    name: "web",
    image: "web",
    imagePullPolicy: "",
    terminationMessagePath: "",
    terminationMessagePolicy: "",
    ports: [{ containerPort: 80, protocol: "" }],
    env: [{ name: "NODE", valueFrom: { fieldRef: { apiVersion: "", fieldPath: "spec.nodeName" } } }],
    livenessProbe: { httpGet },
    lifecycle: { preStop: { httpGet: { ...httpGet } } },
  };
  const volumes = [
    {
      name: "d",
      downwardAPI: { items: [{ path: "n", fieldRef: { apiVersion: "", fieldPath: "metadata.name" } }] },
    },
    { name: "i", image: { reference: "files", pullPolicy: "" } },
  ];
  const empty = {
    restartPolicy: "",
    dnsPolicy: "",
    schedulerName: "",
    serviceAccountName: "",
    serviceAccount: "x",
  };
  const object: Pod = {
    metadata: { name: "web", namespace: "shop" },
    spec: { ...empty, containers: [container], volumes },
  };
  podKind.defaults(object);
  const json = JSON.stringify(object.spec);
  assert.ok(!json.includes('""'), json);
  assert.equal(object.spec?.serviceAccountName, "x");
  assert.equal(object.spec?.volumes?.[1]?.image?.pullPolicy, "Always");
  assert.deepEqual(podKind.validateCreate(object), []);
});

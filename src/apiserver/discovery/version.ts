import { kubernetesVersion } from "#api";
import { jsonAnswer } from "../pipeline/answers.ts";
import type { Document } from "../pipeline/documents.ts";

/** `/version`. */
export const versionDocument: Document = {
  answer: (path) =>
    path === "/version" || path === "/version/"
      ? jsonAnswer({
          ...kubernetesVersion,
          emulationMajor: kubernetesVersion.major,
          emulationMinor: kubernetesVersion.minor,
          minCompatibilityMajor: kubernetesVersion.major,
          minCompatibilityMinor: "35",
          gitCommit: "",
          gitTreeState: "clean",
          buildDate: "1970-01-01T00:00:00Z",
          goVersion: "",
          compiler: "node",
          platform: `${process.platform}/${architectures[process.arch] ?? process.arch}`,
        })
      : undefined,
};

/** Go's words for what Node calls otherwise. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", ia32: "386" };

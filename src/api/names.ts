/**
 * The syntax of names, labels and annotations: RFC 1123, RFC 1035 and Kubernetes' own rules. Every function gives
 * a list of complaints, each a clause as Kubernetes words it; empty means fine.
 */
export type NameRule = (name: string) => string[];

export const maxLabelLength = 63;
export const maxSubdomainLength = 253;
/** Keys and values of all annotations of one object together. */
export const maxAnnotationBytes = 256 * 1024;

const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const envName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const configKey = /^[-._a-zA-Z0-9]+$/;
const portName = /^[-a-z0-9]+$/;

/** `web-1`: pods' containers, namespaces, port names of services. */
export const dnsLabel: NameRule = (name) => {
  const complaints = lengthAtMost(name, maxLabelLength);
  if (!label1123.test(name)) {
    complaints.push(
      regexComplaint(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
        label1123,
        "my-name",
        "123-abc",
      ),
    );
  }
  return complaints;
};

/** `web.shop`: most objects' names. */
export const dnsSubdomain: NameRule = (name) => {
  const complaints = lengthAtMost(name, maxSubdomainLength);
  if (!subdomain1123.test(name)) {
    complaints.push(
      regexComplaint(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        subdomain1123,
        "example.com",
      ),
    );
  }
  return complaints;
};

/** `web`, beginning with a letter: services. */
export const dns1035Label: NameRule = (name) => {
  const complaints = lengthAtMost(name, maxLabelLength);
  if (!label1035.test(name)) {
    complaints.push(
      regexComplaint(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        label1035,
        "my-name",
        "abc-123",
      ),
    );
  }
  return complaints;
};

/** `system:node`: RBAC's names; anything that is one segment of a path. */
export const pathSegment: NameRule = (name) => {
  const complaints: string[] = [];
  if (name === "." || name === "..") complaints.push(`may not be '${name}'`);
  for (const part of ["/", "%"]) if (name.includes(part)) complaints.push(`may not contain '${part}'`);
  return complaints;
};

/** `app.kubernetes.io/name`: keys of labels, annotations, taints, extended resources. */
export const labelKey: NameRule = (key) => {
  const slash = key.indexOf("/");
  const complaints: string[] = [];
  if (slash >= 0) {
    const prefix = key.slice(0, slash);
    if (key.indexOf("/", slash + 1) >= 0) return [qualifiedComplaint];
    if (prefix === "") complaints.push("prefix part must be non-empty");
    else for (const why of dnsSubdomain(prefix)) complaints.push(`prefix part ${why}`);
  }
  const name = slash >= 0 ? key.slice(slash + 1) : key;
  if (name === "") complaints.push("name part must be non-empty");
  else if (name.length > maxLabelLength) {
    complaints.push(`name part must be no more than ${maxLabelLength} bytes`);
  }
  if (!qualifiedName.test(name)) complaints.push(`name part ${nameComplaint}`);
  return complaints;
};

export const labelValueRule: NameRule = (value) => {
  const complaints = lengthAtMost(value, maxLabelLength);
  if (!labelValue.test(value)) {
    complaints.push(
      regexComplaint(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        labelValue,
        "MyValue",
        "my_value",
        "12345",
      ),
    );
  }
  return complaints;
};

/** `LOG_LEVEL`: any printable ASCII but `=`, since Kubernetes 1.34 the relaxed rule. */
export const environmentName: NameRule = (name) => {
  if (/^[\x20-\x3c\x3e-\x7e]+$/.test(name)) return [];
  return ['a valid environment variable name must consist only of printable ASCII characters other than "="'];
};

/** The classic rule of environment names, for keys that become variables by `envFrom`. */
export const strictEnvironmentName: NameRule = (name) =>
  envName.test(name)
    ? []
    : [
        regexComplaint(
          "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
          envName,
          "my.env-name",
          "MY_ENV.NAME",
          "MyEnvName1",
        ),
      ];

/** Keys of ConfigMaps and Secrets: they become file names. */
export const configMapKey: NameRule = (key) => {
  const complaints = lengthAtMost(key, maxSubdomainLength);
  if (!configKey.test(key)) {
    complaints.push(
      regexComplaint(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        configKey,
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    );
  }
  if (key === "." || key === "..") complaints.push(`must not be '${key}'`);
  else if (key.startsWith("..")) complaints.push("must not start with '..'");
  return complaints;
};

/** Names of container ports and targets of services: RFC 6335 service names. */
export const portNameRule: NameRule = (name) => {
  const complaints = name.length > 15 ? ["must be no more than 15 characters"] : [];
  if (!portName.test(name)) {
    complaints.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(name)) complaints.push("must contain at least one letter (a-z)");
  if (name.includes("--")) complaints.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) complaints.push("must not begin or end with a hyphen");
  return complaints;
};

export function portNumber(port: number): string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535
    ? []
    : ["must be between 1 and 65535, inclusive"];
}

const nameComplaint = regexComplaint(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedName,
  "MyName",
  "my.name",
  "123-abc",
);
const qualifiedComplaint = `a qualified name ${nameComplaint} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;

function lengthAtMost(text: string, max: number): string[] {
  return text.length > max ? [`must be no more than ${max} bytes`] : [];
}

function regexComplaint(message: string, rule: RegExp, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${message} (e.g. ${list}regex used for validation is '${rule.source.slice(1, -1)}')`;
}

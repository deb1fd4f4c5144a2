/** The forms of names in Kubernetes; each returns what is wrong with `text`, or `undefined`. */

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualified})?`;

type Rule = (text: string) => string | undefined;

function rule(pattern: string, maxLength: number, words: string): Rule {
  const expression = new RegExp(`^${pattern}$`);
  return (text) => {
    if (text.length > maxLength) return `must be no more than ${maxLength} bytes`;
    return expression.test(text) ? undefined : `${words}, regex used for validation is '${pattern}')`;
  };
}

export const dnsSubdomain = rule(
  subdomain,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'",
);

const labelRule = rule(
  label,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'",
);

export const dnsLabel: Rule = (text) => (text.includes(".") ? "must not contain dots" : labelRule(text));

export const labelValueRule = rule(
  labelValue,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345'",
);

const namePart = rule(
  qualified,
  63,
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc'",
);

/** The key of a label or annotation: a name, or a DNS subdomain, a slash and a name. */
export function qualifiedName(text: string): string | undefined {
  const parts = text.split("/");
  if (parts.length > 2) {
    return "a qualified name must consist of an optional DNS subdomain prefix, a slash and a name (e.g. 'example.com/MyName')";
  }
  const [prefix, name = ""] = parts.length === 2 ? parts : [undefined, parts[0]];
  if (prefix === "") return "prefix part must be non-empty";
  const wrongPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix);
  if (wrongPrefix !== undefined) return `prefix part ${wrongPrefix}`;
  return name === "" ? "name part must be non-empty" : namePart(name);
}

import { execFileSync } from "node:child_process";

/** Network namespaces of one test, on one bridge where the test says so; all of them go with `remove`. */
export class Namespaces {
  readonly #prefix = `flproxy-${process.pid}`;
  readonly #made: string[] = [];

  name(short: string): string {
    return `${this.#prefix}-${short}`;
  }

  add(short: string): void {
    ip("netns", "add", this.name(short));
    this.#made.push(short);
    this.ip(short, "link", "set", "lo", "up");
    // Addresses are used at once: no time for duplicate address detection.
    this.sysctl(short, "net.ipv6.conf.all.accept_dad", "0");
    this.sysctl(short, "net.ipv6.conf.default.accept_dad", "0");
  }

  /** A bridge in one namespace. */
  bridge(short: string, link: string): void {
    this.ip(short, "link", "add", link, "type", "bridge");
    this.ip(short, "link", "set", link, "up");
  }

  /** A cable from a namespace to a port of a bridge in another; hairpin as the CNI plugin's `hairpinMode`. */
  plug(
    short: string,
    link: string,
    into: { readonly namespace: string; readonly bridge: string },
    hairpin = false,
  ): void {
    const port = `p-${short}`;
    const peer = ["peer", "name", port, "netns", this.name(into.namespace)];
    this.ip(short, "link", "add", link, "type", "veth", ...peer);
    this.ip(into.namespace, "link", "set", port, "master", into.bridge, "up");
    if (hairpin) this.ip(into.namespace, "link", "set", port, "type", "bridge_slave", "hairpin", "on");
    this.ip(short, "link", "set", link, "up");
  }

  ip(short: string, ...args: string[]): void {
    ip("-n", this.name(short), ...args);
  }

  sysctl(short: string, key: string, value: string): void {
    this.run(short, "sysctl", "-qw", `${key}=${value}`);
  }

  run(short: string, ...command: string[]): string {
    return ip("netns", "exec", this.name(short), ...command);
  }

  remove(): void {
    for (const short of this.#made.splice(0).reverse()) ip("netns", "delete", this.name(short));
  }
}

function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

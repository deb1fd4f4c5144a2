import koffi from "koffi";
import { libc } from "./libc.ts";

/** `undefined` where there is no such link. */
export function interfaceIndex(name: string): number | undefined {
  return libc().if_nametoindex(name) || undefined;
}

/** Empty where the link is gone. */
export function interfaceName(index: number): string {
  const name = Buffer.alloc(16); // IFNAMSIZ
  return libc().if_indextoname(index, name) === null ? "" : (koffi.decode(name, "char", 16) as string);
}

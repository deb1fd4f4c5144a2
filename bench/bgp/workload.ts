/** Host routes from 172.16.0.0 on, dealt out to sets of attributes in turn, as services of many pools would be. */
export interface Workload {
  readonly prefixes: number;
  /** How many sets of attributes; each has a community of its own. */
  readonly attributeSets: number;
}

export const localAsn = 65211;
const firstAddress = 0xac100000;

/** The value of the prefix's address. */
export function addressOf(index: number): number {
  return firstAddress + index;
}

/** The second half of the community, whose first is `localAsn`. */
export function communityOf(index: number, { attributeSets }: Workload): number {
  return index % attributeSets;
}

export function formatted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

const headerAndLengths = 23;
const longestMessage = 4_096;
/** ORIGIN, AS_PATH of one AS with four octets, NEXT_HOP, COMMUNITIES with one. */
const attributes = 4 + 9 + 7 + 7;
const hostRoute = 5;

/** No announcer of this workload can do with fewer UPDATEs: each carries one set of attributes and as much as it holds. */
export function fewestMessages({ prefixes, attributeSets }: Workload): number {
  const inOne = Math.floor((longestMessage - headerAndLengths - attributes) / hostRoute);
  let messages = 0;
  for (let set = 0; set < attributeSets; set++) {
    const ofThisSet = Math.floor((prefixes + attributeSets - 1 - set) / attributeSets);
    messages += Math.ceil(ofThisSet / inOne);
  }
  return messages;
}

/** BGP messages put together by hand, octet by octet, so that what is wrong with one is seen where it is written. */
export type Octets = readonly number[];

export const marker: Octets = Array.from({ length: 16 }, () => 0xff);
export const types = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

export function message(type: number, body: Octets): Uint8Array {
  const length = 19 + body.length;
  return Uint8Array.from([...marker, length >>> 8, length & 255, type, ...body]);
}

/** A message whose header says another length than it has. */
export function messageOfLength(length: number, type: number, body: Octets = []): Uint8Array {
  return Uint8Array.from([...marker, length >>> 8, length & 255, type, ...body]);
}

/** An attribute whose length is right. */
export function attribute(flags: number, code: number, ...value: Octets): Octets {
  const { length } = value;
  return [flags, code, ...((flags & 0x10) === 0 ? [length] : [length >>> 8, length & 255]), ...value];
}

/** After its length in two octets. */
function counted(octets: Octets): Octets {
  return [octets.length >>> 8, octets.length & 255, ...octets];
}

export interface UpdateParts {
  readonly withdrawn?: Octets;
  readonly attributes?: readonly Octets[];
  readonly nlri?: Octets;
}

export function update({ withdrawn = [], attributes = [], nlri = [] }: UpdateParts): Uint8Array {
  const list = attributes.flat();
  return message(types.update, [...counted(withdrawn), ...counted(list), ...nlri]);
}

export interface OpenParts {
  readonly version?: number;
  readonly asn?: number;
  readonly holdTime?: number;
  readonly routerId?: Octets;
  readonly parameters?: Octets;
  /** What stands in the octet before the parameters, if not their length. */
  readonly parametersLength?: number;
}

export const capability = {
  multiprotocol4: [1, 4, 0, 1, 0, 1],
  multiprotocol6: [1, 4, 0, 2, 0, 1],
  routeRefresh: [2, 0],
  enhancedRouteRefresh: [70, 0],
  fourOctetAs: (asn: number): Octets => [65, 4, 0, 0, asn >>> 8, asn & 255],
} as const;

export function capabilities(...list: readonly Octets[]): Octets {
  const octets = list.flat();
  return [2, octets.length, ...octets];
}

export function open({
  version = 4,
  asn = asns.us,
  holdTime = 90,
  routerId = [10, 0, 0, 1],
  parameters = capabilities(...usualCapabilities(asn)),
  parametersLength = parameters.length,
}: OpenParts = {}): Uint8Array {
  const fixed = [version, asn >>> 8, asn & 255, holdTime >>> 8, holdTime & 255, ...routerId];
  return message(types.open, [...fixed, parametersLength, ...parameters]);
}

export function usualCapabilities(asn: number): readonly Octets[] {
  const { multiprotocol4, multiprotocol6, routeRefresh, enhancedRouteRefresh, fourOctetAs } = capability;
  return [multiprotocol4, multiprotocol6, routeRefresh, enhancedRouteRefresh, fourOctetAs(asn)];
}

/** Whoever speaks the corpus, and whoever is asked. */
export const asns = { us: 65_211, asked: 65_210 } as const;

export const keepalive = message(types.keepalive, []);

/** 172.19.100.1/32. */
export const nlri4: Octets = [32, 172, 19, 100, 1];
/** 2001:db8:100::1/128. */
export const nlri6: Octets = [128, 0x20, 1, 0xd, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/** 172.19.200.1/32: announced after what is malformed, to see when that has been read. */
export const fence4: Octets = [32, 172, 19, 200, 1];
export const nextHop6: Octets = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

export const origin = attribute(0x40, 1, 0);
export const nextHop = attribute(0x40, 3, 10, 0, 0, 1);
export const localPref = attribute(0x40, 5, 0, 0, 0, 100);
export const asPath = attribute(0x40, 2, 2, 1, 0, 0, asns.us >>> 8, asns.us & 255);
export const asPathOfTwo = attribute(0x40, 2, 2, 1, asns.us >>> 8, asns.us & 255);
export const emptyAsPath = attribute(0x40, 2);
export const med = attribute(0x80, 4, 0, 0, 0, 5);
export const reach6 = attribute(0x80, 14, 0, 2, 1, 16, ...nextHop6, 0, ...nlri6);

export {
  addressBits,
  addToAddress,
  compareAddresses,
  formatAddress,
  ipv4,
  ipv6,
  parseAddress,
  isLinkLocal,
  sameAddress,
  type Address,
  type AddressFamily,
  type Ipv4Address,
  type Ipv6Address,
} from "./address.ts";
export {
  formatPrefix,
  hostPrefix,
  lastAddress,
  parsePrefix,
  prefixContains,
  prefixOf,
  prefixSize,
  type Prefix,
} from "./prefix.ts";
export {
  formatRange,
  parseRange,
  rangeContains,
  rangeSize,
  rangesOverlap,
  type AddressRange,
  type AddressRangeError,
} from "./range.ts";
